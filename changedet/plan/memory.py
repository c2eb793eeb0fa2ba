"""How much memory a run takes at its peak: measuring the dates, passing over tiles, or finishing.

Its numbers were read from runs of 512 to 8192 px a side, of two to five dates, by the peak of each phase;
`benchmarks/speed.py` compares them with the peaks of whole runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from changedet.blocks.windows import SAMPLE_CELL_PX, joined_tiles, sample_windows, widest_px
from changedet.imagery.block_cache import BUDGET_BYTES
from changedet.outputs.rasters.gdal_cache import LEAST_BYTES, ROWS_BYTES
from changedet.plan.model import LATTICE_PX
from changedet.stages.change.kernels.feature_names import FEATURES_HALO_PX, ROLES, names
from changedet.stages.change.kernels.network_odds import IN_COLOURS
from changedet.stages.change.kernels.outlined_ground import CELL_BYTES
from changedet.stages.change.kernels.trees import STRIP_PX

BEGUN_BYTES: Final = 310_000_000
"""Libraries and compiled functions of measuring and of tiles without boxes."""
TABLES_BYTES: Final = 110_000_000
"""Libraries of tables and of what reads and writes them: loaded where boxes are looked for, a date is finished while
others are passed over, or the tiles are done."""
STARTED_BYTES: Final = BEGUN_BYTES + TABLES_BYTES
"""All libraries, and compiled functions."""
TREES_BYTES: Final = 95_000_000
"""Forests of change and of ground, and the network of change with what runs it."""
DETECTOR_BYTES: Final = 65_000_000
"""The container network and what runs it."""
FINISHING_BYTES: Final = 75_000_000
"""GeoPackages and tables, beside the libraries."""
HALLS_STARTED_BYTES: Final = 200_000_000
"""The network of halls and what runs it on one of its tiles."""
HALLS_BYTES: Final = 25
"""For each pixel of the halls' grid: a look's colours, what the network says of it, and their temporaries."""
HALLS_KEPT_BYTES: Final = 3
"""The same for each date: log odds and what is shown, in a file that counts while it is read."""
RAILS_STARTED_BYTES: Final = 190_000_000
"""The networks of tracks and of railcars, and what runs the first on one of its tiles."""
RAILS_BYTES: Final = 30
"""For each pixel of the grid on which tracks are looked for: a look's colours and the answers for all looks."""
HALO_PX: Final = 128
"""Around a tile, both sides together."""
REFERENCE_BYTES: Final = 8
"""For each value of the sample: the reference's own, while other dates are measured."""
MEASURED_BYTES: Final = 15
"""The same of a date that is being measured: the images and their temporaries."""
REFERENCE_OVERVIEW_BYTES: Final = 4
"""For each value of the overview, the reference's own: its classes' temporaries are gone by then."""
MEASURED_OVERVIEW_BYTES: Final = 25
"""The same of a date that is being measured; of a pair of 8192 px 590 to 639 MB were taken, over many runs."""
WITNESS_BYTES: Final = 4
"""For each value of the overview and each other look that says whether a date's clouds are ground, and once more for
what most of these show."""
WITNESSED_BYTES: Final = 24
"""For each value of the overview where such looks are asked, whatever workers there are: what dates leave for the next
ones. Twelve cloudy looks of 1224 x 1224 px took 1,197 MB in this part of the run with two workers."""
WITNESSES_HELD: Final = 5
"""Such looks at once: the nearest four, `pipeline.witnesses.NEAREST_WITNESSES`, and one from half a year away."""
LENT_BYTES: Final = 2
"""For each value of sample and overview, for each thread that has no date of its own and takes over parts of one."""
MOST_LENT: Final = 6
"""Parts of a date that such threads work at, at most."""
LEFT_BYTES: Final = 4
"""For each value of sample and overview, what measuring leaves in the heaps of threads."""
TILE_BYTES: Final = 24
"""For each value of a tile with its halo."""
TREES_TILE_BYTES: Final = 48
"""The same where trees find change, beside their features."""
DATES_AT_ONCE: Final = 6
"""With more dates the tiles in which they are read together are smaller, so that their scores fit into memory."""
WAITING_BYTES: Final = 60
"""For each pixel of a tile that waits to be written where trees find change: score, evidence, what stands, scene. There
may be one more of these than workers; the only tile of a site is in `TREES_TILE_BYTES`."""
TOGETHER_HALO_M: Final = 95.0
"""Around a tile in which dates are read together, on each side: boxes, rims, the rate of change, movers and plants."""
BEYOND_GRID_M: Final = 35.0
"""Of that what lies beyond the grid, where little is looked at: movers and, for few images, what is around."""
TOGETHER_BYTES: Final = 53
"""For each pixel of such a tile with its halo and each date but one, from the peaks of a site of 2000 x 2000 px of
0.5 m on five dates (1,363 MB in this part of the run) and of a depot of 800 x 800 px of 0.3 m on eight (1,129)."""
PLAIN_BYTES: Final = 18
"""The same where no trees find change: a tile of 512 px of eleven dates by `cva` takes 46 MB, 16 bytes."""
SEASON_BYTES: Final = 52
"""For each pixel of such a tile with its halo and each date, the reference among them, where the site's seasons are
asked: a tile of 512 px of 24 dates of 10 m takes 440 MB, 51 bytes, one of twelve 36."""
SEASONS_STARTED_BYTES: Final = 170_000_000
"""Their compiled functions, and what finishing the dates leaves: eight dates of 256 px take 578 MB in all, 24 take
738."""
DRAWN_BYTES: Final = 16
"""For each cell of a footprint in coarse pixels and each date: outlines, and what is made of them. A drawn site of
1224 x 1224 px of 10 m on twelve dates, with fields of a few pixels, takes 250 MB."""
COLOURS_BYTES: Final = 450
"""For each pixel that the network of change in colours alone is shown at once, and what that of roofs adds."""
_BYTES_PER_FEATURE: Final = 4
_SCENES_IN_CACHE: Final = 2
_PAIR: Final = 2


