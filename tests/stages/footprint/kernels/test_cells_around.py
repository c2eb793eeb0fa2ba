from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.footprint.kernels.cells_around import half_side, square_sums, sums_within, widths


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_square_sums_are_those_of_each_square_and_0_beyond_the_block(dtype) -> None:
    whole = np.random.default_rng(0).integers(-9, 10, (7, 9)).astype(dtype)
    padded = np.pad(whole, 2)
    expected = [[padded[y : y + 5, x : x + 5].sum() for x in range(9)] for y in range(7)]
    found = square_sums(whole, 2)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(sums_within(whole, 1.9, 1.0), found)


def test_half_side_is_the_nearest_number_of_cells_and_at_least_1() -> None:
    assert [half_side(*of) for of in ((5.0, 1.0), (5.0, 2.1), (0.2, 1.0))] == [5, 2, 1]


def test_widths_measure_a_lane_and_take_the_blocks_edge_for_ground() -> None:
    inside = np.zeros((9, 20), bool)
    inside[3:6] = True
    near, widest = widths(inside, 0.5, 2.0)
    np.testing.assert_array_equal(near[:, 10] / 0.5, [0, 0, 0, 1, 2, 1, 0, 0, 0])
    assert (widest[3:6] == 1.0).all()
    near, widest = widths(np.ones((9, 20), bool), 0.5, 2.0)
    assert (near == 2.0).all()
    assert (widest == 2.0).all()
