"""Where a date's content lies relative to the reference's, by what both show of the site and of what lies around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from changedet.arrays import Floats, Singles
from changedet.blocks import sample_windows
from changedet.grid import Grid
from changedet.grid.displacement import NODE_STEP_PX, Displacement, Shift
from changedet.kernels.block_means import block_mean
from changedet.kernels.pixel_classes import CLEAR
from changedet.kernels.together import both
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import OverviewClasses
from changedet.pipeline.samples import Sample, read_cells, unaligned_sample
from changedet.stages.align.alignment import Alignment, AlignMethod
from changedet.stages.align.chips import measured_shift
from changedet.stages.align.kernels.pose import LEAST_QUALITY, at_scale, best_pose, resampled, shows_things

COARSE_BUDGET_PX: Final = 250_000
"""Pixels of the overview in which the coarse shift is looked for: they give it to some pixels, the chips the rest."""
POSE_BUDGET_PX: Final = 17_000
"""Pixels of the overview in which a turn and a stretch are looked for, which the chips correct as they do a shift."""
LEAST_SEEN: Final = 0.25
"""Of an overview, the share that both dates must show before it is said that they show different ground."""
SHOWS_MOST: Final = 0.5
"""Share of an overview that its mask must leave open, once it is known. Chosen by hand."""
ELSEWHERE_M: Final = 3.5
"""Coarsest pixel in which what does not correlate is another place: in pixels of 10 m twelve looks of one place, fields
through a year, correlate by 4.5 to 14.3, as other places do (4.5 to 5.7)."""
ELSEWHERE: Final = (
    "it does not show the reference's ground, however it is turned, stretched or moved: check that it is of this place "
    "and lies where it says, and take a wider area if all of it was rebuilt (align: {method: none} takes it as it lies)"
)
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
    around = replace(job, grid=grid)
    if grid.shape != job.grid.shape and job.reference is not None:
        own, reference = unaligned_sample(around), unaligned_sample(replace(around, look=job.reference))
    found = _measured(around, method, own, reference)
    if not found.confident and method.turns:
        found = _posed(around, method, own, reference, found)
    margin = [(wide - narrow) // 2 for wide, narrow in zip(grid.shape, job.grid.shape, strict=True)]
    displacement = found.displacement.from_corner(margin[0], margin[1], job.grid.shape)
    return replace(found, displacement=displacement).if_significant().in_units(grid.ground_metre)


def if_shown(alignment: Alignment, masks: Sequence[OverviewClasses | None]) -> Alignment:
    """The same, but without a word of other ground where clouds hide most of a date: they are what was compared then.

    Parameters
    ----------
    alignment : Alignment
        Of `alignment_of`.
    masks : sequence of OverviewClasses or None
        Of the date and of the reference; None where nothing tells what is hidden.

    Returns
    -------
    Alignment
        Without `elsewhere` where one of the masks shows less than `SHOWS_MOST`.
    """
    if not alignment.elsewhere:
        return alignment
    shown = [float((mask.unpacked() == CLEAR).mean()) for mask in masks if mask is not None]
    if min(shown, default=1.0) >= SHOWS_MOST:
        return alignment
    return replace(alignment, elsewhere=False, reason=alignment.reason.removesuffix(f"; {ELSEWHERE}"))


def _measured(job: DateJob, method: AlignMethod, own: Sample, reference: Sample) -> Alignment:
    """By the coarse step and the chips."""
    pair, coarser = _coarse_pair(own.overview, reference.overview, COARSE_BUDGET_PX)
    factor = job.overview_factor * coarser
    corners = [(window.y, window.x) for window in sample_windows(job.grid.shape)]
    return measured_shift(method, pair, factor, (own.image, reference.image), corners, _metres(job.grid))


def _posed(job: DateJob, method: AlignMethod, own: Sample, reference: Sample, before: Alignment) -> Alignment:
    """Measured once more, turned and stretched as overviews show it; as before where they do not, or chips disagree."""
    pair, coarser = _coarse_pair(own.overview, reference.overview, POSE_BUDGET_PX)
    if np.isfinite(pair[0] + pair[1]).all(axis=0).mean() < LEAST_SEEN:
        return before
    pose = best_pose(*pair)
    if pose.quality < LEAST_QUALITY:
        if job.grid.ground_resolution_m > ELSEWHERE_M or not all(map(shows_things, pair)):
            return before
        return replace(before, elsewhere=True, reason=f"{before.reason}; {ELSEWHERE}")
    on_overview, on_grid = (at_scale(pose.matrix, factor) for factor in (coarser, coarser * job.overview_factor))
    laid = _followed_by(Displacement(), on_grid, job.grid)
    cells, quality = read_cells(job, laid.scaled(job.grid.ground_metre))
    found = _measured(job, method, Sample(resampled(own.overview, on_overview), cells, quality), reference)
    if not found.confident:
        return before
    displacement = _followed_by(found.displacement, on_grid, job.grid)
    metres = float(np.hypot(displacement.shift.east_m, displacement.shift.north_m))
    turned = (
        f"turned by {abs(pose.turn_deg):.1f} degrees, stretched by {pose.stretch - 1.0:+.1%} and {metres:.1f} m off"
    )
    return replace(found, displacement=displacement, reason=f"{turned}; {found.reason}")


def _followed_by(first: Displacement, matrix: Floats, grid: Grid) -> Displacement:
    """A displacement from the reference to a picture that was turned, then that to the picture as it is, in metres."""
    spacing = first.node_spacing_px
    if first.local_east_m is None:
        spacing = NODE_STEP_PX * -(-max(grid.shape) // NODE_STEP_PX)
    metres = _metres(grid)
    lines = [np.arange(-(-size // spacing) + 1, dtype=np.float64) * spacing for size in grid.shape]
    rows, columns = np.meshgrid(*lines, indexing="ij")
    east, north = _offset((rows, columns), first, matrix, metres)
    middle = np.array(0.5 * (grid.shape[0] - 1)), np.array(0.5 * (grid.shape[1] - 1))
    common = Shift(*(float(part) for part in _offset(middle, first, matrix, metres)))
    local_east, local_north = (
        tuple(tuple(float(value) for value in row) for row in part)
        for part in (east - common.east_m, north - common.north_m)
    )
    return Displacement(common, local_east, local_north, spacing, metres)


def _offset(pixels: tuple[Floats, Floats], first: Displacement, matrix: Floats, metres: float) -> tuple[Floats, Floats]:
    """East and north from pixels to where the second of two displacements takes what the first one finds."""
    rows, columns = pixels
    east, north = first.at(rows, columns)
    y, x = rows - north / metres, columns + east / metres
    down, right = (row[0] * y + row[1] * x + row[2] for row in matrix)
    return (right - columns) * metres, (rows - down) * metres


def _metres(grid: Grid) -> float:
    """Of a pixel's side on the ground."""
    return grid.resolution_m / grid.ground_metre


def _coarse_pair(moving: Singles, fixed: Singles, most_px: int) -> tuple[tuple[Singles, Singles], int]:
    """Overviews of so many pixels at most, and how many of their pixels were averaged on a side."""
    factor = max(1, int(np.sqrt(moving[0].size / most_px)))
    if factor == 1:
        return (moving, fixed), 1
    return both(lambda: block_mean(moving, (factor, factor)), lambda: block_mean(fixed, (factor, factor))), factor
