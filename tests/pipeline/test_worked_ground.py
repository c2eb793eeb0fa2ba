"""Worked ground of its own colour, marked where boxes and looks allow it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.pipeline.kernels.box_decisions import ARRIVED, STAYED
from changedet.pipeline.series_job import SeriesJob
from changedet.pipeline.worked_ground import WORKED_PROBABILITY, asks_works, boxes_reach_px, with_bare_works
from changedet.stages.change.kernels.movers import NOTHING

SHAPE = (200, 240)
TRANSFORM = Affine(0.5, 0, 500_000, 0, -0.5, 5_400_000)
WHOLE = Window(0, 0, *SHAPE)


def job_of(folder, nir=(True, True, True)):
    """A series whose network is unsure of a pad of 30 m by 20 m on bare ground."""
    profile = {"driver": "GTiff", "dtype": "float32", "crs": "EPSG:32633", "transform": TRANSFORM, "nodata": np.nan}
    profile |= {"height": SHAPE[0], "width": SHAPE[1]}
    network = np.full(SHAPE, -3.0, np.float32)
    network[80:120, 90:150] = -0.5
    paths = [[], [], []]
    for k in range(len(nir)):
        bands = np.stack([*np.zeros((3, *SHAPE), np.float32), network])
        for at, (name, image, kind) in enumerate(
            (
                ("score", network[None] * 0 + 0.02, {}),
                ("contrast", bands, {}),
                ("standing", np.full((7, *SHAPE), NOTHING, np.uint8), {"dtype": "uint8", "nodata": None}),
            )
        ):
            path = folder / f"{name}{k}.tif"
            with rasterio.open(path, "w", **{**profile, **kind, "count": len(image)}) as out:
                out.write(image)
            paths[at].append(path)
    grid = Grid("EPSG:32633", TRANSFORM, SHAPE)
    ones = (1.0,) * len(nir)
    return SeriesJob(grid, *(tuple(one) for one in paths), (0.5,) * len(nir), True, ones, tuple(nir))


def low(job):
    return np.full((len(job.scores), *SHAPE), 0.02, np.float32)


def box(x, y, decision):
    shape = np.array([shapely.box(500_000 + x, 5_400_000 - y - 3, 500_000 + x + 6, 5_400_000 - y)], object)
    return SimpleNamespace(swept=shape, decision=np.array([decision]))


def test_a_pad_is_marked_in_any_window(tmp_path):
    job = job_of(tmp_path)
    marked = with_bare_works(low(job), job, [None] * 3, WHOLE)
    assert (marked[:, 84:116, 94:146] == np.float32(WORKED_PROBABILITY)).all()
    assert (marked[:, :76] == np.float32(0.02)).all()
    part = Window(60, 70, 50, 100)
    np.testing.assert_array_equal(
        with_bare_works(low(job)[:, part.slices[0], part.slices[1]], job, [None] * 3, part),
        marked[:, part.slices[0], part.slices[1]],
    )


def test_what_is_not_observed_stays_so_and_what_is_surer_too(tmp_path):
    job = job_of(tmp_path)
    before = low(job)
    before[0, 90, 100], before[0, 90, 101] = np.nan, 0.97
    marked = with_bare_works(before, job, [None] * 3, WHOLE)
    assert np.isnan(marked[0, 90, 100])
    assert marked[0, 90, 101] == np.float32(0.97)


def test_yards_of_the_reference_are_left_out_and_new_boxes_only_their_rims(tmp_path):
    job = job_of(tmp_path)
    old, new = ([box(60.0, 50.0, what)] * 3 for what in (STAYED, ARRIVED))
    assert not (with_bare_works(low(job), job, old, WHOLE) > 0.5).any()
    marked = with_bare_works(low(job), job, new, WHOLE) > 0.5
    assert marked[:, 84:92, 94:104].all()
    assert not marked[:, 103, 125].any()


@pytest.mark.parametrize("nir", [(True, False, False), (False, False, False)])
def test_two_looks_with_near_infrared_are_needed(tmp_path, nir):
    job = job_of(tmp_path, nir)
    assert not asks_works(job)
    assert boxes_reach_px(job) == 0
    assert with_bare_works(low(job), job, [None] * 3, WHOLE).max() == np.float32(0.02)
