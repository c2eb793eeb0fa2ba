"""Boxes judged by their company: what stands beside, before and around each one tells boxes from gaps, and kinds apart.

A network sees a box with some thirty metres around it, and each box by itself. That a dark strip lies between two sure
boxes, that a faint box continues a row, that all others of a lot are trailers, is told here, by boosted trees on a
table of all boxes of a scene (contextual rescoring, Felzenszwalb et al. 2010, doi:10.1109/TPAMI.2009.167).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import expit

from changedet.kernels import boosted_trees
from changedet.stages.objects.kernels import edge_fit

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

REACH_M: Final = 25.0
MARGIN_M: Final = 0.6
"""How far beside a box its surroundings are looked at."""
ALONG, ACROSS = 9, 3
BLOCK: Final = 4096
"""Boxes whose neighbours are kept in memory at once."""
MOST_OTHER: Final = 8.0
OWN: Final = ("logit", "container", "margin", "gsd", "length", "width", "inside", "scatter", "side_low", "side_high")
OWN_ENDS: Final = ("end_low", "end_high", "chroma")
BESIDE: Final = ("side_most", "side_sum", "row_most", "row_sum", "parallel", "askew", "kind_near", "covered", "paler")
AROUND: Final = ("same_length", "kind_far", "crowd")
NAMES: Final = (*OWN, *OWN_ENDS, *BESIDE, *AROUND)


@dataclass(frozen=True)
class Seen:
    """What is known of each box by itself.

    Attributes
    ----------
    boxes : (n, 5) float64
        Metres, see `kernels.rectangles`.
    confidence : (n,)
        A first guess, 0 to 1.
    logit, other : (n,)
        The network's, of the peak and of being no container; NaN logit: not a peak, only company to others.
    looks : (n, 6)
        From `looks`.
    chroma : (n,)
        Between the greatest and the least median of its bands.
    gsd_m : (n,)
        Of the sensor, metres.
    """

    boxes: Floats
    confidence: Floats
    logit: Floats
    other: Floats
    looks: Floats
    chroma: Floats
    gsd_m: Floats


def _looks(bright: Any, boxes: Any, margin: float, out: Any) -> None:
    """Means and scatter inside boxes (px), means of strips beside and beyond them."""
    value = np.empty(1)
    for n in range(boxes.shape[0]):
        x, y, length, width, angle = boxes[n]
        s, c = np.sin(angle), np.cos(angle)
        total = square = 0.0
        for strip in range(5):
            rows, columns = (ACROSS, ALONG) if strip == 0 else (1, ALONG) if strip < 3 else (ACROSS, 1)
            mean = 0.0
            for i in range(rows):
                for j in range(columns):
                    u = 0.76 * length * (j / (ALONG - 1) - 0.5)
                    v = 0.6 * width * (i / (ACROSS - 1) - 0.5)
                    if strip == 1 or strip == 2:
                        v = (width / 2 + margin) * (2 * strip - 3)
                    if strip > 2:
                        u = (length / 2 + margin) * (2 * strip - 7)
                    edge_fit.sample(bright, x + u * s + v * c, y - u * c + v * s, value)
                    mean += value[0]
                    if strip == 0:
                        total += value[0]
                        square += value[0] ** 2
            out[n, strip + (strip > 0)] = mean / (rows * columns)
        count = ACROSS * ALONG
        out[n, 1] = np.sqrt(max(0.0, square / count - (total / count) ** 2))


_looks_compiled: Callable[..., None] = njit(cache=True, nogil=True)(_looks)


def looks(bright: NDArray[np.float32], boxes: Floats, pixel_m: float) -> Floats:
    """How boxes look in a stretched picture.

    Parameters
    ----------
    bright : (y, x) float32
        Brightness, no NaN.
    boxes : (n, 5) float64
        Metres from the picture's corner.
    pixel_m : float
        Of the picture.

    Returns
    -------
    (n, 6) float64
        Mean and standard deviation inside, means `MARGIN_M` beside the left and the right side, before and behind.
    """
    centred = boxes / [*[pixel_m] * 4, 1.0]
    centred[:, :2] -= 0.5
    out = np.zeros((len(boxes), 6))
    _looks_compiled(np.ascontiguousarray(bright[..., None]), centred, MARGIN_M / pixel_m, out)
    return out


def features(seen: Seen) -> NDArray[np.float32]:
    """A row (n, `NAMES`) for each box: what it is by itself, and its company.

    Company is weighed by its own confidence: boxes side by side at a row's pitch, boxes in line, parallel and askew
    ones around; how many of them are containers; a surer box in the same place; how much paler the boxes beside are.
    """
    inside, scatter, left, right, front, back = seen.looks.T
    beside, beyond = np.stack([left, right]) - inside, np.stack([front, back]) - inside
    own = [seen.logit, -seen.other, np.abs(seen.other), np.log(seen.gsd_m), seen.boxes[:, 2], seen.boxes[:, 3], inside]
    own += [scatter, beside.min(0), beside.max(0), beyond.min(0), beyond.max(0), seen.chroma]
    company = np.zeros((len(seen.boxes), len(BESIDE) + len(AROUND)))
    for start, i, j in _neighbours(seen.boxes[:, :2]):
        count = min(BLOCK, len(company) - start)
        company[start : start + count] = _company(seen, start, count, i, j)
    return np.column_stack([*own, company]).astype(np.float32)


def _neighbours(xy: Floats) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.intp]]]:
    """First box of each block, and pairs of its boxes with all others in reach, ordered by both."""
    if not len(xy):
        return
    tree = cKDTree(xy)
    for start in range(0, len(xy), BLOCK):
        found = tree.query_ball_point(xy[start : start + BLOCK], REACH_M, return_sorted=True)
        i = np.repeat(np.arange(start, start + len(found)), [len(near) for near in found])
        j = np.concatenate([np.asarray(near, np.intp) for near in found])
        yield start, i[i != j], j[i != j]


def _company(seen: Seen, start: int, count: int, i: NDArray[np.intp], j: NDArray[np.intp]) -> Floats:
    """Sums and greatest values over the neighbours of a block of boxes."""
    boxes, sure, other = seen.boxes, seen.confidence[j], expit(-np.clip(seen.other, -MOST_OTHER, MOST_OTHER))[j]
    away = boxes[j, :2] - boxes[i, :2]
    far = np.hypot(*away.T)
    s, c = np.sin(boxes[i, 4]), np.cos(boxes[i, 4])
    along, across = np.abs(away[:, 0] * s - away[:, 1] * c), np.abs(away[:, 0] * c + away[:, 1] * s)
    turn = (boxes[i, 4] - boxes[j, 4] + np.pi / 2) % np.pi - np.pi / 2
    length = (boxes[i, 2] + boxes[j, 2]) / 2
    parallel = _bell(turn / 0.12)
    side = parallel * _bell(np.maximum(0, across - 2.6) / 1.2) * (across > 1.6) * _bell(along / (0.3 * length)) * sure
    gap = along - length
    row = parallel * _bell(across / 0.8) * (gap > -1.5) * np.exp(-np.maximum(0, gap) / 4) * sure
    near, wide = np.exp(-far / 10) * sure, np.exp(-far / REACH_M) * sure
    covered = (
        (sure > seen.confidence[i]) * _bell(across / 1.2) * _bell(np.maximum(0, along - 0.3 * length) / 1.5) * sure
    )
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

    inside = seen.looks[:, 0]
    own = inside[start : start + count]
    paler = mean(inside[j], side, 0.05, own) - own
    beside = [most(side), total(side), most(row), total(row), total(parallel * near), total((1 - parallel) * near)]
    beside += [mean(other, parallel * near, 0.02, 0.5), most(covered), paler]
    return np.column_stack([*beside, total(parallel * near * same), mean(other, wide, 0.02, 0.5), total(wide)])


def _bell(x: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * x**2))


def judged(table: NDArray[np.float32], there: boosted_trees.Forest, kind: boosted_trees.Forest) -> tuple[Floats, Bools]:
    """Confidence of each row of `features`, that a box is there and of its class, and whether it is a container.

    Parameters
    ----------
    table : (n, `NAMES`) float32
    there : Forest
        Log odds that a box of any class is there.
    kind : Forest
        Log odds that a box is a container.
    """
    exists = expit(boosted_trees.margins(there, table, len(there.root)).astype(np.float64))
    container = expit(boosted_trees.margins(kind, table, len(kind.root)).astype(np.float64))
    return np.asarray(exists * np.maximum(container, 1 - container)), np.asarray(container >= 0.5)
