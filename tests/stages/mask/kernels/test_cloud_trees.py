"""Clouds and shadows by trees: found on simulated dates, alike however a scene is cut, silent without clouds."""

from dataclasses import replace

import numpy as np
import pytest

from changedet.kernels.block_means import block_mean
from changedet.simulate import make_world, render
from changedet.simulate.render import weather as sky_of
from changedet.stages.mask.kernels import cloud_trees
from changedet.stages.mask.kernels.cloud_light import CloudBands
from changedet.stages.mask.kernels.cloud_trees import cloud_probabilities
from changedet.stages.mask.stage import cloud_forests

BANDS = CloudBands((0, 1, 2), 3)
FACTOR = 4


def cells(image):
    return block_mean(np.where(image == 0, np.nan, image).astype(np.float32), (FACTOR, FACTOR))


def nothing(image):
    return np.zeros(image.shape[1:], bool)


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


def test_cloud_probabilities_find_what_hides_the_ground_and_nothing_else(cloudy):
    own, before, cloud, shadow, azimuth = cloudy
    found = cloud_probabilities(own, before, nothing(own), BANDS, azimuth, cloud_forests())
    hidden = (cloud > 0.1) | (shadow > 0.2)
    masked = found.cloud + found.shadow > 0.6
    assert (masked & ~hidden).sum() < 0.05 * (~hidden).sum()
    assert (hidden & ~masked).sum() < 0.05 * (~masked).sum()
    assert (found.cloud > found.shadow)[cloud > 0.5].mean() > 0.97
    dark = (shadow > 0.5) & (cloud < 0.02)
    assert (found.shadow > found.cloud)[dark].mean() > 0.9


def test_cloud_probabilities_of_a_date_without_clouds_are_low_everywhere(cloudy):
    _, before, *_ = cloudy
    found = cloud_probabilities(before * np.float32(1.2), before, nothing(before), BANDS, None, cloud_forests())
    assert (found.cloud + found.shadow).max() < 0.1


def test_cloud_probabilities_do_not_depend_on_how_many_rows_go_at_once(cloudy, monkeypatch):
    own, before, *_, azimuth = cloudy
    whole = cloud_probabilities(own, before, nothing(own), BANDS, azimuth, cloud_forests())
    monkeypatch.setattr(cloud_trees, "ROWS", 37)
    strips = cloud_probabilities(own, before, nothing(own), BANDS, azimuth, cloud_forests())
    for a, b in zip(whole, strips, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)


def test_cloud_probabilities_are_unknown_without_data_and_change_little_beside_it(cloudy):
    own, before, *_, azimuth = cloudy
    cut = own.copy()
    cut[:, :, :20] = np.nan
    found, whole = (
        cloud_probabilities(one, before, nothing(own), BANDS, azimuth, cloud_forests()) for one in (cut, own)
    )
    assert np.isnan(found.cloud[:, :20]).all()
    assert np.isfinite(found.cloud[:, 20:]).all()
    apart = np.abs((found.cloud + found.shadow) - (whole.cloud + whole.shadow))[:, 20:]
    assert (apart > 0.4).mean() < 0.02


def test_the_midst_of_a_cloud_wider_than_the_trees_look_is_cloud(cloudy):
    own, before, cloud, _, azimuth = cloudy
    core = cloud > 0.5
    found = cloud_probabilities(own, before, core, BANDS, azimuth, cloud_forests())
    assert found.cloud[core & np.isfinite(found.cloud)].min() >= np.float32(0.9)
    alone = cloud_probabilities(own, before, nothing(own), BANDS, azimuth, cloud_forests())
    np.testing.assert_array_equal(found.cloud[~core], alone.cloud[~core])
    assert (found.cloud + found.shadow)[np.isfinite(found.cloud)].max() < 1.001
