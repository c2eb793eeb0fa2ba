"""Likeness of looks at one place: shade and casts are no other box, other colours and patterns are."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels import likeness
from changedet.stages.tracks.kernels.date_light import DEPTH, SHADE
from changedet.stages.tracks.kernels.likeness import ALONG, figures, roof_logs, unlikeness

BLUE_BOX, RED_BOX = np.array([0.9, 0.5, 0.3, 0.5]), np.array([0.25, 0.3, 0.9, 1.1])
PAIR = np.array([0]), np.array([1])
USUAL = -DEPTH * np.array(SHADE)
PATTERN = 1.0 + 0.2 * np.sin(np.arange(ALONG) * 1.7)


def roof(paint: np.ndarray, pattern: np.ndarray = PATTERN) -> np.ndarray:
    return np.log(paint + 0.05) + np.log(pattern)[:, None]


def score(*roofs: np.ndarray, cost: float = 2.0) -> float:
    return float(unlikeness(np.stack(roofs), np.stack([USUAL, USUAL]), *PAIR, np.array([cost]))[0])


def difference(*roofs: np.ndarray, shade: np.ndarray = USUAL) -> float:
    return float(figures(np.stack(roofs), np.stack([shade, shade]), *PAIR, np.array([2.0]))[0, 1])


def test_another_paint_and_pattern_are_less_alike_than_the_same():
    assert score(roof(BLUE_BOX), roof(RED_BOX, PATTERN[::-1])) > score(roof(BLUE_BOX), roof(BLUE_BOX)) + 3


@pytest.mark.parametrize("shade", [USUAL, -0.7 * np.array((0.64, 1.03, 1.32, 1.65))])
def test_the_shade_of_the_date_on_all_or_part_of_a_roof_is_no_difference(shade):
    lit = roof(BLUE_BOX)
    for part in (slice(None), slice(0, 7)):
        dark = lit.copy()
        dark[part] += shade
        for pair in ((lit, dark), (dark, lit)):
            assert difference(*pair, shade=shade) == pytest.approx(np.log(likeness.LEAST_DIFFERENCE), abs=0.01)


def test_a_roof_half_as_dark_as_the_shade_of_the_date_is_another():
    lit = roof(BLUE_BOX)
    assert difference(lit, lit + USUAL / 2) > np.log(0.4)


def test_a_darker_roof_of_another_tint_is_not_taken_for_shade():
    assert difference(roof(BLUE_BOX), roof(0.4 * RED_BOX)) > np.log(0.3)


def test_scores_are_the_same_either_way_round_and_in_parts_of_any_size(monkeypatch):
    rng = np.random.default_rng(4)
    logs, shade = rng.normal(0, 0.5, (30, ALONG, 3)), -rng.random((30, 3))
    first, second = rng.integers(0, 30, 50), rng.integers(0, 30, 50)
    cost = rng.random(50) * 9
    whole = unlikeness(logs, shade, first, second, cost)
    np.testing.assert_array_equal(unlikeness(logs, shade, second, first, cost), whole)
    monkeypatch.setattr(likeness, "PAIRS_AT_ONCE", 7)
    np.testing.assert_array_equal(unlikeness(logs, shade, first, second, cost), whole)


def test_rows_without_light_have_no_score():
    assert np.isnan(score(roof(BLUE_BOX), np.full((ALONG, 4), np.nan)))


def test_roof_logs_take_out_the_cast_of_each_date():
    rng = np.random.default_rng(1)
    paint = np.repeat(rng.uniform(0.2, 1.5, (40, 1, 3)), ALONG, axis=1)
    casts = np.array([(1.0, 1.0, 1.0), (0.8, 0.9, 1.3), (1.4, 1.1, 0.7)])
    light = np.concatenate([(paint + likeness.DARK) * cast - likeness.DARK for cast in casts])
    date = np.repeat(np.arange(3), 40)
    first = np.arange(80)
    logs, shade = roof_logs(light, date, first, first + 40)
    np.testing.assert_allclose(logs[:40], logs[40:80], atol=1e-3)
    np.testing.assert_allclose(logs[:40], logs[80:], atol=1e-3)
    np.testing.assert_allclose(shade, np.broadcast_to(USUAL[:3], shade.shape), atol=0.02)
