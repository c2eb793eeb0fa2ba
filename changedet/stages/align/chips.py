"""A shift from chips: the coarse step on an overview, the fine one on many chips, and what they agree on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeAlias

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.grid.displacement import Displacement, Shift
from changedet.kernels.together import each, together
from changedet.stages.align.alignment import Alignment, AlignMethod, CoarseShift
from changedet.stages.align.kernels.chip_shifts import (
    MIN_QUALITY,
    Peak,
    chip_shifts,
    chip_spectra,
    correlation_peak,
    correlation_spectrum,
    joint_peak,
    whole,
)
from changedet.stages.align.kernels.consensus import (
    AGREEMENT_PX,
    DISTINCT,
    Consensus,
    consensus,
    disagreement,
    robust_spread,
)
from changedet.stages.align.kernels.gradient_fields import Fields
from changedet.stages.align.kernels.local_field import field_at, local_field, node_spacing

SIGMA_FLOOR_PX: Final = 0.04
"""Standard error that all chips share, such as from shadows that moved with the sun: their scatter does not show it."""
LEAST_CONFIDENCE: Final = 0.1
"""Of the coarse step: below it, the chips search from no shift."""
MANY_CHIPS: Final = 12
"""With fewer that both dates show, in small or coarse scenes, chips of half the edge are taken: on 39 painted and
simulated pairs of 260 m in pixels of 1 m the four of 128 px are off by .38 m in the mean, and 16 of 64 px by .30 m."""
SHORT_WAY: Final = 8
"""They are so only where the coarse step finds a shift of at most one of so many parts of their edge: farther away too
little of both is seen in a small chip, and exact shifts of drawn pictures by 11 and 19 px come out .1 to .3 px off."""
LEAST_VALID: Final = 0.25
"""Chips with a smaller share of seen pixels are left out."""
LEAST_CHIP_PX: Final = 32
"""Smaller chips have too few pixels for a peak above `MIN_QUALITY`."""
COARSE_SEARCH_SHARE: Final = 0.25
"""Of an overview's edge, the farthest shift that the coarse step looks for."""
FIELD_SIGMA_PX: Final = 1.0
"""Of the Gaussian before gradients are taken: noise of single pixels has no direction."""
CLOSE_PX: Final = 4.0
"""How far around the agreed shift the chips are searched once more."""
MOST_QUALITY, FREE_QUALITY = 30.0, 0.8
"""A chip weighs by the square of its quality, cut off at the first, less the second times the least quality."""
FEW_CHIPS: Final = 4.0
"""The spread of a handful of chips is itself known badly, and too small as often as too large: the standard error is
widened by one over the chips times this."""
ALONE_SIGMA_PX: Final = 0.2
"""Standard error and residual of a single chip."""

TOGETHER_SIGMA_PX: Final = 0.5
"""Of a shift that the chips show only when added up: its standard error is at least this over the root of those that
agree. Four such pairs of simulated sites are off by .17 to .25 px, with 9 to 16 chips."""
TOGETHER_FEW_SIGMA_PX: Final = 0.8
"""The same where fewer than `FEW_CHIPS` show it by themselves: six such pairs are off by .21 to 1.6 px."""

Field: TypeAlias = Callable[[Singles, float], Fields]
"""``field(image, sigma_px) -> complex64 (band, y, x)``: what is correlated of an image float32 ``(band, y, x)``."""


