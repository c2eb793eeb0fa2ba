"""Whether boxes lie among houses: means of maps around them, and what such a place takes from a box."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.hall_pictures import STEP_M
from changedet.stages.objects.kernels import box_homes
from changedet.stages.objects.kernels.box_homes import FREE_ODDS, IN_ROW, MOST_ODDS, RINGS_M, TAKEN
from changedet.stages.objects.kernels.box_looks import Weights

STEPS_PX = (8, 16)
CENTRE = np.array([[60.0, 42.0]])


def sloped() -> tuple[np.ndarray, ...]:
    """Two maps that say how far right and how far down they lie, metres."""
    maps = []
    for step in STEPS_PX:
        down, right = (np.arange(size // step) * step * STEP_M + step * STEP_M / 2 for size in (112, 160))
        maps.append(np.stack(np.meshgrid(right, down), axis=0).astype(np.float32))
    return tuple(maps)


def test_features_are_means_around_the_middle_of_a_box() -> None:
    many = np.repeat(CENTRE, 3, axis=0)
    found = box_homes.features(sloped(), STEPS_PX, many)
    np.testing.assert_allclose(found, np.tile(CENTRE, (len(many), 2 * len(RINGS_M))), rtol=1e-4)
    assert box_homes.features(sloped(), STEPS_PX, np.empty((0, 2))).shape == (0, 8)


def test_features_tell_what_stands_beside_from_what_stands_farther_off() -> None:
    drawn = np.zeros((1, 60, 60), np.float32)
    middle = 30 * 2 * STEP_M
    rows, columns = (np.indices((60, 60)) * 2 + 1) * STEP_M
    drawn[0, np.hypot(rows - middle, columns - middle) < RINGS_M[0][1] + 1.0] = 1.0
    beside, farther = box_homes.features((drawn,), (2,), np.array([[middle, middle]]))[0]
    assert beside == pytest.approx(1.0, abs=0.02)
    assert farther < 0.2


def test_log_odds_are_of_the_weights() -> None:
    weights = Weights(np.zeros(8, np.float32), np.ones(8, np.float32), np.eye(8, dtype=np.float32)[0], -59.0)
    assert box_homes.log_odds(sloped(), STEPS_PX, CENTRE, weights) == pytest.approx([1.0], abs=1e-2)


def test_doubted_takes_from_containers_that_lie_deep_among_houses_in_no_row() -> None:
    confidence = np.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.1])
    home = np.array([np.nan, FREE_ODDS, *[FREE_ODDS + 1.0] * 3, FREE_ODDS + 9.0, *[FREE_ODDS + 1.0] * 2])
    row = np.array([0.0, 0.0, 0.0, IN_ROW / 2, 2.0, 0.0, 0.0, 0.0])
    container = np.array([True] * 6 + [False, True])
    less = 1.0 / (1.0 + np.exp([TAKEN, TAKEN / 2, 0.0, MOST_ODDS]))
    after = box_homes.doubted(confidence, home, row, container)
    np.testing.assert_allclose(after, [0.5, 0.5, *less, 0.5, 0.1])
