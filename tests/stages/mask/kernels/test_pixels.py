"""Classes of single pixels, and an overview's laid over them, against the same in whole arrays."""

from __future__ import annotations

import numpy as np

from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, SATURATED
from changedet.stages.mask.kernels.pixels import classes_of_pixels, laid_over


def test_classes_of_pixels_no_data_goes_before_saturation() -> None:
    image = np.full((2, 3, 4), 5, np.float32)
    image[0, 0, 0] = image[1, 1, 1] = np.nan
    image[1, 0, 1] = np.inf
    image[0, 1, 1] = image[1, 2, 3] = 9
    expected = np.full((3, 4), CLEAR)
    expected[0, 0] = expected[1, 1] = expected[0, 1] = NODATA
    unlimited = expected.copy()
    expected[2, 3] = SATURATED
    assert np.array_equal(classes_of_pixels(image, 9.0), expected)
    assert np.array_equal(classes_of_pixels(image, np.inf), unlimited)


def test_laid_over_is_the_same_by_rows_and_by_pixels() -> None:
    rng = np.random.default_rng(2)
    classes = rng.choice([CLEAR, NODATA, SATURATED], (30, 44)).astype(np.uint8)
    overview = rng.choice([CLEAR, NODATA, CLOUD], (7, 9)).astype(np.uint8)
    rows, columns = np.arange(-4, 26)[:, None] // 4, np.arange(3, 47)[None] // 4
    before = classes.copy()
    found = laid_over(classes, overview, rows, columns)
    assert np.array_equal(found, laid_over(classes, overview, *np.broadcast_arrays(rows, columns)))
    assert np.array_equal(classes, before)
    assert (found == CLOUD).any()
