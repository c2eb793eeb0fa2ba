"""Things on a grid: signs, boxes counted by their look and by their tracks, states from the first look on, kinds."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from mercator import NORTH, WEST, mercator_grid
from shapely import Point, box

from changedet.grid import Grid
from changedet.pipeline.things.kernels import work_states
from changedet.pipeline.things.kernels.work_signs import SIGNS
from changedet.pipeline.things.thing_states import _window, kind_of, signs_of, standing, thing_of

GRID = Grid("EPSG:32636", Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000), (160, 200))
FLOOR = box(500_020, 3_999_940, 500_040, 3_999_960)


def test_signs_of_things_and_the_boxes_on_them() -> None:
    image = np.random.default_rng(0).normal(1000, 10, (3, *GRID.shape)).astype(np.float32)
    inside, outside = box(500_030, 3_999_950, 500_036, 3_999_952), box(500_060, 3_999_950, 500_066, 3_999_952)
    signs, counts = signs_of(image, GRID, [FLOOR, FLOOR.buffer(-4)], [inside, outside], [])
    assert signs.shape == (2, len(SIGNS))
    assert signs[0, 0] == pytest.approx(12 / 400, abs=0.01)
    assert counts.tolist() == [1, 1]
    _, counts = signs_of(image, GRID, [FLOOR], [outside], [Point(500_030, 3_999_950), Point(500_031, 3_999_950)])
    assert counts.tolist() == [2]
    beyond = box(499_990, 3_999_990, 500_004, 4_000_020)
    assert np.isfinite(signs_of(image, GRID, [beyond], [], [])[0]).all()


def test_as_much_ground_is_cut_out_around_a_thing_in_web_mercator() -> None:
    grid = mercator_grid(120, 120)
    window = _window(box(WEST + 50, NORTH - 70, WEST + 70, NORTH - 50), grid)
    assert window.height == window.width == pytest.approx(20 + 30 * grid.ground_metre, abs=1)


def test_a_thing_is_read_from_its_first_look_on() -> None:
    signs = np.tile(work_states.CENTRE[:12], (3, 1))
    signs[1] = np.nan
    found = thing_of(FLOOR, 2, signs, np.array([3, 0, 3]))
    assert found.first == 2
    assert found.shown.tolist() == [True, False, True]
    assert found.reading.state.tolist() == [work_states.IN_USE] * 3


def test_boxes_stand_between_their_first_and_last_look() -> None:
    rows = {"first_seen": ["2024-01-01", "2024-03-01"], "last_seen": ["2024-02-01", "2024-03-01"]}
    tracks = gpd.GeoDataFrame({k: pd.to_datetime(v, utc=True) for k, v in rows.items()}, geometry=[Point(0, 0)] * 2)
    assert [len(standing(tracks, day)) for day in ("2024-01-15", "2024-02-15", "2024-03-01")] == [1, 0, 1]
    assert standing(tracks[:0], "2024-01-15") == []


def test_kinds_by_light_of_empty_looks() -> None:
    empty, used = np.zeros(3, np.int64), np.array([1, 0, 1])
    assert kind_of(np.array([0.1, 0.08, np.nan]), empty) == "pit"
    assert kind_of(np.array([0.3, -0.08, 0.3]), used) == "bank"
    assert kind_of(np.full(3, np.nan), empty) == "earth"
    assert kind_of(np.array([0.01, 0.0, -0.01]), empty) == "earth"
