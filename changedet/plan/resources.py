"""How much of this machine a run takes: the size of its tiles, its workers and its memory."""

from __future__ import annotations

import math
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from changedet.errors import ChangedetError
from changedet.grid import Grid
from changedet.kernels.hall_pictures import MOST_PX, STEP_M
from changedet.pipeline.things.kernels import siding_pictures
from changedet.plan.memory import WITNESSES_HELD, Demand, expected_peak
from changedet.plan.model import LATTICE_PX
from changedet.stages.change.kernels.compact_marks import compact_halo_px
from changedet.stages.change.kernels.left_behind import left_halo_px
from changedet.stages.change.kernels.outlined_ground import COARSEST_M, MOST_CELLS, cells_factor
from changedet.stages.footprint.stage import footprint_method, needs_lasting
from changedet.stages.mask.kernels.cloud_outlines import SOFTNESS_LIMIT_M
from changedet.stages.objects.stage import STAGE
from changedet.stages.overview_factors import cloud_overview_factor, overview_factor
from changedet.stages.registry import NONE, Choice, Facts
from changedet.workflow import Workflow

LIBRARIES_BYTES: Final = 480 << 20
"""The peak of a run of two scenes of 40 px, measured."""

ADDRESSES_PER_WORKER: Final = 72 << 20
"""What a thread reserves without using it: its stack (8 MB) and its heap (64 MB, glibc)."""


def require_addresses(memory_bytes: int = LIBRARIES_BYTES, workers: int = 1) -> None:
    """Refuse to begin what a limit on the process's addresses (``ulimit -v``) would end somewhere in a library.

    Parameters
    ----------
    memory_bytes : int
        The expected peak.
    workers : int
        Threads at work.

    Raises
    ------
    ChangedetError
        The limit is too low; with one that would do.
    """
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return
    try:
        taken, resident = (
            int(word) * resource.getpagesize() for word in Path("/proc/self/statm").read_text().split()[:2]
        )
    except (OSError, ValueError):
        return
    least = taken + max(0, memory_bytes - resident) + (workers + 1) * ADDRESSES_PER_WORKER
    if least > limit:
        raise ChangedetError(
            f"memory: this process may take {limit / 1e9:.2f} GB of addresses (ulimit -v), but it takes about "
            f"{least / 1e9:.2f} GB; raise the limit to {math.ceil(least / 1e6) // 100 + 1}00000 kB, or bound what is "
            "really used by compute.memory"
        )


def tile_edges(choices: Mapping[str, Choice], facts: Facts) -> tuple[int, int]:
    """The size of tiles where none is given; around small tiles the wide halo of objects would be expensive.

    Parameters
    ----------
    choices : mapping of str to Choice
        The method of each stage.
    facts : Facts
        What ``auto`` chose by.

    Returns
    -------
    edge, multiple : int
        In pixels; every tile's edge is a multiple of the second.
    """
    choice = choices["objects"]
    if choice.method == NONE:
        return LATTICE_PX, LATTICE_PX
    method = STAGE.get(choice.method).function(facts, **choice.parameters)
    return 2 * LATTICE_PX, max(LATTICE_PX, method.cell_px)


def halls_px(grid: Grid) -> int:
    """How many pixels halls are looked for on.

    Parameters
    ----------
    grid : Grid
        That all dates share.

    Returns
    -------
    int
        0 where the site is too large for it.
    """
    return _pixels_of(grid, STEP_M, MOST_PX)


def rails_px(grid: Grid) -> int:
    """How many pixels railway tracks are looked for on.

    Parameters
    ----------
    grid : Grid
        That all dates share.

    Returns
    -------
    int
        0 where the site is too large for it.
    """
    return _pixels_of(grid, siding_pictures.STEP_M, siding_pictures.MOST_PX)


def outlines_cells(grid: Grid) -> int:
    """How many cells new ground is gathered on, to be looked for on earlier looks.

    Parameters
    ----------
    grid : Grid
        That all dates share.

    Returns
    -------
    int
        0 where the site is too large or too coarse for it.
    """
    rows, columns = grid.coarsened(cells_factor(grid.ground_resolution_m)).shape
    fits = grid.ground_resolution_m <= COARSEST_M and rows * columns <= MOST_CELLS
    return rows * columns if fits else 0


def season_halo_px(grid: Grid, facts: Facts) -> int:
    """How far around a tile pixels decide about it where the site's seasons are asked.

    Parameters
    ----------
    grid : Grid
        That all dates share.
    facts : Facts
        What ``auto`` chose by.

    Returns
    -------
    int
        Pixels.
    """
    ground_m = grid.ground_resolution_m
    reach_px = max(1, round(max(facts.gsd_m) / ground_m))
    return compact_halo_px(reach_px) + left_halo_px(ground_m, reach_px)


def _pixels_of(grid: Grid, ground_m: float, most: int) -> int:
    wanted = math.ceil(grid.shape[0] * grid.shape[1] * (grid.ground_resolution_m / ground_m) ** 2)
    return wanted if wanted <= most else 0


def demand_of(grid: Grid, facts: Facts, choices: Mapping[str, Choice], bands: int) -> Demand:
    """What the memory of a run depends on, but for its tiles and workers.

    Parameters
    ----------
    grid : Grid
        That all dates share.
    facts : Facts
        What ``auto`` chose by.
    choices : mapping of str to Choice
        The method of each stage.
    bands : int
        How many are compared at most.

    Returns
    -------
    Demand
        For `expected_peak`.
    """
    wanted_m = choices["mask"].parameters.get("overview_resolution_m")
    factor, asked = overview_factor(grid.shape), 0
    if wanted_m is not None:
        resolution_m = grid.ground_resolution_m
        factor = cloud_overview_factor(grid.shape, resolution_m, max(float(wanted_m), resolution_m))
        if grid.ground_resolution_m > SOFTNESS_LIMIT_M and facts.dates >= WITNESSES_HELD:
            asked = min(WITNESSES_HELD, facts.dates - 1)
    return Demand(
        shape=grid.shape,
        bands=bands,
        dates=facts.dates,
        overview_factor=factor,
        pixel_bytes=np.dtype(facts.dtype).itemsize,
        by_trees=choices["change"].method == "trees",
        detects=choices["objects"].method == "learned",
        gsd_m=grid.ground_resolution_m if choices["change"].method == "trees" else 0.0,
        outlines_cells=outlines_cells(grid),
        witnesses=asked,
        lasting_cells=math.prod(grid.shape) if needs_lasting(facts) and footprint_method(facts) is not None else 0,
    )


def sizes(
    workflow: Workflow, demand: Demand, workers: int, memory: int, edges: tuple[int, int]
) -> tuple[int, int, int]:
    """Tiles and workers that fit into memory: the tile shrinks, then the number of workers.

    Parameters
    ----------
    workflow : Workflow
        For `compute.chunk`.
    demand : Demand
        What its memory depends on.
    workers : int
        At most.
    memory : int
        Bytes that may be used.
    edges : tuple of int
        As `tile_edges` gives them.

    Returns
    -------
    tile_px, workers, memory_bytes : int
        Edge of a tile, workers, and the expected peak, which exceeds `memory` where a single small tile does.
    """
    tile_px, cell_px = edges
    tile = cell_px * max(1, math.ceil((workflow.compute.chunk or tile_px) / cell_px))

    while expected_peak(demand, tile, workers) > memory and (tile > cell_px or workers > 1):
        tile, workers = (tile - cell_px, workers) if tile > cell_px else (tile, workers - 1)
    return tile, workers, expected_peak(demand, tile, workers)
