"""Chances of records and one-sided bounds, against draws and tables."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.intervals import QUANTILE
from changedet.stages.series.kernels.records import at_least, chance_greatest


def test_chances_are_those_of_draws() -> None:
    values = np.array([40.0, 52.0, 55.0, 30.0])
    low, high = values - np.array([8.0, 6.0, 12.0, 4.0]), values + np.array([8.0, 14.0, 5.0, 4.0])
    rng = np.random.default_rng(1)
    steps = rng.normal(size=(200_000, 4))
    # Each half of a drawn value has the width of its side, as the two halves of the density have alike weight.
    drawn = values + steps * np.where(steps < 0, values - low, high - values) / QUANTILE
    expected = np.bincount(drawn.argmax(axis=1), minlength=4) / len(drawn)
    np.testing.assert_allclose(chance_greatest(values, low, high), expected, atol=0.01)


def test_two_alike_values_share_the_chance_and_a_value_without_error_is_sure() -> None:
    values = np.array([10.0, 10.0, 3.0])
    np.testing.assert_allclose(chance_greatest(values, values - 2, values + 2)[:2], 0.5, atol=1e-3)
    np.testing.assert_allclose(
        chance_greatest(np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array([1.0, 2.0])), [0, 1]
    )


def test_one_sided_bounds_use_the_lower_side() -> None:
    assert at_least(100, 80.4, 0.975) == pytest.approx(80.4, abs=0.01)
    assert at_least(100, 80.4, 0.95) == pytest.approx(100 - 1.645 * 10, abs=0.02)
    assert at_least(100, 80.4, 0.5) == pytest.approx(100)
