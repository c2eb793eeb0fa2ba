"""A plan, and what a pack leaves out, in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from small_scenes import ground, write_scene, write_workflow

from changedet.cli.text import plan_in_words, told_together
from changedet.plan import make_plan

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")


def test_plan_in_words_keeps_the_columns_of_its_table_however_many_bands_there_are(tmp_path: Path) -> None:
    bands = {"coastal": 1, "blue": 2, "green": 3, "red": 4, "rededge": 5, "nir": 6, "swir1": 7, "swir2": 8}
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", np.concatenate([ground(64, 64)] * 2))
    table = plan_in_words(make_plan(write_workflow(tmp_path, DATES, bands=bands))).splitlines()
    header = next(line for line in table if line.startswith("date "))
    rows = [line for line in table if line.startswith(DATES)]
    assert [line[header.index("scene") - 1 :] for line in rows] == [f" {day}.tif" for day in DATES]


def test_plan_in_words_says_which_dates_are_compared_on_a_band_that_not_all_have(tmp_path: Path) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50)[: 3 if day == DATES[1] else 4])
    plan = make_plan(write_workflow(tmp_path, DATES))
    (line,) = [line for line in plan_in_words(plan).splitlines() if "nir too" in line]
    assert DATES[2] in line
    assert DATES[1] not in line


def test_told_together_counts_files_of_one_reason() -> None:
    lines = ["a.tif: with-scenes", "b.svg: older", "c.tif: with-scenes"]
    assert told_together(lines) == ["2 files, a.tif to c.tif: with-scenes", "b.svg: older"]
