"""Axes of tracks that part from each other, one after another, from where cars stand on any date."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints, Singles
from changedet.pipeline.things.kernels.siding_pictures import STEP_M
from changedet.pipeline.things.kernels.siding_tracks import ACROSS, APART_M, LEAST_M, LENGTHWISE_M, Axis

NODE_M: Final = 10.0
"""Pieces of an axis, straight each."""
STEEPEST: Final = 0.2
"""Metres across for a metre along, by which a track of a fan may leave the others: two turnouts of 1 in 9."""
TURN_COST_M: Final = 1.0
"""Metres of cars that a piece must gain to turn from the one before by a row: tracks are smooth."""
ASKEW_COST_M: Final = 0.1
"""The same for a piece to be askew by a row: where nothing stands a track goes on along the others."""
OFF: Final = -(10**6)
"""Row of a step on which a track has none of its own: another one lies there."""
MOST: Final = 40
"""Tracks of a fan."""


class _Pieces(NamedTuple):
    """Gains of pieces (turn, node, row), the rows that each turn crosses, steps of a piece."""

    gains: Floats
    turns: Ints
    steps: int


def parting(cars: Singles) -> list[Axis]:
    """Find axes of tracks, each of its own form.

    Parameters
    ----------
    cars : float32 (v, w)
        Probability that the axis of a car lies there, on any date.

    Returns
    -------
    list of Axis
        From the first row on; where a track lies nearer than `APART_M` to a surer one its row is `OFF`.
    """
    left = cars.astype(np.float64)
    rows = np.arange(len(cars))[:, None]
    found: list[Floats] = []
    for _ in range(MOST):
        way, gain = _best(left)
        if gain < LEAST_M:
            break
        left[np.abs(rows - way[None]) * STEP_M < APART_M / 2] = 0.0
        own = np.ones(len(way), bool)
        for other in found:
            own &= np.abs(way - other) * STEP_M >= APART_M
        if np.count_nonzero(own) * LENGTHWISE_M >= LEAST_M:
            found.append(np.where(own, way, OFF))
    return sorted(found, key=lambda way: float(np.median(way[way != OFF])))


def _best(cars: Floats) -> tuple[Floats, float]:
    """The rows of the axis with most cars, and how many metres of them."""
    pieces = _pieces(cars)
    turns, nodes, high = pieces.gains.shape
    cost = TURN_COST_M / LENGTHWISE_M * np.abs(pieces.turns[:, None] - pieces.turns[None])
    best, came = pieces.gains[:, 0].copy(), np.zeros((nodes, turns, high), np.int64)
    for node in range(1, nodes):
        # Rows at which each piece before ends.
        ended = np.full((turns, high), -np.inf)
        for k, turn in enumerate(pieces.turns.tolist()):
            low, top = max(0, turn), min(high, high + turn)
            ended[k, low:top] = best[k, low - turn : top - turn]
        choices = ended[None] - cost[:, :, None]
        came[node] = choices.argmax(axis=1)
        best = choices.max(axis=1) + pieces.gains[:, node]
    turn, row = np.unravel_index(int(best.argmax()), best.shape)
    return _rows(pieces, came, int(turn), int(row), cars)


def _pieces(cars: Floats) -> _Pieces:
    steps = round(NODE_M / LENGTHWISE_M)
    most = round(STEEPEST * NODE_M / STEP_M)
    turns = np.arange(-most, most + 1)
    wide = -(-cars.shape[1] // steps) * steps
    kernel = np.full(len(ACROSS), 1.0 / len(ACROSS))
    blurred = np.apply_along_axis(np.convolve, 0, np.pad(cars, ((0, 0), (0, wide - cars.shape[1]))), kernel, "same")
    padded = np.pad(blurred, ((most, most), (0, 0)))
    high = len(cars)
    gains = np.empty((len(turns), wide // steps, high))
    for k, turn in enumerate(turns.tolist()):
        shifts = np.round((np.arange(wide) % steps + 0.5) / steps * turn).astype(int)
        rows = np.arange(high)[:, None] + shifts[None] + most
        along = padded[rows, np.arange(wide)[None]].reshape(high, wide // steps, steps).sum(axis=2)
        gains[k] = along.T - ASKEW_COST_M / LENGTHWISE_M * abs(turn)
    return _Pieces(gains, turns, steps)


def _rows(pieces: _Pieces, came: Ints, turn: int, row: int, cars: Floats) -> tuple[Floats, float]:
    nodes = pieces.gains.shape[1]
    begins = np.empty(nodes + 1)
    begins[nodes] = row + pieces.turns[turn]
    for node in range(nodes - 1, -1, -1):
        begins[node] = row
        if node:
            turn = int(came[node, turn, row])
            row -= int(pieces.turns[turn])
    along = np.arange(cars.shape[1])
    way = np.interp(along + 0.5, np.arange(nodes + 1) * pieces.steps, begins)
    at = np.round(way).astype(int)
    inside = (at >= 0) & (at < len(cars))
    return way, float(cars[at[inside], along[inside]].sum()) * LENGTHWISE_M
