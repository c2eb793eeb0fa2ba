"""Neighbours of a box."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.objects.kernels import neighbours


def test_context_separates_neighbours_and_rivals() -> None:
    boxes = np.array(
        [
            [0, 0, 12, 2.44, 0.0],
            [2.7, 0, 12, 2.44, 0.0],
            [0, 12.6, 12, 2.44, 0.0],
            [0, 3, 12, 2.44, 0.0],
            [20, 0, 12, 2.44, 0.8],
        ]
    )
    beside, ahead, rival, _, askew = neighbours.context(boxes, np.array([0.9, 0.8, 0.7, 0.6, 0.5]), 30.0)[0]
    assert (beside, ahead, rival, askew) == pytest.approx((0.8, 0.7, 0.6, 0.5))