@dataclass(frozen=True)
class Demand:
    """What the memory of a run depends on, but for its tiles and workers.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the grid.
    bands : int
        How many are compared at most.
    dates : int
        How many there are.
    overview_factor : int
        Pixels of the grid that one of the overview averages on a side.
    pixel_bytes : int
        Of a value in the scenes' files.
    by_trees : bool
        Whether trees find change.
    detects : bool
        Whether the network looks for boxes.
    halls_px : int
        Pixels of the grid that the network of halls sees, for halls and for works; 0 where it sees none.
    rails_px : int
        Pixels of the grid that the network of tracks sees; 0 where it sees none.
    gsd_m : float
        Ground size of a pixel, where dates are read together with what stands on them; else 0.
    outlines_cells : int
        Cells on which outlines of new ground are looked for; 0 where none are.
    season_halo_px : int
        Pixels around a tile that decide about it where the site's seasons are asked; 0 where they are not.
    witnesses : int
        Other looks that say of each date whether its clouds are ground; 0 where none are asked.
    lasting_cells : int
        Cells of footprints of ground that lasts, in coarse pixels; 0 where there are none.
    blocks_bytes : int
        What each thread holds of files whose blocks are large, which are decoded as a whole; 0 where there are none.
    """

    shape: tuple[int, int]
    bands: int
    dates: int
    overview_factor: int
    pixel_bytes: int
    by_trees: bool
    detects: bool
    halls_px: int = 0
    rails_px: int = 0
    gsd_m: float = 0.0
    outlines_cells: int = 0
    season_halo_px: int = 0
    witnesses: int = 0
    lasting_cells: int = 0
    blocks_bytes: int = 0


def expected_peak(demand: Demand, edge_px: int, workers: int) -> int:
    """The most memory that a run takes at once.

    Parameters
    ----------
    demand : Demand
        Of the run.
    edge_px : int
        Of a tile.
    workers : int
        Threads at work.

    Returns
    -------
    int
        Bytes.
    """
    begun = BEGUN_BYTES + TREES_BYTES * demand.by_trees + DETECTOR_BYTES * demand.detects
    sample, overview = _measured_values(demand)
    at_once = min(workers, max(1, demand.dates - 1))
    lent = min(workers - at_once, MOST_LENT)
    measuring = sample * (REFERENCE_BYTES + MEASURED_BYTES * at_once + LENT_BYTES * lent)
    date = MEASURED_OVERVIEW_BYTES + WITNESS_BYTES * (demand.witnesses + 1 if demand.witnesses else 0)
    date_free = REFERENCE_OVERVIEW_BYTES + WITNESSED_BYTES * bool(demand.witnesses)
    measuring += overview * (date_free + date * at_once + LENT_BYTES * lent)
    left = (sample + overview) * LEFT_BYTES + _cached(demand)
    passing = left + workers * _tile(demand, edge_px) + _waiting(demand, edge_px, workers)
    if demand.detects or demand.dates > _PAIR:
        passing += TABLES_BYTES
    halls = left + _halls(demand) if demand.halls_px else 0
    rails = left + RAILS_STARTED_BYTES + demand.rails_px * RAILS_BYTES if demand.rails_px else 0
    together = left + TABLES_BYTES + _together(demand, edge_px, workers)
    together += SEASONS_STARTED_BYTES if demand.season_halo_px else 0
    # Outlines are looked for between two passes over the tiles.
    outlines = left + TABLES_BYTES + demand.outlines_cells * CELL_BYTES if demand.dates > _PAIR else 0
    drawn = demand.lasting_cells * demand.dates * DRAWN_BYTES
    finishing = TABLES_BYTES + max(FINISHING_BYTES + drawn, halls, rails)
    blocks = workers * demand.blocks_bytes + (ROWS_BYTES - LEAST_BYTES if demand.blocks_bytes else 0)
    return begun + blocks + max(measuring, passing, together, outlines, finishing)


