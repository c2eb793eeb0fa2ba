"""A smooth field of shifts through those of many chips, where it predicts held-out chips better than none does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats

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
    basis = bilinear_basis(centres / spacing_px, nodes)
    rough = _roughness(nodes)
    without = typical(residuals)

    def _fitted(kept: Bools, stiffness: float) -> Floats:
        return _penalised(basis[kept], residuals[kept], weights[kept], rough, stiffness)

    left = {
        stiffness: typical(residuals - held_out(basis, partial(_fitted, stiffness=stiffness)))
        for stiffness in STIFFNESSES
    }
    best = min(STIFFNESSES, key=lambda stiffness: left[stiffness])
    if left[best] > min(LEFT_SHARE * without, without - LEAST_GAIN_PX):
        return None
    theta = _fitted(np.ones(len(residuals), bool), best)
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
    basis = bilinear_basis(centres / spacing_px, nodes.shape[1:])
    return np.asarray(basis @ nodes.reshape(2, -1).T)


def held_out(basis: Floats, fitted: Callable[[Bools], Floats]) -> Floats:
    """What a field predicts for chips that did not fit it, a part of them at a time.

    Parameters
    ----------
    basis : float64 (chip, node)
        As `bilinear_basis` gives.
    fitted : callable
        ``fitted(kept) -> float64 (node, 2)``: values at the nodes by the chips of a mask bool (chip,).

    Returns
    -------
    float64 (chip, 2)
        dy, dx in pixels.
    """
    folds = np.arange(len(basis)) % FOLDS
    predicted = np.empty((len(basis), 2))
    for fold in range(FOLDS):
        predicted[folds == fold] = basis[folds == fold] @ fitted(folds != fold)
    return predicted


def typical(residuals: Floats) -> float:
    """Median length of residual shifts.

    Parameters
    ----------
    residuals : float64 (chip, 2)
        dy, dx in pixels.

    Returns
    -------
    float
        In pixels.
    """
    return float(np.median(np.hypot(*residuals.T)))


def bilinear_basis(position: Floats, nodes: tuple[int, ...]) -> Floats:
    """How much each node counts at each position.

    Parameters
    ----------
    position : float64 (chip, 2)
        y, x in spacings of nodes.
    nodes : (int, int)
        How many, down and across.

    Returns
    -------
    float64 (chip, node)
        Row by row of the nodes.
    """
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