def measured_shift(
    method: AlignMethod,
    overviews: tuple[Singles, Singles],
    factor: int,
    cells: tuple[Singles, Singles],
    corners: list[tuple[int, int]],
    resolution_m: float,
) -> Alignment:
    """Where the first of two images lies relative to the second; the coarse step shows the fine one where to search.

    Parameters
    ----------
    method : AlignMethod
        Both steps.
    overviews : two float32 (band, y, x)
        Of both images; NaN for no data.
    factor : int
        Pixels of the grid that one of the overviews averages on a side.
    cells : two float32 (cell, band, y, x)
        The fixed sample of both; NaN for no data.
    corners : list of (y, x)
        Of the sample's cells, in pixels of the grid.
    resolution_m : float
        Pixel size of the grid on the ground.

    Returns
    -------
    Alignment
        In metres on the ground. Not confident, and at rest, where no shift can be known.
    """
    dy, dx, confidence = method.coarse(*overviews, resolution_m * factor)
    start = (dy * factor, dx * factor) if confidence >= LEAST_CONFIDENCE else (0.0, 0.0)
    moving, centres = chips(cells[0], corners, method.chip_px)
    reference, _ = chips(cells[1], corners, method.chip_px)
    half_px = max(LEAST_CHIP_PX, method.chip_px // 2)
    if _seen(moving, reference).sum() < MANY_CHIPS and np.hypot(*start) <= half_px / SHORT_WAY:
        moving, centres = chips(cells[0], corners, half_px)
        reference, _ = chips(cells[1], corners, half_px)
    return method.refine(moving, reference, centres, resolution_m, start)


def coarse_shift(
    moving: Singles,
    reference: Singles,
    resolution_m: float | None = None,
    *,
    field: Field,
    whitening: float,
    max_shift_m: float,
) -> CoarseShift:
    """`AlignMethod.coarse` by correlation of fields.

    Parameters
    ----------
    moving, reference : float32 (band, y, x)
        Overviews; NaN for no data.
    resolution_m : float, optional
        Of the overviews' pixels; without it the search range is unknown.
    field : callable
        What is correlated, as `Field` says.
    whitening : float
        0 keeps the power of the correlation, 1 its phase alone.
    max_shift_m : float
        Search range.

    Returns
    -------
    CoarseShift
        Of confidence 0 where the correlation has no peak.
    """
    limit = COARSE_SEARCH_SHARE * min(moving.shape[1:])
    if resolution_m is not None:
        limit = min(limit, max_shift_m / resolution_m + 1.0)
    of_moving, of_reference = together([partial(field, image, FIELD_SIGMA_PX) for image in (moving, reference)])
    peak = correlation_peak(correlation_spectrum(of_moving, of_reference, whitening), limit)
    return CoarseShift(peak.dy, peak.dx, peak.distinct if peak.quality >= MIN_QUALITY else 0.0)


def chips(cells: Singles, corners: list[tuple[int, int]], chip_px: int) -> tuple[list[Singles], Floats]:
    """Cut sample cells into chips.

    Parameters
    ----------
    cells : float32 (cell, band, y, x)
        Of the fixed sample.
    corners : list of (y, x)
        Of the cells, in pixels of the grid.
    chip_px : int
        Edge of a chip; at most that of a cell.

    Returns
    -------
    cut : list of float32 (band, y, x)
        Side by side, parts of the cells; what is left at the ends of a cell is dropped.
    centres : float64 (chip, 2)
        y, x in pixels of the grid.
    """
    edge = cells.shape[2]
    size = min(chip_px, edge)
    cut, centres = [], []
    for cell, (y, x) in zip(cells, corners, strict=True):
        for top in range(0, edge - size + 1, size):
            for left in range(0, edge - size + 1, size):
                cut.append(cell[:, top : top + size, left : left + size])
                centres.append((y + top + 0.5 * size, x + left + 0.5 * size))
    return cut, np.asarray(centres, float)


def refined_shift(
    moving_chips: Sequence[Singles],
    reference_chips: Sequence[Singles],
    centres_px: Floats,
    resolution_m: float,
    start_px: tuple[float, float] = (0.0, 0.0),
    *,
    field: Field,
    whitening: float,
    max_shift_m: float,
) -> Alignment:
    """`AlignMethod.refine` by correlation of the fields of each pair of chips.

    Parameters
    ----------
    moving_chips, reference_chips : sequence of float32 (band, y, x)
        The same windows of both images; NaN for no data.
    centres_px : float64 (chip, 2)
        y, x on the common grid.
    resolution_m : float
        Of the chips' pixels.
    start_px : (float, float)
        dy, dx where to search.
    field : callable
        What is correlated, as `Field` says.
    whitening : float
        0 keeps the power of the correlation, 1 its phase alone.
    max_shift_m : float
        Search range.

    Returns
    -------
    Alignment
        Not confident, and at rest, where no shift can be known.
    """
    limit = max_shift_m / resolution_m
    keep = _seen(moving_chips, reference_chips)
    if not keep.any():
        return _unknown("no chip is seen on both dates")
    pairs = [(moving_chips[i], reference_chips[i]) for i in map(int, np.flatnonzero(keep))]
    fields = each(lambda pair: (field(pair[0], FIELD_SIGMA_PX), field(pair[1], FIELD_SIGMA_PX)), pairs)
    centres = np.asarray(centres_px, float)[keep]
    spectra = chip_spectra(fields, start_px, whitening)
    found = chip_shifts(spectra, start_px, limit)
    good = found[:, 2] >= MIN_QUALITY
    if not good.any():
        return _unknown("no texture that both dates share")
    agreed = consensus(found[good, :2], _weights(found[good]), AGREEMENT_PX)
    refusal = disagreement(agreed, found[good], limit)
    place, radius = (float(agreed.shift[0]), float(agreed.shift[1])), AGREEMENT_PX
    together = joint_peak(spectra, start_px, found[:, 2], limit)
    if (
        len(spectra) > 1
        and _is_sure(together)
        and (refusal or np.hypot(together.dy - place[0], together.dx - place[1]) > CLOSE_PX)
    ):
        place, radius, refusal = (together.dy, together.dx), CLOSE_PX, ""
    # Once more from the agreed place, nearby only: chips overlap fully there, and strays come home.
    if whole(place) != whole(start_px):
        spectra = chip_spectra(fields, place, whitening)
    close = chip_shifts(spectra, place, min(limit, CLOSE_PX))
    second = close[:, 2] >= MIN_QUALITY
    if not second.any():
        return _unknown("no texture that both dates share")
    if refusal:
        return _unknown(refusal)
    if radius == CLOSE_PX and second.sum() < FEW_CHIPS:
        return _of_all(together, int(second.sum()), len(second), resolution_m)
    final = consensus(close[second, :2], _weights(close[second]), radius)
    return _alignment(final, close[second], centres[second], resolution_m, together=radius == CLOSE_PX)


def _is_sure(together: Peak) -> bool:
    """Whether the peak of all chips together is a shift: of 400 pairs of other places the best is of quality 4.8."""
    return together.quality >= MIN_QUALITY and together.distinct >= DISTINCT


def _seen(moving: Sequence[Singles], reference: Sequence[Singles]) -> Bools:
    both = (np.isfinite(a).all(axis=0) & np.isfinite(b).all(axis=0) for a, b in zip(moving, reference, strict=True))
    return np.array([seen.mean() >= LEAST_VALID for seen in both], bool)


def _weights(found: Floats) -> Floats:
    return np.asarray(np.minimum(found[:, 2], MOST_QUALITY) - FREE_QUALITY * MIN_QUALITY) ** 2


def _alignment(agreed: Consensus, found: Floats, centres: Floats, resolution_m: float, *, together: bool) -> Alignment:
    dy, dx = (float(value) for value in agreed.shift)
    agree = agreed.agree
    residuals = found[agree, :2] - agreed.shift
    count = len(residuals)
    spacing = node_spacing(centres[agree])
    nodes = local_field(centres[agree], residuals, _weights(found[agree]), spacing)
    residual_px = agreed.residual_px
    if nodes is not None:
        residual_px = robust_spread(residuals - field_at(nodes, centres[agree], spacing))
    widened = 1.0 + FEW_CHIPS / count
    floor_px = TOGETHER_SIGMA_PX / np.sqrt(count) if together else SIGMA_FLOOR_PX
    sigma_px = float(np.hypot(widened * agreed.sigma_px, floor_px))
    if count == 1 and not together:
        residual_px, sigma_px = ALONE_SIGMA_PX, ALONE_SIGMA_PX
    locally = ", locally too" if nodes is not None else ""
    words = f"{count} of {len(found)} chips agree within {residual_px:.2f} px{locally}"
    if together:
        words += " of the peak of all chips added up"
    shift = Shift(dx * resolution_m, -dy * resolution_m)
    east_m, north_m = (
        (None, None) if nodes is None else (_rows(nodes[1] * resolution_m), _rows(-nodes[0] * resolution_m))
    )
    displacement = Displacement(shift, east_m, north_m, spacing)
    return Alignment(displacement, sigma_px * resolution_m, residual_px * resolution_m, count, True, words)


def _of_all(together: Peak, near: int, count: int, resolution_m: float) -> Alignment:
    """The shift that all chips show when added up, where hardly one shows it by itself."""
    shift = Shift(together.dx * resolution_m, -together.dy * resolution_m)
    error_m = TOGETHER_FEW_SIGMA_PX * resolution_m
    words = f"{count} chips added up show a shift that {near} of them show alone"
    return Alignment(Displacement(shift), error_m, error_m, near, True, words)


def _rows(values: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in row) for row in values)


def _unknown(reason: str) -> Alignment:
    return Alignment(Displacement(Shift(0.0, 0.0)), np.inf, np.inf, 0, False, f"not moved: {reason}")
