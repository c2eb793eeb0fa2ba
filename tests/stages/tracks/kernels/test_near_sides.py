"""Boxes that lie where an oblique view shows the side of a stack."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.arrays import Floats
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.near_sides import on_near_sides


def boxes(*xy: tuple[float, float], angle: float = 0.0, weight: float = 0.9) -> Boxes:
    n = len(xy)
    ones = np.ones(n)
    return Boxes(np.array(xy).reshape(-1, 2), 12.2 * ones, angle * ones, np.zeros((n, 3)), weight * ones, 0.0 * ones)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ((-0.3, 0.0), [False, True]),
        ((0.3, 0.0), [True, False]),
        ((0.0, 0.3), [False, False]),
        ((-0.05, 0.0), [False, False]),
        ((np.nan, np.nan), [False, False]),
    ],
)
@pytest.mark.parametrize("turned", [0.0, 180.0])
def test_on_near_sides_is_the_box_towards_which_no_roof_leans(
    view: tuple[float, float], expected: list[bool], turned: float
) -> None:
    """Two boxes beside each other, along the north: roofs lean to the west, so sides show in the east."""
    pair = boxes((0.0, 0.0), (2.4, 0.5), angle=turned)
    assert on_near_sides(pair, pair, np.array(view)).tolist() == expected


@pytest.mark.parametrize("other", [(2.4, 8.0), (4.5, 0.0), (0.6, 0.0)])
def test_on_near_sides_wants_a_roof_right_beside(other: tuple[float, float]) -> None:
    pair = boxes((0.0, 0.0), other)
    assert not on_near_sides(pair, pair, np.array([-0.3, 0.0])).any()


def test_on_near_sides_wants_a_roof_that_is_likely_and_parallel() -> None:
    view: Floats = np.array([-0.3, 0.0])
    one = boxes((2.4, 0.0))
    assert on_near_sides(one, boxes((0.0, 0.0)), view).all()
    assert not on_near_sides(one, boxes((0.0, 0.0), weight=0.2), view).any()
    assert not on_near_sides(one, boxes((0.0, 0.0), angle=30.0), view).any()
    assert on_near_sides(boxes(), one, view).shape == (0,)
