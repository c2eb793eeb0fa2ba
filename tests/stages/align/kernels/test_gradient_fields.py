"""Gradient directions: what they must not depend on."""

import numpy as np
from small_scenes import blocks_and_grain

from changedet.stages.align.kernels.gradient_fields import orientation_field


def test_orientation_field_ignores_gain_and_leaves_no_data_out():
    values = blocks_and_grain(5, 128).astype(np.float32)
    field = orientation_field(values, 1.0)
    np.testing.assert_allclose(orientation_field(values * 3, 1.0), field, atol=1e-3)
    values[:, 40:60, 40:60] = np.nan
    holed = orientation_field(values, 1.0)
    assert (holed[:, 38:62, 38:62] == 0).all()
    np.testing.assert_allclose(holed[:, :30], field[:, :30], atol=0.05)
