"""Rows of touching boxes: splitting a uniform block by the boxes' pitch, and what a box's neighbours say about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from changedet.kernels.containers import LENGTHS_M, WIDTH_M
from changedet.stages.objects.kernels import rectangles

PITCH_M = (2.46, 3.0)
"""Least and greatest distance between the centres of boxes side by side in a stack or a row."""


def length_error(length_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each length (n,) is from the nearest standard one, metres."""
    return np.asarray(np.abs(length_m[:, None] - np.array(LENGTHS_M)).min(axis=1))


def split_blocks(
    blocks: NDArray[np.float64], tolerance_m: float, most_m: float
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Cut uniform rectangular blocks into boxes that stand side by side.

    A block can be a row where one of its sides is a standard length and the other a whole number, at least 2, of
    pitches;
    the number whose pitch is nearest to 2.6 m is taken.

    Parameters
    ----------
    blocks : (n, 5) float64
        Rectangles in metres.
    tolerance_m : allowed error of the standard length.
    most_m : longest row.

    Returns
    -------
    boxes : (m, 5) float64, metres.
    block : (m,) int64, the row of `rows` that each box was cut from.
    rows : (k, 5) float64
        The blocks that were cut, the boxes' long side first.
    """
    boxes: list[NDArray[np.float64]] = []
    owner: list[NDArray[np.int64]] = []
    rows: list[tuple[float, ...]] = []
    for x, y, length, width, angle in blocks:
        for a, b, turn in ((length, width, angle), (width, length, (angle + np.pi / 2) % np.pi)):
            if float(length_error(np.array([a]))[0]) > tolerance_m or b > most_m or b < 2 * PITCH_M[0] - 0.6:
                continue
            count = max(2, round((b + 0.16) / 2.6))
            pitch = (b + 0.16) / count
            if not PITCH_M[0] - 0.1 <= pitch <= PITCH_M[1]:
                continue
            away = (np.arange(count) - (count - 1) / 2) * pitch
            boxes.append(
                np.column_stack(
                    [x + away * np.cos(turn), y + away * np.sin(turn), np.tile([a, WIDTH_M, turn], (count, 1))]
                )
            )
            owner.append(np.full(count, len(rows)))
            rows.append((x, y, a, b, turn))
    if not rows:
        return np.empty((0, 5)), np.empty(0, np.int64), np.empty((0, 5))
    return np.concatenate(boxes), np.concatenate(owner).astype(np.int64), np.array(rows)


CONTEXT = ("beside", "ahead", "rival", "parallel", "askew")
"""Columns of `context`."""


def _seen_from(box: Any, other: Any) -> Any:
    """Another box in a box's own axes: along, across, the turn between them (0 to a right angle), their overlap."""
    dx, dy = other[0] - box[0], other[1] - box[1]
    along = dx * np.sin(box[4]) - dy * np.cos(box[4])
    across = dx * np.cos(box[4]) + dy * np.sin(box[4])
    turn = abs((other[4] - box[4] + np.pi / 2) % np.pi - np.pi / 2)
    common = 0.0
    if 4 * (dx * dx + dy * dy) < (box[2] + other[2]) ** 2:
        common = rectangles.overlap(box, other)
    return along, across, turn, common


seen_from: Callable[..., Any] = njit(cache=True, nogil=True)(_seen_from)


def _side_of(box: Any, other: Any, along: float, across: float) -> int:
    """Where a parallel neighbour touches: 0 and 1 the long sides, 2 and 3 the ends, -1 nowhere."""
    gap = abs(along) - 0.5 * (box[2] + other[2])
    if abs(along) < 0.3 * box[2] + 0.6 and 2.1 < abs(across) < 3.7:
        return 0 if across < 0 else 1
    if abs(across) < 0.9 and -0.4 < gap < 2.0:
        return 2 if along > 0 else 3
    return -1


side_of: Callable[..., int] = njit(cache=True, nogil=True)(_side_of)


def _context(boxes: Any, probability: Any, unique: Any, strong: Any, radius: float, out: Any) -> None:
    touching = np.empty(4)
    for i in range(len(boxes)):
        touching[:] = 0.0
        for j in strong:
            if i == j or np.abs(boxes[j, :2] - boxes[i, :2]).max() > radius:
                continue
            p = probability[j]
            along, across, turn, common = seen_from(boxes[i], boxes[j])
            if common > 0.12:
                # All but the same box again contend for the place.
                out[i, 2] = max(out[i, 2], p if common < 0.7 else 0.0)
                continue
            square = min(turn, abs(np.pi / 2 - turn))
            if unique[j]:
                out[i, 3] += p if square < 0.07 else 0.0
                out[i, 4] += p if square > 0.2 else 0.0
            side = side_of(boxes[i], boxes[j], along, across) if turn < 0.07 else -1
            if side >= 0:
                touching[side] = max(touching[side], p)
        out[i, 0], out[i, 1] = touching[0] + touching[1], touching[2] + touching[3]


_context_compiled: Callable[..., None] = njit(cache=True, nogil=True)(_context)


def context(boxes: NDArray[np.float64], probability: NDArray[np.float64], radius_m: float) -> NDArray[np.float64]:
    """What the other candidates say about each: neighbours side by side and end to end, rivals for its place, company.

    Parameters
    ----------
    boxes : (n, 5) float64
        Candidates in metres.
    probability : (n,) float64
        Of each to be a box, judged on its own.
    radius_m : how far to look.

    Returns
    -------
    (n, len(CONTEXT)) float64: probability of a neighbour on each long side (0 to 2) and at each end (0 to 2), of the
    best
    rival that overlaps it (0 to 1), and summed over boxes parallel or square to it and over boxes askew.
    """
    out = np.zeros((len(boxes), len(CONTEXT)))
    if len(boxes) > 1:
        unique = rectangles.suppress(boxes, probability, 0.3, 0.3)
        _context_compiled(
            np.ascontiguousarray(boxes), probability, unique, np.flatnonzero(probability > 0.02), radius_m, out
        )
    return out


def gaps(boxes: NDArray[np.float64], most: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Places between two boxes of a row that the row's pitch leaves for others.

    Parameters
    ----------
    boxes : (n, 5) float64
        Metres; those that stand beside each other need not be next to each other in the table.
    most : int
        Boxes that one gap may hold.

    Returns
    -------
    places : (m, 5) float64, metres.
    ends : (m, 2) int64, the boxes at the two ends of each place's gap.
    """
    found: list[NDArray[np.float64]] = []
    ends: list[tuple[int, int]] = []
    for i, (x, y, length, width, angle) in enumerate(boxes):
        offset = boxes[:, :2] - (x, y)
        along = offset[:, 0] * np.sin(angle) - offset[:, 1] * np.cos(angle)
        across = offset[:, 0] * np.cos(angle) + offset[:, 1] * np.sin(angle)
        turned = np.abs((boxes[:, 4] - angle + np.pi / 2) % np.pi - np.pi / 2)
        row = (np.abs(along) < 0.9) & (turned < 0.07) & (np.abs(boxes[:, 2] - length) < 1.2) & (across > 0.6 * width)
        if not row.any():
            continue
        j = int(np.flatnonzero(row)[across[row].argmin()])
        count = round(across[j] / 2.55)
        if not 2 <= count <= most + 1 or not 2.42 <= across[j] / count <= 2.72:
            continue
        share = np.arange(1, count)[:, None] / count
        middle = (1 - share) * boxes[i] + share * boxes[j]
        middle[:, 4] = angle + share[:, 0] * ((boxes[j, 4] - angle + np.pi / 2) % np.pi - np.pi / 2)
        found.append(middle)
        ends += [(i, j)] * len(middle)
    return np.concatenate([np.empty((0, 5)), *found]), np.array(ends, np.int64).reshape(-1, 2)
