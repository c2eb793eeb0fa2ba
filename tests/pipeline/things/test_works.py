"""Works: what is one and what is none, and the floor within it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from mercator import mercator_grid
from shapely import box
from shapely.geometry.base import BaseGeometry

from changedet.pipeline.things.kernels import work_states
from changedet.pipeline.things.thing_states import SeenBoxes, Thing
from changedet.pipeline.things.works import core, held_by_others, is_held, is_work

FLOOR = box(500_020, 3_999_940, 500_040, 3_999_960)


def thing(
    shape: BaseGeometry = FLOOR, state: int = 0, roof: float = 0.0, share: float = 0.0, kind: str = "earth"
) -> Thing:
    likelihood = np.full((2, work_states.STATES), 0.01)
    likelihood[:, state] = 1
    return Thing(shape, 1, work_states.read(likelihood), np.ones(2, bool), np.full(2, share), roof, kind)


def test_buildings_stacks_and_roads_are_no_works() -> None:
    assert is_work(thing(), 1.0)
    assert not is_work(thing(state=work_states.ROOFED, roof=1.0), 1.0)
    assert is_work(thing(state=work_states.ROOFED, roof=0.3), 1.0)
    assert not is_work(thing(share=0.7), 1.0)
    assert not is_work(thing(box(0, 0, 60, 6)), 1.0)
    assert is_work(thing(box(0, 0, 60, 6), kind="bank"), 1.0)


def test_the_core_is_what_lies_within_the_banks() -> None:
    assert core(FLOOR).area == pytest.approx(14 * 14)
    assert core(box(0, 0, 100, 1)).area == 100


def test_what_boxes_and_trains_hold_is_no_earth() -> None:
    box_at = gpd.GeoDataFrame(geometry=[box(0, 0, 6, 2)], crs="EPSG:32633")
    track = gpd.GeoDataFrame(geometry=[box(20, 0, 26, 2)], crs="EPSG:32633")
    held = held_by_others(SeenBoxes(box_at, track), box(0, 50, 100, 60), 1.0)
    assert held.covers(box(-0.9, 0, 6.9, 2))
    assert held.covers(track.geometry[0])
    assert held.covers(box(0, 50, 100, 60))
    assert not held.intersects(box(10, 0, 15, 40))
    none = gpd.GeoDataFrame(geometry=[], crs="EPSG:32633")
    assert held_by_others(SeenBoxes(none, none), None, 1.0).is_empty


def test_a_row_of_boxes_is_held_and_a_floor_with_boxes_is_not() -> None:
    row = shapely.union_all([box(500_020 + 3 * k, 3_999_940, 500_022.5 + 3 * k, 3_999_952) for k in range(6)])
    assert is_held(box(500_020, 3_999_940, 500_038, 3_999_952), row)
    assert not is_held(box(500_010, 3_999_930, 500_048, 3_999_962), row)


def test_a_road_and_a_boxs_rim_are_as_wide_on_the_ground_in_web_mercator() -> None:
    unit = mercator_grid(100, 100).ground_metre
    lane = thing(box(0, 0, 100, 12))  # 7 m wide on the ground
    assert is_work(lane, 1.0)
    assert not is_work(lane, unit)
    boxes = gpd.GeoDataFrame(geometry=[box(0, 0, 10, 4)], crs="EPSG:3857")
    held = held_by_others(SeenBoxes(boxes, boxes[:0]), None, unit)
    assert held.bounds == pytest.approx((-unit, -unit, 10 + unit, 4 + unit))
