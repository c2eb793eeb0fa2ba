"""Boxes on wagons: which stand on one train, in what order, and how many wagons the gaps between them hide."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from changedet.kernels.containers import LENGTH_20FT_M

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHORT_M: Final = 13.9
LONG_M: Final = 19.8
"""Container flats of 40 and 60 feet over their buffers (UIC 571-4)."""
COUPLING_M: Final = 1.2
"""Between the decks of two wagons: buffers and the play of their couplings."""
FLUSH_M: Final = 1.5
"""Least gap between boxes of two wagons, as far as half a metre a pixel can tell it from that of two on one."""
GAP_M: Final = 2 * LONG_M + 3 * COUPLING_M
"""Two empty wagons of 60 feet: beyond, another train begins."""
OVERLAP_M: Final = 0.8
SIDE_M: Final = 1.0
"""Half of what two parallel tracks are apart, less half a box: how far the next box may lie off a box's line."""
BEND: Final = 0.06
"""Metres across for a metre along: a curve of some 200 m between two far boxes."""
TURN: Final = float(np.radians(12.0))


class Gap(NamedTuple):
    """Empty wagons, at least and at most, between two boxes; and whether the two may, or must, share a wagon."""

    low: int
    high: int


def trains(boxes: Floats, heading: float) -> list[Ints]:
    """Boxes that stand behind one another in one line, in order.

    Parameters
    ----------
    boxes : float64 (n, 5)
        x, y, length, width in metres and the long side's angle in radians, counterclockwise from x; y up.
    heading : float
        Main direction of the siding, likewise: lines are read along it.

    Returns
    -------
    list of int64 arrays
        Indices of each line's boxes, first to last along the heading; single boxes are lines of one.
    """
    n = len(boxes)
    if not n:
        return []
    following = _followers(boxes, heading)
    starts = sorted(set(range(n)) - set(following.values()))
    found = []
    for start in starts:
        line = [start]
        while line[-1] in following:
            line.append(following[line[-1]])
        found.append(np.array(line, np.int64))
    return found


def _followers(boxes: Floats, heading: float) -> dict[int, int]:
    """Box -> the next on its line, each taken once, the least gaps first."""
    pairs = cKDTree(boxes[:, :2]).query_pairs(GAP_M + 14.0, output_type="ndarray")
    if not len(pairs):
        return {}
    turned = np.where(np.cos(boxes[:, 4] - heading) < 0, np.pi, 0.0) + boxes[:, 4]
    ahead = np.column_stack([np.cos(turned), np.sin(turned)])
    first, second = np.vstack([pairs, pairs[:, ::-1]]).T
    mean = ahead[first] + ahead[second]
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
    between = boxes[second, :2] - boxes[first, :2]
    along = (between * mean).sum(1)
    across = np.abs(between[:, 0] * mean[:, 1] - between[:, 1] * mean[:, 0])
    gap = along - 0.5 * (boxes[first, 2] + boxes[second, 2])
    straight = np.abs(np.sin(turned[first] - turned[second])) <= np.sin(TURN)
    fits = straight & (along > 0) & (gap >= -OVERLAP_M) & (gap <= GAP_M) & (across <= SIDE_M + BEND * gap.clip(0))
    order = np.lexsort((second[fits], first[fits], across[fits], np.round(gap[fits], 3)))
    following: dict[int, int] = {}
    taken: set[int] = set()
    for i, j in zip(first[fits][order].tolist(), second[fits][order].tolist(), strict=True):
        if i not in following and j not in taken:
            following[i] = j
            taken.add(j)
    return following


def gaps(boxes: Floats, line: Ints) -> Floats:
    """Metres (n - 1,) between the ends of a line's neighbouring boxes."""
    centres, lengths = boxes[line, :2], boxes[line, 2]
    apart = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    result: Floats = apart - 0.5 * (lengths[1:] + lengths[:-1])
    return result


def empty_between(gap_m: float) -> Gap:
    """Empty wagons that a gap between two boxes can hide.

    At most as many short ones as fit between boxes that stand at their wagons' ends; at least what is left where two
    20-foot boxes stand at the far ends of two long wagons.

    >>> empty_between(3.0), empty_between(18.5), empty_between(40.0)
    (Gap(low=0, high=0), Gap(low=0, high=1), Gap(low=1, high=2))
    """
    most = int(max(0.0, gap_m - FLUSH_M) // (SHORT_M + COUPLING_M))
    loose = 2 * (LONG_M - LENGTH_20FT_M) + COUPLING_M
    least = int(np.ceil(max(0.0, gap_m - loose) / (LONG_M + COUPLING_M)))
    return Gap(min(least, most), most)


def loaded(boxes: Floats, line: Ints) -> tuple[int, int]:
    """Wagons with a box, at least and at most.

    At least: neighbours share one as long as they fit on 60 feet; at most: any gap as wide as between two wagons parts
    them.
    """
    spaces = gaps(boxes, line)
    most = 1 + int((spaces >= FLUSH_M).sum())
    least, used = 1, float(boxes[line[0], 2])
    for space, length in zip(spaces, boxes[line[1:], 2], strict=True):
        used += max(float(space), 0.0) + float(length)
        if used > LONG_M:
            least, used = least + 1, float(length)
    return min(least, most), most
