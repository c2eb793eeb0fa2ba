"""Alignments by what the shifts of chips agree on: one shift, one with a smooth field, a field alone, or their sum."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats
from changedet.grid.displacement import Displacement, Shift
from changedet.stages.align.alignment import Alignment
from changedet.stages.align.kernels.chip_shifts import MIN_QUALITY, Peak
from changedet.stages.align.kernels.consensus import BIWEIGHT_LOSS, Consensus, robust_spread
from changedet.stages.align.kernels.local_field import field_at, local_field, node_spacing
from changedet.stages.align.kernels.relief_field import ReliefField

SIGMA_FLOOR_PX: Final = 0.04
"""Standard error that all chips share, such as from shadows that moved with the sun: their scatter does not show it."""
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


def weights_of(found: Floats) -> Floats:
    """How much each chip counts.

    Parameters
    ----------
    found : float64 (chip, 4)
        As `chip_shifts` gives.

    Returns
    -------
    float64 (chip,)
        By the square of its quality.
    """
    return np.asarray(np.minimum(found[:, 2], MOST_QUALITY) - FREE_QUALITY * MIN_QUALITY) ** 2


def of_consensus(agreed: Consensus, found: Floats, centres: Floats, resolution_m: float, together: bool) -> Alignment:
    """The shift that most chips agree on, and a smooth field through those where they show one.

    Parameters
    ----------
    agreed : Consensus
        Of the chips.
    found : float64 (chip, 4)
        As `chip_shifts` gives.
    centres : float64 (chip, 2)
        y, x of the chips in pixels of the grid.
    resolution_m : float
        Of its pixels.
    together : bool
        Whether the chips gather about the peak of all of them added up.

    Returns
    -------
    Alignment
        In metres on the ground.
    """
    agree = agreed.agree
    residuals = found[agree, :2] - agreed.shift
    count = len(residuals)
    spacing = node_spacing(centres[agree])
    nodes = local_field(centres[agree], residuals, weights_of(found[agree]), spacing)
    residual_px = agreed.residual_px
    if nodes is not None:
        residual_px = robust_spread(residuals - field_at(nodes, centres[agree], spacing))
    floor_px = TOGETHER_SIGMA_PX / np.sqrt(count) if together else SIGMA_FLOOR_PX
    sigma_px = _widened(agreed.sigma_px, count, floor_px)
    if count == 1 and not together:
        residual_px, sigma_px = ALONE_SIGMA_PX, ALONE_SIGMA_PX
    locally = ", locally too" if nodes is not None else ""
    words = f"{count} of {len(found)} chips agree within {residual_px:.2f} px{locally}"
    if together:
        words += " of the peak of all chips added up"
    displacement = _displacement(agreed.shift, nodes, spacing, resolution_m)
    return Alignment(displacement, sigma_px * resolution_m, residual_px * resolution_m, count, True, words)


def of_relief(bent: ReliefField, found: Floats, centres: Floats, resolution_m: float) -> Alignment:
    """A field of shifts alone, where the ground between chips does not lie as one.

    Parameters
    ----------
    bent : ReliefField
        Through the chips.
    found : float64 (chip, 4)
        As `chip_shifts` gives.
    centres : float64 (chip, 2)
        y, x of the chips in pixels of the grid.
    resolution_m : float
        Of its pixels.

    Returns
    -------
    Alignment
        In metres on the ground.
    """
    agree = bent.agree
    count = int(agree.sum())
    field = field_at(bent.nodes, centres[agree], bent.spacing_px)
    residual_px = robust_spread(found[agree, :2] - bent.shift - field)
    sigma_px = _widened(BIWEIGHT_LOSS * residual_px / np.sqrt(count), count, SIGMA_FLOOR_PX)
    most_px = float(np.hypot(*bent.nodes).max())
    words = f"{count} of {len(found)} chips agree within {residual_px:.2f} px"
    words += f" of a field of shifts, up to {most_px:.1f} px from their middle"
    displacement = _displacement(bent.shift, bent.nodes, bent.spacing_px, resolution_m)
    return Alignment(displacement, sigma_px * resolution_m, residual_px * resolution_m, count, True, words)


def of_all(together: Peak, near: int, count: int, resolution_m: float) -> Alignment:
    """The shift that all chips show when added up, where hardly one shows it by itself.

    Parameters
    ----------
    together : Peak
        Of all chips.
    near, count : int
        Chips that show it, and all.
    resolution_m : float
        Of the grid's pixels.

    Returns
    -------
    Alignment
        In metres on the ground.
    """
    shift = Shift(together.dx * resolution_m, -together.dy * resolution_m)
    error_m = TOGETHER_FEW_SIGMA_PX * resolution_m
    words = f"{count} chips added up show a shift that {near} of them show alone"
    return Alignment(Displacement(shift), error_m, error_m, near, True, words)


def unknown(reason: str) -> Alignment:
    """At rest, as no shift is known.

    Parameters
    ----------
    reason : str
        In words.

    Returns
    -------
    Alignment
        Not confident.
    """
    return Alignment(Displacement(), np.inf, np.inf, 0, False, f"not moved: {reason}")


def _widened(sigma_px: float, count: int, floor_px: float) -> float:
    return float(np.hypot((1.0 + FEW_CHIPS / count) * sigma_px, floor_px))


def _displacement(shift: Floats, nodes: Floats | None, spacing_px: int, resolution_m: float) -> Displacement:
    dy, dx = (float(value) for value in shift)
    common = Shift(dx * resolution_m, -dy * resolution_m)
    if nodes is None:
        return Displacement(common, node_spacing_px=spacing_px)
    east, north = _rows(nodes[1] * resolution_m), _rows(-nodes[0] * resolution_m)
    return Displacement(common, east, north, spacing_px, resolution_m)


def _rows(values: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in row) for row in values)
