"""Units of brightness: fractions, whole numbers of 1/10000, pictures in 8 and 16 bits, and unknown counts."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.mask.kernels.light_units import (
    PICTURE_CEILING,
    PICTURE_FLOOR,
    REFLECTANCE_FLOOR,
    light_units,
    white_balanced,
)

GROUND = np.random.default_rng(1).uniform(0.05, 1.0, (3, 60, 60)).astype(np.float32)


@pytest.mark.parametrize(
    ("scale", "dtype", "floor", "ceiling"),
    [
        (255, "uint8", PICTURE_FLOOR, PICTURE_CEILING),
        (65535, "uint16", 257 * PICTURE_FLOOR, 257 * PICTURE_CEILING),
        (65535, "int32", 0.0, np.inf),
        (10_000, "uint16", 10_000 * REFLECTANCE_FLOOR, np.inf),
        (0.6, "float32", REFLECTANCE_FLOOR, np.inf),
        (2047, "uint16", 0.0, np.inf),
        (26_000, "uint16", 0.0, np.inf),
    ],
)
def test_units(scale: float, dtype: str, floor: float, ceiling: float) -> None:
    assert light_units(GROUND * np.float32(scale), dtype) == (pytest.approx(floor), ceiling)


def test_units_of_a_picture_that_shows_nothing_are_unknown() -> None:
    assert light_units(np.full((3, 4, 4), np.nan, np.float32), "uint16") == (0.0, np.inf)


def test_white_balanced_takes_the_gains_of_raw_counts_from_the_brightest() -> None:
    gains = np.float32([1.4, 1.0, 0.8])[:, None, None]
    image = np.concatenate([gains * GROUND, GROUND[:1]])
    image[:3, :12, :12] = gains
    image[:, 40:, 40:] = np.nan
    balanced = white_balanced(image, (0, 1, 2))
    cloud = balanced[:3, :12, :12]
    assert float(np.ptp(cloud)) < 0.02 * float(cloud.mean())
    np.testing.assert_array_equal(balanced[3], image[3])
    assert np.isnan(balanced[:, 40:, 40:]).all()
    empty = np.full((3, 4, 4), np.nan, np.float32)
    np.testing.assert_array_equal(white_balanced(empty, (0, 1, 2)), empty)
