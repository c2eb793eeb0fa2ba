"""Pairs of 20-foot boxes that touch end to end."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.doubts import unseen_of_pairs
from changedet.stages.series.kernels.pairs import touching_pairs


@pytest.mark.parametrize("angle", [0.0, 37.0, 90.0, 179.0])
@pytest.mark.parametrize(
    ("along", "aside", "turn", "later", "touch"),
    [
        (6.14, 0.0, 0.0, 0, True),
        (6.14, 0.5, 4.0, 0, True),
        (6.5, 0.0, 0.0, 0, False),
        (5.0, 0.0, 0.0, 0, False),
        (5.9, 1.2, 0.0, 0, False),
        (0.0, 2.6, 0.0, 0, False),
        (6.14, 0.0, 20.0, 0, False),
        (6.14, 0.0, 0.0, 1, False),
    ],
)
def test_touching_pairs_lie_end_to_end_on_one_date(angle, along, aside, turn, later, touch):
    t = np.radians(angle)
    ahead, right = np.array([np.sin(t), np.cos(t)]), np.array([np.cos(t), -np.sin(t)])
    xy = np.array([[5e5, 4e6], [5e5, 4e6] + along * ahead + aside * right, [5e5 + 40.0, 4e6]])
    found = touching_pairs(xy, np.array([angle, (angle + turn) % 180.0, angle]), np.array([0, later, 0]))
    assert found.tolist() == [touch, touch, False]


def test_touching_pairs_of_no_box_are_none():
    assert not len(touching_pairs(np.empty((0, 2)), np.empty(0), np.empty(0, np.int64)))


def test_unseen_of_pairs_grows_with_their_number():
    assert unseen_of_pairs(0.0) == 0.0
    assert unseen_of_pairs(10.0) == pytest.approx(30.0)
