"""The changed area that lasts, and its bounds."""

from __future__ import annotations

import numpy as np

from changedet.pipeline.changes import lasting_bounds


def test_a_look_that_hides_what_lasts_is_bounded_by_an_earlier_one() -> None:
    marked = np.array([[9000.0, 6000.0, 15000.0], [10000.0, 7000.0, 16000.0], [900.0, 500.0, 1800.0]])

    value, low, high = lasting_bounds(marked, np.array([8100.0, 9000.0, 9300.0])).T

    np.testing.assert_allclose(value, [8100.0, 9000.0, 9300.0])
    np.testing.assert_allclose(low, [5400.0, 6300.0, 6300.0])
    np.testing.assert_allclose(high, [13500.0, 14400.0, 9300.0])


def test_what_later_looks_take_back_leaves_its_share_of_the_bounds() -> None:
    marked = np.array([[1000.0, 400.0, 2000.0], [100.0, 50.0, 200.0]])

    value, low, high = lasting_bounds(marked, np.array([100.0, 100.0])).T

    np.testing.assert_allclose(value, [100.0, 100.0])
    np.testing.assert_allclose(low, [40.0, 50.0])
    np.testing.assert_allclose(high, [200.0, 200.0])


def test_a_clear_look_keeps_its_own_lower_bound() -> None:
    marked = np.array([[1000.0, 800.0, 1500.0], [1200.0, 0.0, 3000.0]])

    assert lasting_bounds(marked, np.array([1000.0, 1100.0]))[1, 1] == 0.0


def test_a_look_that_marks_nothing_divides_by_nothing() -> None:
    bounds = lasting_bounds(np.array([[500.0, 300.0, 900.0], [0.0, 0.0, 60.0]]), np.array([400.0, 400.0]))

    np.testing.assert_allclose(bounds[1], [400.0, 240.0, 400.0])
