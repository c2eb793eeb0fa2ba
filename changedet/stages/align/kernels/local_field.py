"""A smooth field of shifts through those of many chips, where it predicts held-out chips better than none does."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats

MIN_LOCAL_CHIPS: Final = 20
"""Fewer chips than this cannot separate a smooth distortion from their own scatter."""
FOLDS: Final = 5
"""Parts of the chips that are held out in turn."""
STIFFNESSES: Final = (1.0, 10.0, 100.0)
"""Of which the held-out chips choose one."""
UNIT_STIFFNESS: Final = 0.1
"""Penalty of roughness at stiffness 1, over a chip's weight; chosen by hand."""
SIZE_PENALTY: Final = 0.01
"""Penalty of a field's size, over that of its roughness: it keeps nodes without chips from drifting."""
LEFT_SHARE, LEAST_GAIN_PX = 0.8, 0.02
"""A field must lower the median held-out residual to this share, and by so many pixels."""
CHIPS_A_NODE: Final = 6.0
"""Chips that a node stands for, at least."""


def local_field(centres: Floats, residuals: Floats, weights: Floats, spacing_px: int) -> Floats | None:
    """A smooth field through the chips' residual shifts, where it predicts held-out chips better than none does.

    Parameters
    ----------
    centres : float64 (chip, 2)
        y, x of each chip in pixels of the grid.
    residuals : float64 (chip, 2)
        dy, dx left after the common shift.
    weights : float64 (chip,)
        How much each counts.
    spacing_px : int
        Between the nodes, the first at pixel edge (0, 0); bilinear in between.

    Returns
    -------
    float64 (2, node_y, node_x) or None
        dy, dx at the nodes. None where chips are too few, or the field would not lower the median held-out residual by
        a fifth and by 0.02 px.
    """
    if len(centres) < MIN_LOCAL_CHIPS:
        return None
    nodes = tuple(int(np.ceil(centres[:, axis].max() / spacing_px)) + 1 for axis in (0, 1))
    basis = _bilinear_basis(centres / spacing_px, nodes)
    rough = _roughness(nodes)
    folds = np.arange(len(centres)) % FOLDS
    without = _typical(residuals)
    best = np.inf, 1.0
    for stiffness in STIFFNESSES:
        held = np.empty_like(residuals)
        for fold in range(FOLDS):
            kept = folds != fold
            theta = _penalised(basis[kept], residuals[kept], weights[kept], rough, stiffness)
            held[~kept] = basis[~kept] @ theta
        left = _typical(residuals - held)
        if left < best[0]:
            best = left, stiffness
    if best[0] > min(LEFT_SHARE * without, without - LEAST_GAIN_PX):
        return None
    theta = _penalised(basis, residuals, weights, rough, best[1])
    return theta.T.reshape(2, *nodes)


def node_spacing(centres: Floats) -> int:
    """Spacing of nodes that leaves some six chips for each.

    Parameters
    ----------
    centres : float64 (chip, 2)
        y, x in pixels of the grid.

    Returns
    -------
    int
        Pixels, a multiple of 256.
    """
    extent = max(float(centres.max(initial=0.0)), 256.0)
    return 256 * int(np.ceil(extent / max(1.0, np.sqrt(len(centres) / CHIPS_A_NODE)) / 256))


def field_at(nodes: Floats, centres: Floats, spacing_px: int) -> Floats:
    """A field at chip centres.

    Parameters
    ----------
    nodes : float64 (2, node_y, node_x)
        As `local_field` gives.
    centres : float64 (chip, 2)
        y, x in pixels of the grid.
    spacing_px : int
        Between the nodes.

    Returns
    -------
    float64 (chip, 2)
        dy, dx in pixels.
    """
    basis = _bilinear_basis(centres / spacing_px, nodes.shape[1:])
    return np.asarray(basis @ nodes.reshape(2, -1).T)


def _bilinear_basis(position: Floats, nodes: tuple[int, ...]) -> Floats:
    axes = []
    for axis in (0, 1):
        distance = np.abs(position[:, axis, None] - np.arange(nodes[axis]))
        axes.append(np.maximum(0.0, 1.0 - distance))
    return np.asarray(np.einsum("ki,kj->kij", axes[0], axes[1])).reshape(len(position), -1)


def _roughness(nodes: tuple[int, ...]) -> Floats:
    """Penalty matrix: squared first differences between neighbouring nodes, and a little of the size itself."""
    total = np.zeros((nodes[0] * nodes[1],) * 2)
    index = np.arange(nodes[0] * nodes[1]).reshape(nodes)
    for here, there in ((index[1:], index[:-1]), (index[:, 1:], index[:, :-1])):
        step = np.zeros((here.size, total.shape[0]))
        step[np.arange(here.size), here.ravel()] = 1
        step[np.arange(here.size), there.ravel()] = -1
        total += step.T @ step
    return total + SIZE_PENALTY * np.eye(total.shape[0])


def _penalised(
    basis: Floats,
    values: Floats,
    weights: Floats,
    rough: Floats,
    stiffness: float,
) -> Floats:
    scaled = weights / max(float(weights.mean()), 1e-30)
    left = basis.T @ (scaled[:, None] * basis) + UNIT_STIFFNESS * stiffness * rough
    return np.asarray(np.linalg.solve(left, basis.T @ (scaled[:, None] * values)))


def _typical(residuals: Floats) -> float:
    return float(np.median(np.hypot(*residuals.T)))
