"""Clouds and shadows by trees: found on simulated dates, alike however a scene is cut, silent without clouds."""

from dataclasses import replace

import numpy as np
import pytest

from changedet.kernels.resampling import block_mean
from changedet.simulate import make_world, render
from changedet.simulate.render import weather as sky_of
from changedet.stages.mask.kernels import cloud_trees
from changedet.stages.mask.stage import cloud_forests

BANDS = cloud_trees.Bands((0, 1, 2), 3)
FACTOR = 4


def cells(image):
    return block_mean(np.where(image == 0, np.nan, image).astype(np.float32), (FACTOR, FACTOR))


@pytest.fixture(scope="module")
def cloudy():
    """A later date on the first one's grid, and what hides it."""
    world = make_world("growth", 2, 71, 0.5, 200.0)
    first = world.looks[0]
    look = replace(
        world.looks[1],
        cloud_cover=0.4,
        to_ground=first.to_ground,
        shape=first.shape,
        gsd_m=first.gsd_m,
        dtype=first.dtype,
    )
    world = replace(world, looks=[first, look])
    sky = sky_of(world, look, first.to_ground, first.shape)
    cloud, shadow = (block_mean(layer[None], (FACTOR, FACTOR))[0] for layer in (sky.cloud, sky.shadow))
    return cells(render(world, 1).image), cells(render(world, 0).image), cloud, shadow, look.sun_azimuth_deg


def test_what_hides_the_ground_is_found_and_nothing_else(cloudy):
    own, before, cloud, shadow, azimuth = cloudy
    answer = cloud_trees.told(own, before, BANDS, azimuth, cloud_forests())
    hidden = (cloud > 0.1) | (shadow > 0.2)
    masked = answer.cloud + answer.shadow > 0.6
    assert (masked & ~hidden).sum() < 0.05 * (~hidden).sum()
    assert (hidden & ~masked).sum() < 0.05 * (~masked).sum()
    assert (answer.cloud > answer.shadow)[cloud > 0.5].mean() > 0.97
    dark = (shadow > 0.5) & (cloud < 0.02)
    assert (answer.shadow > answer.cloud)[dark].mean() > 0.9


def test_a_date_without_clouds_is_open_everywhere(cloudy):
    _, before, *_ = cloudy
    answer = cloud_trees.told(before * np.float32(1.2), before, BANDS, None, cloud_forests())
    assert (answer.cloud + answer.shadow).max() < 0.1


def test_rows_are_answered_alike_however_many_go_at_once(cloudy, monkeypatch):
    own, before, *_, azimuth = cloudy
    whole = cloud_trees.told(own, before, BANDS, azimuth, cloud_forests())
    monkeypatch.setattr(cloud_trees, "ROWS", 37)
    strips = cloud_trees.told(own, before, BANDS, azimuth, cloud_forests())
    for a, b in zip(whole, strips, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)


def test_cells_without_data_are_not_answered_and_change_little_beside_them(cloudy):
    own, before, *_, azimuth = cloudy
    cut = own.copy()
    cut[:, :, :20] = np.nan
    answer, whole = (cloud_trees.told(one, before, BANDS, azimuth, cloud_forests()) for one in (cut, own))
    assert np.isnan(answer.cloud[:, :20]).all()
    assert np.isfinite(answer.cloud[:, 20:]).all()
    apart = np.abs((answer.cloud + answer.shadow) - (whole.cloud + whole.shadow))[:, 20:]
    assert (apart > 0.4).mean() < 0.02


@pytest.mark.parametrize("size", [200, 1500])
def test_shadows_are_matched_with_their_clouds(size):
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
    found = cloud_trees.shadow_shift(cloud, shadow, valid, azimuth)
    assert found is not None
    assert np.abs(np.subtract(found, (9, -12))).max() <= size // cloud_trees.MATCHED_CELLS + 1


def test_shadows_that_are_none_of_the_clouds_are_not_matched():
    rng = np.random.default_rng(6)
    cloud, shadow = (rng.random((80, 80)).astype(np.float32) for _ in range(2))
    assert cloud_trees.shadow_shift(cloud, shadow, np.ones((80, 80), bool), None) is None
