"""Overlays of ground of very many parts: as GEOS gives them of the whole, without touching what no region meets."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely.geometry import MultiPolygon

from changedet.stages.footprint.part_by_part import MANY_PARTS, joined, without


def ground(count: int) -> MultiPolygon:
    """Squares of 6 m in rows of 40, each with a hole."""
    x, y = 10.0 * (np.arange(count) % 40), 10.0 * (np.arange(count) // 40)
    outer, inner = shapely.box(x, y, x + 6, y + 6), shapely.box(x + 2, y + 2, x + 4, y + 4)
    return MultiPolygon(list(shapely.difference(outer, inner)))


@pytest.mark.parametrize("count", [MANY_PARTS - 1, MANY_PARTS, 3 * MANY_PARTS])
def test_overlays_of_many_parts_are_those_of_the_whole(count: int) -> None:
    whole = ground(count)
    regions = [shapely.Point(57.0, 33.0).buffer(25.0), shapely.box(200.0, 100.0, 216.0, 103.0), shapely.Polygon()]
    less = shapely.union_all(regions)
    for ours, theirs in (
        (without(whole, less), shapely.difference(whole, less)),
        (joined(whole, regions), shapely.union_all([whole, *regions])),
        (without(whole, shapely.Polygon()), whole),
        (joined(whole, []), whole),
    ):
        assert ours.is_valid
        assert shapely.symmetric_difference(ours, theirs).area < 1e-9


def test_parts_that_no_region_meets_are_left_as_they_are() -> None:
    whole = ground(2 * MANY_PARTS)
    less = shapely.box(-1.0, -1.0, 15.0, 5.0)
    left = {part.wkb for part in shapely.get_parts(without(whole, less))}
    assert len(left & {part.wkb for part in whole.geoms}) == 2 * MANY_PARTS - 2
