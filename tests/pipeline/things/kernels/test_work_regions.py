"""Regions of works: what appears in one piece is one thing; fields, ruts and edges are none."""

from __future__ import annotations

import numpy as np

from changedet.pipeline.things.kernels.work_regions import NEVER, MarkedCounter, regions

PX = 0.5
SHAPE = (160, 160)
"""80 m."""


def masks(looks: int = 4) -> np.ndarray:
    return np.zeros((looks, *SHAPE), np.uint8)


def found(stack: np.ndarray) -> list[tuple[int, int]]:
    """First look and area in whole m2 of each region."""
    counter = MarkedCounter(SHAPE)
    for mask in stack:
        counter.add(mask)
    return [(one.first, round(float(one.inside.sum()) * PX**2)) for one in regions(counter.result(), len(stack), PX)]


def test_a_thing_begins_with_the_look_that_first_marks_it() -> None:
    stack = masks()
    stack[1:, 40:80, 40:80] = 1
    stack[2:, 100:130, 100:130] = 1
    assert [first for first, _ in found(stack)] == [1, 2]
    assert abs(found(stack)[0][1] - 400) < 20


def test_what_one_look_alone_marks_is_none_unless_it_is_the_last_to_see_it() -> None:
    stack = masks()
    stack[1, 40:80, 40:80] = 1
    assert found(stack) == []
    stack[2:, 40:80, 40:80] = NEVER
    assert [first for first, _ in found(stack)] == [1]


def test_things_that_touch_along_a_narrow_neck_are_two() -> None:
    stack = masks()
    stack[:, 40:80, 20:60] = 1
    stack[:, 40:80, 70:110] = 1
    stack[:, 56:64, 55:75] = 1
    assert len(found(stack)) == 2
    stack[:, 40:80, 20:110] = 1
    assert len(found(stack)) == 1


def test_floors_within_a_bank_belong_to_it_and_a_rut_is_none() -> None:
    stack = masks()
    stack[:, 40:90, 40:90] = 1
    stack[:, 55:75, 55:75] = 0
    stack[:, 110:113, 10:150] = 1
    (only,) = found(stack)
    assert abs(only[1] - 625) < 15


def test_fields_are_none() -> None:
    stack = masks()
    stack[:, :, :] = 1
    assert found(stack) == []
    late = masks()
    late[3, :60, :60] = 1
    assert found(late) == []
    late[2:, :60, :60] = 1
    assert [first for first, _ in found(late)] == [2]


def test_an_edge_that_grows_later_is_no_new_thing() -> None:
    stack = masks()
    stack[0:, 40:80, 40:80] = 1
    stack[2:, 40:80, 40:84] = 1
    assert len(found(stack)) == 1
