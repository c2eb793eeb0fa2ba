"""Ground whose outline shows on a look before its mask does: stripped in the colour around it, and laid by the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Floats, Ints, Singles
from changedet.kernels.morphology import closed, disc, opened

CELL_M: Final = 1.0
"""About the size of the cells on which ground is gathered from the tiles of a site."""
COARSEST_M: Final = 1.3
"""With coarser pixels an outline is no wider than what is compared across it."""
MOST_CELLS: Final = 64_000_000
"""Of a site: larger ones go without."""
CELL_BYTES: Final = 20
"""Of memory for each cell, measured: since when it is marked, or told, labels of one look, what finding them takes."""
LEAST_M2: Final = 300.0
"""Of new ground that is looked for on earlier looks. Chosen by hand: along a shorter outline little can be compared."""
OPEN_M: Final = 2.0
"""Narrower parts of it are left out, as rims of what stood there."""
CLOSE_M: Final = 4.0
"""Up to twice as wide gaps in it are closed, as where a lorry stands."""
MOST_LOOKS: Final = 250
"""Of a series: a byte tells since which look ground is marked."""
LASTS: Final = 0.8
"""Share of the looks from the first on that must mark it, or hide it."""
AWAY_M: Final = 4.0
"""How far inside and outside of an outline pixels are compared: beyond blur, worn rims and what is left of a shift."""
STEP_M: Final = 3.0
"""Along an outline, from one pair of pixels to the next."""
TANGENT_M: Final = 8.0
"""Length over which an outline's direction is taken."""
LEAST_PAIRS: Final = 12
"""That are shown on both looks: fewer agree by chance."""
LEAST_EFFECT: Final = 1.8
"""By how many of its own standard deviations the step along an outline must differ from the reference's: on sites that
teach 1.0 at most of 9 outlines before anything was done, 2.0 of one that was stripped; on those of other hands .9 at
most of 68 (docs/research/change.md, "Outlines that show before")."""
LEAST_SAME: Final = 0.95
"""Share of the pairs that must step the same way. Chosen with it."""
MOST_BEFORE: Final = 0.7
"""Up to how many standard deviations of such a step the reference may have: more is the edge of an old field."""
TINY: Final = 1e-6


class NewGround(NamedTuple):
    """Ground that is marked from one look on.

    Attributes
    ----------
    first : int
        Index of the look.
    row, column : int
        Of the first cell of `shape`.
    shape : bool (y, x)
        With at least a cell around it that is False.
    """

    first: int
    row: int
    column: int
    shape: Bools


def cells_factor(gsd_m: float) -> int:
    """How many pixels a side of the cells has on which ground is gathered.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        1 and more.
    """
    return max(1, round(CELL_M / gsd_m))


def first_marked(scores: Singles, above: float) -> Bytes:
    """Since which look pixels are marked to the end.

    Parameters
    ----------
    scores : float32 (date, y, x)
        Of the looks since the reference, in the order of time; NaN is not observed.
    above : float
        Higher scores are marked.

    Returns
    -------
    uint8 (y, x)
        One more than the index of the first look that marks it; 0 where none does, or where it does not last.
    """
    first = np.zeros(scores.shape[1:], np.uint8)
    kept = np.zeros(scores.shape[1:], np.uint8)
    with np.errstate(invalid="ignore"):
        for index, score in enumerate(scores):
            marked = score > above
            first[marked & (first == 0)] = index + 1
            kept += (first > 0) & (marked | np.isnan(score))
    looks = len(scores) + 1 - first.astype(np.float32)
    return np.where((first > 0) & (kept >= LASTS * looks), first, 0).astype(np.uint8)


