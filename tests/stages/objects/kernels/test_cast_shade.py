"""Cast shade that was taken for containers: its side, its colour, and what stays."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from changedet.stages.objects.kernels import cast_shade
from changedet.stages.objects.kernels.cast_shade import LEAST_SHADES, TAKEN

SHADE = (73.0, 95.0, 122.0)
PAINTS = np.array([(216, 205, 129), (183, 128, 112), (63, 108, 157), (137, 75, 89), (74, 110, 107)], float)
LOST = 1 / (1 + np.exp(TAKEN))


def yard(count: int, apart_m: float = 3.0, turn: float = 0.0) -> np.ndarray:
    """So many containers along x, each with a box beside it; the first of each two is the container."""
    x = np.repeat(np.arange(count) * 9.0, 2) + np.tile([0.0, apart_m], count)
    place = np.column_stack([np.cos(turn) * x, np.sin(turn) * x])
    row = np.ones_like(x)
    return np.column_stack([place, 12.2 * row, 2.4 * row, turn * row])


def painted(count: int, beside: np.ndarray | None = None) -> np.ndarray:
    """Colours of the same boxes: paints, and of those beside them shade that differs a little."""
    own = PAINTS[np.arange(count) % len(PAINTS)]
    shade = np.array(SHADE) + np.array([[-2.0], [0.0], [2.0]])[np.arange(count) % 3]
    return np.stack([own, shade if beside is None else beside], axis=1).reshape(-1, 3)


def after(boxes: np.ndarray, colours: np.ndarray) -> np.ndarray:
    return cast_shade.doubted(boxes, np.full(len(boxes), 0.5), colours, np.ones(len(boxes), bool))


@pytest.mark.parametrize("turn", [0.0, 0.7, -1.2])
def test_shade_beside_each_container_loses_and_the_containers_do_not(turn: float) -> None:
    found = after(yard(10, turn=turn), painted(10))
    np.testing.assert_allclose(found, np.tile([0.5, LOST], 10))


def test_boxes_of_many_paints_or_brighter_ones_or_few_stay() -> None:
    others = PAINTS[(np.arange(10) + 2) % len(PAINTS)]
    bright = np.full((10, 3), 230.0)
    few = LEAST_SHADES - 1
    for boxes, colours in (
        (yard(10), painted(10, others)),
        (yard(10), painted(10, bright)),
        (yard(few), painted(few)),
        (np.zeros((0, 5)), np.zeros((0, 3))),
    ):
        np.testing.assert_array_equal(after(boxes, colours), np.full(len(boxes), 0.5))


def test_a_yard_of_one_dark_paint_stays() -> None:
    one = np.tile(np.array(SHADE), (20, 1))
    np.testing.assert_array_equal(after(yard(10), one), np.full(20, 0.5))


def test_a_box_within_a_row_is_no_shade_and_other_things_are_left_alone() -> None:
    boxes = np.concatenate([yard(10), yard(1) + np.array([6.0, 0, 0, 0, 0])])
    colours = np.concatenate([painted(10), PAINTS[:1], PAINTS[1:2]])
    found = after(boxes, colours)
    assert found[1] == 0.5, "a third box stands beyond it"
    np.testing.assert_allclose(found[3:20:2], LOST)
    container = np.ones(len(boxes), bool)
    container[3] = False
    kept = cast_shade.doubted(boxes, np.full(len(boxes), 0.5), colours, container)
    assert kept[3] == 0.5


def test_grey_pictures_and_boxes_without_a_colour() -> None:
    grey = np.repeat(painted(12).mean(axis=1, keepdims=True), 3, axis=1)
    found = after(yard(12), grey)
    assert (found[::2] == 0.5).all()
    unknown = painted(10)
    unknown[3] = np.nan
    found = after(yard(10), unknown)
    assert found[3] == 0.5
    np.testing.assert_allclose(np.delete(found[1::2], 1), LOST)


def test_of_thousands_of_boxes_shade_is_told_as_of_few_in_little_memory() -> None:
    count = 4000
    boxes, colours = yard(count), painted(count)
    tracemalloc.start()
    found = after(boxes, colours)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(found, np.tile([0.5, LOST], count))
    # All with all would be 400 MB for each array.
    assert peak < 150e6
