"""Displacement fields."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changedet.grid import Displacement, Shift


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 511), st.floats(0, 511))
def test_displacement_is_bilinear_and_clamped(row: float, column: float) -> None:
    nodes = np.add.outer(np.arange(3) * 2.0, np.arange(3) * 3.0)
    moved = Displacement(Shift(10.0, -1.0), tuple(map(tuple, nodes)), tuple(map(tuple, nodes * 0)), 128)
    east, north = moved.at(np.array([row]), np.array([column]))
    assert east[0] == pytest.approx(10 + 2 * min(row / 128, 2) + 3 * min(column / 128, 2))
    assert north[0] == -1


def test_displacement_refuses_what_it_cannot_mean() -> None:
    with pytest.raises(ValueError, match="multiple of 32"):
        Displacement(node_spacing_px=100)
    with pytest.raises(ValueError, match="together"):
        Displacement(local_east_m=((0.0,),))
    assert Displacement().is_zero
    assert not Displacement(Shift(0, 1e-9)).is_zero


def test_a_field_by_the_pixels_of_another_corner_moves_the_same_places() -> None:
    nodes = np.add.outer(np.arange(5) * 2.0, np.arange(7) * 3.0)
    moved = Displacement(Shift(10.0, -1.0), tuple(map(tuple, nodes)), tuple(map(tuple, -nodes)), 64)
    inner = moved.from_corner(70, 90, (100, 150))
    rows, columns = np.array([0.0, 99.0, 40.0]), np.array([0.0, 149.0, 70.0])
    for found, whole in zip(inner.at(rows, columns), moved.at(rows + 70, columns + 90), strict=True):
        assert found == pytest.approx(whole)
    assert Displacement(Shift(1.0, 2.0)).from_corner(5, 5, (10, 10)) == Displacement(Shift(1.0, 2.0))


def test_a_field_on_larger_pixels_moves_the_same_places() -> None:
    nodes = np.add.outer(np.arange(5) * 2.0, np.arange(7) * 3.0)
    fine = Displacement(Shift(10.0, -1.0), tuple(map(tuple, nodes)), tuple(map(tuple, -nodes)), 64, 0.5)
    rows, columns = np.array([0.0, 10.0, 40.0]), np.array([0.0, 25.0, 60.0])
    # the middle of a pixel of four by four
    there = fine.at(4 * rows + 1.5, 4 * columns + 1.5)
    for moved, unit in ((fine, 1.0), (fine.scaled(1.6), 1.6)):
        for found, expected in zip(moved.on_pixels(rows, columns, 2.0 * unit), there, strict=True):
            assert found == pytest.approx(unit * expected)
    for found, expected in zip(fine.on_pixels(rows, columns, 0.5), fine.at(rows, columns), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert Displacement.from_json(fine.to_json()) == fine
