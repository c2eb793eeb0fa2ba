"""Likeness of looks at one place: shade and casts are no other box, other colours and patterns are."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels import likeness
from changedet.stages.tracks.kernels.likeness import ALONG, SHADES, figures, roof_logs, unlikeness

BLUE_BOX, RED_BOX = np.array([0.9, 0.5, 0.3, 0.5]), np.array([0.25, 0.3, 0.9, 1.1])
PATTERN = 1.0 + 0.2 * np.sin(np.arange(ALONG) * 1.7)


def roof(paint: np.ndarray, pattern: np.ndarray = PATTERN) -> np.ndarray:
    return np.log(paint + 0.05) + np.log(pattern)[:, None]


def score(*roofs: np.ndarray, cost: float = 2.0) -> float:
    return float(unlikeness(np.stack(roofs), np.array([0]), np.array([1]), np.array([cost]))[0])


def test_another_paint_and_pattern_are_less_alike_than_the_same():
    assert score(roof(BLUE_BOX), roof(RED_BOX, PATTERN[::-1])) > score(roof(BLUE_BOX), roof(BLUE_BOX)) + 3


@pytest.mark.parametrize("shade", SHADES)
def test_shade_on_all_or_part_of_a_roof_is_no_difference(shade):
    lit = roof(BLUE_BOX)
    for part in (slice(None), slice(0, 7)):
        dark = lit.copy()
        dark[part] -= 0.9 * np.array(shade)
        found = figures(np.stack([lit, dark]), np.array([0]), np.array([1]), np.array([2.0]))
        assert found[0, 1] == pytest.approx(np.log(likeness.LEAST_DIFFERENCE), abs=0.2)


def test_a_darker_roof_of_another_tint_is_not_taken_for_shade():
    lit, dark = roof(BLUE_BOX), roof(0.4 * RED_BOX)
    apart = figures(np.stack([lit, dark]), np.array([0]), np.array([1]), np.array([2.0]))[0, 1]
    assert apart > np.log(0.3)


def test_scores_are_the_same_either_way_round_and_in_parts_of_any_size(monkeypatch):
    rng = np.random.default_rng(4)
    logs = rng.normal(0, 0.5, (30, ALONG, 3))
    first, second = rng.integers(0, 30, 50), rng.integers(0, 30, 50)
    cost = rng.random(50) * 9
    whole = unlikeness(logs, first, second, cost)
    np.testing.assert_array_equal(unlikeness(logs, second, first, cost), whole)
    monkeypatch.setattr(likeness, "PAIRS_AT_ONCE", 7)
    np.testing.assert_array_equal(unlikeness(logs, first, second, cost), whole)


def test_rows_without_light_have_no_score():
    assert np.isnan(score(roof(BLUE_BOX), np.full((ALONG, 4), np.nan)))


def test_roof_logs_take_out_the_cast_of_each_date():
    rng = np.random.default_rng(1)
    paint = np.repeat(rng.uniform(0.2, 1.5, (40, 1, 3)), ALONG, axis=1)
    casts = np.array([(1.0, 1.0, 1.0), (0.8, 0.9, 1.3), (1.4, 1.1, 0.7)])
    light = np.concatenate([(paint + likeness.DARK) * cast - likeness.DARK for cast in casts])
    date = np.repeat(np.arange(3), 40)
    first = np.arange(80)
    logs = roof_logs(light, date, first, first + 40)
    np.testing.assert_allclose(logs[:40], logs[40:80], atol=1e-9)
    np.testing.assert_allclose(logs[:40], logs[80:], atol=1e-9)
