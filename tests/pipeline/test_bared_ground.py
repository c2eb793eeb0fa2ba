"""Bounds of changed area allow for ground that lost its plants for good and is not marked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_rasters import write
from small_scenes import ground, write_scene, write_workflow

from changedet.pipeline import bared_ground
from changedet.pipeline.area_sums import changed_and_seen
from changedet.pipeline.bared_ground import asks_bared, bared_areas, bared_json
from changedet.plan import Plan, make_plan
from changedet.stages.change.kernels.movers import DIFFERENCES, GROUND, MOST_BANDS

BANDS = {"blue": 1, "green": 2, "red": 3, "nir": 4}
DATES = ("2023-01-01", "2023-03-01", "2023-05-01")
PIT, FIELD = (slice(20, 50), slice(20, 60)), (slice(50, 90), slice(62, 100))


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan whose two later looks show a pit that their masks do not hold."""
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(90, 110), resolution_m=0.5)
    made = make_plan(write_workflow(tmp_path, DATES, bands=BANDS, change={"method": "auto"}), out=str(tmp_path / "out"))
    monkeypatch.setattr(bared_ground, "asks_bared", lambda _: True)
    _write_looks(made, fell_of_field=0)
    return made


def _write_looks(plan: Plan, fell_of_field: int) -> None:
    shape = plan.grid.shape
    pair = np.zeros(shape, np.float32)
    pair[PIT] = 0.9
    standing = np.full((1 + MOST_BANDS + DIFFERENCES, *shape), 128, np.uint8)
    standing[0], standing[-2][PIT] = GROUND, 128 + 60
    standing[-2][FIELD] = 128 + fell_of_field
    for day in plan.compared_dates:
        for path, values, nodata in (
            (plan.folder.aside("score", day), pair, float("nan")),
            (plan.folder.aside("standing", day), standing, 0),
            (plan.mask_file(day), np.zeros(shape, np.uint8), 255),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, values, plan.grid.transform, plan.grid.crs, nodata=nodata)


def _pixel_m2(plan: Plan) -> float:
    seen = changed_and_seen(plan.mask_file(plan.compared_dates[0]), plan.grid, [None])[0][1]
    return seen / (plan.grid.shape[0] * plan.grid.shape[1])


def test_bare_ground_is_summed_for_each_date_and_area(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bared_areas(plan, {"": None})
    expected = pytest.approx(30 * 40 * _pixel_m2(plan), rel=0.05)
    assert [whole[day][""] for day in plan.compared_dates] == [expected, expected]
    monkeypatch.setattr(bared_ground, "TILE_PX", 32)
    assert bared_areas(plan, {"": None})[plan.compared_dates[0]][""] == pytest.approx(whole[plan.compared_dates[0]][""])
    assert bared_json(whole) == {str(day): round(own[""], 1) for day, own in sorted(whole.items())}
    assert bared_json({plan.compared_dates[0]: {"": 0.0}}) == {}


def test_a_site_with_fields_tells_nothing(plan: Plan) -> None:
    _write_looks(plan, fell_of_field=-60)
    assert bared_areas(plan, {"": None}) == {}


@pytest.mark.parametrize(("roles", "asks"), [(4, True), (3, False)])
def test_nothing_is_asked_of_colours_alone(tmp_path: Path, roles: int, asks: bool) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(90, 110)[:roles], resolution_m=0.5)
    bands = dict(list(BANDS.items())[:roles])
    workflow = write_workflow(tmp_path, DATES, bands=bands, change={"method": "auto"})
    plan = make_plan(workflow, out=str(tmp_path / "out"))
    assert asks_bared(plan) is asks
    if not asks:
        assert bared_areas(plan, {"": None}) == {}
