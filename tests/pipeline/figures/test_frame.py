"""Frames lie in their site, hold what they are made for, and have a panel's shape."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from changedet.pipeline.figures.frame import LEAST_PX, SHAPES, framed

SIDES = st.tuples(st.floats(0, 990), st.floats(0, 490), st.floats(1, 1000), st.floats(1, 500))


@given(SIDES)
def test_framed_holds_what_it_is_made_for_within_the_site(sides: tuple[float, float, float, float]) -> None:
    x, y, wide, high = sides
    held = (x, y, min(x + wide, 1000.0), min(y + high, 500.0))
    site = (0.0, 0.0, 1000.0, 500.0)
    west, south, east, north = framed(held, site, 0.5)
    eps = 1e-6
    assert west >= -eps
    assert south >= -eps
    assert east <= 1000 + eps
    assert north <= 500 + eps
    assert west <= held[0] + eps
    assert south <= held[1] + eps
    assert east >= held[2] - eps
    assert north >= held[3] - eps
    assert east - west >= LEAST_PX * 0.5 - eps
    # Where the site is large enough, the shape is that of a panel.
    shape = (north - south) / (east - west)
    assert shape <= SHAPES[1] + eps or east - west >= 1000 - eps
    assert shape >= SHAPES[0] - eps or north - south >= 500 - eps
