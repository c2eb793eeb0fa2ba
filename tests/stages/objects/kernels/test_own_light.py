"""Dark, even parts of a picture in light of their own."""

import numpy as np
import pytest

from changedet.stages.objects.kernels.own_light import LEAST_SPREAD, in_own_light

SIDE = 400
YARD = (slice(130, 270), slice(130, 270))
"""56 m: twice the surroundings that are looked at."""


def scene(level, contrast):
    """A bright, varied scene around a yard with a level and a contrast of its own."""
    rng = np.random.default_rng(4)
    coarse = rng.normal(0.3, 1.0, (3, SIDE // 8, SIDE // 8)).repeat(8, axis=1).repeat(8, axis=2)
    coarse[(slice(None), *YARD)] = level + contrast * rng.normal(size=(3, 140, 140))
    return coarse.astype(np.float32)


@pytest.mark.parametrize(("level", "contrast"), [(0.5, 0.3), (-0.9, 2.5)])
def test_bright_or_varied_parts_stay_as_they_are(level, contrast):
    picture = scene(level, contrast)
    assert np.array_equal(in_own_light(picture)[(slice(None), *YARD)], picture[(slice(None), *YARD)])


def test_a_picture_without_dark_parts_is_not_touched():
    picture = np.full((3, 64, 64), 0.1, np.float32)
    assert in_own_light(picture) is picture


def test_a_dark_yard_fills_the_range_of_its_surroundings():
    shown = in_own_light(scene(-0.9, 0.4))[:, 185:215, 185:215]
    assert np.abs(shown.mean(axis=(1, 2))).max() < 0.25
    assert np.abs(shown.std(axis=(1, 2)) - 1.0).max() < 0.1


def test_water_is_not_blown_up():
    shown = in_own_light(scene(-1.0, 0.02))[:, 185:215, 185:215]
    assert shown.std() == pytest.approx(0.02 / LEAST_SPREAD, rel=0.1)


def test_a_dark_yard_looks_alike_in_pictures_of_any_brightness():
    one, other = (in_own_light(scene(*light))[:, 185:215, 185:215] for light in ((-0.7, 0.5), (-1.2, 0.3)))
    assert np.abs(one - other).max() < 0.3