def _together(demand: Demand, edge_px: int, workers: int) -> int:
    """What workers hold of the tiles in which all dates are read together."""
    if demand.dates <= _PAIR:
        return 0
    edge = edge_px if demand.dates <= DATES_AT_ONCE else min(edge_px, LATTICE_PX)
    wide = [widest_px(size, edge) for size in demand.shape]
    if demand.season_halo_px:
        each = demand.dates * SEASON_BYTES * math.prod(size + 2 * demand.season_halo_px for size in wide)
    elif not demand.by_trees:
        each = (demand.dates - 1) * PLAIN_BYTES * math.prod(wide)
    else:
        each = _by_trees_together(demand, wide)
    return min(workers, len(joined_tiles(demand.shape, edge))) * each


def _by_trees_together(demand: Demand, wide_px: Sequence[int]) -> int:
    """What one of them holds of its tile with its halo where trees find change."""
    if not demand.gsd_m:
        return 0
    around, beyond = (math.ceil(metres / demand.gsd_m) for metres in (TOGETHER_HALO_M, BEYOND_GRID_M))
    pixels = demand.dates - 1
    for size, tile in zip(demand.shape, wide_px, strict=True):
        # Of two tiles side by side each has one side at the end of the grid.
        pixels *= min(size + 2 * beyond, tile + around + (beyond if size <= 2 * tile else around))
    return pixels * TOGETHER_BYTES


def _waiting(demand: Demand, edge_px: int, workers: int) -> int:
    """What tiles hold that were passed over and wait to be written, while others are at work."""
    tiles = len(joined_tiles(demand.shape, edge_px))
    if not demand.by_trees or tiles == 1:
        return 0
    grid, largest = math.prod(demand.shape), math.prod(widest_px(size, edge_px) for size in demand.shape)
    others = grid * (demand.dates - 1) - workers * largest
    return WAITING_BYTES * max(0, min((workers + 1) * grid // tiles, others))


def _halls(demand: Demand) -> int:
    """What looking for halls takes, beside what tiles leave."""
    return HALLS_STARTED_BYTES + demand.halls_px * (HALLS_BYTES + HALLS_KEPT_BYTES * demand.dates)


def _measured_values(demand: Demand) -> tuple[int, int]:
    """Values of a date's sample, and of its overview."""
    height, width = demand.shape
    sample = len(sample_windows(demand.shape)) * SAMPLE_CELL_PX**2
    return demand.bands * sample, demand.bands * (height * width // demand.overview_factor**2)


def _cached(demand: Demand) -> int:
    """Decoded blocks of files that are kept for all threads."""
    height, width = demand.shape
    scenes = demand.dates if demand.season_halo_px else _SCENES_IN_CACHE
    return min(BUDGET_BYTES, scenes * height * width * demand.bands * demand.pixel_bytes)


def _tile(demand: Demand, edge_px: int) -> int:
    """What a worker holds of its tile."""
    height, width = (widest_px(size, edge_px) for size in demand.shape)
    values = demand.bands * (height + HALO_PX) * (width + HALO_PX)
    if not demand.by_trees:
        return TILE_BYTES * values
    rows = min(STRIP_PX + 2 * FEATURES_HALO_PX, height + HALO_PX)
    strip = _BYTES_PER_FEATURE * len(names()) * rows * (width + HALO_PX)
    if demand.bands < len(ROLES):
        around = 2 * IN_COLOURS.halo_px
        strip = max(strip, COLOURS_BYTES * min(IN_COLOURS.shown_px, height + around) * (width + around))
    return TREES_TILE_BYTES * values + strip
