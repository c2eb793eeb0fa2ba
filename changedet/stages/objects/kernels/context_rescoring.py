"""Boxes of the network rescored from their neighbours: beside, in line, around, in the same place.

Contextual rescoring (Felzenszwalb et al. 2010, doi:10.1109/TPAMI.2009.167) by boosted trees. The network sees some
thirty metres around a box, and scores each box by itself. That a dark strip lies between two sure boxes, that a faint
box continues a row, that all others of a lot are trailers, comes from a table of all boxes of a scene.

The constants shape the features that training/fit_company.py fits the trees on; they were chosen by hand before, and
need a new fit when they change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels import boosted_trees
from changedet.stages.objects.kernels.box_brightness import INSIDE

REACH_M: Final = 25.0
"""How far around a box others are its neighbours."""
BLOCK: Final = 4096
"""Boxes whose neighbours are kept in memory at once."""
MOST_OTHER: Final = 8.0
"""Greatest size of the class's log odds that is distinguished."""
PARALLEL_RAD: Final = 0.12
"""Width of the bell of turns (7 degrees) within which boxes are parallel."""
BESIDE_NEAREST_M: Final = 1.6
"""Least distance across of a neighbour side by side: nearer it is the same box."""
BESIDE_M, BESIDE_WIDTH_M = 2.6, 1.2
"""Usual distance across of neighbours side by side, and the width of the bell beyond it."""
BESIDE_SHIFT: Final = 0.3
"""Width of the bell of their shift along, as a share of the mean length."""
IN_LINE_WIDTH_M: Final = 0.8
"""Width of the bell of the distance across of boxes in line."""
IN_LINE_OVERLAP_M: Final = -1.5
"""Least gap between boxes in line."""
IN_LINE_GAP_M: Final = 4
"""Gap at which a box in line counts 1 / e."""
NEAR_M: Final = 10
"""Distance at which a parallel or askew box counts 1 / e."""
COVER_WIDTH_M, COVER_SHIFT, COVER_LENGTH_M = 1.2, 0.3, 1.5
"""Of a box in the same place: width of the bell across; shift along that costs nothing, as a share of the mean length;
width of the bell beyond."""
LEAST_BESIDE, LEAST_NEAR = 0.05, 0.02
"""Least sum of neighbours' weights for their mean brightness, for their mean class; below, there is none."""
NO_CLASS: Final = 0.5
"""Mean probability of a container among the neighbours of a box that has none."""
OWN: Final = ("logit", "container", "margin", "gsd", "length", "width", "inside", "scatter", "side_low", "side_high")
OWN_ENDS: Final = ("end_low", "end_high", "chroma")
BESIDE: Final = ("side_most", "side_sum", "row_most", "row_sum", "parallel", "askew", "kind_near", "covered", "paler")
AROUND: Final = ("same_length", "kind_far", "crowd")
NAMES: Final = (*OWN, *OWN_ENDS, *BESIDE, *AROUND)
"""Features of a box, as the file of the trees names them: by itself, and from its neighbours."""


@dataclass(frozen=True)
class BoxEvidence:
    """What is known of each box by itself.

    Attributes
    ----------
    boxes : float64 (n, 5)
        Metres, see `rectangles`.
    confidence : float64 (n,)
        The network's own, 0 to 1.
    logit : float64 (n,)
        Log odds of the peak; NaN for a box that was filled in, which is no peak, only a neighbour of others.
    other : float64 (n,)
        Log odds of being no container.
    brightness : float64 (n, 6)
        Of `box_brightness.surround_brightness`.
    chroma : float64 (n,)
        Between the greatest and the least median of its bands.
    gsd_m : float64 (n,)
        Pixel of the sensor, metres.
    """

    boxes: Floats
    confidence: Floats
    logit: Floats
    other: Floats
    brightness: Floats
    chroma: Floats
    gsd_m: Floats


def features(seen: BoxEvidence) -> Singles:
    """Features of each box: by itself, and from its neighbours weighed by their own confidence.

    Parameters
    ----------
    seen : BoxEvidence
        All boxes of a scene.

    Returns
    -------
    float32 (n, len(NAMES))
        Columns of `NAMES`; NaN logit where the box is no peak.
    """
    inside, scatter, left, right, front, back = seen.brightness.T
    beside, beyond = np.stack([left, right]) - inside, np.stack([front, back]) - inside
    own = [seen.logit, -seen.other, np.abs(seen.other), np.log(seen.gsd_m), seen.boxes[:, 2], seen.boxes[:, 3], inside]
    own += [scatter, beside.min(0), beside.max(0), beyond.min(0), beyond.max(0), seen.chroma]
    context = np.zeros((len(seen.boxes), len(BESIDE) + len(AROUND)))
    for start, i, j in _neighbours(seen.boxes[:, :2]):
        count = min(BLOCK, len(context) - start)
        context[start : start + count] = _context(seen, start, count, i, j)
    return np.column_stack([*own, context]).astype(np.float32)


