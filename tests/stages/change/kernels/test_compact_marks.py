"""Rows of single pixels are rims; what is two wide is marked, with what lies beside it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from changedet.stages.change.kernels.compact_marks import compact_halo_px, compact_marks, opened

ABOVE = 0.5


@pytest.mark.parametrize("reach_px", [1, 2])
def test_rows_of_single_pixels_are_left_unmarked_and_what_is_wider_is_kept(reach_px: int) -> None:
    halo = compact_halo_px(reach_px)
    coarse = np.full((30, 30), 0.2)
    coarse[4, 2:28] = 0.9  # a road's rim
    coarse[np.arange(8, 14), np.arange(8, 14)] = 0.9
    coarse[20:22, 5:7] = 0.9
    coarse[22, 7] = 0.8  # beside it
    coarse[15, 25] = np.nan
    given = np.kron(coarse, np.ones((reach_px, reach_px)))[None].astype(np.float32)
    told = compact_marks(given, ABOVE, reach_px)[0]
    wanted = given[0, halo:-halo, halo:-halo].copy()
    own = np.zeros((30, 30), np.bool_)
    own[20:23, 5:8] = True
    stays = np.kron(own, np.ones((reach_px, reach_px)))[halo:-halo, halo:-halo] > 0
    wanted[(wanted > ABOVE) & ~stays] = ABOVE
    assert_array_equal(told, wanted)
    assert (told[stays] > ABOVE).sum() == 5 * reach_px**2


def test_what_is_given_stays_as_it_is() -> None:
    given = np.full((2, 20, 20), 0.9, np.float32)
    given[1, 5:, :] = 0.1
    kept = given.copy()
    told = compact_marks(given, ABOVE, 1)
    assert_array_equal(given, kept)
    assert_array_equal(told[0], given[0, 4:-4, 4:-4])


@pytest.mark.parametrize("side", [1, 2, 3, 4])
def test_opening_moves_nothing(side: int) -> None:
    plane = np.zeros((20, 20), np.float32)
    plane[5 : 5 + side, 7 : 7 + side] = 2.0
    plane[14, 3:9] = 1.0
    wanted = plane.copy()
    wanted[14, 3:9] = 1.0 if side == 1 else 0.0
    assert_array_equal(opened(plane, side), wanted)
