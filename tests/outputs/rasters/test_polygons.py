"""Outlines of regions, drawn from tiles."""

from __future__ import annotations

import numpy as np
from affine import Affine
from hypothesis import given, settings
from rasterio.features import rasterize
from scipy import ndimage
from tilings import tiled_masks, windows

from changedet.outputs.rasters import polygons
from changedet.outputs.rasters.polygons import polygonise

EIGHT = np.ones((3, 3))


@settings(max_examples=60, deadline=None)
@given(tiled_masks())
def test_polygonise_outlines_do_not_depend_on_the_tiling_and_cover_the_pixels(case):
    mask, rows, columns = case
    truth, count = ndimage.label(mask == 1, EIGHT)
    truth = truth.astype(np.int32)
    transform = Affine(2.0, 0.0, 500.0, 0.0, -2.0, 900.0)
    whole = polygonise([(0, 0, truth)], transform, "EPSG:32631")
    tiles = [(w[0].start, w[1].start, truth[w]) for _, w in windows(rows, columns)]
    cut = polygonise(tiles, transform, "EPSG:32631")
    assert whole.change_id.tolist() == cut.change_id.tolist() == list(range(1, count + 1))
    assert [g.wkb for g in whole.geometry] == [g.wkb for g in cut.geometry]
    assert whole.geometry.is_valid.all()
    assert whole.geometry.area.tolist() == [4.0 * n for n in np.bincount(truth.ravel())[1:]]
    if count:
        drawn = rasterize(
            zip(whole.geometry, whole.change_id, strict=True), truth.shape, transform=transform, dtype=np.int32
        )
        np.testing.assert_array_equal(drawn, truth)


def test_polygonise_gives_vertices_at_corners_only():
    ids = np.zeros((8, 8), np.int32)
    ids[1:7, 2:6] = 1
    outline = polygonise([(0, 0, ids[:4]), (4, 0, ids[4:])], Affine.identity()).geometry[0]
    assert len(outline.exterior.coords) == 5


def test_polygonise_of_regions_far_apart_is_that_of_all_rows_together(monkeypatch):
    ids = np.zeros((300, 60), np.int32)
    ids[3:9, 4:7], ids[60:100, 20:50], ids[70:90, 30:40], ids[200, 59], ids[299, 0] = 1, 2, 3, 4, 5
    apart = polygonise([(7, 5, ids)], Affine.identity())
    monkeypatch.setattr(polygons, "APART_PX", 1000)
    whole = polygonise([(7, 5, ids)], Affine.identity())
    assert apart.change_id.tolist() == [1, 2, 3, 4, 5]
    assert [one.wkb for one in apart.geometry] == [one.wkb for one in whole.geometry]


def test_polygonise_of_nothing_is_empty():
    assert polygonise([(0, 0, np.zeros((4, 4), np.int32))], Affine.identity()).empty


def test_polygonise_does_not_depend_on_how_much_is_traced_at_once(monkeypatch):
    rng = np.random.default_rng(5)
    ids = ndimage.label(ndimage.gaussian_filter(rng.random((320, 200)), 3) > 0.53, EIGHT)[0].astype(np.int32)
    tiles = [(y, x, ids[y : y + 64, x : x + 50]) for y in range(0, 320, 64) for x in range(0, 200, 50)]
    together = polygonise(tiles, Affine.identity())
    monkeypatch.setattr(polygons, "TRACED_PX", 0)
    one_by_one = polygonise(tiles, Affine.identity())
    assert len(together) > 20
    assert [one.wkb for one in together.geometry] == [one.wkb for one in one_by_one.geometry]
