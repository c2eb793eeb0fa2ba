"""Ground that was levelled, dug or heaped in its own colour, or paved, marked on dates that are read together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import shapely

from changedet.arrays import Bools, Bytes, Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.outputs.rasters.reading import read_bands
from changedet.pipeline.box_marks import BoxMarks
from changedet.pipeline.kernels.box_decisions import LEFT, STAYED
from changedet.pipeline.series_job import SeriesJob
from changedet.pipeline.series_scores import NETWORK, PLANTS
from changedet.stages.change.kernels.bare_works import (
    APART_M,
    WIDE_M,
    YARD_M,
    bare_works,
    is_unlit,
    told_by_looks,
    works_halo_px,
)
from changedet.stages.change.kernels.movers import COLOURS, DIFFERENCES, UNKNOWN
from changedet.stages.change.kernels.new_surface import LEAST_LOOKS as LEAST_SURFACES
from changedet.stages.change.kernels.new_surface import new_surface, step_of_look
from changedet.stages.change.kernels.paved_soil import is_asked, paved_by_look, paved_halo_px, paved_since
from changedet.stages.change.kernels.wide_ground import UNSAID, half_px, whole_steps
from changedet.stages.change.method import TAUGHT_M

WORKED_PROBABILITY: Final = 0.75
"""Of change, on such ground. Chosen by hand: less than what an outline tells."""

NIR: Final = COLOURS + DIFFERENCES + 1
"""Band of what stands that tells by how much near infrared is brighter, behind classes, colours and colours' own."""


def asks_works(job: SeriesJob) -> bool:
    """Whether such ground is looked for.

    Parameters
    ----------
    job : SeriesJob

    Returns
    -------
    bool
        False where movers are not left out, no two looks have near infrared, or pixels are so coarse that the squares
        which are compared hold too few of them.
    """
    looks = sum(job.asks_rims(k) for k in range(len(job.nir)))
    return looks > 1 and job.grid.ground_resolution_m <= TAUGHT_M[1]


def boxes_reach_px(job: SeriesJob) -> int:
    """How far around a window boxes tell about its ground.

    Parameters
    ----------
    job : SeriesJob

    Returns
    -------
    int
        Pixels; 0 where such ground is not looked for.
    """
    gsd_m = job.grid.ground_resolution_m
    return 2 * half_px(WIDE_M, gsd_m) + math.ceil(YARD_M / gsd_m) if asks_works(job) else 0


def with_bare_works(found: Singles, job: SeriesJob, boxes: Sequence[BoxMarks | None], window: Window) -> Singles:
    """Mark ground that was worked where all around is bare.

    Parameters
    ----------
    found : float32 (date, y, x)
        Probability of change in the window; NaN is not observed.
    job : SeriesJob
    boxes : sequence of BoxMarks or None
        Of each date those that may lie within `boxes_reach_px` of the window.
    window : Window
        On the grid; may reach beyond it.

    Returns
    -------
    float32 (date, y, x)
        At least `WORKED_PROBABILITY` there, where it is observed.
    """
    if not asks_works(job):
        return found
    gsd_m = job.grid.ground_resolution_m
    wide = window.grown(works_halo_px(gsd_m))
    steps = steps_asked(job, wide)
    kinds = [read_bands(path, wide, 1)[0] for path in job.standing]
    told = told_by_looks(steps, kinds, gsd_m)
    if not bare_works(told, gsd_m).any():
        # few tiles hold any, and what lies beside boxes takes longer to draw
        return found
    for k in np.flatnonzero(told.any(axis=(1, 2))):
        told[k] &= ~is_unlit(read_bands(job.standing[k], wide, 1, from_band=NIR)[0], kinds[k] != UNKNOWN, gsd_m)
    works = bare_works(told & ~np.stack([_beside(marks, job.grid, wide) for marks in boxes]), gsd_m)
    return np.where(works & np.isfinite(found), np.maximum(found, np.float32(WORKED_PROBABILITY)), found)


def with_laid_ground(found: Singles, job: SeriesJob, window: Window) -> Singles:
    """Mark dark paving that was laid on bare soil, and other surfaces that stay.

    Parameters
    ----------
    found : float32 (date, y, x)
        Probability of change in the window; NaN is not observed.
    job : SeriesJob
    window : Window
        On the grid; may reach beyond it.

    Returns
    -------
    float32 (date, y, x)
        At least `WORKED_PROBABILITY` there, where it is observed.
    """
    if not asks_works(job) or not job.is_later or len(job.standing) < LEAST_SURFACES:
        return found
    gsd_m = job.grid.ground_resolution_m
    wide = window.grown(paved_halo_px(gsd_m))
    told, shown = np.zeros((2, len(job.standing), *wide.shape), np.bool_)
    looks = []
    for k, own in enumerate(steps_asked(job, wide)):
        # nothing is known of a look without near infrared
        standing = read_bands(job.standing[k], wide) if job.nir[k] else np.zeros((NIR + 1, *wide.shape), np.uint8)
        shown[k] = is_asked(own, standing)
        told[k] = paved_by_look(standing, own, gsd_m)
        looks.append(step_of_look(standing, shown[k], gsd_m))
    laid = new_surface(looks, gsd_m)
    if told.any():
        laid |= paved_since(told, shown, gsd_m)
    return np.where(laid & np.isfinite(found), np.maximum(found, np.float32(WORKED_PROBABILITY)), found)


def steps_asked(job: SeriesJob, window: Window) -> list[Bytes]:
    """Read what the network says on the dates that are asked about worked ground.

    Parameters
    ----------
    job : SeriesJob
    window : Window
        On the grid; may reach beyond it.

    Returns
    -------
    list of uint8 (y, x)
        Of `whole_steps`; all `UNSAID` in colours alone, under snow in patches, and by the light of what lasts.
    """
    return [own for own, _ in looks_asked(job, window)]


def looks_asked(job: SeriesJob, window: Window) -> Iterator[tuple[Bytes, Singles]]:
    """Read what the network and the season say, look by look.

    Parameters
    ----------
    job : SeriesJob
    window : Window
        On the grid; may reach beyond it.

    Yields
    ------
    steps : uint8 (y, x)
        As of `steps_asked`.
    plants : float32 (y, x)
        How far plants cover what bore nothing before, 0 to 1; NaN is not observed.
    """
    for k, path in enumerate(job.contrasts):
        said = read_bands(path, window, NETWORK + 1)
        own = whole_steps(said[NETWORK])
        # what lies around shows its season there, of which the network is no longer sure that nothing changed
        is_seasonal = bool(job.by_lasting) and job.by_lasting[k]
        is_asked_of = job.asks_rims(k) and not (job.patched and job.patched[k]) and not is_seasonal
        yield own if is_asked_of else np.full_like(own, UNSAID), said[PLANTS]


def _beside(marks: BoxMarks | None, grid: Grid, window: Window) -> Bools:
    """Where a box of either date stands, or nearly, and yards that were in use on the reference."""
    if marks is None or not len(marks.swept):
        return np.zeros(window.shape, np.bool_)
    stood = np.isin(marks.decision, (LEFT, STAYED))
    reach = np.where(stood, YARD_M, APART_M) * grid.ground_metre
    around = shapely.union_all(shapely.buffer(marks.swept, reach, quad_segs=2))
    return np.asarray(grid.burn([(around, 1)], window) > 0, np.bool_)
