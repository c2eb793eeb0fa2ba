"""Rows of boxes side by side: a uniform block cut by the boxes' pitch.

Constants without another origin were chosen by hand on simulated yards.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.kernels.containers import LENGTHS_M, WIDTH_M
from changedet.stages.objects.kernels.rectangles import FIELDS

PITCH_M: Final = (2.46, 3.0)
"""Least and greatest distance between the centres of boxes side by side in a stack or a row."""
PITCH_SLACK_M: Final = 0.1
"""By which a block's pitch, with the error of its measured width, may fall short of that."""
USUAL_PITCH_M: Final = 2.6
"""Of boxes in a block: their width and `ROW_GAP_M`."""
ROW_GAP_M: Final = 0.16
"""Between two boxes of a row: a row of n boxes is so much shorter than n pitches."""
ROW_SLACK_M: Final = 0.6
"""By which a block may be narrower than two boxes at the least pitch."""


def length_error(length_m: Floats) -> Floats:
    """How far each length is from the nearest standard one.

    Parameters
    ----------
    length_m : float64 (n,)
        Measured lengths.

    Returns
    -------
    float64 (n,)
        Metres, 0 and more.
    """
    return np.asarray(np.abs(length_m[:, None] - np.array(LENGTHS_M)).min(axis=1))


def split_blocks(blocks: Floats, tolerance_m: float, most_m: float) -> tuple[Floats, Ints, Floats]:
    """Uniform rectangular blocks cut into boxes that stand side by side.

    A block can be a row where one of its sides is a standard length and the other a whole number, at least 2, of
    pitches; the number whose pitch is nearest to `USUAL_PITCH_M` is taken.

    Parameters
    ----------
    blocks : float64 (n, 5)
        Rectangles in metres.
    tolerance_m : float
        Error allowed of the standard length.
    most_m : float
        Longest row.

    Returns
    -------
    boxes : float64 (m, 5)
        Metres.
    row : int64 (m,)
        The row of `rows` that each box was cut from.
    rows : float64 (k, 5)
        The blocks that were cut, the boxes' long side first.
    """
    boxes: list[Floats] = []
    owner: list[Ints] = []
    rows: list[tuple[float, ...]] = []
    for x, y, length, width, angle in blocks:
        for a, b, turn in ((length, width, angle), (width, length, (angle + np.pi / 2) % np.pi)):
            count = _boxes_in_row(a, b, tolerance_m, most_m)
            if not count:
                continue
            pitch = (b + ROW_GAP_M) / count
            away = (np.arange(count) - (count - 1) / 2) * pitch
            same = np.tile([a, WIDTH_M, turn], (count, 1))
            boxes.append(np.column_stack([x + away * np.cos(turn), y + away * np.sin(turn), same]))
            owner.append(np.full(count, len(rows)))
            rows.append((x, y, a, b, turn))
    if not rows:
        return np.empty((0, FIELDS)), np.empty(0, np.int64), np.empty((0, FIELDS))
    return np.concatenate(boxes), np.concatenate(owner).astype(np.int64), np.array(rows)


def _boxes_in_row(length: float, across: float, tolerance_m: float, most_m: float) -> int:
    """How many boxes of one length stand in a block so wide; 0 where it can be no row."""
    if float(length_error(np.array([length]))[0]) > tolerance_m:
        return 0
    if across > most_m or across < 2 * PITCH_M[0] - ROW_SLACK_M:
        return 0
    count = max(2, round((across + ROW_GAP_M) / USUAL_PITCH_M))
    pitch = (across + ROW_GAP_M) / count
    return count if PITCH_M[0] - PITCH_SLACK_M <= pitch <= PITCH_M[1] else 0
