"""Sums over squares, against a convolution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from changedet.stages.change.kernels import (
    box_sums,
)


@pytest.mark.parametrize("half", [2, 4, 10, 22])
def test_box_sum_is_exact(half):
    image = np.random.default_rng(half).integers(-2000, 2000, (60, 47)).astype(np.int16)
    wanted = ndimage.convolve(image.astype(np.int64), np.ones((2 * half + 1,) * 2, int), mode="constant")
    np.testing.assert_array_equal(box_sums.box_sum(image, half), wanted)
