"""A shift from chips: the coarse step on an overview, the fine one on many chips, and what they agree on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeAlias

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.together import each, together
from changedet.stages.align.agreed import FEW_CHIPS, of_all, of_consensus, of_relief, unknown, weights_of
from changedet.stages.align.alignment import Alignment, AlignMethod, CoarseShift, Refined
from changedet.stages.align.kernels.chip_shifts import (
    MIN_QUALITY,
    NO_PEAK,
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
    consensus,
    disagreement,
)
from changedet.stages.align.kernels.gradient_fields import Fields
from changedet.stages.align.kernels.relief_field import relief_field

LEAST_CONFIDENCE: Final = 0.1
"""Of the coarse step: below it, the chips search from no shift."""
WIDER: Final = 2
"""Times their edge that chips are cut where smaller ones show no shift, or only added up: more dull ground lies in
each, but beside what leans or moved."""
MANY_CHIPS: Final = 20
"""With fewer that both dates show, in small or coarse scenes, chips of half the edge are tried first."""
LEAST_VALID: Final = 0.25
"""Chips with a smaller share of seen pixels are left out."""
LEAST_PX: Final = 512
"""Seen pixels of a chip: of a strip along the edge of what is seen the edge itself, which stays, is correlated."""
LEAST_CHIP_PX: Final = 32
"""Smaller chips have too few pixels for a peak above `MIN_QUALITY`."""
COARSE_SEARCH_SHARE: Final = 0.25
"""Of an overview's edge, the farthest shift that the coarse step looks for."""
FIELD_SIGMA_PX: Final = 1.0
"""Of the Gaussian before gradients are taken: noise of single pixels has no direction."""
CLOSE_PX: Final = 4.0
"""How far around the agreed shift the chips are searched once more."""
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
    start = whole((dy * factor, dx * factor)) if confidence >= LEAST_CONFIDENCE else (0, 0)
    best = unknown("")
    for edge in _edges(cells, method):
        reference, centres = chips(cells[1], corners, edge)
        moving, _ = chips(cells[0], corners, edge, start)
        found = method.refine(moving, reference, centres, resolution_m, start)
        if found.alignment.confident and not found.added_up:
            return found.alignment
        if found.alignment.confident or not best.confident:
            best = found.alignment
    return best


