"""Bounds of changed area in colours alone follow what scores hint at, whatever outputs are wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_rasters import grid_like, write
from small_scenes import ground, write_scene, write_workflow

from changedet.grid import Grid
from changedet.kernels.intervals import COLOUR_SHARES, area_interval
from changedet.pipeline import faint_change
from changedet.pipeline.area_sums import scored_above
from changedet.pipeline.faint_change import FAINT, SEASON_FAINT, bounds_by_scores, faint_areas, score_file
from changedet.pipeline.run import run
from changedet.plan import make_plan

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")


def _workflow(folder: Path, dates: tuple[str, ...], formats: list[str], bands: int = 3) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for k, day in enumerate(dates):
        image = ground(90, 110)
        image[:, 30:60, 40:80] *= 1 + 0.3 * k
        write_scene(folder / f"{day}.tif", image[:bands], resolution_m=0.5)
    roles = {"blue": 1, "green": 2, "red": 3} | ({"nir": 4} if bands > 3 else {})
    return write_workflow(
        folder, dates, bands=roles, change={"method": "auto"}, objects={"method": "none"}, outputs={"formats": formats}
    )


@pytest.mark.parametrize("looks", [2, 3])
def test_bounds_do_not_depend_on_the_outputs_that_are_wanted(tmp_path: Path, looks: int) -> None:
    tables = []
    for name, formats in (("all", ["masks", "scores", "tables"]), ("few", ["masks", "tables"])):
        finished = run(_workflow(tmp_path / name, DATES[:looks], formats), out=str(tmp_path / name / "out"))
        assert (finished.path / "change" / f"{DATES[1]}_score.tif").exists() is (name == "all")
        tables.append(finished.series)
    pd.testing.assert_frame_equal(*(table[[c for c in table if "changed" in c]] for table in tables))


def test_faint_areas_are_scored_and_not_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan(_workflow(tmp_path, DATES, ["masks", "scores", "tables"]), out=str(tmp_path / "out"))
    day, path = plan.looks[-1].date, plan.folder.path / "change" / f"{DATES[-1]}_score.tif"
    assert bounds_by_scores(plan)
    assert score_file(plan, day) == path
    path.parent.mkdir(parents=True)
    values = np.zeros(plan.grid.shape, np.float32)
    values[:4, :10], values[4:6, :10] = (FAINT + SEASON_FAINT) / 2, 2 * SEASON_FAINT
    write(path, values, plan.grid.transform, plan.grid.crs, nodata=float("nan"))
    above = scored_above(path, plan.grid, [None], FAINT)[0]
    assert above > 0
    assert faint_areas(plan, {"": None}, {day: {"": (0.0, 1.0)}}) == {day: {"": pytest.approx(above)}}
    assert faint_areas(plan, {"": None}, {day: {"": (above / 4, 1.0)}}) == {day: {"": pytest.approx(0.75 * above)}}
    assert faint_areas(plan, {"": None}, {day: {"": (above + 1.0, 1.0)}}) == {day: {"": 0.0}}
    monkeypatch.setattr(faint_change, "knows_seasons", lambda _: True)
    assert faint_areas(plan, {"": None}, {day: {"": (0.0, 1.0)}}) == {day: {"": pytest.approx(above / 3, rel=1e-3)}}


def test_near_infrared_is_bounded_by_its_masks_alone(tmp_path: Path) -> None:
    plan = make_plan(_workflow(tmp_path, DATES, ["masks", "tables"], bands=4))
    assert not bounds_by_scores(plan)
    assert score_file(plan, plan.looks[-1].date) is None


def test_scored_above_leaves_out_what_is_not_seen(small_score: tuple[Path, Grid]) -> None:
    path, grid = small_score
    pixel_m2 = scored_above(path, grid, [None], -1.0)[0] / 5
    assert scored_above(path, grid, [None], 0.3)[0] == pytest.approx(2 * pixel_m2)


@pytest.fixture
def small_score(tmp_path: Path) -> tuple[Path, Grid]:
    values = np.array([[0.1, 0.4, np.nan], [0.0, 0.9, 0.2]], np.float32)
    return Path(write(tmp_path / "score.tif", values, nodata=float("nan"))), grid_like(2, 3)


def test_area_interval_allows_for_faint_scores_up_to_what_is_seen() -> None:
    assert area_interval(1000.0, 100_000.0, 0.0, COLOUR_SHARES, 500.0)[1] == pytest.approx(2500 + 150 + 3 * 500)
    assert area_interval(1000.0, 100_000.0, 0.0, COLOUR_SHARES, 9000.0)[1] == pytest.approx(2500 + 150 + 15_000)
    assert area_interval(1000.0, 3000.0, 0.0, COLOUR_SHARES, 3000.0)[1] == 3000.0
