"""Ground whose outline shows before a mask has it."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels.outlined_ground import (
    AWAY_M,
    LEAST_PAIRS,
    first_marked,
    holds,
    is_outlined,
    new_ground,
    outline_pairs,
)


def test_pixels_count_from_the_first_look_that_marks_them_to_the_end() -> None:
    rows = {
        "never": [0.1] * 5,
        "always": [0.9] * 5,
        "later": [0.1, 0.1, 0.9, 0.9, 0.9],
        "hidden since": [0.1, 0.9, np.nan, np.nan, 0.9],
        "gone again": [0.1, 0.9, 0.1, 0.1, 0.1],
    }
    scores = np.array([*rows.values()], np.float32).T[:, None]
    assert first_marked(scores, 0.5).tolist() == [[0, 1, 3, 2, 0]]


def square(cell_m: float = 1.0, side: int = 40) -> np.ndarray:
    first = np.zeros((100, 120), np.uint8)
    first[30 : 30 + side, 50 : 50 + side] = 3
    return first


def test_new_ground_is_large_whole_and_of_a_later_look() -> None:
    first = square()
    first[45:50, 60:66] = 0
    first[10:20, 10:20] = 3
    first[:25, 100:] = 1
    (found,) = new_ground(first, 1.0)
    assert found.first == 2
    there = np.zeros(first.shape, bool)
    there[30:70, 50:90] = True
    height, width = found.shape.shape
    placed = np.zeros(first.shape, bool)
    placed[found.row : found.row + height, found.column : found.column + width] = found.shape
    assert (placed != there).sum() <= 8, "but for its corners; a hole is filled"


def test_ground_at_the_edge_of_the_site_is_found_whole() -> None:
    first = np.zeros((60, 60), np.uint8)
    first[:30, :30] = 2
    (found,) = new_ground(first, 1.0)
    assert (found.row, found.column) == (-1, -1)
    assert found.shape.sum() >= 890


def test_pairs_lie_on_both_sides_of_the_outline() -> None:
    (found,) = new_ground(square(), 1.0)
    inside, outside = outline_pairs(found.shape, 1.0)
    assert len(inside) >= LEAST_PAIRS
    assert holds(found.shape, inside).all()
    assert not holds(found.shape, outside).any()
    assert np.linalg.norm(inside - outside, axis=1) == pytest.approx(2 * AWAY_M)


def steps(level: float, spread: float = 1.0, n: int = 40) -> np.ndarray:
    rng = np.random.default_rng(round(10 * level) + n)
    return np.array([[level], [-level], [0.5 * level]]) + rng.normal(0, spread, (3, n))


def test_an_outline_is_a_step_all_along_that_the_reference_has_not() -> None:
    assert is_outlined(steps(3.0), steps(0.0))
    assert not is_outlined(steps(0.5), steps(0.0)), "lost in the spread"
    assert not is_outlined(steps(3.0), steps(3.1)), "the reference has it, too"
    assert not is_outlined(steps(6.0), steps(2.0)), "an old field that differs more now"
    half = np.where(np.arange(40) % 2, steps(6.0), steps(0.0))
    assert not is_outlined(half, steps(0.0)), "half of the outline alone"


@pytest.mark.parametrize("unit", [0.01, 40.0, 257.0])
def test_looks_may_have_other_units(unit: float) -> None:
    for own, reference in ((steps(3.0), steps(0.0)), (steps(1.4), steps(0.0)), (steps(3.0), steps(3.1))):
        assert is_outlined(unit * own, reference) == is_outlined(own, unit * reference) == is_outlined(own, reference)


def test_what_is_hardly_seen_has_no_outline() -> None:
    hidden = steps(3.0)
    hidden[1, 15:] = np.nan
    assert not is_outlined(hidden, steps(0.0))
    few = LEAST_PAIRS - 1
    assert not is_outlined(steps(3.0, n=few), steps(0.0, n=few))
    assert not is_outlined(np.zeros((3, 40)), np.zeros((3, 40)))
