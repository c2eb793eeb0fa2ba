"""Dark pixels, against the same in whole arrays."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.pipeline.kernels.dark_pixels import mark_dark


@pytest.mark.parametrize("groups", [([0, 1, 2], [3]), ([0, 2], [0, 2])])
def test_mark_dark_says_what_whole_arrays_say(groups: tuple[list[int], list[int]]) -> None:
    rng = np.random.default_rng(5)
    image = rng.normal(1.0, 1.0, (4, 37, 61)).astype(np.float32)
    image[:, 3:9, 5:30] = np.nan
    low, span = rng.normal(0, 0.3, 4).astype(np.float32), rng.uniform(0.5, 2, 4).astype(np.float32)
    classes = rng.integers(0, 3, (37, 61)).astype(np.uint8)
    light = (image - low[:, None, None]) / span[:, None, None]
    dark = np.logical_and.reduce([light[group].mean(axis=0) < np.float32(0.4) for group in groups])
    expected = np.where((classes == 0) & dark, 9, classes)
    first, second = (np.array(group, np.int64) for group in groups)
    part = classes[4:30, 7:].copy()
    mark_dark(image, (0, 0), low, span, first, second, np.float32(0.4), (0, 9), classes)
    assert np.array_equal(classes, expected)
    assert (expected == 9).any()
    mark_dark(image, (4, 7), low, span, first, second, np.float32(0.4), (0, 9), part)
    assert np.array_equal(part, expected[4:30, 7:])
