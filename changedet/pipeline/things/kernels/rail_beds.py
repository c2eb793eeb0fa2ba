"""Beds of railway tracks side by side, traced through what the network of tracks says of each metre."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bytes, Floats, Singles
from changedet.kernels.components import drop_small_components

ANSWERS: Final = ("bed", "cosine", "sine")
"""Of the network for each cell: log odds of ballast or a car, cosine and sine of twice the angle of the tracks from the
rows' direction."""
BED: Final = 0
CELL_M: Final = 1.0
"""Cell of the network's answer."""
ON: Final = 0.5
"""Probability of a bed from which on a cell is one."""
STEP_M: Final = 2.0
"""From one point of a bed to the next."""
WIDEST_M: Final = 40.0
"""From the middle of a bed to its edge: sixteen tracks; what is wider is taken in parts."""
HOLE_M: Final = 3.0
"""Across a bed, what is none for so long ends it."""
WIDENS_M: Final = 1.0
"""By how much each edge may leave the middle from one point to the next: tracks of a fan part by less."""
CENTRED_M: Final = 0.06
"""By how much a point is moved towards the middle of its bed: it follows the tracks' direction, edges are not sharp."""
LONGEST_GAP_M: Final = 24.0
"""Carried on straight so far at most: the beam of a crane and its shade."""
STEER: Final = 0.3
"""Share of the network's direction in that of the next step."""
STRAY: Final = 0.9
"""Cosine of the angle between a bed and the direction that the network gives, below which the place is none of it."""
AROUND_PX: Final = 9
"""Cells over which directions are averaged, along and across; then they are over the width of the bed."""
LEAST_M2: Final = 250.0
"""Smaller parts are no beds: a siding of 60 m has 240 m2."""
LEAST_LENGTH_M: Final = 60.0
"""Shorter ones are none: a few boxes in a row, a roof's edge."""
LEAST_MEAN: Final = 0.85
"""Mean probability along the middle of a bed."""
SLENDER: Final = 1.5
"""Times that a bed is longer than wide at least."""
STIFF_M: Final = 150.0
"""Between the knots of the spline through the middle of a bed: its edges are not sharp, tracks are smooth."""
CUBIC: Final = 3
"""Degree of the spline."""
STRAIGHT_M: Final = 40.0
"""Before an end, by which a bed is carried on."""
BEYOND_M: Final = 14.0
"""Carried on so far: the network is not sure of the last car's end."""
EDGE_M: Final = 50.0
"""Carried on to the picture's edge within: there the network sees but half of what is around."""
LARGEST: Final = 20.0
"""Log odds beyond which a probability is 0 or 1."""


LEAST_LOOKS: Final = 3
"""From so many looks on each place's least log odds are left out: a crane's beam, shade or a cloud hides tracks, and
nothing that is none is taken for them on all other looks. Chosen on painted rail 91 to 96, with 68 series of sites
without tracks in view, on which it finds none."""


class Bed(NamedTuple):
    """Tracks side by side.

    Attributes
    ----------
    points : float64 (n, 2)
        Column and row of its middle in cells, (0, 0) being the corner of the first, `STEP_M` apart.
    left, right : float64 (n,)
        Metres from there to its edges.
    share : float
        Mean probability along its middle.
    """

    points: Floats
    left: Floats
    right: Floats
    share: float


def mean_answer(total: Singles, lowest: Singles, looks: Singles) -> Singles:
    """Mean of the answers of some looks, without the least sure one of a bed.

    Parameters
    ----------
    total : float32 (3, y, x)
        Sums of `ANSWERS`; changed here.
    lowest : float32 (y, x)
        Least log odds of a bed.
    looks : float32 (y, x)
        Looks that show the place.

    Returns
    -------
    float32 (3, y, x)
        NaN where none shows it.
    """
    many = looks >= LEAST_LOOKS
    total[BED] -= np.where(many, lowest, 0.0)
    total[BED] /= np.maximum(looks - many, 1)
    total[BED + 1 :] /= np.maximum(looks, 1)
    total[:, looks == 0] = np.nan
    return total


ROW: Final = 5
"""Figures of a point while a bed is traced: column, row, metres to both edges, probability."""


class _Field(NamedTuple):
    share: Singles
    along: Singles
    free: Bytes


