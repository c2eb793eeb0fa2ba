"""Correlation in squares, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels.local_correlation import correlate


def test_correlate_gives_numpy_s_correlation_and_texture():
    rng = np.random.default_rng(4)
    before = rng.integers(-3000, 3000, (30, 34)).astype(np.int16)
    after = (before // 2 + rng.integers(-500, 500, before.shape)).astype(np.int16)
    out = np.empty((3, 30, 34), np.float32)
    correlate(before, after, np.ones(before.shape, bool), 4, out)
    for y, x in ((15, 16), (4, 4), (25, 29), (0, 0)):
        window = slice(max(0, y - 4), y + 5), slice(max(0, x - 4), x + 5)
        b, a = before[window].ravel().astype(float), after[window].ravel().astype(float)
        assert out[0, y, x] == pytest.approx(np.corrcoef(b, a)[0, 1], abs=1e-3)
        assert out[1, y, x] == pytest.approx(np.log2(b.var() + 100), abs=1e-4)
        assert out[2, y, x] == pytest.approx(np.log2(a.var() + 100), abs=1e-4)
