"""Ground told whole: where boxes and looks allow it, and what is marked of it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.pipeline.kernels.box_decisions import ARRIVED, STAYED
from changedet.pipeline.outlined_dates import shown_near
from changedet.pipeline.series_job import SeriesJob
from changedet.pipeline.site_shows import count_sure
from changedet.pipeline.told_ground import TOLD_PROBABILITY, Told, told_on, told_whole, with_told

SHAPE = (120, 160)
TRANSFORM = Affine(1.0, 0, 500_000, 0, -1.0, 5_400_000)
WHOLE = Window(0, 0, *SHAPE)
GRID = Grid("EPSG:32633", TRANSFORM, SHAPE)
PIT = (slice(40, 80), slice(50, 110))


def job_of(folder, nir=(True, True)):
    """A series whose network tells of a pit of 60 m by 40 m."""
    profile = {"driver": "GTiff", "dtype": "float32", "crs": GRID.crs, "transform": TRANSFORM, "nodata": np.nan}
    profile |= {"height": SHAPE[0], "width": SHAPE[1]}
    network = np.full(SHAPE, -3.0, np.float32)
    network[PIT] = -1.0
    bands = np.stack([*np.zeros((3, *SHAPE), np.float32), network])
    paths = tuple(folder / f"contrast{k}.tif" for k in range(len(nir)))
    for path in paths:
        with rasterio.open(path, "w", count=len(bands), **profile) as out:
            out.write(bands)
    return SeriesJob(GRID, paths, paths, paths, (0.5,) * len(nir), True, (1.0,) * len(nir), tuple(nir))


def scores(looks=2):
    """Half of the pit is sure on the first look."""
    found = np.full((looks, *SHAPE), 0.02, np.float32)
    found[0, 40:60, 50:110] = 0.95
    return found


def box(x, y, decision):
    shape = np.array([shapely.box(500_000 + x, 5_400_000 - y - 3, 500_000 + x + 6, 5_400_000 - y)], object)
    return SimpleNamespace(swept=shape, decision=np.array([decision]))


def whole(told, sure, boxes=(None, None)):
    found = told_whole(told, sure, GRID, 2, boxes)
    return with_told(scores(), found, GRID, WHOLE) > 0.5


def test_a_pit_is_marked_out_to_its_outline_on_every_look(tmp_path):
    job = job_of(tmp_path)
    told, sure = told_on(job, WHOLE, scores())
    part = Window(30, 45, 40, 60)
    for own, all_of_it in zip(told_on(job, part, scores()[:, 30:70, 45:105]), (told, sure), strict=True):
        np.testing.assert_array_equal(own, all_of_it[30:70, 45:105])
    marked = whole(told, sure)
    assert marked[:, 43:77, 53:107].all()
    assert not marked[:, 82:].any()


@pytest.mark.parametrize("nir", [(True, False), (False, False)])
def test_two_looks_with_near_infrared_are_asked(tmp_path, nir):
    told, sure = told_on(job_of(tmp_path, nir), WHOLE, scores())
    assert not told.any()
    assert not sure.any()


def test_looks_compared_by_the_light_of_what_lasts_are_not_asked(tmp_path):
    job = replace(job_of(tmp_path, (True,) * 3), by_lasting=(False, False, True))
    assert (told_on(job, WHOLE, scores(3))[0][PIT] > 0).any()
    job = replace(job, by_lasting=(False, True, True))
    assert not told_on(job, WHOLE, scores(3))[0].any()


def test_yards_of_the_reference_are_left_out_and_new_boxes_only_their_rims(tmp_path):
    told, sure = told_on(job_of(tmp_path), WHOLE, scores())
    old, new = ([box(78.0, 66.0, what), None] for what in (STAYED, ARRIVED))
    assert whole(told, sure, new)[1, 43:60, 53:107].all()
    assert not whole(told, sure, old)[1, 50:77, 70:95].any()


def test_what_is_not_observed_stays_so_and_what_is_surer_too():
    found = np.full((2, *SHAPE), 0.02, np.float32)
    found[1, 50, 60], found[1, 50, 61] = np.nan, 0.97
    thing = Told(1, shapely.box(500_055, 5_399_930, 500_100, 5_399_960))
    (near,) = shown_near(
        [thing, Told(0, shapely.box(500_000, 5_399_990, 500_005, 5_400_000))], GRID, Window(30, 40, 50, 80)
    )
    marked = with_told(found, [near], GRID, WHOLE)
    assert np.isnan(marked[1, 50, 60])
    assert marked[1, 50, 61] == np.float32(0.97)
    assert marked[1, 50, 70] == np.float32(TOLD_PROBABILITY)
    assert (marked[0] == np.float32(0.02)).all()
    assert with_told(found, (), GRID, WHOLE) is found


def test_tiles_hand_on_what_they_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr("changedet.pipeline.site_shows.scores_of_pairs", lambda *_: scores())
    tile = count_sure(job_of(tmp_path), WHOLE, 1)
    assert all(tile.told)
