"""Boxes on wagons: which stand on one train, in what order, and how many wagons the gaps between them hide."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.kernels.containers import LENGTH_20FT_M

SHORT_M: Final = 13.9
"""Container flat of 40 feet over its buffers (UIC 571-4)."""
LONG_M: Final = 19.8
"""Container flat of 60 feet over its buffers (UIC 571-4)."""
COUPLING_M: Final = 1.2
"""Between the decks of two wagons: buffers and the play of their couplings."""
FLUSH_M: Final = 1.5
"""Least gap between boxes of two wagons, as far as pixels of half a metre show it; on one wagon boxes stand closer."""
GAP_M: Final = 2 * LONG_M + 3 * COUPLING_M
"""Two empty wagons of 60 feet: beyond, another train begins."""
OVERLAP_M: Final = 0.8
"""By how much two boxes behind one another may overlap, as their ends are a pixel or two off; chosen by hand."""
SIDE_M: Final = 1.0
"""Half of what two parallel tracks are apart, less half a box: how far the next box may lie off a box's line."""
BEND: Final = 0.06
"""Metres across for a metre along: a curve of some 200 m between two far boxes."""
TURN_RAD: Final = float(np.radians(12.0))
"""By how much the directions of two boxes behind one another may differ; chosen by hand."""
LONGEST_BOX_M: Final = 14.0
"""Longer than any box: centres further apart than it and `GAP_M` are not neighbours."""
GAP_DIGITS: Final = 3
"""Decimals of a metre to which gaps are compared, so that ties are broken alike everywhere."""


class Gap(NamedTuple):
    """Empty wagons between two boxes.

    Attributes
    ----------
    low, high : int
        At least and at most.
    """

    low: int
    high: int


def lines_of_boxes(boxes: Floats, heading_rad: float) -> list[Ints]:
    """Find the boxes that stand behind one another in one line.

    Parameters
    ----------
    boxes : float64 (n, 5)
        x, y, length, width in metres and the long side's angle in radians, counterclockwise from x; y up.
    heading_rad : float
        Main direction of the siding, likewise: lines are read along it.

    Returns
    -------
    list of int64 arrays
        Indices of each line's boxes, first to last along the heading; single boxes are lines of one.
    """
    n = len(boxes)
    if not n:
        return []
    following = _followers(boxes, heading_rad)
    starts = sorted(set(range(n)) - set(following.values()))
    found = []
    for start in starts:
        line = [start]
        while line[-1] in following:
            line.append(following[line[-1]])
        found.append(np.array(line, np.int64))
    return found


def _followers(boxes: Floats, heading_rad: float) -> dict[int, int]:
    """Box -> the next on its line, each taken once, the least gaps first."""
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    pairs = cKDTree(boxes[:, :2]).query_pairs(GAP_M + LONGEST_BOX_M, output_type="ndarray")
    if not len(pairs):
        return {}
    turned = np.where(np.cos(boxes[:, 4] - heading_rad) < 0, np.pi, 0.0) + boxes[:, 4]
    ahead = np.column_stack([np.cos(turned), np.sin(turned)])
    first, second = np.vstack([pairs, pairs[:, ::-1]]).T
    mean = ahead[first] + ahead[second]
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
    between = boxes[second, :2] - boxes[first, :2]
    along = (between * mean).sum(1)
    across = np.abs(between[:, 0] * mean[:, 1] - between[:, 1] * mean[:, 0])
    gap = along - 0.5 * (boxes[first, 2] + boxes[second, 2])
    straight = np.abs(np.sin(turned[first] - turned[second])) <= np.sin(TURN_RAD)
    fits = straight & (along > 0) & (gap >= -OVERLAP_M) & (gap <= GAP_M) & (across <= SIDE_M + BEND * gap.clip(0))
    order = np.lexsort((second[fits], first[fits], across[fits], np.round(gap[fits], GAP_DIGITS)))
    following: dict[int, int] = {}
    taken: set[int] = set()
    for i, j in zip(first[fits][order].tolist(), second[fits][order].tolist(), strict=True):
        if i not in following and j not in taken:
            following[i] = j
            taken.add(j)
    return following


def gaps_m(boxes: Floats, line: Ints) -> Floats:
    """Measure the gaps along a line of boxes.

    Parameters
    ----------
    boxes : float64 (n, 5)
        As of `lines_of_boxes`.
    line : int64 (k,)
        Of `lines_of_boxes`.

    Returns
    -------
    float64 (k - 1,)
        Metres between the ends of neighbouring boxes.
    """
    centres, lengths = boxes[line, :2], boxes[line, 2]
    apart = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    result: Floats = apart - 0.5 * (lengths[1:] + lengths[:-1])
    return result


def empty_wagons(gap_m: float) -> Gap:
    """Bound the empty wagons that a gap between two boxes can hold.

    At most as many short ones as fit between boxes that stand at their wagons' ends; at least what is left where two
    20-foot boxes stand at the far ends of two long wagons.

    Parameters
    ----------
    gap_m : float
        Of `gaps_m`.

    Returns
    -------
    Gap
        Least and most.

    Examples
    --------
    >>> empty_wagons(3.0), empty_wagons(18.5), empty_wagons(40.0)
    (Gap(low=0, high=0), Gap(low=0, high=1), Gap(low=1, high=2))
    """
    most = int(max(0.0, gap_m - FLUSH_M) // (SHORT_M + COUPLING_M))
    loose = 2 * (LONG_M - LENGTH_20FT_M) + COUPLING_M
    least = int(np.ceil(max(0.0, gap_m - loose) / (LONG_M + COUPLING_M)))
    return Gap(min(least, most), most)


def loaded_wagons(boxes: Floats, line: Ints) -> tuple[int, int]:
    """Bound the wagons with a box.

    At least: neighbours share one as long as they fit on 60 feet; at most: any gap as wide as between two wagons parts
    them.

    Parameters
    ----------
    boxes : float64 (n, 5)
        As of `lines_of_boxes`.
    line : int64 (k,)
        Of `lines_of_boxes`.

    Returns
    -------
    (int, int)
        At least and at most.
    """
    spaces = gaps_m(boxes, line)
    most = 1 + int((spaces >= FLUSH_M).sum())
    least, used = 1, float(boxes[line[0], 2])
    for space, length in zip(spaces, boxes[line[1:], 2], strict=True):
        used += max(float(space), 0.0) + float(length)
        if used > LONG_M:
            least, used = least + 1, float(length)
    return min(least, most), most
