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
    level = light.put_in_one_light(states, light.Lights(found, found))
    assert np.abs((level[1] - level[0])[:, 4:]).max() < 0.1


def test_no_light_is_taken_from_a_few_pixels(states: np.ndarray) -> None:
    states[:, 0] = 0.8
    states[1, 2] += 1.0
    found = light.light_of(light.count_differences(states, light.never_green(states)))
    assert (found.shift == 0).all()


def test_land_and_water_have_their_own_light(states: np.ndarray) -> None:
    states[:, 0, 10:] = -0.3
    states[1, 1:, 10:] += np.array([-0.6, 0.7])[:, None, None]
    states[2, 2, 10:] += np.random.default_rng(1).normal(0, 0.5, (SIDE - 10, SIDE))
    is_bare, is_land = light.never_green(states), np.arange(SIDE)[:, None] < 10
    counts, dry = (light.count_differences(states, where) for where in (is_bare, is_bare & is_land))
    assert light.light_of(counts).shift[0] == pytest.approx([0, -0.6, 0.7], abs=0.021)
    lights = light.lights_of(counts, dry)
    assert np.abs(lights.land.shift).max() < 0.021
    assert lights.water.shift[0] == pytest.approx([0, -0.6, 0.7], abs=0.021)
    assert lights.land.spread[1] == pytest.approx(light.LEAST_SPREAD)
    assert lights.water.spread[1, 2] > 0.3
    level = light.put_in_one_light(states, lights)
    assert np.abs((level[1] - level[0])[:, 4:]).max() < 0.1
    level[2, 2, 4:] += 1.0
    odds = light.bare_odds(level, lights, 4.0, 1)[1]
    assert (odds[6:8, : SIDE // 2 - 2] > 0).all()
    assert np.median(odds[14:]) < -2


def test_what_a_look_shows_too_little_of_has_the_light_of_all_ground(states: np.ndarray) -> None:
    states[1, 2] += 0.4
    is_bare = light.never_green(states)
    counts = light.count_differences(states, is_bare)
    lights = light.lights_of(counts, light.count_differences(states, is_bare & (np.arange(SIDE) < 2)))
    assert counts[0].sum(axis=-1).min() > light.LEAST_PIXELS
    for one in light.lights_of(counts, counts):
        assert one.shift == pytest.approx(light.light_of(counts).shift)
        assert one.spread == pytest.approx(light.light_of(counts).spread)
    assert lights.land.shift[0, 2] == pytest.approx(0.4, abs=0.021)


def test_a_new_pad_differs_and_half_a_pixel_aside_does_not(states: np.ndarray) -> None:
    moved = cv2.warpAffine(
        states[1, 2], np.array([[1, 0, 0.5], [0, 1, 0.0]]), (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE
    )
    states[1, 2] = moved
    states[2, 2, 20:26, 3:9] += 1.2
    states[2, 2, 10, 10] = np.nan
    found = light.light_of(light.count_differences(states, light.never_green(states)))
    odds = light.bare_odds(states, light.Lights(found, found), 4.0, 1)
    assert (odds[0, 6:] < -2).all()
    assert (odds[1, 21:25, 4:8] > 0.5).all()
    assert np.isnan(odds[1, 10, 10])
    assert (odds[1, 6:19, 12:] < 0)[np.isfinite(odds[1, 6:19, 12:])].all()
