"""Regions across tiles against scipy's labels of the whole, and their outlines."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize
from scipy import ndimage

from changedet.kernels import components, region_figures
from changedet.outputs.rasters.polygons import polygonise

EIGHT = np.ones((3, 3))


def cuts(draw, length):
    inner = draw(st.sets(st.integers(1, max(1, length - 1)), max_size=5))
    edges = [0, *sorted(i for i in inner if i < length), length]
    return list(pairwise(edges))


@st.composite
def tiled_masks(draw):
    shape = draw(st.tuples(st.integers(1, 24), st.integers(1, 24)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mask = (rng.random(shape) < draw(st.sampled_from([0.1, 0.3, 0.45, 0.6, 0.9]))).astype(np.uint8)
    mask[rng.random(shape) < 0.1] = 255
    return mask, cuts(draw, shape[0]), cuts(draw, shape[1])


def windows(rows, columns):
    for i, (y0, y1) in enumerate(rows):
        for j, (x0, x1) in enumerate(columns):
            yield (i, j), (slice(y0, y1), slice(x0, x1))


def joined(mask, score, rows, columns):
    found = {}
    for place, window in windows(rows, columns):
        labels = components.label(mask[window])
        origin = window[0].start, window[1].start
        found[place] = components.describe_tile(labels, origin, mask.shape[1], (score[window],))
    return components.join(found)


@settings(max_examples=150, deadline=None)
@given(tiled_masks())
def test_regions_of_any_tiling_are_those_of_the_whole(case):
    mask, rows, columns = case
    score = np.random.default_rng(1).random(mask.shape).astype(np.float32)
    result = joined(mask, score, rows, columns)
    truth, count = ndimage.label(mask == 1, EIGHT)
    index = np.arange(1, count + 1)
    assert result.areas.tolist() == ndimage.sum_labels(mask == 1, truth, index).astype(int).tolist()
    fixed = np.rint(score.astype(np.float64) * components.FIXED_POINT).astype(int)
    assert result.sums[:, :1].ravel().tolist() == ndimage.sum_labels(fixed, truth, index).astype(int).tolist()
    # scipy numbers regions by their first pixel in row-major order, as promised here
    everything = np.ones(count, bool)
    for place, window in windows(rows, columns):
        ids = components.region_ids(mask[window], result.ids[place], everything)
        np.testing.assert_array_equal(ids, truth[window])


@settings(max_examples=80, deadline=None)
@given(tiled_masks(), st.integers(1, 12))
def test_dropping_small_regions_by_tiles_is_dropping_them_from_the_whole(case, least_px):
    mask, rows, columns = case
    result = joined(mask, np.zeros(mask.shape, np.float32), rows, columns)
    truth, _ = ndimage.label(mask == 1, EIGHT)
    small = np.bincount(truth.ravel()) < least_px
    wanted = np.where((mask == 1) & small[truth], 0, mask)
    for place, window in windows(rows, columns):
        numbers = components.region_ids(mask[window], result.ids[place], result.areas >= least_px)
        cleaned = components.keep(mask[window], numbers)
        np.testing.assert_array_equal(cleaned, wanted[window])
    np.testing.assert_array_equal(components.drop_small_components(mask, least_px), wanted)


def test_a_spiral_through_many_tiles_is_one_region():
    mask = np.zeros((21, 21), np.uint8)
    for ring in range(0, 11, 2):
        mask[ring : 21 - ring, ring : 21 - ring] = 1
        mask[ring + 1 : 20 - ring, ring + 1 : 20 - ring] = 0
    for ring in range(0, 10, 2):
        mask[ring + 1, 10] = 1
    singles = [(i, i + 1) for i in range(21)]
    result = joined(mask, mask.astype(np.float32), singles, singles)
    assert result.areas.tolist() == [int(mask.sum())]
    assert result.sums.tolist() == [[int(mask.sum()) * components.FIXED_POINT]]


def test_no_tiles_and_empty_tiles_have_no_regions():
    assert components.join({}).areas.size == 0
    result = joined(np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.float32), [(0, 4)], [(0, 2), (2, 4)])
    assert result.areas.size == 0
    assert polygonise([(0, 0, np.zeros((4, 4), np.int32))], Affine.identity()).empty


@settings(max_examples=60, deadline=None)
@given(tiled_masks())
def test_outlines_do_not_depend_on_the_tiling_and_cover_the_pixels(case):
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


def test_an_outline_has_vertices_at_corners_only():
    ids = np.zeros((8, 8), np.int32)
    ids[1:7, 2:6] = 1
    outline = polygonise([(0, 0, ids[:4]), (4, 0, ids[4:])], Affine.identity()).geometry[0]
    assert len(outline.exterior.coords) == 5


@pytest.mark.parametrize(("swap", "wanted"), [(False, "gain"), (True, "loss")])
def test_direction_by_which_date_stands_out(swap, wanted):
    before = np.random.default_rng(0).normal(50, 1, (3, 30, 30)).astype(np.float32)
    after = before.copy()
    after[:, 10:20, 8:18] = 120
    mask = np.zeros((30, 30), np.uint8)
    mask[10:20, 8:18] = 1
    if swap:
        before, after = after, before
    early, late = region_figures.edge_contrast(before, after, mask)
    assert early.shape == (28, 28)
    inner = components.label(mask[1:-1, 1:-1])
    sums = components.describe_tile(inner, (0, 0), 28, (early, late)).sums[0]
    assert region_figures.direction(*sums.tolist()) == wanted
    assert region_figures.direction(7, 7) == region_figures.direction(0, 0) == "other"


def test_edge_contrast_adds_up_over_tiles_and_ignores_the_missing():
    rng = np.random.default_rng(3)
    image = rng.random((2, 20, 20)).astype(np.float32)
    image[:, 5, 5] = np.nan
    mask = (rng.random((20, 20)) < 0.4).astype(np.uint8)
    mask[5, 5] = 255
    whole, _ = region_figures.edge_contrast(image, image, mask)
    assert np.isfinite(whole).all()
    top, _ = region_figures.edge_contrast(image[:, :12], image[:, :12], mask[:12])
    bottom, _ = region_figures.edge_contrast(image[:, 10:], image[:, 10:], mask[10:])
    np.testing.assert_array_equal(np.concatenate([top, bottom]), whole)


def test_probability_rises_with_the_margin_from_one_half():
    values = [region_figures.change_probability(score, 2.0) for score in (1.0, 2.0, 2.5, 4.0, 100.0)]
    assert values[0] == values[1] == 0.5
    assert values[1:] == sorted(values[1:])
    assert values[3] == pytest.approx(1 - 0.5 * np.exp(-2))
    assert values[-1] <= 1.0
