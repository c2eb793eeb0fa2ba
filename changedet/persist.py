"""Masks of a series: the scores of all dates read together, tile by tile, once each date has its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from changedet.blocks import Window
from changedet.datework import DateWork, Model
from changedet.grid import Grid
from changedet.kernels import components
from changedet.kernels.persistence import CHANGED, persistent
from changedet.kernels.thresholds import NEVER
from changedet.outputs.rasters import read_bands, read_window
from changedet.plan import Plan
from changedet.tilework import described

VERSION = 1
"""Part of the masks' identity: to be raised when the kernel's result changes."""
PROBABILISTIC = ("trees",)
"""Methods whose score is a probability."""
DATES_AT_ONCE = 16
"""With more dates tiles are smaller, so that their scores fit into memory."""


@dataclass(frozen=True)
class SeriesWork:
    """The dates on one side of the reference, nearest first, and where their scores lie.

    Attributes
    ----------
    indices : tuple of int
        Of the plan's looks.
    scores, contrasts : tuple of Path
    thresholds : tuple of float
    probabilities : bool
        Whether the scores are.
    """

    grid: Grid
    indices: tuple[int, ...]
    scores: tuple[Path, ...]
    contrasts: tuple[Path, ...]
    thresholds: tuple[float, ...]
    probabilities: bool


def series_work(plan: Plan, models: Any, works: Sequence[DateWork]) -> list[SeriesWork]:
    """The series after the reference, and the one before it, read backwards."""
    after = [i for i in range(plan.reference + 1, len(plan.looks)) if works[i].compares]
    before = [i for i in reversed(range(plan.reference)) if works[i].compares]
    return [_side(plan, models, side) for side in (after, before) if side]


def _side(plan: Plan, models: Any, indices: Sequence[int]) -> SeriesWork:
    days = [plan.looks[i].date for i in indices]
    thresholds = [models[day]["change"]["threshold"] for day in days]
    return SeriesWork(
        plan.grid,
        tuple(indices),
        tuple(plan.folder.aside("score", day) for day in days),
        tuple(plan.folder.aside("contrast", day) for day in days),
        tuple(NEVER if threshold is None else float(threshold) for threshold in thresholds),
        plan.choices["change"].method in PROBABILISTIC,
    )


def series_tile(work: SeriesWork, window: Window) -> list[tuple[NDArray[np.float32], bytes, components.TileComponents]]:
    """Of each date the probability of change, the mask before cleaning, packed, and its regions."""
    scores = np.stack([read_window(path, window) for path in work.scores])
    found = persistent(scores, np.asarray(work.thresholds, np.float64), work.probabilities)
    tiles = []
    for probability, path in zip(found, work.contrasts, strict=True):
        contrast = read_bands(path, window)
        tiles.append((probability, *described(probability, CHANGED, contrast, window, work.grid)))
    return tiles


def persistent_change(model: Model) -> dict[str, Any]:
    """What the mask of a series tells of itself."""
    return {"method": model["change"]["method"], "threshold": CHANGED, "min_area_m2": model["change"]["min_area_m2"]}


def tile_px(plan: Plan, lattice_px: int) -> int:
    """Tile edge for a series of that length."""
    return plan.tile_px if len(plan.looks) <= DATES_AT_ONCE else lattice_px
