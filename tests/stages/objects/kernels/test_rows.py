"""Rows of boxes side by side."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.objects.kernels import (
    rows,
)


@pytest.mark.parametrize(("count", "gap"), [(2, 0.1), (5, 0.15), (9, 0.3)])
def test_split_blocks_cuts_a_uniform_block_by_its_pitch(count: int, gap: float) -> None:
    block = np.array([[10.0, 20.0, count * (2.44 + gap) - gap, 6.1, 0.5]])
    boxes, owner, cut = rows.split_blocks(block, 0.5, 40.0)
    as_short = boxes[np.isclose(boxes[:, 2], 6.1)]
    assert len(as_short) == count
    assert set(owner) == set(range(len(cut)))
    assert as_short[:, :2].mean(axis=0) == pytest.approx((10.0, 20.0))
    steps = np.hypot(*np.diff(as_short[:, :2], axis=0).T)
    assert steps == pytest.approx(np.full(count - 1, 2.44 + gap), abs=0.16)


def test_split_blocks_needs_a_side_of_a_standard_length() -> None:
    assert len(rows.split_blocks(np.array([[0.0, 0.0, 30.0, 8.9, 0.0]]), 0.5, 40.0)[0]) == 0


def test_gaps_of_a_row_go_by_its_pitch() -> None:
    row = np.array([[10.0 + 2.5 * k, 20.0, 12.19, 2.44, 0.0] for k in (0, 1, 4, 5, 9)])
    places, ends = rows.gaps(row, 2)
    np.testing.assert_allclose(np.sort(places[:, 0]), [15.0, 17.5])
    assert ends.tolist() == [[1, 2], [1, 2]]
    apart = np.array([[10.0, 20.0, 12.19, 2.44, 0.0], [13.9, 20.0, 12.19, 2.44, 0.0], [15.0, 40.0, 6.06, 2.44, 0.0]])
    assert len(rows.gaps(apart, 3)[0]) == 0
