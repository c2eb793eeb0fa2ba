"""Built ground by colour: thresholds on planted ground, independence of blocks."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_ground import ROLES, scene

from changedet.stages.footprint.kernels import bare_ground as kernel


@pytest.mark.parametrize("roles", [ROLES, ("blue", "green", "red")], ids=len)
def test_built_probability_of_a_yard_and_of_grass(roles):
    image, yard, pond = scene()
    image = image[: len(roles)]
    probability = kernel.built_probability(image, roles, kernel.plant_threshold(image[None], roles), 0.5)
    inside = yard[40:70, 30:90]
    assert (probability[40:70, 30:90][inside] > kernel.STRICT).all()
    grass = ~yard & ~pond
    assert (probability[:20][grass[:20]] < kernel.LAX).all()


def test_built_probability_of_water_is_low_with_near_infrared():
    image, _, pond = scene()
    probability = kernel.built_probability(image, ROLES, kernel.plant_threshold(image[None], ROLES), 0.5)
    assert probability[pond].max() < kernel.LAX


def test_built_probability_bounds_the_area():
    image, yard, _ = scene(1)
    probability = kernel.built_probability(image, ROLES, kernel.plant_threshold(image[None], ROLES), 0.5)
    areas = [(probability > level).sum() for level in (kernel.STRICT, kernel.LIKELY, kernel.LAX)]
    assert areas == sorted(areas)
    # The mean over 5 m draws the edge in, as grass is farther from the threshold than gravel, by half its width.
    assert (50 - 10) * (80 - 10) < areas[1] <= areas[2] < 1.05 * yard.sum()


@pytest.mark.parametrize("edge", [17, 60])
def test_built_probability_does_not_depend_on_the_blocks(edge):
    image, _, _ = scene(2)
    image[:, 50:55, 40:70] = np.nan
    model, halo = kernel.plant_threshold(image[None], ROLES), kernel.halo_px(0.5)
    whole = kernel.built_probability(image, ROLES, model, 0.5)
    padded = np.pad(image, ((0, 0), (halo, halo), (halo, halo)), constant_values=np.nan)
    for y in range(0, image.shape[1], edge):
        for x in range(0, image.shape[2], edge):
            block = padded[:, y : y + edge + 2 * halo, x : x + edge + 2 * halo]
            part = kernel.built_probability(block, ROLES, model, 0.5)[halo:-halo, halo:-halo]
            assert np.array_equal(part, whole[y : y + edge, x : x + edge], equal_nan=True)
    assert np.isnan(whole[50:55, 40:70]).all()


def test_built_probability_is_nan_without_data_and_has_bands():
    image = np.full((4, 20, 20), np.nan, np.float32)
    model = kernel.plant_threshold(image[None], ROLES)
    assert np.isnan(kernel.built_probability(image, ROLES, model, 0.5)).all()
    assert kernel.has_bands(ROLES)
    assert not kernel.has_bands(("pan",))
    assert not kernel.has_bands(("vv", "vh"))


def test_otsu_splits_two_planted_groups_with_the_least_variance_within():
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(0.1, 0.03, 4000), rng.normal(0.6, 0.08, 2000)]).astype(np.float32)
    found = kernel.otsu(values, -0.5, 1.0)
    grid = np.linspace(0.0, 0.9, 181)  # empty sides add nothing
    within = [
        sum(part.var() * len(part) for part in (values[values <= t], values[values > t]) if len(part)) for t in grid
    ]
    at = sum(part.var() * len(part) for part in (values[values <= found], values[values > found]))
    assert at <= min(within) * 1.01


def test_plants_or_water_is_the_share_of_either():
    sand, grass, sea = (0.2, 0.3, 0.35, 0.4), (0.04, 0.08, 0.05, 0.4), (0.06, 0.05, 0.03, 0.01)
    cells = np.array([[sand, sand, grass, sea]], np.float32).transpose(0, 2, 1)[..., None]
    roles = ("blue", "green", "red", "nir")
    assert kernel.plants_or_water(cells, roles, 0.2) == 0.5
    assert kernel.plants_or_water(cells[:, :, :2], roles, 0.2) == 0.0
    assert kernel.plants_or_water(cells[:, :3], roles[:3], 0.05) is None
    assert kernel.plants_or_water(np.full_like(cells, np.nan), roles, 0.2) is None
