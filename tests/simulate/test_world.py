"""Boxes of a world."""

from __future__ import annotations

import shapely
from simulated_site import world


def test_world_boxes_do_not_overlap() -> None:
    site = world("dense", gsd_m=0.5)
    shapes = [site.box_outline(stack[-1]) for stack in site.stacks(0).values()]
    polygons = [shapely.Polygon(s) for s in shapes]
    assert sum(p.area for p in polygons) < 1.03 * shapely.union_all(polygons).area
