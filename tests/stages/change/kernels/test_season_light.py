"""Light in coarse pixels: taken off by ground that never bears plants; what half a pixel explains is no change."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from changedet.stages.change.kernels import season_light as light

SIDE = 30


@pytest.fixture
def states() -> np.ndarray:
    """Paving with a dark and a bright half on three looks, a field beside it."""
    rng = np.random.default_rng(4)
    made = rng.normal(0, 0.01, (3, 3, SIDE, SIDE)).astype(np.float32)
    made[:, 2, :, SIDE // 2 :] += 0.8
    made[:, 0, :4] = 0.7
    made[2, 0, :4] = 0.1
    return made


def test_light_is_that_of_ground_without_plants(states: np.ndarray) -> None:
    states[1, 1:] += np.array([0.2, -0.3])[:, None, None]
    states[2, 2, :4] += 2.0
    assert not light.never_green(states)[:4].any()
    assert light.never_green(states)[4:].all()
    found = light.light_of(light.count_differences(states, light.never_green(states)))
    assert found.shift == pytest.approx(np.array([[0, 0.2, -0.3], [0, 0, 0]]), abs=0.021)
    assert found.spread[1] == pytest.approx(light.LEAST_SPREAD)
    level = light.put_in_one_light(states, found)
    assert np.abs((level[1] - level[0])[:, 4:]).max() < 0.1


def test_no_light_is_taken_from_a_few_pixels(states: np.ndarray) -> None:
    states[:, 0] = 0.8
    states[1, 2] += 1.0
    found = light.light_of(light.count_differences(states, light.never_green(states)))
    assert (found.shift == 0).all()


def test_a_new_pad_differs_and_half_a_pixel_aside_does_not(states: np.ndarray) -> None:
    moved = cv2.warpAffine(
        states[1, 2], np.array([[1, 0, 0.5], [0, 1, 0.0]]), (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE
    )
    states[1, 2] = moved
    states[2, 2, 20:26, 3:9] += 1.2
    states[2, 2, 10, 10] = np.nan
    odds = light.bare_odds(states, light.light_of(light.count_differences(states, light.never_green(states))), 4.0, 1)
    assert (odds[0, 6:] < -2).all()
    assert (odds[1, 21:25, 4:8] > 0.5).all()
    assert np.isnan(odds[1, 10, 10])
    assert (odds[1, 6:19, 12:] < 0)[np.isfinite(odds[1, 6:19, 12:])].all()
