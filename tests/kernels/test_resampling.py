"""Resampling against plain formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from changedet.kernels import resampling


@settings(max_examples=60, deadline=None)
@given(st.floats(-20, 60), st.floats(-20, 60), st.integers(0, 2**32 - 1))
def test_bilinear_and_translated_are_plain_bilinear(y: float, x: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = rng.random((2, 30, 40), np.float32)
    source[:, rng.random((30, 40)) < 0.05] = np.nan
    steps = resampling.STEPS_PER_PX
    y, x = round(y * steps) / steps, round(x * steps) / steps
    nodes_y, nodes_x = np.meshgrid(np.arange(3) * 8.0 + y, np.arange(3) * 8.0 + x, indexing="ij")
    out = np.empty((2, 9, 11), np.float32)
    resampling.bilinear(source, (0, 0), (30, 40), nodes_y, nodes_x, 8, (3, 2), out)
    for r in range(9):
        for c in range(11):
            expected = _plain(source, y + r + 3, x + c + 2)
            assert np.allclose(out[:, r, c], expected, atol=1e-5, equal_nan=True)
    row, column = int(np.floor(y)) + 3, int(np.floor(x)) + 2
    if row >= 0 and column >= 0 and row + 10 <= 30 and column + 12 <= 40:
        straight = np.empty_like(out)
        resampling.translated(source[:, row : row + 10, column : column + 12], y % 1, x % 1, straight)
        assert straight.tobytes() == out.tobytes()


def _plain(source: NDArray[np.float32], y: float, x: float) -> NDArray[np.float64]:
    """Bilinear by the book: clamped within half a pixel of the edge, no data beyond, or where a weighted pixel is."""
    height, width = source.shape[1:]
    if not (-0.5 <= y <= height - 0.5 and -0.5 <= x <= width - 0.5):
        return np.full(source.shape[0], np.nan)
    y, x = min(max(y, 0.0), height - 1.0), min(max(x, 0.0), width - 1.0)
    j, i = int(y), int(x)
    total = np.zeros(source.shape[0])
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = (1 - abs(y - j - dy)) * (1 - abs(x - i - dx))
        if weight > 0:
            total += weight * source[:, j + dy, i + dx]
    return total


# rasterio's own arithmetic on windows uses affine's old operator.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
