"""Ships met again: alike ones have high ratios, the fleet's usual sizes lower ones, decks either way round are one."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.assess.kernels.vessels_met import Vessels, deck_distance, deck_log_ratio, drawn, log_ratios

DECK = np.array([[40.0, 30, 10], [50, 0, 0], [50, 0, 0], [60, -20, 5], [45, 10, 30]])
BRIGHTER = np.array([8.0, 0, 0])
OTHER = np.array([[50.0, -30, 0], [50, 40, 0], [50, -40, 20], [50, 0, 50], [50, 30, -30]])


def vessels(*rows: tuple[float, float, np.ndarray]) -> Vessels:
    """Ships by length, width and deck."""
    length, width = (np.array([row[k] for row in rows], float) for k in (0, 1))
    return Vessels(length, 0.02 * length, width, np.full(len(rows), 1.0), np.array([row[2] for row in rows]))


def test_log_ratios_are_high_of_one_ship_and_low_of_others() -> None:
    one = vessels((110.0, 17.0, DECK))
    found = log_ratios(
        one, vessels((111.0, 17.5, DECK + BRIGHTER), (111.0, 17.5, OTHER), (150.0, 24.0, DECK)), np.empty(0)
    )
    assert found.shape == (1, 3)
    same, repainted, longer = found[0]
    assert same > np.log(20)
    assert longer < 0 < same - repainted


def test_log_ratios_of_a_usual_length_say_less() -> None:
    one, other = vessels((110.0, 17.0, DECK)), vessels((110.0, 17.0, DECK))
    alone, common = (float(log_ratios(one, other, fleet)[0, 0]) for fleet in (np.empty(0), np.full(60, 110.0)))
    assert common < alone - 0.5


def test_deck_distance_takes_either_way_round_and_any_light() -> None:
    found = deck_distance(DECK, np.array([DECK[::-1] + BRIGHTER, OTHER]))
    assert found[0] == pytest.approx(0, abs=1e-9)
    assert found[1] > 20


def test_deck_log_ratio_is_never_proof_against() -> None:
    near, far = deck_log_ratio(np.array([0.0, 90.0]))
    assert near > 0.5
    assert far == pytest.approx(np.log(0.3), abs=1e-6)


def test_drawn_ships_are_of_the_world() -> None:
    like = vessels((110.0, 17.0, DECK), (80.0, 13.0, OTHER))
    found = drawn(4000, np.full(30, 200.0), like, np.random.default_rng(1))
    assert found.deck.shape == (4000, 5, 3)
    assert np.mean(np.abs(found.length - 200) < 60) == pytest.approx(0.78, abs=0.06)
    assert np.median(found.width / found.length) == pytest.approx(0.16, abs=0.01)
