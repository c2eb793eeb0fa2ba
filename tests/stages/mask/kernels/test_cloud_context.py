"""Shadows matched with the clouds that throw them."""

import numpy as np
import pytest

from changedet.stages.mask.kernels.cloud_context import (
    MATCHED_CELLS,
    HiddenProbability,
    correlated_shadow_shift,
    midst_of_clouds,
    with_midst,
)


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


def a_rim(probability):
    """Two cores; the trees see cloud around the first alone, and nothing within."""
    cores, cloud = np.zeros((60, 60), bool), np.zeros((60, 60), np.float32)
    cores[10:20, 10:20] = cores[35:45, 35:45] = True
    cloud[7:23, 7:23] = probability
    cloud[cores] = 0.05
    cloud[0, 0] = np.nan
    return cores, HiddenProbability(cloud, np.full_like(cloud, 0.3))


@pytest.mark.parametrize(("probability", "kept"), [(0.6, 100), (0.1, 0)])
def test_only_cores_around_which_a_cloud_thins_out_are_its_midst(probability, kept):
    midst = midst_of_clouds(*a_rim(probability))
    assert midst.sum() == midst[10:20, 10:20].sum() == kept


def test_the_midst_of_clouds_is_cloud_and_no_shadow():
    cores, found = a_rim(0.6)
    whole = with_midst(found, midst_of_clouds(cores, found))
    assert (whole.cloud[10:20, 10:20] == np.float32(0.9)).all()
    assert (whole.shadow[10:20, 10:20] == 0).all()
    outside = np.ones(cores.shape, bool)
    outside[10:20, 10:20] = False
    for own, before in zip(whole, found, strict=True):
        np.testing.assert_array_equal(own[outside], before[outside])
