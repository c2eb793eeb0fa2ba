"""Pixels of lasting structure: lines are fitted to what stands on both dates, not to a field that ripened."""

import cv2
import numpy as np
import pytest

from changedet.kernels.lasting_pixels import lasting_pixels
from changedet.stages.normalise.kernels.band_fits import Structures, fit_invariant
from changedet.stages.normalise.stage import STAGE
from changedet.stages.registry import Facts

YARD = np.s_[:, 150:, :]
LIGHT = np.array([0.8, 0.75, 0.7, 0.9])
HAZE = np.array([200.0, 120.0, 80.0, 40.0])


def scene(crop, seed):
    """A cell (4, 256, 256), reflectance in 1/10000: a wide field of a crop above a yard with roofs of all tones."""
    rng = np.random.default_rng(3)
    tones = rng.uniform(600, 3500, (16, 32)).astype(np.float32)
    yard = cv2.resize(tones, (256, 106), interpolation=cv2.INTER_NEAREST)
    image = np.empty((4, 256, 256), np.float32)
    image[:] = np.array(crop, np.float32)[:, None, None]
    image[YARD] = yard * np.array([0.8, 0.9, 1.0, 1.1], np.float32)[:, None, None]
    own = np.random.default_rng(seed)
    rows = cv2.GaussianBlur(own.normal(0, 1, (256, 256)).astype(np.float32), (0, 0), 1.5)
    image[:, :150] *= 1 + 0.2 * rows[:150]
    return image + own.normal(0, 15, image.shape).astype(np.float32)


BARE, GREEN = (900, 1300, 1800, 2500), (450, 800, 500, 4200)


def fitted(moving, reference, structures):
    given = {"probability": 0.95, "max_iterations": 30, "min_correlation": 0.7}
    return fit_invariant(moving[None], reference[None], **given, structures=structures)


@pytest.mark.parametrize("structures", [Structures((2, 3)), Structures(None)])
def test_light_is_told_by_what_stands_beside_a_wide_field_that_greened(structures):
    reference, seen = scene(BARE, 1), scene(GREEN, 2)
    moving = ((seen - HAZE[:, None, None]) / LIGHT[:, None, None]).astype(np.float32)
    lines = fitted(moving, reference, structures)
    np.testing.assert_allclose(lines.gain, LIGHT, rtol=0.02)
    np.testing.assert_allclose(lines.offset, HAZE, atol=40)
    assert "lasting structure" in lines.reason
    assert all(lines.accepted)


def test_a_field_is_no_lasting_structure_nor_are_plants_nor_ground_beside_no_data():
    reference, moving = scene(BARE, 1), scene(GREEN, 2)
    reference[:, :, 128] = np.nan
    found = lasting_pixels(moving[None], reference[None], (2, 3))[0]
    assert found[160:, :110].mean() > 0.5
    assert found[:140].mean() < 0.01
    assert not found[:, 128 - 4 : 128 + 5].any()
    # The structure of plants lasts, their colour does not: a hedge that is green on one date.
    moving[3, 150:] = 6000 + moving[3, 150:]
    assert not lasting_pixels(moving[None], reference[None], (2, 3)).any()
    assert lasting_pixels(moving[None], reference[None], None).any()


def test_dates_without_lasting_structure_are_brought_by_what_is_invariant():
    rng = np.random.default_rng(5)
    reference = rng.gamma(6.0, 300.0, (4, 30, 30)).astype(np.float32)
    moving = (1.2 * reference + 50).astype(np.float32)
    structures = Structures((2, 3))
    assert fitted(moving, reference, structures) == fitted(moving, reference, None)


def test_structure_is_sought_where_the_finest_scene_shows_roofs():
    roles = ("blue", "green", "red", "nir")
    for gsd_m, sought in (((0.5, 0.3), True), ((0.5, 3.0), True), ((10.0,), False)):
        method = STAGE.get("invariant").function(Facts(0.5, roles, gsd_m=gsd_m))
        assert (method.fit.keywords["structures"] is not None) is sought
