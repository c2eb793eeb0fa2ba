"""Walls of stacks in looks from far aslant: where they lie from their roofs, and what they lose."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.objects.kernels import wall_faces
from changedet.stages.objects.kernels.wall_faces import MOST_HUE, MOST_ODDS, TOUCHING_M, UNKNOWN_HUE, WEIGHTS

RIGHT = np.array([0.6, 0.0])
"""Roofs lean to the right; their walls lie left of them."""
RED, BLUE, GREY = (180.0, 40.0, 30.0), (30.0, 60.0, 180.0), (120.0, 120.0, 120.0)
ROOF_X, WALL_X = 20.0, 18.0


def upright(*places: tuple[float, float], length_m: float = 12.2) -> np.ndarray:
    """Boxes whose long sides run up the picture."""
    return np.array([[x, y, length_m, 2.4, 0.0] for x, y in places])


def alike(count: int, colour: tuple[float, float, float] = RED) -> np.ndarray:
    return np.tile(colour, (count, 1))


def pairs(boxes: np.ndarray, lean: np.ndarray = RIGHT, colours: np.ndarray | None = None) -> wall_faces.Faces:
    given = alike(len(boxes)) if colours is None else colours
    return wall_faces.faces(boxes, np.full(len(boxes), 0.8), given, lean)


def test_a_wall_lies_on_the_side_of_the_foot() -> None:
    boxes = upright((ROOF_X, 30.0), (WALL_X, 30.0))
    found = pairs(boxes)
    assert (found.roof.tolist(), found.wall.tolist()) == ([0], [1])
    turned = pairs(boxes, -RIGHT)
    assert (turned.roof.tolist(), turned.wall.tolist()) == ([1], [0])
    logit = np.log(0.8 / 0.2)
    np.testing.assert_allclose(found.features[0], [0.0, 0.0, 0.0, 0.6, logit, logit], atol=1e-12)


def test_what_lies_elsewhere_or_is_another_size_is_no_wall() -> None:
    for other in ((ROOF_X - 1.0, 30.0), (ROOF_X - 3.0, 30.0), (WALL_X, 34.0)):
        assert not len(pairs(upright((ROOF_X, 30.0), other)).wall)
    short = np.concatenate([upright((ROOF_X, 30.0)), upright((WALL_X, 30.0), length_m=6.1)])
    assert not len(pairs(short).wall)
    askew = upright((ROOF_X, 30.0), (WALL_X, 30.0)) + np.array([[0.0] * 5, [0.0, 0.0, 0.0, 0.0, 0.3]])
    assert not len(pairs(askew).wall)
    assert not len(pairs(upright((ROOF_X, 30.0), (WALL_X, 30.0)), np.array([0.1, 0.6])).wall)
    assert not len(pairs(np.zeros((0, 5))).wall)


def test_a_shift_along_speaks_for_a_wall_where_the_view_says_so() -> None:
    # The middle of a wall that lies 2 m across is (2 - 1.219) / .6 m below its roof.
    along = 0.5 * (2.0 - 1.219) / 0.6
    lean = np.array([0.6, -0.5])
    told = [pairs(upright((ROOF_X, 30.0), (WALL_X, 30.0 + y)), lean).features[0, 2] for y in (along, 0.0, -2 * along)]
    assert told[0] == pytest.approx(along**2 / (2 * 0.5**2), abs=0.01)
    assert told[1] == pytest.approx(-told[0], abs=0.01)
    assert told[2] == pytest.approx(-MOST_ODDS)


def test_hues_tell_two_paints_and_nothing_in_grey() -> None:
    boxes = upright((ROOF_X, 30.0), (WALL_X, 30.0))
    assert pairs(boxes, colours=np.array([RED, BLUE])).features[0, 1] == MOST_HUE
    assert pairs(boxes, colours=alike(2, GREY)).features[0, 1] == UNKNOWN_HUE
    assert pairs(boxes, colours=np.array([RED, (np.nan,) * 3])).features[0, 1] == UNKNOWN_HUE
    apart = pairs(upright((ROOF_X, 30.0), (ROOF_X - 2.7, 30.0)))
    assert apart.features[0, 0] == pytest.approx(2.7 - TOUCHING_M)


def test_a_wall_is_no_surer_than_one_less_its_probability() -> None:
    boxes = upright((ROOF_X, 30.0), (WALL_X, 30.0), (60.0, 30.0))
    sure, colours = np.array([0.95, 0.6, 0.6]), alike(3)
    odds = WEIGHTS[0] + wall_faces.faces(boxes, sure, colours, RIGHT).features[0] @ WEIGHTS[1:]
    left = wall_faces.doubted(boxes, sure, colours, np.ones(3, bool), RIGHT)
    np.testing.assert_allclose(left, [0.95, 1 / (1 + np.exp(odds)), 0.6])
    assert left[1] < 0.15
    np.testing.assert_array_equal(wall_faces.doubted(boxes, sure, colours, np.array([True, False, True]), RIGHT), sure)


def test_neighbours_that_touch_stay() -> None:
    boxes = upright(*((ROOF_X + 2.6 * k, 30.0) for k in range(6)))
    left = wall_faces.doubted(boxes, np.full(6, 0.95), np.array([RED, BLUE] * 3), np.ones(6, bool), RIGHT)
    assert (left > 0.7).all()
