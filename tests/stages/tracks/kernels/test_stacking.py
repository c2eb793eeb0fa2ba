"""What a new top box means."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.colour import linear_rgb
from changedet.stages.tracks.kernels.colour_changepoints import colour_costs
from changedet.stages.tracks.kernels.stacking import (
    BOX_HEIGHT,
    REPLACED,
    SET_ON_TOP,
    UNCOVERED,
    NewTops,
    explain_new_tops,
    height_steps,
    shares_of_tops,
    stack_of,
)


def linear(rgb):
    return linear_rgb(np.clip(np.asarray(rgb, float), 0, 255) / 255)


def test_stack_of_keeps_a_colour_that_returns_below_the_box_upon_it():
    a, b, c = (150, 50, 40), (40, 70, 130), (170, 170, 165)

    def pile(colors, starts, top):
        return stack_of(colour_costs(linear(colors)), starts, np.full(2, top))

    upon = pile([a, a, b, b, a, a], [0, 2, 4], REPLACED)
    assert (upon.shown.tolist(), upon.below.tolist(), upon.end.tolist()) == ([0, 1, 0], [-1, 0], [3, 2])
    swapped = pile([a, a, b, b, c, c], [0, 2, 4], REPLACED)
    assert (swapped.shown.tolist(), swapped.below.tolist(), swapped.end.tolist()) == (
        [0, 1, 2],
        [-1, -1, -1],
        [1, 2, 3],
    )
    piled = pile([a, a, b, b, c, c], [0, 2, 4], SET_ON_TOP)
    assert (piled.below.tolist(), piled.end.tolist()) == ([-1, 0, 1], [3, 3, 3])
    assert pile([a, a, b, b, c, c], [0, 2, 4], UNCOVERED).uncovered.tolist() == [False, True, True]


def leaning(levels, dates=8, seed=3):
    """Where boxes appear, about the feet of their stacks, with each row's date and lean: (n, 2), (n,), (n, 2)."""
    rng = np.random.default_rng(seed)
    lean = rng.normal(0, 0.5, (dates, 2))
    place, date = (part.ravel() for part in np.indices(levels.shape))
    return levels[place, date, None] * lean[date] + rng.normal(0, 0.08, (len(date), 2)), date, lean


@pytest.mark.parametrize(("before", "after", "meaning"), [(1, 2, SET_ON_TOP), (2, 1, UNCOVERED), (1, 1, REPLACED)])
def test_explain_new_tops_by_a_step_in_height(before, after, meaning):
    """In units of the usual stack's height over which the lean is scaled; the looks of a site that changes much."""
    levels = BOX_HEIGHT * np.repeat([[before] * 4 + [after] * 4], 1, axis=0)
    xy, date, lean = leaning(levels)
    step, error = height_steps(xy, lean[date], np.repeat([0, 1], 4))
    top = NewTops(step, error, np.full(1, np.nan))
    assert explain_new_tops(top, shares_of_tops([top], 20.0, 20.0, 0.2)).tolist() == [meaning]


def test_shares_of_tops_follow_the_steps_of_all_and_not_what_came_to_empty_ground():
    rng = np.random.default_rng(4)
    higher = [NewTops(rng.normal(BOX_HEIGHT, 0.4, 1), np.full(1, 0.4), np.full(1, np.nan)) for _ in range(200)]
    shares = shares_of_tops(higher, 0.0, 60.0, 0.1)
    assert shares.sum() == pytest.approx(1.0)
    assert shares[SET_ON_TOP] > 3 * shares[UNCOVERED]
    few, none = shares_of_tops(higher[:2], 0.0, 60.0, 0.1), shares_of_tops([], 0.0, 60.0, 0.1)
    assert few[SET_ON_TOP] < few[UNCOVERED]
    assert none[SET_ON_TOP] / none[UNCOVERED] == pytest.approx(5 / 65)
    assert shares[REPLACED] == few[REPLACED] == none[REPLACED]