def new_ground(first: Bytes, cell_m: float) -> Iterator[NewGround]:
    """Find large ground that is marked from a later look than the first on.

    Parameters
    ----------
    first : uint8 (y, x)
        Of `first_marked`, on cells of the whole site.
    cell_m : float

    Yields
    ------
    NewGround
        In the order of the looks.
    """
    opening, closing = (disc(2 * max(1, round(reach / cell_m)) + 1) for reach in (OPEN_M, CLOSE_M))
    margin = 1 + round(CLOSE_M / cell_m)
    least = LEAST_M2 / cell_m**2
    for index in np.flatnonzero(np.bincount(first.ravel(), minlength=2)[2:] >= least) + 1:
        whole = closed(opened(np.pad(first == index + 1, margin), opening), closing).view(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(whole, connectivity=4)
        for label in np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= least):
            if label:
                x, y, width, height = (int(part) for part in stats[label, :4])
                part = np.pad(labels[y : y + height, x : x + width] == label, 1)
                yield NewGround(int(index), y - margin - 1, x - margin - 1, _filled(part))


def _filled(part: Bools) -> Bools:
    outline = _contour(part)
    return np.asarray(cv2.fillPoly(np.zeros(part.shape, np.uint8), [outline[:, None]], 1), bool)


def _contour(part: Bools) -> Ints:
    """The outer outline of a region (point, 2), x before y."""
    found, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(found, key=len)[:, 0], np.int32)


def outline_pairs(shape: Bools, cell_m: float) -> tuple[Floats, Floats]:
    """Places on both sides of an outline.

    Parameters
    ----------
    shape : bool (y, x)
        With at least a cell around it that is False.
    cell_m : float

    Returns
    -------
    inside, outside : float64 (n, 2)
        Column and row, in cells of `shape`, from the centre of the first; those outside may lie beyond it.
    """
    outline = _contour(shape).astype(np.float64)
    reach = max(1, round(TANGENT_M / 2 / cell_m))
    smooth = np.mean([np.roll(outline, by, axis=0) for by in range(-reach, reach + 1)], axis=0)
    along = np.roll(smooth, -reach, axis=0) - np.roll(smooth, reach, axis=0)
    across = np.column_stack([-along[:, 1], along[:, 0]])
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), TINY)
    every = slice(None, None, max(1, round(STEP_M / cell_m)))
    step = across[every] * AWAY_M / cell_m
    one, other = smooth[every] + step, smooth[every] - step
    ones, others = holds(shape, one), holds(shape, other)
    apart = ones != others
    inward = ones[apart][:, None]
    return np.where(inward, one[apart], other[apart]), np.where(inward, other[apart], one[apart])


def holds(shape: Bools, places: Floats) -> Bools:
    """Whether a shape holds each of some places.

    Parameters
    ----------
    shape : bool (y, x)
    places : float64 (n, 2)
        Column and row, from the centre of the first cell.

    Returns
    -------
    bool (n,)
        False beyond it.
    """
    x, y = np.rint(places).astype(np.int64).T
    height, width = shape.shape
    within = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    return np.asarray(within & shape[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)])


def is_outlined(own: Floats, reference: Floats) -> bool:
    """Whether a look shows ground apart from what lies around it, as the reference does not.

    Parameters
    ----------
    own, reference : float64 (band, n)
        Inside less outside, at pairs along its outline; NaN is not shown.

    Returns
    -------
    bool
        False where fewer than `LEAST_PAIRS` are shown, or less than half of them.
    """
    shown = np.isfinite(own).all(axis=0) & np.isfinite(reference).all(axis=0)
    if shown.sum() < max(LEAST_PAIRS, shown.size / 2):
        return False
    # Each in its own spread: looks of 8 and of 16 bits have other units.
    own, reference = (_in_spreads(one[:, shown]) for one in (own, reference))
    step = own.mean(axis=1) - reference.mean(axis=1)
    length = float(np.linalg.norm(step))
    if not length > 0.0:
        return False
    now, before = (step / length) @ own, (step / length) @ reference
    spread = float(np.sqrt((now.var() + before.var()) / 2)) + TINY
    effect = float(now.mean() - before.mean()) / spread
    same = float((now > before.mean()).mean())
    usual = abs(float(before.mean())) / (float(before.std()) + TINY)
    return effect >= LEAST_EFFECT and same >= LEAST_SAME and usual <= MOST_BEFORE


def _in_spreads(steps: Floats) -> Floats:
    return np.asarray(steps / (float(np.sqrt(steps.var(axis=1).mean())) + TINY), np.float64)