def _edges(cells: tuple[Singles, Singles], method: AlignMethod) -> list[int]:
    """Edges of chips in the order in which they are tried."""
    moving, reference = (chips(own, [(0, 0)] * len(own), method.chip_px)[0] for own in cells)
    few = _seen(moving, reference).sum() < MANY_CHIPS
    least = min(method.chip_px, max(method.least_chip_px, method.chip_px // WIDER)) if few else method.chip_px
    return sorted({least, method.chip_px, WIDER * method.chip_px})


def coarse_shift(
    moving: Singles,
    reference: Singles,
    resolution_m: float,
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
    resolution_m : float
        Of the overviews' pixels.
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
    limit = min(COARSE_SEARCH_SHARE * min(moving.shape[1:]), max_shift_m / resolution_m + 1.0)
    of_moving, of_reference = together([partial(field, image, FIELD_SIGMA_PX) for image in (moving, reference)])
    peak = correlation_peak(correlation_spectrum(of_moving, of_reference, whitening), limit)
    return CoarseShift(peak.dy, peak.dx, peak.distinct if peak.quality >= MIN_QUALITY else 0.0)


def chips(
    cells: Singles, corners: list[tuple[int, int]], chip_px: int, away_px: tuple[int, int] = (0, 0)
) -> tuple[list[Singles], Floats]:
    """Cut sample cells into chips.

    Parameters
    ----------
    cells : float32 (cell, band, y, x)
        Of the fixed sample.
    corners : list of (y, x)
        Of the cells, in pixels of the grid.
    chip_px : int
        Edge of a chip; at most that of a cell.
    away_px : (int, int)
        By how much their content lies farther down and right than the chips.

    Returns
    -------
    cut : list of float32 (band, y, x)
        Side by side, parts of the cells; what is left at the ends of a cell is dropped. NaN beyond the cell.
    centres : float64 (chip, 2)
        y, x in pixels of the grid.
    """
    edge = cells.shape[2]
    size = min(chip_px, edge)
    cut, centres = [], []
    for cell, (y, x) in zip(cells, corners, strict=True):
        for top in range(0, edge - size + 1, size):
            for left in range(0, edge - size + 1, size):
                cut.append(_window(cell, top + away_px[0], left + away_px[1], size))
                centres.append((y + top + 0.5 * size, x + left + 0.5 * size))
    return cut, np.asarray(centres, float)


def _window(cell: Singles, top: int, left: int, size: int) -> Singles:
    """A square of a cell, NaN where it reaches beyond."""
    edge = cell.shape[1]
    rows, columns = (slice(max(0, first), max(0, min(edge, first + size))) for first in (top, left))
    inside = cell[:, rows, columns]
    if inside.shape[1:] == (size, size):
        return inside
    window = np.full((len(cell), size, size), np.nan, cell.dtype)
    y, x = max(0, -top), max(0, -left)
    window[:, y : y + inside.shape[1], x : x + inside.shape[2]] = inside
    return window


def refined_shift(
    moving_chips: Sequence[Singles],
    reference_chips: Sequence[Singles],
    centres_px: Floats,
    resolution_m: float,
    start_px: tuple[int, int],
    *,
    field: Field,
    whitening: float,
    max_shift_m: float,
) -> Refined:
    """`AlignMethod.refine` by correlation of the fields of each pair of chips.

    Parameters
    ----------
    moving_chips, reference_chips : sequence of float32 (band, y, x)
        Windows of both images; NaN for no data.
    centres_px : float64 (chip, 2)
        y, x of the reference's on the common grid.
    resolution_m : float
        Of the chips' pixels.
    start_px : (int, int)
        dy, dx by which the moving windows lie from the reference's, about which shifts are searched.
    field : callable
        What is correlated, as `Field` says.
    whitening : float
        0 keeps the power of the correlation, 1 its phase alone.
    max_shift_m : float
        Search range.

    Returns
    -------
    Refined
        Not confident, and at rest, where no shift can be known.
    """
    limit = max_shift_m / resolution_m
    keep = _seen(moving_chips, reference_chips)
    if not keep.any():
        return Refined(unknown("no chip is seen on both dates"))
    pairs = [(moving_chips[i], reference_chips[i]) for i in map(int, np.flatnonzero(keep))]
    fields = each(lambda pair: (field(pair[0], FIELD_SIGMA_PX), field(pair[1], FIELD_SIGMA_PX)), pairs)
    centres = np.asarray(centres_px, float)[keep]
    spectra = chip_spectra(fields, (0, 0), whitening)
    found = chip_shifts(spectra, start_px, limit)
    good = found[:, 2] >= MIN_QUALITY
    if not good.any():
        return Refined(unknown("no texture that both dates share"))
    bent = relief_field(centres[good], found[good, :2], weights_of(found[good]))
    if bent is not None and np.hypot(*bent.shift) <= limit:
        return Refined(of_relief(bent, found[good], centres[good], resolution_m))
    together = joint_peak(spectra, start_px, found[:, 2], limit) if len(spectra) > 1 else NO_PEAK
    place, radius, refusal = _place(found[good], together, limit)
    if refusal:
        return Refined(unknown(refusal))
    # Once more from the agreed place, nearby only: chips overlap fully there, and strays come home.
    dy, dx = whole(place)
    if (dy, dx) != start_px:
        spectra = chip_spectra(fields, (dy - start_px[0], dx - start_px[1]), whitening)
    close = chip_shifts(spectra, place, min(limit, CLOSE_PX))
    second = close[:, 2] >= MIN_QUALITY
    if not second.any():
        return Refined(unknown("no texture that both dates share"))
    if radius == CLOSE_PX and second.sum() < FEW_CHIPS:
        return Refined(of_all(together, int(second.sum()), len(second), resolution_m), added_up=True)
    final, added_up = consensus(close[second, :2], weights_of(close[second]), radius), radius == CLOSE_PX
    return Refined(of_consensus(final, close[second], centres[second], resolution_m, added_up), added_up)


def _place(found: Floats, together: Peak, limit_px: float) -> tuple[tuple[float, float], float, str]:
    """Where to look closer, how far, and why no shift is accepted: what most chips show, or all of them added up.

    Of 400 pairs of other places the best peak of all chips together is of quality 4.8, below `MIN_QUALITY`.
    """
    agreed = consensus(found[:, :2], weights_of(found), AGREEMENT_PX)
    place = float(agreed.shift[0]), float(agreed.shift[1])
    refusal = disagreement(agreed, found, limit_px)
    elsewhere = np.hypot(together.dy - place[0], together.dx - place[1]) > CLOSE_PX
    if together.quality < MIN_QUALITY or not (refusal or elsewhere):
        return place, AGREEMENT_PX, refusal
    if together.distinct >= DISTINCT and np.hypot(together.dy, together.dx) <= limit_px:
        return (together.dy, together.dx), CLOSE_PX, ""
    return place, AGREEMENT_PX, refusal or "most chips show one shift, and all of them added up another"


def _seen(moving: Sequence[Singles], reference: Sequence[Singles]) -> Bools:
    both = (np.isfinite(a).all(axis=0) & np.isfinite(b).all(axis=0) for a, b in zip(moving, reference, strict=True))
    return np.array([seen.mean() >= LEAST_VALID and seen.sum() >= LEAST_PX for seen in both], bool)
