"""Overlap of rotated rectangles and suppression."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from changedet.stages.objects.kernels import rectangles

BOX = st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(1, 15), st.floats(1, 5), st.floats(0, 3.14))


@settings(max_examples=150, deadline=None)
@given(BOX, BOX)
def test_overlap_equals_shapely(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    first, second = (shapely.Polygon(p) for p in rectangles.corners(np.array([a, b])))
    # Without a precision grid, rectangles that share a line up to the last bit come out as disjoint.
    common = shapely.intersection(first, second, grid_size=1e-9).area
    expected = common / (first.area + second.area - common)
    assert rectangles.overlap(np.array(a), np.array(b)) == pytest.approx(expected, abs=1e-6)


def test_suppress_equals_brute_force_and_ignores_order() -> None:
    rng = np.random.default_rng(3)
    boxes = np.column_stack(
        [rng.uniform(0, 60, (300, 2)), rng.uniform(5, 14, 300), rng.uniform(2, 3, 300), rng.uniform(0, 3.14, 300)]
    )
    scores = np.round(rng.uniform(0, 1, 300), 3)
    kept: list[int] = []
    for i in np.lexsort((*boxes.T[::-1], -scores)):
        turned = [abs((boxes[i, 4] - boxes[j, 4] + np.pi / 2) % np.pi - np.pi / 2) > 0.26 for j in kept]
        common = [rectangles.overlap(boxes[i], boxes[j]) for j in kept]
        if all(c <= (0.05 if t else 0.3) for c, t in zip(common, turned, strict=True)):
            kept.append(int(i))
    found = rectangles.suppress(boxes, scores, 0.3, 0.05)
    assert sorted(kept) == list(np.flatnonzero(found))
    assert 20 < len(kept) < 290
    order = rng.permutation(300)
    assert (rectangles.suppress(boxes[order], scores[order], 0.3, 0.05) == found[order]).all()
