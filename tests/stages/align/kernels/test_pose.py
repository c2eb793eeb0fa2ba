"""Pictures that are turned and stretched are found on overviews, and other places are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from small_scenes import blocks_and_grain

from changedet.stages.align.kernels.pose import LEAST_QUALITY, at_scale, best_pose, resampled, shows_things

SIDE = 130


def similarity(turn_deg: float, stretch: float, shift: tuple[float, float], side: int = SIDE) -> np.ndarray:
    """From y, x of the reference to y, x of a picture that is turned and stretched about its middle, then moved."""
    angle = np.radians(turn_deg)
    linear = stretch * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.full(2, 0.5 * (side - 1))
    return np.column_stack([linear, middle + shift - linear @ middle])


def pictures(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture and the reference, in other light and with noise of their own."""
    base = blocks_and_grain(3, 384)[:, 100 : 100 + SIDE, 100 : 100 + SIDE].astype(np.float32)
    inverse = cv2.invertAffineTransform(matrix)
    rng = np.random.default_rng(0)
    moved = resampled(base, inverse) * 1.3 + 90 + rng.normal(0, 20, base.shape)
    return moved.astype(np.float32), base


@pytest.mark.parametrize(
    ("turn_deg", "stretch", "shift"),
    [(0.0, 1.0, (0.0, 0.0)), (4.0, 1.05, (3.0, -5.0)), (-8.0, 0.9, (-6.0, 2.0)), (0.0, 1.0, (21.0, -17.0))],
)
def test_a_turn_a_stretch_and_a_shift_are_found(turn_deg: float, stretch: float, shift: tuple[float, float]) -> None:
    matrix = similarity(turn_deg, stretch, shift)
    found = best_pose(*pictures(matrix))
    assert found.quality > LEAST_QUALITY
    assert found.turn_deg == pytest.approx(turn_deg, abs=0.4)
    assert found.stretch == pytest.approx(stretch, abs=0.01)
    corners = np.array([[0, 0, 1], [0, SIDE - 1, 1], [SIDE - 1, 0, 1], [SIDE - 1, SIDE - 1, 1]]).T
    assert np.abs(found.matrix @ corners - matrix @ corners).max() < 1.5


def test_another_place_is_under_no_turn_alike() -> None:
    other = blocks_and_grain(8, 384)[:, 100 : 100 + SIDE, 100 : 100 + SIDE].astype(np.float32)
    assert best_pose(other, pictures(similarity(0.0, 1.0, (0.0, 0.0)))[1]).quality < LEAST_QUALITY
    assert best_pose(np.full_like(other, np.nan), other).quality == 0


def test_a_pose_by_smaller_pixels_takes_the_same_places() -> None:
    matrix, factor = similarity(5.0, 1.04, (2.0, 3.0)), 4
    place = np.array([10.0, 100.0])
    smaller = (place + 0.5) * factor - 0.5
    found = at_scale(matrix, factor) @ [*smaller, 1.0]
    assert found == pytest.approx((matrix @ [*place, 1.0] + 0.5) * factor - 0.5)


def test_noise_and_blank_looks_show_nothing_to_be_found_again() -> None:
    things = pictures(similarity(0.0, 1.0, (0.0, 0.0)))[1]
    noise = np.random.default_rng(1).normal(800, 40, things.shape).astype(np.float32)
    # edges of these blocks differ from band to band, so the bands are one picture with noise of their own
    grey = things[:1] + noise
    assert shows_things(grey)
    for nothing in (noise, np.full_like(things, 9), np.full_like(things, np.nan), grey[:1]):
        assert not shows_things(nothing)
