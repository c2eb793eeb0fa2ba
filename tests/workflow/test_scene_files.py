"""The files of scene entries, their dates and their masks."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from workflow_cases import load, problems


def test_entries_of_files_names_up_to_twenty_files_without_a_date(folder: Path) -> None:
    for i in range(30):
        Path(f"scenes/scene_{i:02}.tif").touch()
    found = problems("site: {id: depot}\nscenes: [{glob: 'scenes/*.tif', date_format: '%Y%m%d'}]\n")
    assert len(found) == 21
    assert "w.yaml:2: scenes[0].date_format: no date '%Y%m%d' in the file name 'scene_07.tif'" in found
    assert "w.yaml:2: scenes[0].date_format: no date '%Y%m%d' in 10 more files" in found


def test_entries_of_files_gives_tiles_of_one_date_by_glob(folder: Path) -> None:
    workflow = load("site: {id: d}\nscenes: [{glob: 'scenes/*.tif', date: 2020-02-29, time: '10:30:01'}]\n")
    assert [(entry.date, entry.time) for entry in workflow.scenes] == [(dt.date(2020, 2, 29), dt.time(10, 30, 1))] * 2


def test_entries_of_files_reads_a_provider_s_mask_as_the_provider_means_it(folder: Path) -> None:
    for name in ("scenes/a_QA_PIXEL.TIF", "scenes/clouds.tif"):
        Path(name).touch()
    begin = "site: {id: d}\nscenes: [{path: scenes/2023-06-04.tif, date: 2023-06-04, mask: scenes/"
    Path("scenes/2023-06-04.tif").touch()
    (named,) = load(begin + "a_QA_PIXEL.TIF}]\n").scenes
    assert (named.mask, [role for role, _ in named.paths]) == (None, ["", "qa_pixel"])
    (plain,) = load(begin + "clouds.tif}]\n").scenes
    assert plain.mask is not None
    assert [role for role, _ in plain.paths] == [""]
