"""Bounds of a number of things by how reliably they are found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, nbinom

from changedet.pipeline.things.kernels.found_bounds import SURE, found_bounds


@pytest.mark.parametrize("number", [0, 1, 5, 40])
def test_found_bounds_hold_the_number_and_widen_with_it(number: int) -> None:
    low, high = found_bounds(number, 0.67, 0.81)
    assert 0 <= low <= number < high
    assert high - low <= 4 + 1.2 * number


def test_found_bounds_hold_what_stands_where_some_are_missed_and_some_false() -> None:
    dice, stand, found, true = np.random.default_rng(4), 30, 0.9, 0.93
    held = []
    for _ in range(400):
        hits = int(dice.binomial(stand, found))
        low, high = found_bounds(hits + int(dice.poisson(hits * (1 / true - 1))), found, true)
        held.append(low <= stand <= high)
    assert np.mean(held) >= SURE - 0.02


def test_found_bounds_of_a_sure_finder_are_narrow() -> None:
    assert found_bounds(20, 0.99, 0.99)[1] < found_bounds(20, 0.7, 0.99)[1]
    assert found_bounds(20, 0.99, 0.99)[0] > found_bounds(20, 0.99, 0.7)[0]


def test_found_bounds_are_quantiles_as_scipy_stats_has_them() -> None:
    tail = (1 - SURE) / 2
    for number in (1, 7, 60, 1500):
        expected = float(binom.ppf(tail, number, 0.78)), number + float(nbinom.ppf(1 - tail, number + 0.5, 0.88))
        assert found_bounds(number, 0.88, 0.78) == expected
