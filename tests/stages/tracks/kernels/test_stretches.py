"""Runs of presence."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from changedet.stages.tracks.kernels.stretches import presence_runs


@given(st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=6))
@settings(max_examples=50, deadline=None)
def test_presence_runs_rebuild_the_path(path):
    path = np.array(path, bool)
    rebuilt = np.zeros_like(path)
    for row, first, last in zip(*presence_runs(path), strict=True):
        assert not rebuilt[row, max(first - 1, 0) : last + 2].any()
        rebuilt[row, first : last + 1] = True
    assert np.array_equal(rebuilt, path)
