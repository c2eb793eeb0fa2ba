"""Halls: the working grid, tiles that join without a seam, and what is large and sure enough to be listed."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from mercator import mercator_grid

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.kernels.hall_pictures import STEP_M
from changedet.pipeline.things import buildings, working_pixels
from changedet.pipeline.things.buildings import Hall, hall_of, is_kept, under_boxes
from changedet.pipeline.things.kernels import hall_presence
from changedet.pipeline.things.kernels.hall_outlines import Drawn
from changedet.pipeline.things.thing_states import SeenBoxes

GRID = Grid("EPSG:32636", Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000), (301, 400))


def part(rows: int, columns: int, core: float) -> Drawn:
    inside = np.zeros((rows + 8, columns + 8), bool)
    inside[4:-4, 4:-4] = True
    looks = np.full(3, core)
    return Drawn(20, 30, inside, looks, looks * 0 - 3, looks * 0 - 0.3, 1.0, rows * STEP_M, 3)


def test_the_working_grid_covers_the_site_in_its_own_pixels() -> None:
    grid = GRID.in_pixels_of(STEP_M)
    assert grid.ground_resolution_m == pytest.approx(STEP_M, rel=1e-3)
    assert grid.transform.c == 500_000
    west, south, east, north = grid.bounds
    assert west <= GRID.bounds[0]
    assert south <= GRID.bounds[1]
    assert east >= GRID.bounds[2]
    assert north >= GRID.bounds[3]


def test_a_large_and_sure_part_is_a_hall_where_it_lies() -> None:
    grid = GRID.in_pixels_of(STEP_M)
    hall = hall_of(part(30, 40, 4.0), grid)
    assert hall is not None
    assert hall.probability > 0.9
    assert hall.stands.min() > 0.9
    step = grid.resolution_m
    expected = shapely.box(*(500_000 + 34 * step, 4_000_000 - 54 * step), *(500_000 + 74 * step, 4_000_000 - 24 * step))
    assert hall.shape.symmetric_difference(expected).area < 0.01 * expected.area


def test_what_is_small_or_never_there_is_none() -> None:
    grid = GRID.in_pixels_of(STEP_M)
    assert hall_of(part(12, 15, 4.0), grid) is None
    assert hall_of(part(30, 40, -3.0), grid) is None


def test_what_rather_stands_on_a_hidden_look_alone_is_no_hall() -> None:
    looks = np.full(9, np.nan)
    looks[4] = -0.17
    one = part(30, 40, 0.0)
    shown = np.where(np.isfinite(looks), 0.0, np.nan)
    weak = Drawn(one.y, one.x, one.inside, looks, shown - 4, shown + 1, 1.0, 22.0, 1)
    time = hall_presence.stay(looks)
    assert time.first == 8
    assert hall_presence.probability(hall_presence.signs(weak, time.stands)) > hall_presence.LISTED
    assert hall_of(weak, GRID.in_pixels_of(STEP_M)) is None


def test_marks_are_counted_within_a_part_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = np.zeros((301, 400), np.uint8)
    grid = GRID.in_pixels_of(STEP_M)
    one = part(20, 40, 4.0)
    y, x = ((np.array(v) * STEP_M / 0.5).astype(int) for v in ((24, 34, 44), (34, 54, 74)))
    mask[: y[1]] = 1
    mask[y[1] : y[2], x[1] :] = buildings.NOT_OBSERVED
    monkeypatch.setattr(working_pixels, "read_window", lambda *_: mask)
    looks = [SimpleNamespace(date=day, gsd_m=0.5) for day in range(3)]
    plan = SimpleNamespace(
        looks=looks, dates=[*range(3)], reference=1, compares=True, mask_file=lambda _: None, grid=GRID
    )
    shares = buildings._marked(plan, grid, [one])  # type: ignore[arg-type]
    assert shares.shape == (1, 3)
    assert np.isnan(shares[0, 1])
    assert shares[0, [0, 2]] == pytest.approx(2 / 3, abs=0.03)


def test_a_large_look_is_read_strip_by_strip(monkeypatch: pytest.MonkeyPatch) -> None:
    grid, whole = GRID.in_pixels_of(STEP_M), np.random.default_rng(5).uniform(0, 1, (4, 201, 267)).astype(np.float32)
    heights = []

    def read(_grid: Grid, window: Window, *_: object) -> tuple[np.ndarray, None]:
        heights.append(window.height)
        return whole[:, *window.slices].copy(), None

    day = dt.date(2024, 1, 1)
    plan = SimpleNamespace(
        looks=[SimpleNamespace(date=day, gsd_m=0.5, read=read)],
        roles=("blue", "green", "red", "nir"),
        quality_file=lambda _: None,
        grid=GRID,
    )
    models = {day: SimpleNamespace(alignment=SimpleNamespace(displacement=None))}
    clear = np.zeros(grid.shape, np.uint8)
    clear[150:, :20] = 3
    monkeypatch.setattr(buildings, "at_middles", lambda *_: clear)
    monkeypatch.setattr(buildings, "odds_of", lambda picture: picture[:2])
    at_once = buildings._look(plan, models, 0, grid)  # type: ignore[arg-type]
    monkeypatch.setattr(working_pixels, "STRIP_PX", 64)
    heights.clear()
    in_strips = buildings._look(plan, models, 0, grid)  # type: ignore[arg-type]
    assert heights == [64, 64, 64, 9]
    assert all(np.array_equal(a, b) for a, b in zip(at_once, in_strips, strict=True))
    assert not in_strips[1][150:, :20].any()
    assert in_strips[1].sum() == 201 * 267 - 51 * 20


def test_without_the_change_stage_no_mask_is_read() -> None:
    plan = SimpleNamespace(looks=[None, None], reference=0, compares=False)
    shares = buildings._marked(plan, GRID.in_pixels_of(STEP_M), [part(30, 40, 4.0)])  # type: ignore[arg-type]
    assert shares.shape == (1, 2)
    assert np.isnan(shares).all()


def test_a_hall_is_compared_with_boxes_of_the_looks_on_which_it_stands() -> None:
    yard, empty = shapely.box(0, 0, 30, 15), shapely.box(80, 80, 90, 90)
    hall = Hall(shapely.box(0, 0, 30, 20), 0.9, np.array([0.1, 0.1, 0.9]), np.ones(3, bool))
    assert under_boxes(hall, [yard, yard, empty], hall.stands > 0.5) == 0
    assert under_boxes(hall, [yard, yard, empty], hall.stands < 0.5) == pytest.approx(0.75)
    assert is_kept(hall, [yard, yard, empty], is_marked=True)
    assert not is_kept(hall._replace(stands=np.array([0.1, 0.9, 0.9])), [yard, yard, empty], is_marked=True)


def test_boxes_that_left_say_that_a_hall_was_built_where_masks_do_not() -> None:
    yard, empty = shapely.box(0, 0, 30, 6), shapely.box(80, 80, 90, 90)
    hall = Hall(shapely.box(0, 0, 30, 20), 0.9, np.array([0.1, 0.1, 0.9]), np.ones(3, bool))
    assert is_kept(hall, [yard, empty, empty], is_marked=False)
    assert not is_kept(hall, [empty, empty, empty], is_marked=False)
    assert not is_kept(hall._replace(shown=np.array([False, True, True])), [yard, empty, empty], is_marked=False)


def test_boxes_cover_a_date_as_detected_and_by_their_tracks() -> None:
    boxes = SeenBoxes(
        gpd.GeoDataFrame(
            {"date": ["2024-01-01", "2024-03-01"]}, geometry=[shapely.box(0, 0, 6, 2), shapely.box(9, 0, 15, 2)]
        ),
        gpd.GeoDataFrame({"first_seen": ["2024-01-01"], "last_seen": ["2024-02-01"]}, geometry=[shapely.Point(50, 50)]),
    )
    areas = [buildings._covered(boxes, dt.date(2024, month, 1), 1.0).area for month in (1, 2, 3, 4)]
    assert areas == pytest.approx([12 + np.pi, np.pi, 12, 0], rel=0.02)
    unit = mercator_grid(100, 100).ground_metre
    assert buildings._covered(boxes, dt.date(2024, 2, 1), unit).area == pytest.approx(unit**2 * np.pi, rel=0.02)


def test_one_band_is_refused_with_its_reason() -> None:
    looks = [SimpleNamespace(gsd_m=0.5)]
    pan, colours = (
        SimpleNamespace(roles=roles, looks=looks, grid=GRID) for roles in (("pan",), ("blue", "green", "red"))
    )
    assert "red, green and blue" in buildings.why_not(pan)  # type: ignore[arg-type]
    assert buildings.why_not(colours) == ""  # type: ignore[arg-type]


def test_a_coarse_look_shows_no_hall_and_hides_none_of_its_series() -> None:
    looks = [SimpleNamespace(gsd_m=gsd_m) for gsd_m in (0.5, 3.0)]
    plan = SimpleNamespace(roles=("blue", "green", "red"), looks=looks, grid=GRID)
    assert buildings.why_not(plan) == ""  # type: ignore[arg-type]
    odds, shown = buildings._look(plan, {}, 1, GRID)  # type: ignore[arg-type]
    assert not shown.any()
    assert len(odds) == buildings.KEPT - 1
    plan.looks = looks[1:]
    assert buildings.why_not(plan) == "buildings need pixels of 1 m or finer; these have 3 m"  # type: ignore[arg-type]