def beds_of(odds: Singles) -> list[Bed]:
    """Trace the beds of a site.

    Parameters
    ----------
    odds : float32 (3, y, x)
        `ANSWERS` of each cell, in the mean of all looks; NaN is not seen.

    Returns
    -------
    list of Bed
        The widest first.
    """
    share = 1.0 / (1.0 + np.exp(-np.clip(np.nan_to_num(odds[BED], nan=-LARGEST), -LARGEST, LARGEST)))
    on = drop_small_components((share >= ON).astype(np.uint8), round(LEAST_M2 / CELL_M**2))
    weighted = np.moveaxis(np.nan_to_num(odds[1:3]) * on, 0, 2).astype(np.float32)
    field = _Field(share.astype(np.float32), cv2.blur(weighted, (AROUND_PX, AROUND_PX)), on)
    found = []
    inner = cv2.distanceTransform(np.pad(field.free, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    for k in np.argsort(-inner, axis=None, kind="stable")[: int((inner >= 1.0).sum())].tolist():
        row, column = divmod(k, inner.shape[1])
        if not field.free[row, column]:
            continue
        bed = _traced(field, np.array([column + 0.5, row + 0.5]))
        # What is no bed is taken too, so that not every cell of it is tried.
        _take(field.free, bed)
        wide = float(np.median(bed.left + bed.right))
        long = len(bed.points) * STEP_M
        if long >= max(LEAST_LENGTH_M, SLENDER * wide) and bed.share >= LEAST_MEAN:
            found.append(_extended(_straightened(bed), inner.shape))
    return found


def _traced(field: _Field, seed: Floats) -> Bed:
    angle = _angle(field, seed, np.array([1.0, 0.0]), (0.0, 0.0))
    ahead = np.array([np.cos(angle), np.sin(angle)])
    edges = _edges(field, seed, ahead, (WIDEST_M, WIDEST_M))
    seed = seed + (edges[1] - edges[0]) / 2 / CELL_M * np.array([-ahead[1], ahead[0]])
    half = sum(edges) / 2
    forward, backward = _walk(field, seed, ahead, half), _walk(field, seed, -ahead, half)
    own = np.array([[*seed, half, half, _at(field.share, seed)]])
    # Going back, left is right.
    rows = np.concatenate([backward[::-1][:, [0, 1, 3, 2, 4]], own, forward])
    return Bed(rows[:, :2], rows[:, 2], rows[:, 3], float(rows[:, 4].mean()))


def _walk(field: _Field, place: Floats, ahead: Floats, half: float) -> Floats:
    """Points, metres to both edges and probabilities (n, 5) of a bed from a place on, in one direction."""
    high, wide = field.share.shape
    left = right = half
    found: list[tuple[float, ...]] = []
    sure = 0
    while True:
        place = place + STEP_M / CELL_M * ahead
        if not (0 <= place[0] < wide and 0 <= place[1] < high):
            break
        angle = _angle(field, place, ahead, (left, right))
        way = np.array([np.cos(angle), np.sin(angle)])
        way = way if way @ ahead >= 0 else -way
        is_on = bool(_at(field.free, place)) and way @ ahead >= STRAY
        if is_on:
            side = np.array([-ahead[1], ahead[0]])
            left, right = _edges(field, place, ahead, (left + WIDENS_M, right + WIDENS_M))
            aside = float(np.clip((right - left) / 2, -CENTRED_M, CENTRED_M))
            place, left, right = place + aside / CELL_M * side, left + aside, right - aside
            turned = (1.0 - STEER) * ahead + STEER * way
            ahead = turned / np.hypot(*turned)
        found.append((float(place[0]), float(place[1]), left, right, _at(field.share, place) if is_on else 0.0))
        sure = len(found) if is_on else sure
        if (len(found) - sure) * STEP_M > LONGEST_GAP_M:
            break
    return np.array(found[:sure], np.float64).reshape(-1, ROW)


def _edges(field: _Field, place: Floats, ahead: Floats, most: tuple[float, float]) -> tuple[float, float]:
    """Metres to the left (up, when going to the right) and right edge of a bed."""
    side = np.array([-ahead[1], ahead[0]])
    high, wide = field.free.shape
    found = []
    for sign, reach in zip((-1, 1), most, strict=True):
        at = place + sign * np.arange(0.0, min(reach, WIDEST_M) + CELL_M / 2, CELL_M / 2)[:, None] * side / CELL_M
        inside = (at[:, 0] >= 0) & (at[:, 1] >= 0) & (at[:, 0] < wide) & (at[:, 1] < high)
        columns, rows = (np.clip(at[:, k].astype(int), 0, n - 1) for k, n in ((0, wide), (1, high)))
        on = np.flatnonzero(inside & (field.free[rows, columns] > 0)) * CELL_M / 2
        ends = np.flatnonzero(np.diff(on, prepend=0.0) > HOLE_M)
        on = on[: ends[0]] if len(ends) else on
        found.append(float(on[-1]) + CELL_M / 2 if len(on) else 0.0)
    return found[0], found[1]


def _angle(field: _Field, place: Floats, ahead: Floats, edges: tuple[float, float]) -> float:
    """Direction of the tracks, in the mean across their bed."""
    high, wide = field.share.shape
    across = np.arange(-edges[0], edges[1] + CELL_M, CELL_M)[:, None] / CELL_M
    at = place + across * np.array([-ahead[1], ahead[0]])
    columns, rows = (np.clip(at[:, k].astype(int), 0, n - 1) for k, n in ((0, wide), (1, high)))
    cosine, sine = field.along[rows, columns].sum(axis=0).tolist()
    return float(np.arctan2(sine, cosine) / 2)


def _at(values: Singles | Bytes, place: Floats) -> float:
    return float(values[int(np.clip(place[1], 0, len(values) - 1)), int(np.clip(place[0], 0, values.shape[1] - 1))])


def _take(free: Bytes, bed: Bed) -> None:
    """Mark where a bed lies."""
    ahead = np.gradient(bed.points, axis=0) if len(bed.points) > 1 else np.array([[1.0, 0.0]])
    side = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    edges = [
        bed.points + sign * ((edge + CELL_M) / CELL_M)[:, None] * side
        for sign, edge in ((-1, bed.left), (1, bed.right))
    ]
    ring = np.concatenate([edges[0], edges[1][::-1]])
    cv2.fillPoly(free, [np.floor(ring).astype(np.int32)], 0)
    free[int(bed.points[0, 1]), int(bed.points[0, 0])] = 0


def _straightened(bed: Bed) -> Bed:
    """A bed with a smooth middle, and the same edges."""
    points = _smooth(bed.points)
    ahead = np.gradient(points, axis=0)
    side = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.hypot(*ahead.T)[:, None]
    aside = ((bed.points - points) * side).sum(axis=1) * CELL_M
    return Bed(points, bed.left - aside, bed.right + aside, bed.share)


def _extended(bed: Bed, shape: tuple[int, ...]) -> Bed:
    """A bed carried on straight at both ends: to the picture's edge where it is near, or by a car."""
    back, forth = (_beyond(points, shape) for points in (bed.points[::-1], bed.points))
    pad = (len(back), len(forth))
    left, right = (np.pad(edge, pad, mode="edge") for edge in (bed.left, bed.right))
    return Bed(np.concatenate([back[::-1], bed.points, forth]), left, right, bed.share)


def _beyond(points: Floats, shape: tuple[int, ...]) -> Floats:
    """Points beyond the last one."""
    steps = round(STRAIGHT_M / STEP_M)
    step = (points[-1] - points[-1 - steps]) / steps
    far = points[-1] + np.arange(1, round(EDGE_M / STEP_M) + 1)[:, None] * step
    inside = ((far >= 0) & (far < (shape[1], shape[0]))).all(axis=1)
    return np.asarray(far[: round(BEYOND_M / STEP_M)] if inside.all() else far[inside], np.float64)


def _smooth(points: Floats) -> Floats:
    """The cubic spline through points that is as stiff as tracks are."""
    parts = max(1, round(len(points) * STEP_M / STIFF_M))
    far = np.linspace(0.0, 1.0, len(points))[:, None]
    powers, knots = far ** np.arange(CUBIC + 1), np.arange(1, parts)[None] / parts
    basis = np.concatenate([powers, np.maximum(far - knots, 0.0) ** CUBIC], axis=1)
    # About their middle: coordinates of a large site would drown the bends.
    middle = points.mean(axis=0)
    return np.asarray(basis @ np.linalg.lstsq(basis, points - middle, rcond=None)[0] + middle, np.float64)
