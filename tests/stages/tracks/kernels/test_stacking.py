"""Boxes of a stack from the runs of looks of one colour."""

from __future__ import annotations

import numpy as np

from changedet.kernels.colour import linear_rgb
from changedet.stages.tracks.kernels.colour_changepoints import ColourSeries
from changedet.stages.tracks.kernels.stacking import stack_of
from changedet.stages.tracks.kernels.top_steps import REPLACED, SET_ON_TOP, UNCOVERED


def linear(rgb):
    return linear_rgb(np.clip(np.asarray(rgb, float), 0, 255) / 255)


def test_stack_of_keeps_a_colour_that_returns_below_the_box_upon_it():
    a, b, c = (150, 50, 40), (40, 70, 130), (170, 170, 165)

    def pile(colors, starts, top):
        series = ColourSeries.of(linear(colors), np.zeros(len(colors), bool), np.array([0, len(colors)]))
        return stack_of(series.costs_of(0), starts, np.full(2, top))

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