def _neighbours(xy: Floats) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.intp]]]:
    """First box of each block, and pairs of its boxes with all others in reach, ordered by both."""
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    if not len(xy):
        return
    tree = cKDTree(xy)
    for start in range(0, len(xy), BLOCK):
        found = tree.query_ball_point(xy[start : start + BLOCK], REACH_M, return_sorted=True)
        i = np.repeat(np.arange(start, start + len(found)), [len(near) for near in found])
        j = np.concatenate([np.asarray(near, np.intp) for near in found])
        yield start, i[i != j], j[i != j]


def _context(seen: BoxEvidence, start: int, count: int, i: NDArray[np.intp], j: NDArray[np.intp]) -> Floats:
    """Sums and greatest values over the neighbours of a block of boxes."""
    # Imported here for a quick start.
    from scipy.special import expit

    boxes, sure, other = seen.boxes, seen.confidence[j], expit(-np.clip(seen.other, -MOST_OTHER, MOST_OTHER))[j]
    away = boxes[j, :2] - boxes[i, :2]
    far = np.hypot(*away.T)
    s, c = np.sin(boxes[i, 4]), np.cos(boxes[i, 4])
    along, across = np.abs(away[:, 0] * s - away[:, 1] * c), np.abs(away[:, 0] * c + away[:, 1] * s)
    turn = (boxes[i, 4] - boxes[j, 4] + np.pi / 2) % np.pi - np.pi / 2
    length = (boxes[i, 2] + boxes[j, 2]) / 2
    parallel = _bell(turn / PARALLEL_RAD)
    side = parallel * _bell(np.maximum(0, across - BESIDE_M) / BESIDE_WIDTH_M) * (across > BESIDE_NEAREST_M)
    side = side * _bell(along / (BESIDE_SHIFT * length)) * sure
    gap = along - length
    row = parallel * _bell(across / IN_LINE_WIDTH_M) * (gap > IN_LINE_OVERLAP_M)
    row = row * np.exp(-np.maximum(0, gap) / IN_LINE_GAP_M) * sure
    near, wide = np.exp(-far / NEAR_M) * sure, np.exp(-far / REACH_M) * sure
    apart = _bell(np.maximum(0, along - COVER_SHIFT * length) / COVER_LENGTH_M)
    covered = (sure > seen.confidence[i]) * _bell(across / COVER_WIDTH_M) * apart * sure
    same = _bell(boxes[i, 2] - boxes[j, 2])
    at = i - start

    def total(value: Floats) -> Floats:
        return np.bincount(at, value, minlength=count).astype(np.float64)

    def most(value: Floats) -> Floats:
        out = np.zeros(count)
        np.maximum.at(out, at, value)
        return out

    def mean(value: Floats, weight: Floats, least: float, none: float | Floats) -> Floats:
        sums = total(weight)
        return np.where(sums > least, total(weight * value) / np.maximum(sums, 1e-6), none)

    inside = seen.brightness[:, INSIDE]
    own = inside[start : start + count]
    paler = mean(inside[j], side, LEAST_BESIDE, own) - own
    beside = [most(side), total(side), most(row), total(row), total(parallel * near), total((1 - parallel) * near)]
    beside += [mean(other, parallel * near, LEAST_NEAR, NO_CLASS), most(covered), paler]
    return np.column_stack(
        [*beside, total(parallel * near * same), mean(other, wide, LEAST_NEAR, NO_CLASS), total(wide)]
    )


def _bell(x: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * x**2))


def rescored(table: Singles, there: boosted_trees.Forest, kind: boosted_trees.Forest) -> tuple[Floats, Bools]:
    """Confidence and class of each box from its features.

    Parameters
    ----------
    table : float32 (n, len(NAMES))
        Of `features`.
    there : Forest
        Log odds that a box of any class is there.
    kind : Forest
        Log odds that a box is a container.

    Returns
    -------
    confidence : float64 (n,)
        Probability that a box is there and of its class, 0 to 1.
    is_container : bool (n,)
        Its class: container, or another box.
    """
    # Imported here for a quick start.
    from scipy.special import expit

    exists = expit(boosted_trees.margins(there, table, len(there.root)).astype(np.float64))
    container = expit(boosted_trees.margins(kind, table, len(kind.root)).astype(np.float64))
    return np.asarray(exists * np.maximum(container, 1 - container)), np.asarray(container >= 0.5)
