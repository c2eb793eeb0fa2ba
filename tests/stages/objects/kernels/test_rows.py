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
