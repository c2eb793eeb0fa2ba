"""Ground on which what differs may be made of its own soil."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels.movers import GONE, NOTHING, STANDS, UNKNOWN, plants_halo_px
from changedet.stages.change.kernels.own_soil import own_soil

GSD_M = 0.5
HALO = plants_halo_px(GSD_M)


def found_in_the_middle(kind):
    """Whether the middle of a picture of classes is such ground, the square around it being as wide as the picture."""
    return bool(own_soil([kind], GSD_M)[0, 0, 0])


def picture(**shares):
    """Classes in shares of the rows."""
    side = 2 * HALO + 1
    kind = np.full((side, side), NOTHING, np.uint8)
    row = 0
    for name, share in shares.items():
        rows = round(share * side)
        kind[row : row + rows] = {"stands": STANDS, "gone": GONE, "unknown": UNKNOWN}[name]
        row += rows
    return kind


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({}, True),
        ({"stands": 0.5}, True),
        ({"stands": 0.85}, False),
        ({"stands": 0.5, "gone": 0.2}, False),
        ({"unknown": 0.9}, True),
        ({"unknown": 1.0}, False),
    ],
)
def test_much_is_as_the_ground_and_nothing_is_gone(shares, expected):
    assert found_in_the_middle(picture(**shares)) == expected


def test_each_date_tells_for_itself():
    found = own_soil([picture(stands=0.5), picture(stands=0.9)], GSD_M)
    assert found[:, 0, 0].tolist() == [True, False]
