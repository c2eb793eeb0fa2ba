"""Looks at unchanged pixels, counted."""

from __future__ import annotations

import numpy as np

from changedet.pipeline.kernels.single_looks import single_look_counts


def test_single_look_counts_are_of_looks_between_clear_unchanged_ones():
    rng = np.random.default_rng(0)
    states = rng.choice(np.array([0, 1, 255], np.uint8), (6, 9, 11), p=[0.6, 0.2, 0.2])
    alone = np.where(states == 255, 255, rng.choice(np.array([0, 1], np.uint8), states.shape)).astype(np.uint8)
    judged = marked = 0
    for y, x in np.ndindex(9, 11):
        for t in range(6):
            before = [s for s in states[:t, y, x] if s != 255]
            after = [s for s in states[t + 1 :, y, x] if s != 255]
            if before and after and before[-1] == after[0] == 0 and alone[t, y, x] != 255:
                judged, marked = judged + 1, marked + int(alone[t, y, x] == 1)
    assert single_look_counts(states, alone) == (judged, marked)
