"""New tops of stacks by date: what two looks tell of the dates between them."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.new_tops import NewTops, new_tops, told_steps
from changedet.stages.tracks.kernels.roofs import TopPairs
from changedet.stages.tracks.kernels.stretches import Surfaces, single_boxes
from changedet.stages.tracks.kernels.top_steps import BOX_STEP, STEPS, HeightSteps, TopShares

SHARE = 0.2
ALIKE = TopShares(np.full(len(STEPS), 1 / len(STEPS)), 1.0)
"""Half of the new tops of which nothing more is known, but for exchanges, were set on the old ones."""
EXCHANGED = 1 / len(STEPS)
DATES = np.array([0, 1, 4])
"""Of the looks at the first of two places; both were full from the first date to the fifth."""


def tops(other: tuple[float, float], step: float, error: float, before: int = 1) -> NewTops:
    """Of a place with three looks, the last of them as many boxes higher, beside a place with none."""
    rows = np.full(3, np.nan)
    surfaces = Surfaces(
        DATES, rows[:, None] * np.ones(3), *np.ones((4, 3), bool), rows, np.zeros((3, 2)), np.zeros((3, 2))
    )
    steps = HeightSteps(
        np.array([-1, 0, before]), np.array([0.0, 0.0, step * BOX_STEP]), np.array([np.inf, np.inf, error])
    )
    pairs = TopPairs(np.array([0, 1]), np.array([1, 2]), np.array(other))
    stretches = single_boxes(np.array([0, 1]), np.array([0, 0]), np.array([4, 4]))
    return new_tops(pairs, SHARE, ALIKE, steps, surfaces, stretches, np.zeros(3, int), (2, 5))


def test_new_tops_are_told_in_equal_parts_on_the_dates_from_one_look_to_the_next() -> None:
    found = tops((0.6, 0.9), 0.0, np.inf)
    np.testing.assert_allclose(found.other[0], [0, 0.6, 0.3, 0.3, 0.3])
    np.testing.assert_allclose(found.other[1], [0, *[SHARE] * 4], err_msg="the site's share where no look tells")
    np.testing.assert_allclose(found.came, found.left, err_msg="nothing tells higher from lower")
    np.testing.assert_allclose(found.came, found.other * (1 + EXCHANGED) / 2)


@pytest.mark.parametrize(("step", "came", "left"), [(1.0, 1.0, 0.0), (-1.0, 0.0, 1.0), (0.0, 1.0, 1.0)])
def test_new_tops_that_are_higher_came_and_lower_ones_left(step: float, came: float, left: float) -> None:
    found = tops((0.0, 0.9), step, 0.05)
    assert found.came[0, 4] == pytest.approx(0.3 * came, abs=0.05)
    assert found.left[0, 4] == pytest.approx(0.3 * left, abs=0.05)


def test_told_steps_know_nothing_where_another_look_lies_between() -> None:
    steps = HeightSteps(np.array([-1, 0, 1]), np.array([0.0, 1.0, 2.0]), np.array([np.inf, 0.1, 0.2]))
    step, error = told_steps(steps, np.array([0, 0, 1]), np.array([1, 2, 2]))
    assert step.tolist() == [1, 2, 2]
    assert error.tolist() == [0.1, np.inf, 0.2]
