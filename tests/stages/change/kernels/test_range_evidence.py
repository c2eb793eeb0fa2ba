"""Distances outside the other date's range, by their definition."""

from __future__ import annotations

import numpy as np

from changedet.stages.change.kernels import (
    range_evidence,
)


def test_outside_is_its_definition():
    rng = np.random.default_rng(3)
    before, after = rng.integers(-900, 900, (2, 13, 15)).astype(np.int16)
    valid = rng.random((13, 15)) > 0.1
    first, second = range_evidence.outside((before, after), valid, 1)
    for y in range(13):
        for x in range(15):
            window = slice(max(0, y - 1), y + 2), slice(max(0, x - 1), x + 2)
            if not valid[y, x]:
                assert first[y, x] == second[y, x] == 0
                continue
            b, a = (image[window][valid[window]].astype(int) for image in (before, after))
            p, q = int(before[y, x]), int(after[y, x])
            assert first[y, x] == max(0, q - b.max()) - max(0, b.min() - q)
            assert second[y, x] == max(0, a.min() - p) - max(0, p - a.max())
