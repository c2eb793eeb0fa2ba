"""Sizes of drawn boxes."""

from __future__ import annotations

import pytest
import shapely
import shapely.affinity
from mercator import NORTH, UNIT, WEST, mercator_grid

from changedet.assess import verdicts


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, 135.5, 179.0])
def test_checked_verdicts_sides_and_angle_of_a_drawn_outline(angle: float) -> None:
    outline = shapely.affinity.rotate(shapely.box(-1.22, -6.1, 1.22, 6.1), -angle)
    assert verdicts._sides(outline) == pytest.approx((12.2, 2.44, angle))


def test_a_drawn_box_is_as_long_on_the_ground_in_web_mercator() -> None:
    grid = mercator_grid(100, 100)
    long, longer = (shapely.box(WEST, NORTH - 50, WEST + side * UNIT, NORTH - 46) for side in (29.5, 30.5))
    assert not verdicts._shape_fault(long, grid)
    assert "30.5 by 2.3 m" in verdicts._shape_fault(longer, grid)
