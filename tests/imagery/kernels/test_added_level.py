"""What was added to reflectance, told by dark ground and green plants."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.imagery.kernels.added_level import Level, level_of

CROPS, SOIL, WATER = (400.0, 3800.0), (1400.0, 2150.0), (330.0, 150.0)
SAND, SNOW = (2900.0, 3700.0), (8500.0, 7900.0)


def _pixels(*kinds: tuple[float, float], added: float = 0.0, seed: int = 3) -> np.ndarray:
    """Red and near infrared (2, pixel), 400 of each kind, as stored."""
    ground = np.concatenate([np.tile(np.array(kind)[:, None], 400) for kind in kinds], axis=1)
    noise = np.random.default_rng(seed).normal(1.0, 0.03, ground.shape)
    return (ground * noise + added).astype(np.float32)


@pytest.mark.parametrize(
    ("pixels", "level"),
    [
        (_pixels(CROPS, SOIL, WATER), Level.NONE),
        (_pixels(CROPS, SOIL, WATER, added=1000.0), Level.ADDED),
        (_pixels(CROPS, SOIL, added=1000.0), Level.ADDED),
        (_pixels(SAND), Level.UNKNOWN),
        (_pixels(SAND, added=1000.0), Level.UNKNOWN),
        (_pixels(SNOW), Level.UNKNOWN),
        (_pixels((1150.0, 1900.0), SAND), Level.UNKNOWN),
        (np.zeros((2, 0), np.float32), Level.UNKNOWN),
    ],
    ids=["as it is", "added", "added, no water", "sand", "sand, added", "snow", "sparse plants on sand", "nothing"],
)
def test_level_of_tells_what_was_added_where_plants_are_too_red(pixels: np.ndarray, level: Level) -> None:
    assert level_of(pixels, 0, 1) is level
