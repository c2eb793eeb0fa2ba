"""Borders of marked cells run around them, holes stay holes."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from changedet.outputs.figure.outlines import traced


def test_traced_encloses_the_marked_cells_and_leaves_holes_out() -> None:
    marked = np.zeros((10, 20), bool)
    marked[2:8, 3:15] = True
    marked[4:6, 6:9] = False
    rings = [shapely.Polygon(ring) for ring in traced(marked, (0.0, 0.0, 20.0, 10.0))]
    outer, inner = sorted(rings, key=lambda ring: -ring.area)
    assert outer.area == pytest.approx(72, rel=0.2)
    assert outer.bounds == pytest.approx((3, 2, 15, 8), abs=0.3)
    assert inner.within(outer)
    assert inner.bounds == pytest.approx((6, 4, 9, 6), abs=0.8)


def test_traced_reaches_the_frame_where_all_is_marked() -> None:
    (ring,) = traced(np.ones((4, 4), bool), (10.0, 20.0, 14.0, 24.0))
    assert shapely.Polygon(ring).bounds == pytest.approx((10, 20, 14, 24), abs=0.26)
