"""Shadows matched with the clouds that throw them."""

import numpy as np
import pytest

from changedet.stages.mask.kernels.cloud_context import MATCHED_CELLS, correlated_shadow_shift


@pytest.mark.parametrize("size", [200, 1500])
def test_correlated_shadow_shift_matches_shadows_with_their_clouds(size):
    rng = np.random.default_rng(5)
    cloud = np.zeros((size, size), np.float32)
    for row, column in rng.integers(0, size, (12, 2)):
        high, wide = rng.integers(size // 20, size // 5, 2)
        cloud[row : row + high, column : column + wide] = 1
    shadow = np.zeros_like(cloud)
    shadow[9:, :-12] = cloud[:-9, 12:]
    shadow[cloud > 0] = 0
    valid = np.ones(cloud.shape, bool)
    azimuth = float(np.degrees(np.arctan2(12, 9)))
    found = correlated_shadow_shift(cloud, shadow, valid, azimuth)
    assert found is not None
    assert np.abs(np.subtract(found, (9, -12))).max() <= size // MATCHED_CELLS + 1


def test_correlated_shadow_shift_matches_no_shadows_of_other_clouds():
    rng = np.random.default_rng(6)
    cloud, shadow = (rng.random((80, 80)).astype(np.float32) for _ in range(2))
    assert correlated_shadow_shift(cloud, shadow, np.ones((80, 80), bool), None) is None
