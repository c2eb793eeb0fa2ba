"""A shift from chips: the coarse step on an overview, the fine one on many chips, and what they agree on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from changedet.grid.displacement import Displacement, Shift
from changedet.stages.align.alignment import Alignment, AlignMethod
from changedet.stages.align.kernels import chip_shifts as kernel

SIGMA_FLOOR_PX: Final = 0.04
"""Errors that all chips share, such as shadows that moved with the sun, do not show in their scatter."""
LEAST_CONFIDENCE: Final = 0.1
"""Of the coarse step: below it, the chips search from no shift."""
LEAST_VALID: Final = 0.25
"""Chips with a smaller share of seen pixels are left out."""


Field = Callable[[NDArray[np.float32], float], NDArray[np.complex64]]


def measured_shift(
    method: AlignMethod,
    overviews: tuple[NDArray[np.float32], NDArray[np.float32]],
    factor: int,
    cells: tuple[NDArray[np.float32], NDArray[np.float32]],
    corners: list[tuple[int, int]],
    resolution_m: float,
) -> Alignment:
    """Where the first of two images lies relative to the second: the coarse step tells the fine one where to search.

    Parameters
    ----------
    method : AlignMethod
    overviews : two (band, y, x) float32
        Of `factor` by `factor` pixels.
    factor : int
    cells : two (cell, band, y, x) float32
        The fixed sample of both.
    corners : list of (y, x)
        Of the sample's cells.
    resolution_m : float
        Pixel size of the grid.
    """
    dy, dx, confidence = method.coarse(*overviews, resolution_m * factor)
    start = (dy * factor, dx * factor) if confidence >= LEAST_CONFIDENCE else (0.0, 0.0)
    moving, centres = chips(cells[0], corners, method.chip_px)
    reference, _ = chips(cells[1], corners, method.chip_px)
    return method.refine(moving, reference, centres, resolution_m, start)


def coarse_shift(
    moving: NDArray[np.float32],
    reference: NDArray[np.float32],
    resolution_m: float | None = None,
    *,
    field: Field,
    whitening: float,
    max_shift_m: float,
) -> tuple[float, float, float]:
    """`AlignMethod.coarse` by correlation of the fields that `field` makes of both images."""
    limit = 0.25 * min(moving.shape[1:])
    if resolution_m is not None:
        limit = min(limit, max_shift_m / resolution_m + 1.0)
    spectrum = kernel.correlation_spectrum(field(moving, 1.0), field(reference, 1.0), whitening)
    dy, dx, quality, distinct = kernel.peak(spectrum, limit)
    return dy, dx, distinct if quality >= kernel.MIN_QUALITY else 0.0


def chips(
    cells: NDArray[np.float32], corners: list[tuple[int, int]], chip_px: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Cut sample cells ``(cell, band, y, x)`` into chips ``(chip, band, y, x)``, with their centres ``(chip, 2)``."""
    edge = cells.shape[2]
    size = min(chip_px, edge)
    cut, centres = [], []
    for cell, (y, x) in zip(cells, corners, strict=True):
        for top in range(0, edge - size + 1, size):
            for left in range(0, edge - size + 1, size):
                cut.append(cell[:, top : top + size, left : left + size])
                centres.append((y + top + 0.5 * size, x + left + 0.5 * size))
    return np.stack(cut), np.asarray(centres, float)


def refined_shift(
    moving_chips: NDArray[np.float32],
    reference_chips: NDArray[np.float32],
    centres_px: NDArray[np.float64],
    resolution_m: float,
    start_px: tuple[float, float] = (0.0, 0.0),
    *,
    field: Field,
    whitening: float,
    max_shift_m: float,
) -> Alignment:
    """`AlignMethod.refine` by correlation of the fields that `field` makes of each pair of chips."""
    limit = max_shift_m / resolution_m
    keep = _seen(moving_chips, reference_chips)
    if not keep.any():
        return _unknown("no chip is seen on both dates")
    fields = [
        (field(moving, 1.0), field(reference, 1.0))
        for moving, reference in zip(moving_chips[keep], reference_chips[keep], strict=True)
    ]
    centres = np.asarray(centres_px, float)[keep]
    found = kernel.chip_shifts(fields, start_px, limit, whitening)
    good = found[:, 2] >= kernel.MIN_QUALITY
    if not good.any():
        return _unknown("no texture that both dates share")
    agreed = kernel.consensus(found[good, :2], _weights(found[good]), kernel.AGREEMENT_PX)
    # Once more from the agreed place, nearby only: chips overlap fully there, and strays come home.
    close = kernel.chip_shifts(fields, tuple(agreed["shift"]), min(limit, 4.0), whitening)
    second = close[:, 2] >= kernel.MIN_QUALITY
    if second.any():
        final = kernel.consensus(close[second, :2], _weights(close[second]), kernel.AGREEMENT_PX)
    else:
        return _unknown("no texture that both dates share")
    verdict = kernel.disagreement(agreed, found[good], limit)
    if verdict:
        return _unknown(verdict)
    return _alignment(final, close[second], centres[second], resolution_m)


def _seen(moving: NDArray[np.float32], reference: NDArray[np.float32]) -> NDArray[np.bool_]:
    both = np.isfinite(moving).all(axis=1) & np.isfinite(reference).all(axis=1)
    return np.asarray(both.mean(axis=(1, 2)) >= LEAST_VALID)


def _weights(found: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.minimum(found[:, 2], 30.0) - 0.8 * kernel.MIN_QUALITY) ** 2


def _alignment(
    agreed: dict[str, Any], found: NDArray[np.float64], centres: NDArray[np.float64], resolution_m: float
) -> Alignment:
    dy, dx = (float(value) for value in agreed["shift"])
    agree = agreed["agree"]
    residuals = found[agree, :2] - agreed["shift"]
    spacing = kernel.node_spacing(centres[agree])
    nodes = kernel.local_field(centres[agree], residuals, _weights(found[agree]), spacing)
    residual_px = agreed["residual_px"]
    local: tuple[Any, Any] = (None, None)
    if nodes is not None:
        left = residuals - kernel.at_nodes(nodes, centres[agree], spacing)
        residual_px = 1.4826 * float(np.median(np.abs(left)))
        local = _rows(nodes[1] * resolution_m), _rows(-nodes[0] * resolution_m)
    # The spread of a handful of chips is itself known badly, and too small as often as too large.
    few = 1.0 + 4.0 / len(residuals)
    sigma_px = float(np.hypot(few * agreed["sigma_px"], SIGMA_FLOOR_PX))
    if len(residuals) == 1:
        residual_px, sigma_px = 0.2, 0.2
    count = int(agree.sum())
    words = f"{count} of {len(found)} chips agree within {residual_px:.2f} px" + (
        ", locally too" if local[0] is not None else ""
    )
    displacement = Displacement(Shift(dx * resolution_m, -dy * resolution_m), local[0], local[1], spacing)
    return Alignment(displacement, sigma_px * resolution_m, residual_px * resolution_m, count, True, words)


def _rows(values: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in row) for row in values)


def _unknown(reason: str) -> Alignment:
    return Alignment(Displacement(Shift(0.0, 0.0)), np.inf, np.inf, 0, False, f"not moved: {reason}")
