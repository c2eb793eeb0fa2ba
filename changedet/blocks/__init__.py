"""Blocks of pixels: windows, the fixed sample, the two bridges to dask, and the stream of tasks.

The only package that builds dask graphs.
"""

from __future__ import annotations

from changedet.blocks.bridges import PixelMethod, as_scalar, from_reader, is_lazy, over_sample, per_block, resolution_of
from changedet.blocks.heap import give_back_memory, keep_freed_memory, keeping_freed_memory
from changedet.blocks.processes import Call, Lost, Processes
from changedet.blocks.tasks import PATIENCE_S, Pools, Task, stream
from changedet.blocks.windows import (
    SAMPLE_CELL_PX,
    Window,
    in_strips,
    joined_tiles,
    sample_windows,
    stack_cells,
    tiles,
    widest_px,
)

__all__ = [
    "PATIENCE_S",
    "SAMPLE_CELL_PX",
    "Call",
    "Lost",
    "PixelMethod",
    "Pools",
    "Processes",
    "Task",
    "Window",
    "as_scalar",
    "from_reader",
    "give_back_memory",
    "in_strips",
    "is_lazy",
    "joined_tiles",
    "keep_freed_memory",
    "keeping_freed_memory",
    "over_sample",
    "per_block",
    "resolution_of",
    "sample_windows",
    "stack_cells",
    "stream",
    "tiles",
    "widest_px",
]
