"""Wagons of a train, bounded from the gaps between its boxes, against trains laid out by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from laid_out_trains import LENGTHS, consist

from changedet.pipeline.things.kernels import sidings


@given(st.lists(st.sampled_from([None, ("40ft",), ("20ft", "20ft"), ("20ft",)]), min_size=3, max_size=14))
def test_the_bounds_of_wagons_hold_whatever_the_load(loads: list[tuple[str, ...] | None]) -> None:
    along, _ = consist([list(load) if load else None for load in loads])
    boxes = np.array([[u, 0.0, LENGTHS[kind], 2.44, 0.0] for u, kind in along]).reshape(-1, 5)
    lines = sidings.lines_of_boxes(boxes, 0.0)
    assert sorted(np.concatenate(lines).tolist() if lines else []) == list(range(len(boxes)))
    wagon = [k for k, load in enumerate(loads) for _ in load or ()]
    for line in lines:
        own = [wagon[i] for i in line]
        assert own == sorted(own)
        low, high = sidings.loaded_wagons(boxes, line)
        assert low <= len(set(own)) <= high
        hidden = max(own) - min(own) + 1 - len(set(own))
        gaps = [sidings.empty_wagons(float(gap)) for gap in sidings.gaps_m(boxes, line)]
        assert sum(gap.low for gap in gaps) <= hidden <= sum(gap.high for gap in gaps)
