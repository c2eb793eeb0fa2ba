"""What is found out before any pixel is read: where results may go, which entry is to blame, what scenes are called."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import yaml
from small_scenes import BANDS, ground, write_scene, write_workflow

from changedet.cli.text import describe
from changedet.errors import InputError
from changedet.plan import make_plan

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50))
    return tmp_path


def problems(workflow: Path, out: str | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        make_plan(workflow, out=out)
    return str(caught.value).splitlines()


@pytest.mark.parametrize("by_option", [False, True])
@pytest.mark.parametrize("obstacle", ["file", "file above", "link", "run folder"])
def test_results_that_could_not_be_written(scenes: Path, obstacle: str, by_option: bool) -> None:
    out = scenes / "out"
    if obstacle == "link":
        out.symlink_to(scenes / "nowhere")
    elif obstacle == "run folder":
        out.mkdir()
        (out / "site").write_text("")
    else:
        out.write_text("")
    wanted = out / "deep" if obstacle == "file above" else out
    workflow = write_workflow(scenes, DATES, outputs={"dir": str(scenes / "x") if by_option else str(wanted)})
    (line,) = problems(workflow, str(wanted) if by_option else None)
    assert "expected a folder" in line
    assert line.startswith("--out: " if by_option else f"{workflow}:18: outputs.dir: ")


def test_results_where_nobody_may_write(scenes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != scenes and may(path, mode))
    (line,) = problems(write_workflow(scenes, DATES))
    assert "outputs.dir" in line
    assert "no permission" in line
    assert not (scenes / "out").exists()


def test_a_folder_whose_name_no_disk_holds(scenes: Path) -> None:
    (line,) = problems(write_workflow(scenes, DATES, outputs={"dir": "x" * 300}))
    assert "outputs.dir: '" in line
    assert "is longer than the 255 bytes that a name may have" in line


@pytest.mark.parametrize(
    ("stage", "settings", "said"),
    [
        ("align", {"method": "phase_correlation", "chip_px": 1}, "align.chip_px: 1 is too small"),
        ("change", {"method": "pca_kmeans", "block_px": 4}, "change.block_px: 4, expected an odd number"),
        ("change", {"method": "irmad", "iterations": 0}, "change.iterations: 0, expected at least 1"),
        ("change", {"method": "cva", "tolerance_px": 100_000}, "change: looks at 100"),
    ],
)
def test_a_parameter_that_its_method_cannot_use_is_told_at_its_line(
    scenes: Path, stage: str, settings: dict[str, object], said: str
) -> None:
    workflow = write_workflow(scenes, DATES, **{stage: settings})
    (line,) = problems(workflow)
    assert line.startswith(f"{workflow}:")
    assert said in line


def test_radar_among_optical_is_named_at_its_entry(scenes: Path) -> None:
    entries = [{"date": day, "path": f"{day}.tif"} for day in DATES]
    entries[1] |= {"bands": {"vv": 1}}
    workflow = write_workflow(scenes, DATES, scenes=entries)
    (line,) = problems(workflow)
    number = next(i for i, text in enumerate(workflow.read_text().splitlines(), 1) if "2023-03-01" in text)
    assert line.startswith(f"{workflow}:{number}: scenes[1]: 2023-03-01.tif of 2023-03-01 is radar")


def test_files_called_alike_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    entries = []
    for day in DATES:
        for role in ("red", "nir"):
            write_scene(tmp_path / day / f"{role}.tif", np.full((1, 40, 50), 700))
        entries.append({"date": day, "path": {role: f"{day}/{role}.tif" for role in ("red", "nir")}})
    content = {"site": {"id": "site"}, "scenes": entries}
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(content))
    plan = make_plan(tmp_path / "site.yaml")
    assert [look.name for look in plan.looks] == [f"{day}/{{red,nir}}.tif" for day in DATES]


def test_scenes_are_called_by_their_files(scenes: Path) -> None:
    workflow = write_workflow(scenes, DATES, scenes=[{"glob": "*.tif", "date_format": "%Y-%m-%d"}], bands=BANDS)
    assert [look.name for look in make_plan(workflow).looks] == [f"{day}.tif" for day in DATES]


def test_the_table_of_scenes_keeps_its_columns_however_many_bands_there_are(tmp_path: Path) -> None:
    bands = {"coastal": 1, "blue": 2, "green": 3, "red": 4, "rededge": 5, "nir": 6, "swir1": 7, "swir2": 8}
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", np.concatenate([ground(64, 64)] * 2))
    table = describe(make_plan(write_workflow(tmp_path, DATES, bands=bands))).splitlines()
    header = next(line for line in table if line.startswith("date "))
    rows = [line for line in table if line.startswith(DATES)]
    assert [line[header.index("scene") - 1 :] for line in rows] == [f" {day}.tif" for day in DATES]


def test_an_area_that_no_scene_meets_is_one_mistake_that_tells_where_both_lie(scenes: Path) -> None:
    workflow = write_workflow(scenes, DATES, site={"id": "site", "aoi": {"bbox": [10.0, 50.0, 10.01, 50.01]}})
    (line,) = problems(workflow)
    assert "site.aoi: no scene meets it: it spans 10 to 10.01 east, 50 to 50.01 north" in line
    assert f"{DATES[0]}.tif" in line


def test_an_area_far_larger_than_its_scenes_is_told_as_that(scenes: Path) -> None:
    (whole,) = make_plan(write_workflow(scenes, DATES[:1])).looks
    west, south, east, north = whole.outline().bounds
    wide = [west - 0.5, south - 0.5, east + 0.5, north + 0.5]
    (line,) = problems(
        write_workflow(scenes, DATES, site={"id": "site", "aoi": {"bbox": wide}}, grid={"resolution": 50})
    )
    assert "site.aoi: no scene covers more than " in line
    assert "meets" not in line


def test_a_band_that_no_scene_has_is_a_mistake_and_one_that_some_lack_a_warning(scenes: Path) -> None:
    (line,) = problems(write_workflow(scenes, DATES, bands={**BANDS, "swir1": 9}))
    assert "bands.swir1: no scene has band 9; correct or remove it" in line
    write_scene(scenes / f"{DATES[1]}.tif", ground(40, 50)[:3])
    plan = make_plan(write_workflow(scenes, DATES))
    assert plan.roles == ("blue", "green", "red")
    assert any("has no band for" in warning for warning in plan.warnings)
    assert [plan.extra_roles(i) for i in range(len(DATES))] == [("nir",), (), *[("nir",)] * (len(DATES) - 2)]
    (line,) = [line for line in describe(plan).splitlines() if "nir too" in line]
    assert DATES[2] in line
    assert DATES[1] not in line
