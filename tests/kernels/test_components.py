"""Regions across tiles against scipy's labels of the whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from tilings import tiled_masks, windows

from changedet.kernels import components

EIGHT = np.ones((3, 3))


def joined(mask, score, rows, columns):
    found = {}
    for place, window in windows(rows, columns):
        labels = components.label(mask[window])
        origin = window[0].start, window[1].start
        found[place] = components.describe_tile(labels, origin, mask.shape[1], (score[window],))
    return components.join(found)


@settings(max_examples=150, deadline=None)
@given(tiled_masks())
def test_join_regions_of_any_tiling_are_those_of_the_whole(case):
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
def test_drop_small_components_by_tiles_is_dropping_them_from_the_whole(case, least_px):
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


def test_join_a_spiral_through_many_tiles_is_one_region():
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


def test_join_no_tiles_and_empty_tiles_have_no_regions():
    assert components.join({}).areas.size == 0
    result = joined(np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.float32), [(0, 4)], [(0, 2), (2, 4)])
    assert result.areas.size == 0


def test_describe_tile_counts_what_is_missing_as_nothing_and_bounds_the_rest():
    mask = np.array([[1, 1, 0, 1], [0, 0, 0, 1]], np.uint8)
    figure = np.array([[np.nan, 2.5, 9.0, np.inf], [9.0, 9.0, 9.0, -1.0]], np.float32)
    found = components.describe_tile(components.label(mask), (3, 5), 100, (figure, -figure))
    largest = components.LARGEST_FIGURE
    assert found.areas.tolist() == [2, 2]
    assert found.first.tolist() == [305, 308]
    expected = np.array([[2.5, -2.5], [largest - 1.0, 1.0 - largest]])
    assert (found.sums / components.FIXED_POINT).tolist() == expected.tolist()


def test_keep_labels_is_keep_of_the_wanted_regions() -> None:
    rng = np.random.default_rng(8)
    mask = rng.choice(np.array([0, 0, 1, 255], np.uint8), (40, 50))
    labels = components.label(mask)
    wanted = rng.random(labels.max() + 1) < 0.5
    mask.flags.writeable = False
    expected = components.keep(mask, np.where(wanted[labels], labels, 0))
    np.testing.assert_array_equal(components.keep_labels(mask, labels, wanted), expected)
    assert 0 < (expected == 1).sum() < (mask == 1).sum()
