"""Rings along pixel edges."""

from __future__ import annotations

import numpy as np

from changedet.outputs.rasters.kernels.rings import trace_rings


def _traced(regions, corners=100, rings=10):
    room = np.zeros((corners, 2), np.int32), np.zeros(rings, np.int64), np.zeros(rings, np.int64)
    found, used = trace_rings(regions, np.zeros(regions.shape, bool), *room)
    return found, used, *room


def test_trace_rings_of_a_pixel_go_round_it_and_end_where_they_began():
    regions = np.zeros((3, 4), np.int32)
    regions[1, 2] = 7
    found, used, corners, ends, owners = _traced(regions)
    assert (found, used, ends[0], owners[0]) == (1, 4, 4, 7)
    assert corners[:4].tolist() == [[3, 1], [3, 2], [2, 2], [2, 1]]


def test_trace_rings_of_a_hole_that_touches_the_outside_at_a_corner_are_two():
    regions = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 1]], np.int32)
    found, used, corners, ends, owners = _traced(regions)
    assert found == 2
    assert owners[:2].tolist() == [1, 1]
    assert np.diff(ends[:2], prepend=0).tolist() == [6, 4]
    assert [1, 1] in corners[: ends[0]].tolist()
    assert sorted(corners[ends[0] : used].tolist()) == [[1, 1], [1, 2], [2, 1], [2, 2]]


def test_trace_rings_without_room_say_how_much_they_need():
    regions = np.eye(4, dtype=np.int32) * np.arange(1, 5, dtype=np.int32)
    assert _traced(regions, corners=3, rings=1)[:2] == _traced(regions)[:2] == (4, 16)
