"""The calibration of the trees, and thresholds by resolution."""

from __future__ import annotations

import numpy as np

from changedet.stages.change.kernels import (
    trees,
)


def test_the_calibration_rises_and_meets_its_points():
    at, value = np.array([-3.0, 0.0, 2.0]), np.array([0.01, 0.3, 0.9])
    margin = np.linspace(-9, 9, 181, dtype=np.float32)[None]
    found = trees._calibrated(margin, at, value)[0]
    assert (np.diff(found) > 0).all()
    assert ((found > 0) & (found < 1)).all()
    np.testing.assert_allclose(found[[60, 90, 110]], value, atol=1e-6)
