"""The footprint: thresholds on planted ground, independence of blocks, geometry by construction."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from changedet.footprint import footprint_geometry
from changedet.kernels import footprint as kernel

ROLES = ("blue", "green", "red", "nir")
GRAVEL, GRASS, WATER = (0.16, 0.18, 0.20, 0.23), (0.04, 0.08, 0.06, 0.40), (0.06, 0.05, 0.03, 0.01)


def scene(seed=0, shape=(120, 140)):
    """Grass with a gravel yard and a pond, in reflectance with noise; the yard and the pond as masks."""
    rng = np.random.default_rng(seed)
    yard, pond = np.zeros(shape, bool), np.zeros(shape, bool)
    yard[30:80, 20:100], pond[90:115, 60:120] = True, True
    image = np.where(yard, np.array(GRAVEL)[:, None, None], np.array(GRASS)[:, None, None])
    image = np.where(pond, np.array(WATER)[:, None, None], image)
    return (image * rng.normal(1, 0.05, image.shape)).astype(np.float32), yard, pond


@pytest.mark.parametrize("roles", [ROLES, ("blue", "green", "red")], ids=len)
def test_a_yard_is_built_and_grass_is_not(roles):
    image, yard, pond = scene()
    image = image[: len(roles)]
    probability = kernel.built_probability(image, roles, kernel.fit_built(image[None], roles), 0.5)
    inside = yard[40:70, 30:90]
    assert (probability[40:70, 30:90][inside] > kernel.STRICT).all()
    grass = ~yard & ~pond
    assert (probability[:20][grass[:20]] < kernel.LAX).all()


def test_water_is_not_built_where_near_infrared_tells_it():
    image, _, pond = scene()
    probability = kernel.built_probability(image, ROLES, kernel.fit_built(image[None], ROLES), 0.5)
    assert probability[pond].max() < kernel.LAX


def test_the_area_lies_between_strict_and_lax():
    image, yard, _ = scene(1)
    probability = kernel.built_probability(image, ROLES, kernel.fit_built(image[None], ROLES), 0.5)
    areas = [(probability > level).sum() for level in (kernel.STRICT, kernel.LIKELY, kernel.LAX)]
    assert areas == sorted(areas)
    # The mean over 5 m draws the edge in, as grass is farther from the threshold than gravel.
    assert 0.85 * yard.sum() < areas[1] <= areas[2] < 1.05 * yard.sum()


@pytest.mark.parametrize("edge", [17, 60])
def test_the_result_does_not_depend_on_the_blocks(edge):
    image, _, _ = scene(2)
    image[:, 50:55, 40:70] = np.nan
    model, halo = kernel.fit_built(image[None], ROLES), kernel.halo_px(0.5)
    whole = kernel.built_probability(image, ROLES, model, 0.5)
    padded = np.pad(image, ((0, 0), (halo, halo), (halo, halo)), constant_values=np.nan)
    for y in range(0, image.shape[1], edge):
        for x in range(0, image.shape[2], edge):
            block = padded[:, y : y + edge + 2 * halo, x : x + edge + 2 * halo]
            part = kernel.built_probability(block, ROLES, model, 0.5)[halo:-halo, halo:-halo]
            assert np.array_equal(part, whole[y : y + edge, x : x + edge], equal_nan=True)
    assert np.isnan(whole[50:55, 40:70]).all()


def test_no_data_at_all_is_nan_and_some_bands_cannot_tell():
    image = np.full((4, 20, 20), np.nan, np.float32)
    model = kernel.fit_built(image[None], ROLES)
    assert np.isnan(kernel.built_probability(image, ROLES, model, 0.5)).all()
    assert kernel.can_tell(ROLES)
    assert not kernel.can_tell(("pan",))
    assert not kernel.can_tell(("vv", "vh"))


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


def test_a_yard_stays_and_a_road_goes():
    yard, road = shapely.box(0, 0, 60, 40), shapely.box(60, 18, 300, 23)
    found = footprint_geometry([yard, road], [])
    assert found.symmetric_difference(yard).area < 0.02 * yard.area
    assert footprint_geometry([road], []).is_empty


def test_boxes_belong_to_it_even_where_nothing_else_is():
    box = shapely.box(100, 100, 112.19, 102.44)
    assert footprint_geometry([], [box]).covers(box.buffer(-0.01))
    assert footprint_geometry([], [shapely.box(0, 0, 3, 3)]).is_empty


def test_near_parts_close_and_far_ones_do_not():
    first = shapely.box(0, 0, 40, 40)
    assert len(footprint_geometry([first, shapely.box(52, 0, 92, 40)], []).geoms) == 1
    assert len(footprint_geometry([first, shapely.box(58, 0, 98, 40)], []).geoms) == 2


def test_small_holes_fill_and_large_ones_stay():
    yard = shapely.box(0, 0, 200, 200)
    small, large = shapely.box(20, 20, 39, 39), shapely.box(80, 80, 150, 150)
    found = footprint_geometry([yard - small - large], [])
    assert [len(part.interiors) for part in found.geoms] == [1]
    assert not found.covers(large.centroid)
    assert found.covers(small.centroid)


def test_nothing_is_an_empty_footprint_and_the_order_changes_nothing():
    assert footprint_geometry([], []).is_empty
    parts = [shapely.box(x, y, x + 20, y + 20) for x, y in ((0, 0), (100, 0), (0, 100))]
    assert footprint_geometry(parts, []).equals(footprint_geometry(parts[::-1], []))
