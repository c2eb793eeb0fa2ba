"""Windows and the fixed sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from changedet.blocks.windows import (
    NARROW_PARTS,
    SAMPLE_CELL_PX,
    Window,
    in_strips,
    joined_tiles,
    sample_windows,
    stack_cells,
    tiles,
    widest_px,
)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 50))
def test_tiles_cover_each_pixel_once(height: int, width: int, edge_px: int) -> None:
    seen = np.zeros((height, width), int)
    for window in tiles((height, width), edge_px):
        assert max(window.shape) <= edge_px
        seen[window.slices] += 1
    assert (seen == 1).all()


def test_window_grown_is_wider_on_each_side() -> None:
    assert Window(2, 3, 4, 5).grown(2) == Window(0, 1, 8, 9)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 50))
def test_joined_tiles_cover_each_pixel_once_and_begin_where_tiles_do(height: int, width: int, edge_px: int) -> None:
    seen, found = np.zeros((height, width), int), joined_tiles((height, width), edge_px)
    for window in found:
        seen[window.slices] += 1
    assert (seen == 1).all()
    assert {(one.y, one.x) for one in found} <= {(one.y, one.x) for one in tiles((height, width), edge_px)}
    assert max(one.width for one in found) == widest_px(width, edge_px) < edge_px * (1 + 1 / NARROW_PARTS)
    assert width <= edge_px or min(one.width for one in found) * NARROW_PARTS >= edge_px


def test_only_a_narrow_rest_is_joined() -> None:
    assert [one.width for one in joined_tiles((1, 520), 512)] == [520]
    assert [one.width for one in joined_tiles((1, 575), 512)] == [575]
    assert [one.width for one in joined_tiles((1, 576), 512)] == [512, 64]
    assert [one.width for one in joined_tiles((1, 500), 512)] == [500]


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


@pytest.mark.parametrize(
    ("window", "there"),
    [
        (Window(-3, -4, 20, 30), Window(0, 0, 10, 12)),
        (Window(2, 3, 4, 5), Window(2, 3, 4, 5)),
        (Window(8, 9, 5, 5), Window(8, 9, 2, 3)),
        (Window(10, 0, 5, 5), Window(10, 0, 0, 5)),
        (Window(0, -9, 5, 5), Window(0, 0, 5, 0)),
    ],
)
def test_a_window_within_a_grid_holds_what_lies_on_it(window: Window, there: Window) -> None:
    assert window.within((10, 12)) == there
