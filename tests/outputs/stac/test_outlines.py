"""Outlines across 180 degrees are cut in two, and their boxes go round."""

from __future__ import annotations

import pytest
import shapely
from shapely.geometry import mapping, shape

from changedet.outputs.stac.catalog import bounds
from changedet.outputs.stac.outlines import within_180


@pytest.mark.parametrize("turn", [0, -360])
def test_an_outline_across_180_degrees_is_two_polygons(turn: int) -> None:
    outline = mapping(shapely.box(179.75 + turn, -17, 180.5 + turn, -16))
    found = shape(within_180(outline))
    assert found.geom_type == "MultiPolygon"
    assert found.area == pytest.approx(0.75)
    assert found.bounds == (-180, -17, 180, -16)
    assert sorted(part.area for part in found.geoms) == pytest.approx([0.25, 0.5])
    assert bounds(outline) == [179.75, -17, -179.5, -16]


def test_an_outline_elsewhere_stays_as_it_is() -> None:
    outline = dict(mapping(shapely.box(179, -17, 180, -16)))
    assert within_180(outline) == outline
    assert bounds(outline) == [179, -17, 180, -16]
    assert bounds(dict(mapping(shapely.box(-190, -90, 190, 90)))) == [-180, -90, 180, 90]
