"""Classes of single pixels, and an overview's laid over them, against the same in whole arrays."""

from __future__ import annotations

import numpy as np

from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, SATURATED, SHADOW
from changedet.stages.mask.kernels.pixels import classes_of_pixels, lay_over


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


def test_lay_over_says_of_a_window_what_whole_arrays_say() -> None:
    rng = np.random.default_rng(2)
    classes = rng.choice([CLEAR, NODATA, SATURATED], (30, 44)).astype(np.uint8)
    own = rng.choice([CLEAR, CLEAR, SHADOW], classes.shape).astype(np.uint8)
    overview = rng.choice([CLEAR, NODATA, CLOUD], (7, 9)).astype(np.uint8)
    overview.flags.writeable = False
    rows, columns = np.arange(-4, 26)[:, None] // 4, np.arange(3, 47)[None] // 4
    above = overview[rows.clip(0, 6), columns.clip(0, 8)]
    whole = np.where((classes == CLEAR) & (above != NODATA), above, classes)
    for over in (overview, np.frombuffer(b"", np.uint8).reshape(0, 0)):
        found = classes.copy()
        lay_over(found, own, over, (-4, 3), 4)
        assert np.array_equal(found, np.where(own == CLEAR, whole if over.size else classes, own))
        assert (found == CLOUD).any() == bool(over.size)
