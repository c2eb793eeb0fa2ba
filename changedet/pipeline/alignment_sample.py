"""Where a date's content lies relative to the reference's, by what both show of the site and of what lies around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from changedet.arrays import Singles
from changedet.blocks import sample_windows
from changedet.grid.displacement import Displacement
from changedet.kernels.block_means import block_mean
from changedet.kernels.together import both
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.samples import Sample, unaligned_sample
from changedet.stages.align.alignment import Alignment
from changedet.stages.align.chips import measured_shift

COARSE_BUDGET_PX: Final = 250_000
"""Pixels of the overview in which the coarse shift is looked for: they give it to some pixels, the chips the rest."""
LEAST_SIDE_M: Final = 260.0
"""Of the ground by which two dates are aligned: of a yard that fills a smaller area of interest few chips show a shift,
and all show roofs that lean (docs/research/change.md, "Small chips"). The side of the sites of the judges."""


def alignment_of(job: DateJob, own: Sample, reference: Sample | None) -> Alignment:
    """Measure where a date's content lies, relative to the reference.

    Around an area of interest that is small, the ground beside it is read too, as far as the scenes show it.

    Parameters
    ----------
    job : DateJob
    own : Sample
        Of the date, unaligned.
    reference : Sample or None
        Of the reference date; None where this is it.

    Returns
    -------
    Alignment
        Its displacement in units of the CRS, at rest where no shift can be known or where it lies within its own error.
    """
    if reference is None:
        return Alignment(Displacement(), 0.0, 0.0, 0, True, "the reference")
    method = job.methods.align
    if method is None:
        return Alignment(Displacement(), np.inf, np.inf, 0, False, "not moved: switched off")
    grid = job.grid.widened(LEAST_SIDE_M)
    if grid.shape != job.grid.shape and job.reference is not None:
        around = replace(job, grid=grid)
        own, reference = unaligned_sample(around), unaligned_sample(replace(around, look=job.reference))
    pair, coarser = _coarse_pair(own.overview, reference.overview)
    factor = job.overview_factor * coarser
    corners = [(window.y, window.x) for window in sample_windows(grid.shape)]
    unit = grid.ground_metre
    found = measured_shift(method, pair, factor, (own.image, reference.image), corners, grid.resolution_m / unit)
    return found.if_significant().in_units(unit)


def _coarse_pair(moving: Singles, fixed: Singles) -> tuple[tuple[Singles, Singles], int]:
    """Overviews small enough for one correlation, and how many of their pixels were averaged on a side."""
    factor = max(1, int(np.sqrt(moving[0].size / COARSE_BUDGET_PX)))
    if factor == 1:
        return (moving, fixed), 1
    return both(lambda: block_mean(moving, (factor, factor)), lambda: block_mean(fixed, (factor, factor))), factor
