"""Sizes of drawn boxes."""

from __future__ import annotations

import pytest
import shapely
import shapely.affinity

from changedet.assess import verdicts


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, 135.5, 179.0])
def test_checked_verdicts_sides_and_angle_of_a_drawn_outline(angle: float) -> None:
    outline = shapely.affinity.rotate(shapely.box(-1.22, -6.1, 1.22, 6.1), -angle)
    assert verdicts._sides(outline) == pytest.approx((12.2, 2.44, angle))
