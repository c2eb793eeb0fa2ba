"""Tracks that are found: on all looks together, told from the north, none where a siding is drawn."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from affine import Affine
from mercator import NORTH, mercator_grid

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.pipeline.things import found_rails
from changedet.pipeline.things.found_rails import find_beds, fine_grid, why_no_tracks
from changedet.pipeline.things.kernels.siding_pictures import STEP_M

GRID = Grid("EPSG:32636", Affine(1.0, 0, 500_000, 0, -1.0, 4_000_000), (161, 200))
ROWS = (40.0, 44.7, 120.0)
DAYS = [dt.date(2024, 5, 1), dt.date(2024, 6, 1)]


def answers(rows: tuple[float, ...] = ROWS) -> np.ndarray:
    """Tracks along rows of cells of a metre."""
    y = np.arange(161)[:, None] + 0.5 + np.zeros((1, 200))
    near = np.where(np.min([np.abs(y - row) for row in rows], axis=0) < 2.4, 4.0, -6.0)
    return np.stack([near, np.ones_like(near), np.zeros_like(near)]).astype(np.float32)


def plan(*, railcars: bool = True, grid: Grid = GRID) -> SimpleNamespace:
    return SimpleNamespace(grid=grid, workflow=SimpleNamespace(railcars=railcars))


def test_tracks_are_looked_for_in_pixels_of_half_a_metre() -> None:
    fine = fine_grid(GRID)
    assert fine.ground_resolution_m == pytest.approx(STEP_M, rel=1e-3)
    assert fine.shape == (323, 401)
    half = Grid(GRID.crs, GRID.transform @ Affine.scale(0.5), (320, 400))
    assert fine_grid(half) is half


def test_groups_of_tracks_are_told_from_the_north(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_rails, "_mean_odds", lambda *_: answers())
    found = find_beds(plan(), {}, None)  # type: ignore[arg-type]
    scale = GRID.resolution_m / GRID.ground_resolution_m
    for one, row, wide in zip(found, (42.35, 120.0), (9.5, 4.8), strict=True):
        assert one.line.centroid.y == pytest.approx(4_000_000 - row * scale, abs=0.5)
        assert one.line.length > 180
        assert sum(one.sides_m) == pytest.approx(wide, abs=1.0)
        assert one.probability > 0.9
        (west, _), (east, _) = one.line.coords[0], one.line.coords[-1]
        assert west < east


def test_a_drawn_siding_keeps_its_tracks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_rails, "_mean_odds", lambda *_: answers())
    siding = shapely.box(500_000, 4_000_000 - 60, 500_150, 4_000_000 - 20)
    found = find_beds(plan(), {}, siding)  # type: ignore[arg-type]
    assert len(found) == 1
    assert found[0].line.centroid.y < 4_000_000 - 100
    short = shapely.box(500_000, 4_000_000 - 60, 500_100, 4_000_000 - 20)
    assert len(find_beds(plan(), {}, short)) == 2  # type: ignore[arg-type]


def test_what_lies_outside_of_a_siding_is_as_long_on_the_ground_in_web_mercator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grid = mercator_grid(161, 200)
    monkeypatch.setattr(found_rails, "_mean_odds", lambda *_: answers())
    unit, beds = grid.ground_metre, find_beds(plan(grid=grid), {}, None)  # type: ignore[arg-type]
    west, _, east, _ = beds[0].line.bounds
    for outside_m, number in ((50.0, len(beds) - 1), (70.0, len(beds))):
        siding = shapely.box(west - 1, NORTH - 100, east - outside_m * unit, NORTH)
        assert len(find_beds(plan(grid=grid), {}, siding)) == number  # type: ignore[arg-type]


def test_looks_are_averaged_where_they_show_the_ground(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = fine_grid(GRID)
    shown = np.zeros((3, *grid.shape), np.float32)
    hidden = shown.copy()
    hidden[:, :100] = np.nan
    pictures = {DAYS[0]: shown, DAYS[1]: hidden}
    odds = {DAYS[0]: 20.0, DAYS[1]: 2.0}
    monkeypatch.setattr(found_rails, "_picture", lambda _p, _m, look, _g: pictures[look.date])
    said = iter(odds.values())
    half = tuple(-(-n // 2) for n in grid.shape)
    monkeypatch.setattr(found_rails, "odds_of", lambda _: np.full((3, *half), next(said), np.float32))
    looks = SimpleNamespace(looks=[SimpleNamespace(date=day, gsd_m=0.5) for day in DAYS])
    mean = found_rails._mean_odds(looks, {}, grid)  # type: ignore[arg-type]
    assert mean[0, 10, 10] == found_rails.SURE
    assert mean[0, 100, 10] == (found_rails.SURE + 2.0) / 2
    pictures[DAYS[0]] = hidden
    said = iter(odds.values())
    mean = found_rails._mean_odds(looks, {}, grid)  # type: ignore[arg-type]
    assert np.isnan(mean[:, 10, 10]).all()


def test_a_look_is_shown_in_its_own_light(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = fine_grid(GRID)
    quality = np.zeros(grid.shape, np.uint8)
    quality[:, :60] = 9
    monkeypatch.setattr(found_rails, "at_middles", lambda *_: quality)
    monkeypatch.setattr(found_rails, "SHOWS_DARK", (0,))
    ground = np.random.default_rng(1).normal(9000, 300, (4, *grid.shape)).astype(np.float32)

    def read(_: Grid, window: Window, *__: object) -> tuple[np.ndarray, None]:
        return ground[:, window.y : window.y + window.height].copy(), None

    look = SimpleNamespace(date=DAYS[0], gsd_m=0.5, read=read)
    models = {DAYS[0]: SimpleNamespace(alignment=SimpleNamespace(displacement=None))}
    site = SimpleNamespace(roles=("blue", "green", "red", "nir"), quality_file=lambda _: None, grid=GRID)
    picture = found_rails._picture(site, models, look, grid)  # type: ignore[arg-type]
    assert picture is not None
    assert np.isnan(picture[:, :, :60]).all()
    assert np.nanmedian(picture[0].astype(np.float32)) == pytest.approx(0, abs=0.1)
    quality[:] = 9
    assert found_rails._picture(site, models, look, grid) is None  # type: ignore[arg-type]


def test_why_no_tracks() -> None:
    assert not why_no_tracks(plan())  # type: ignore[arg-type]
    assert "railcars: true" in why_no_tracks(plan(railcars=False))  # type: ignore[arg-type]
    vast = Grid(GRID.crs, GRID.transform, (9000, 9000))
    assert "10 km2" in why_no_tracks(plan(grid=vast))  # type: ignore[arg-type]
