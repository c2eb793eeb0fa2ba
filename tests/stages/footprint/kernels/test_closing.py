"""Opening and closing against another library."""

from __future__ import annotations

import numpy as np
from drawn_ground import patchy
from scipy.ndimage import binary_dilation, binary_erosion, distance_transform_edt

from changedet.stages.footprint.kernels import closing


def test_opened_and_closed_equals_discs_of_another_library():
    surface = patchy(6, (160, 170)) >= 1
    found = closing.opened_and_closed(surface, np.zeros_like(surface), 4.0, 8.0, 1.0)
    padded = np.pad(surface, 30, mode="edge")
    y, x = np.mgrid[-8:9, -8:9]
    core = distance_transform_edt(padded) - 0.5 >= 4
    kept = padded & (distance_transform_edt(~core) <= 5)
    kept = np.pad(kept[30:-30, 30:-30], 30)
    expected = binary_erosion(binary_dilation(kept, y * y + x * x <= 64), y * y + x * x <= 64)[30:-30, 30:-30]
    assert (found != expected).mean() < 0.01
    assert found.any()
