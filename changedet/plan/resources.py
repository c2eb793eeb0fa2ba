"""What this machine has to compute with, and how much of it a run takes."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

from changedet.plan.model import LATTICE_PX
from changedet.stages.objects.stage import STAGE
from changedet.stages.registry import NONE, Choice, Facts
from changedet.workflow import Workflow


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_bytes() -> int:
    """Memory that is free now."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("MemAvailable"))) * 1024
    except (OSError, StopIteration, ValueError):
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)


def tile_edges(choices: Mapping[str, Choice], facts: Facts) -> tuple[int, int]:
    """Tile edge in pixels where none is given, and what tile edges are multiples of: the wide halo of objects is dear
    around small tiles."""
    choice = choices["objects"]
    if choice.method == NONE:
        return LATTICE_PX, LATTICE_PX
    method = STAGE.get(choice.method).function(facts, **choice.parameters)
    return 2 * LATTICE_PX, max(LATTICE_PX, method.cell_px)


def sizes(workflow: Workflow, bands: int, workers: int, memory: int, edges: tuple[int, int]) -> tuple[int, int, int]:
    """Tile edge in pixels, workers and expected peak in bytes: the tile shrinks, then the workers, until it fits.

    `memory` is in bytes, `edges` what `tile_edges` gives, `bands` how many are compared.
    """
    tile_px, cell_px = edges
    tile = cell_px * max(1, math.ceil((workflow.compute.chunk or tile_px) / cell_px))

    def peak(edge: int, count: int) -> int:
        # Two images and some four temporaries of their size, float32, with a halo; libraries and caches beside them.
        return int(count * (edge + 128) ** 2 * bands * 4 * 6 + (350 << 20))

    while peak(tile, workers) > memory and (tile > cell_px or workers > 1):
        tile, workers = (tile - cell_px, workers) if tile > cell_px else (tile, workers - 1)
    return tile, workers, peak(tile, workers)
