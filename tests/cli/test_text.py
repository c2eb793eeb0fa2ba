"""A plan, and what a pack leaves out, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from small_scenes import ground, write_scene, write_workflow

from changedet.cli.text import failed_row, plan_in_words, run_in_words, site_row, sites_in_words, told_together
from changedet.errors import ChangedetError
from changedet.plan import make_plan
from changedet.store import RunFolder

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


def test_plan_in_words_names_stages_that_have_nothing_to_do(tmp_path: Path) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50))
    several = plan_in_words(make_plan(write_workflow(tmp_path, DATES)))
    assert "tracks     has nothing to do: no boxes are looked for" in several
    assert "compared with nothing" not in several
    alone = plan_in_words(make_plan(write_workflow(tmp_path, DATES[:1], normalise={"method": "none"})))
    assert "align      has nothing to do: a single date is compared with nothing" in alone
    assert "normalise  none: switched off in the workflow" in alone


@dataclass(frozen=True)
class MadeUp:
    """What `run_in_words` reads of a run."""

    folder: RunFolder
    series: pd.DataFrame
    summary: dict[str, Any]

    @property
    def dates(self) -> list[str]:
        return list(self.series["date"])


def test_run_in_words_shows_areas_in_the_unit_that_fits_and_years_where_no_more_is_known(tmp_path: Path) -> None:
    days = ["1985-01-01", "2020-01-01"]
    none = [math.nan, math.nan]
    table = pd.DataFrame({"date": days, "zone": "", "valid_fraction": 1.0, "containers": none,
                          "containers_expected": none, "containers_low": none, "containers_high": none,
                          "changed_area_m2": [math.nan, 2.226e8], "changed_area_low_m2": [math.nan, 8.16e7],
                          "changed_area_high_m2": [math.nan, 4.28e8], "footprint_area_m2": [1.22e4, 1.98e4],
                          "footprint_low_m2": [1.0e4, 1.8e4], "footprint_high_m2": [1.6e4, 2.25e4]})  # fmt: skip
    onset = {"date": days[1], "low": "1985-01-02", "high": days[1], "shape": "slope"}
    summary = {"onset": {"changed_area": onset}, "placebo": {"false_area_m2": {days[1]: 6.8e7}, "share": 0.03,
               "bound": 0.03, "reason": "measured"}, "sentences": [], "warnings": []}  # fmt: skip
    (tmp_path / "timeseries.csv").touch()
    said = run_in_words(MadeUp(RunFolder(tmp_path), table, summary)).splitlines()  # type: ignore[arg-type]
    head, first, last = said[:3]
    assert head.split("  ")[-1].strip() == "footprint ha"
    assert "changed km²" in head
    assert first.startswith("1985 ")
    assert " ".join(last.split()) == "2020 100% - - - 223 (82 to 428) 68 1.98 (1.80 to 2.25)"
    assert "onset of changed area: 2020 (between 1985 and 2020, a slope)" in said
    # Where all values are 0 the unit fits the bounds.
    none_built = table.assign(footprint_area_m2=0.0, footprint_low_m2=0.0, footprint_high_m2=1.9e8)
    said = run_in_words(MadeUp(RunFolder(tmp_path), none_built, summary)).splitlines()  # type: ignore[arg-type]
    assert [line.split("  ")[-1].strip() for line in said[:2]] == ["footprint km²", "0 (0 to 190)"]


def test_run_in_words_says_nothing_of_growth_after_a_single_look(tmp_path: Path) -> None:
    table = pd.DataFrame({"date": DATES[:1], "zone": "", "valid_fraction": 1.0})
    summary = {"onset": {"containers": {"date": None, "reason": "1 clear look is too few"}}, "sentences": []}
    assert "onset" not in run_in_words(MadeUp(RunFolder(tmp_path), table, summary))  # type: ignore[arg-type]


def test_sites_in_words_has_a_row_for_each_site_whatever_is_known_of_it(tmp_path: Path) -> None:
    counts = {"containers_expected": [math.nan, 41.2, 138.4], "containers_low": [math.nan, 37.0, 126.0],
              "containers_high": [math.nan, 45.0, 151.0]}  # fmt: skip
    table = pd.DataFrame({"date": DATES, "zone": "", **counts})
    none = table.assign(containers_expected=math.nan)
    onset = {
        "containers": {"date": None, "reason": "none"},
        "footprint": {"date": DATES[2], "low": "2023-03-02", "high": "2023-05-01", "probability": 0.93},
    }
    (tmp_path / "timeseries.csv").touch()
    grown, unknown = (
        MadeUp(RunFolder(tmp_path), table, {"onset": onset}),
        MadeUp(RunFolder(tmp_path), none, {"onset": {}}),
    )
    bare = MadeUp(RunFolder(tmp_path / "without tables"), table, {"onset": {}})
    rows = [site_row(name, run) for name, run in (("north", grown), ("south-of-it", unknown), ("bare", bare))]  # type: ignore[arg-type]
    errors = ("lost", "a.tif: no such file\nb.tif: nor this one"), ("dumb", "")
    lines = sites_in_words([*rows, *(failed_row(name, ChangedetError(text)) for name, text in errors)]).splitlines()
    assert [" ".join(line.split()) for line in lines[1:]] == [
        "north 3 2023-03-01 41 (37 to 45) 2023-05-01 138 (126 to 151) "
        "footprint between 2 March and 1 May 2023 (very likely)",
        "south-of-it 3 - - - - -",
        "bare 3 - - - - -",
        "lost - - - - - failed: a.tif: no such file",
        "dumb - - - - - failed:",
    ]
    assert len({line.index(mark) for line, mark in zip(lines[:2], ("looks", "3 "), strict=True)}) == 1


def test_told_together_counts_files_of_one_reason() -> None:
    lines = ["a.tif: with-scenes", "b.svg: older", "c.tif: with-scenes"]
    assert told_together(lines) == ["2 files, a.tif to c.tif: with-scenes", "b.svg: older"]
