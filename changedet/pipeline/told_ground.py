"""Pits, banks and stripped soil of which parts are sure, marked out to the outline that the network tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bytes, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.pipeline.box_marks import BoxMarks
from changedet.pipeline.kernels.box_decisions import LEFT, STAYED
from changedet.pipeline.series_job import SeriesJob
from changedet.pipeline.worked_ground import asks_works, looks_asked
from changedet.stages.change.kernels.bare_works import APART_M, YARD_M
from changedet.stages.change.kernels.local_change_rate import SURELY_CHANGED
from changedet.stages.change.kernels.whole_ground import (
    LEAST_COVER,
    sure_of_told,
    told_halo_px,
    told_since,
    whole_ground,
)

TOLD_PROBABILITY: Final = 0.75
"""Of change, on ground that belongs to what is sure. Chosen by hand, as that of worked ground."""


class Told(NamedTuple):
    """A thing that a look shows whole.

    Attributes
    ----------
    look : int
        Among the looks after the reference.
    shape : geometry
        In the grid's CRS.
    """

    look: int
    shape: BaseGeometry


def told_on(job: SeriesJob, window: Window, scores: Singles) -> tuple[Bytes, Bytes]:
    """Since which look the network tells of a tile's pixels, and which of these are sure.

    Parameters
    ----------
    job : SeriesJob
    window : Window
        On the grid.
    scores : float32 (date, y, x)
        Of its dates, NaN is not observed.

    Returns
    -------
    told, sure : uint8 (y, x)
        Of `told_since` and `sure_of_told`; 0 everywhere where worked ground is not looked for.
    """
    if not asks_works(job):
        return np.zeros(window.shape, np.uint8), np.zeros(window.shape, np.uint8)
    gsd_m = job.grid.ground_resolution_m
    steps, crops = [], []
    for own, plants in looks_asked(job, window.grown(told_halo_px(gsd_m))):
        steps.append(own)
        crops.append(plants >= LEAST_COVER)
    told = told_since(steps, crops, gsd_m)
    return told, sure_of_told(scores, told, SURELY_CHANGED, job.in_season)


def told_whole(told: Bytes, sure: Bytes, cells: Grid, looks: int, boxes: Sequence[BoxMarks | None]) -> tuple[Told, ...]:
    """Find what is to be marked out to its outline.

    Parameters
    ----------
    told, sure : uint8 (y, x)
        Of `told_on`, on `cells`.
    cells : Grid
        Of `outlined_dates.cells_of`.
    looks : int
        After the reference.
    boxes : sequence of BoxMarks or None
        Of each of them: what lies beside boxes and in yards that were in use looks like worked ground.

    Returns
    -------
    tuple of Told
        In the order of the looks.
    """
    if not sure.any():
        return ()
    around = [shape for marks in boxes if marks is not None for shape in _around(marks, cells)]
    open_ground = cells.burn([(shape, 1) for shape in around], Window(0, 0, *cells.shape)) == 0 if around else True
    found = whole_ground(np.where(open_ground, told, np.uint8(0)), sure, looks, cells.ground_resolution_m)
    return tuple(Told(one.look, shapely.union_all(cells.outlines(one.shape, one.row, one.column))) for one in found)


def _around(marks: BoxMarks, cells: Grid) -> Sequence[BaseGeometry]:
    if not len(marks.swept):
        return ()
    stood = np.isin(marks.decision, (LEFT, STAYED))
    return list(shapely.buffer(marks.swept, np.where(stood, YARD_M, APART_M) * cells.ground_metre, quad_segs=2))


def with_told(found: Singles, near: Sequence[Told], grid: Grid, window: Window) -> Singles:
    """Mark what a look shows whole.

    Parameters
    ----------
    found : float32 (date, y, x)
        Probability of change in a window; NaN is not observed.
    near : sequence of Told
        Of `outlined_dates.shown_near`.
    grid : Grid
    window : Window
        May reach beyond the grid.

    Returns
    -------
    float32 (date, y, x)
        At least `TOLD_PROBABILITY` there, where it is observed.
    """
    if not near:
        return found
    out = found.copy()
    for look in {one.look for one in near}:
        held = grid.burn([(one.shape, 1) for one in near if one.look == look], window) > 0
        # NaN stays
        out[look][held] = np.maximum(found[look][held], np.float32(TOLD_PROBABILITY))
    return out
