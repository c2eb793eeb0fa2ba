"""Ground that footprints tell as new: cut to tiles, laid on pixels, and marked."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.pipeline import built_since as module
from changedet.pipeline.built_since import BuiltSince, asks_built, built_reach_px, newly_built, with_built
from changedet.pipeline.series_job import SeriesJob
from changedet.store.packing import ClassTile

SHAPE = (120, 161)
GRID = Grid("EPSG:32633", Affine(0.5, 0, 500_000, 0, -0.5, 5_400_000), SHAPE)
FACTOR = 2


def job_of(looks=2, **more):
    some = ("a",) * looks
    return SeriesJob(GRID, some, some, some, (0.5,) * looks, True, (1.0,) * looks, (True,) * looks, **more)


def built():
    cells = np.zeros((60, 81), np.uint8)
    cells[10:40, 10:60], cells[45:60, 70:81] = 1, 2
    return BuiltSince(ClassTile(cells), 0, 0, FACTOR)


def scores():
    """Likely but for single pixels."""
    return np.where(np.random.default_rng(3).random((2, *SHAPE)) > 0.003, 0.2, 0.02).astype(np.float32)


@pytest.mark.parametrize("window", [Window(0, 0, 50, 70), Window(15, 11, 40, 90), Window(-9, 140, 150, 40)])
def test_a_tile_gets_the_pixels_of_the_whole(window):
    whole = built().on_pixels(Window(0, 0, *SHAPE))
    near = built().near(window)
    own, inside = near.on_pixels(window), window.within(SHAPE)
    assert near.cells.raster.size < built().cells.raster.size
    assert own.shape == window.shape
    rows, columns = Window(inside.y - window.y, inside.x - window.x, *inside.shape).slices
    np.testing.assert_array_equal(own[rows, columns], whole[inside.slices])
    assert own.any()


def test_a_tile_without_new_ground_carries_none():
    assert built().near(Window(0, 0, 18, 160)) is None
    assert with_built(scores(), None, job_of(), Window(0, 0, *SHAPE))[0].max() == np.float32(0.2)


def test_ground_is_marked_from_the_look_on_that_shows_it_built():
    marked = with_built(scores(), built(), job_of(), Window(0, 0, *SHAPE)) > 0.5
    assert marked[:, 24:76, 24:116].all()
    assert not marked[0, 90:].any()
    assert marked[1, 94:116, 144:156].all()
    assert not marked[:, :16].any()


def test_a_tile_is_marked_as_the_whole_is():
    job, window = job_of(), Window(20, 10, 60, 80)
    grown = window.grown(built_reach_px(job))
    padded = np.pad(scores(), ((0, 0), (40, 40), (40, 40)), constant_values=np.nan)
    part = padded[:, grown.y + 40 : grown.y + 40 + grown.height, grown.x + 40 : grown.x + 40 + grown.width]
    halo = built_reach_px(job)
    own = with_built(part, built().near(grown), job, grown)[:, halo:-halo, halo:-halo]
    whole = with_built(scores(), built(), job, Window(0, 0, *SHAPE))
    np.testing.assert_array_equal(own, whole[(slice(None), *window.slices)])


@pytest.mark.parametrize("job", [job_of(1), job_of(is_later=False), job_of(together=False)])
def test_series_after_the_reference_are_asked(job):
    assert asks_built(job_of())
    assert not asks_built(job)
    assert built_reach_px(job) == 0


def test_the_footprints_of_all_dates_tell_what_is_new(monkeypatch):
    surfaces = [np.zeros((60, 81), bool) for _ in range(3)]
    for surface in surfaces[1:]:
        surface[10:40, 10:60] = True
    monkeypatch.setattr(module, "series_trees", lambda facts: facts)
    monkeypatch.setattr(module, "footprint_method", lambda facts: facts)
    monkeypatch.setattr(module, "likely_surfaces", lambda dates, grid, trees: iter(surfaces))
    plan = SimpleNamespace(facts="trees", grid=GRID, reference=0, dates=())
    found = newly_built(plan, job_of(), None)
    assert (found.cells.raster[10:40, 10:60] == 1).all()
    assert found.factor == FACTOR
    monkeypatch.setattr(module, "series_trees", lambda facts: None)
    assert newly_built(plan, job_of(), None) is None
