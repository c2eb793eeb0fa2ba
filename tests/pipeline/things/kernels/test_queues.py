"""Queues: boxes of one lorry are one vehicle, rows side by side are no queue."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.pipeline.things.kernels.queues import longest_queue_m, merged


def boxes(*places: tuple[float, float, float]) -> np.ndarray:
    """Boxes along x: x, y, length."""
    return np.array([(x, y, length, 2.5, 0.0) for x, y, length in places])


def test_merged_takes_two_short_boxes_of_a_lorry_together() -> None:
    found = merged(boxes((0, 0, 6.1), (7.0, 0, 6.1), (30, 0, 13.6), (0, 8, 12.0), (12.8, 8, 12.0)))
    assert sorted(found[:, 2].round(1).tolist()) == [12.0, 12.0, 13.1, 13.6]
    assert found[found[:, 2] == found[:, 2].min() + 1.1, 0].tolist() == pytest.approx([3.5])
    assert len(merged(np.empty((0, 5)))) == 0


def test_merged_leaves_three_and_what_is_far_apart() -> None:
    assert len(merged(boxes((0, 0, 6.1), (6.5, 0, 6.1), (13.0, 0, 6.1)))) == 2
    assert len(merged(boxes((0, 0, 6.1), (10.0, 0, 6.1)))) == 2


def test_longest_queue_follows_vehicles_until_a_wide_gap() -> None:
    assert longest_queue_m(boxes((0, 0, 12.0), (20, 0, 12.0), (40, 0, 12.0), (90, 0, 12.0))) == pytest.approx(52.0)
    assert longest_queue_m(boxes((0, 0, 12.0), (40, 0, 12.0), (60, 0, 12.0))) == pytest.approx(32.0)


def test_longest_queue_is_none_of_vehicles_side_by_side() -> None:
    assert longest_queue_m(boxes(*[(0, 4.0 * k, 12.0) for k in range(6)])) == 0.0
    assert longest_queue_m(np.empty((0, 5))) == 0.0
