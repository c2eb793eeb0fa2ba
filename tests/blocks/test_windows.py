"""Windows and the fixed sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from changedet.blocks.windows import SAMPLE_CELL_PX, Window, in_strips, sample_windows, stack_cells, tiles


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 50))
def test_tiles_cover_each_pixel_once(height: int, width: int, edge_px: int) -> None:
    seen = np.zeros((height, width), int)
    for window in tiles((height, width), edge_px):
        assert max(window.shape) <= edge_px
        seen[window.slices] += 1
    assert (seen == 1).all()


def test_window_grown_is_wider_on_each_side() -> None:
    assert Window(2, 3, 4, 5).grown(2) == Window(0, 1, 8, 9)


def test_in_strips_goes_down_each_strip() -> None:
    found = in_strips(tiles((4, 4), 2), strip_px=2)
    assert [(window.x, window.y) for window in found] == [(0, 0), (0, 2), (2, 0), (2, 2)]


@pytest.mark.parametrize("shape", [(100, 100), (5000, 3000)])
def test_sample_windows_depend_on_the_shape_alone_and_keep_the_budget(shape: tuple[int, int]) -> None:
    found = sample_windows(shape)
    assert found == sample_windows(shape)
    assert sum(window.height * window.width for window in found) <= 1 << 20
    assert all(window.y % SAMPLE_CELL_PX == 0 and window.x % SAMPLE_CELL_PX == 0 for window in found)


def test_stack_cells_fills_short_ones_with_nan() -> None:
    stacked = stack_cells([np.ones((2, 3, 4)), np.ones((2, 1, 1))], cell_px=4)
    assert stacked.shape == (2, 2, 4, 4)
    assert stacked.dtype == np.float32
    assert np.isfinite(stacked).sum(axis=(1, 2, 3)).tolist() == [24, 2]
