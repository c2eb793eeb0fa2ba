"""Places where earth was moved or ground laid, one region each, from what the masks of a series mark.

What appears on the same look in one piece, compact and as large as a pit, a bank around a store, a heap or a small pad,
is one thing. Limits of size and shape were chosen by hand and looked at on painted stores of seeds that teach.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Ints
from changedet.kernels.morphology import closed, dilated, disc, opened

LEAST_M2: Final = 60.0
"""Smaller regions are boxes, vehicles, spoil of a trench."""
MOST_M2: Final = 3000.0
"""Larger ones are fields and yards: the largest bank around a store covers some 1300 m2."""
LEAST_WIDTH_M: Final = 4.0
"""What is narrower is a rut, a rim of shade, an edge that moved."""
GAP_M: Final = 4.0
"""Pieces that lie nearer each other are of one thing: a floor of the colour of the ground parts a bank."""
NECK_M: Final = 8.0
"""Two things that touch along less than this are two."""
LEAST_CORE_M2: Final = 30.0
"""What is left of each of them when the neck is cut."""
LEAST_SOLID: Final = 0.6
"""Share of its convex outline that a thing fills."""
CUT_M2: Final = 1500.0
"""Larger regions that the edge of the picture cuts are fields."""
LATE_CUT_M2: Final = 500.0
"""The same on the last look, which no other confirms: a field that was ploughed or cut."""
BESIDE_M: Final = 5.0
"""What a later look adds so near a thing is a part of it: walls that come out as the sun goes down."""
HOLE_M2: Final = 250.0
"""Floors and grass within a bank belong to it."""
NEVER: Final = 255
"""No look shows a change there."""


class Marked(NamedTuple):
    """What the masks of the looks after the reference mark.

    Attributes
    ----------
    first : uint8 (y, x)
        Index of the first look that marks a pixel; `NEVER` where none does.
    lasting : bool (y, x)
        Marked by two looks and more, and by half of those that show it, or by the last one that does.
    """

    first: Bytes
    lasting: Bools


class MarkedCounter:
    """Sums up masks, look by look, in the order of time.

    Parameters
    ----------
    shape : (int, int)
        Of the masks.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._first = np.full(shape, NEVER, np.uint8)
        self._marked = np.zeros(shape, np.uint8)
        self._seen = np.zeros(shape, np.uint8)
        self._last = np.zeros(shape, bool)
        self._looks = 0

    def add(self, mask: Bytes) -> None:
        """Take in the next look.

        Parameters
        ----------
        mask : uint8 (y, x)
            1 changed, 0 not, 255 not seen.
        """
        changed, seen = mask == 1, mask != NEVER
        self._first[changed & (self._first == NEVER)] = self._looks
        self._marked += changed
        self._seen += seen
        self._last[seen] = changed[seen]
        self._looks += 1

    def result(self) -> Marked:
        """Give what was summed up.

        Returns
        -------
        Marked
            Of all looks so far.
        """
        twice = (self._marked >= 2) & (2 * self._marked.astype(int) >= self._seen)
        return Marked(self._first, twice | self._last)


class Region(NamedTuple):
    """One thing.

    Attributes
    ----------
    inside : bool (y, x)
        Its pixels, of a window.
    row, column : int
        Of the window's first pixel.
    first : int
        Index of the look that first marks it.
    """

    inside: Bools
    row: int
    column: int
    first: int


def regions(marked: Marked, looks: int, pixel_m: float) -> list[Region]:
    """Find the things that were made after the reference.

    Parameters
    ----------
    marked : Marked
    looks : int
        How many were summed up.
    pixel_m : float

    Returns
    -------
    list of Region
        By the look that first marks them.
    """
    found: list[Region] = []
    taken = np.zeros(marked.first.shape, bool)
    for k in range(looks):
        fresh = marked.lasting & (marked.first <= k) & ~taken
        own = _without_narrow(fresh, pixel_m)
        new = own & (marked.first == k)
        for part in _parts(own, pixel_m):
            if not _is_thing(part, marked.first.shape, pixel_m, is_last=k == looks - 1) or not _mostly(part, new):
                continue
            found.append(part._replace(first=k))
            window = taken[part.row : part.row + part.inside.shape[0], part.column : part.column + part.inside.shape[1]]
            window |= _grown(part.inside, pixel_m)
    return found


def _mostly(part: Region, new: Bools) -> bool:
    """Whether a look is the first to mark a good part of a region."""
    height, width = part.inside.shape
    window = new[part.row : part.row + height, part.column : part.column + width]
    return 3 * int((window & part.inside).sum()) >= int(part.inside.sum())


def _disc(radius_m: float, pixel_m: float) -> Bytes:
    return disc(2 * max(1, round(radius_m / pixel_m)) + 1)


def _without_narrow(where: Bools, pixel_m: float) -> Bools:
    """Regions without what is narrow, small gaps closed."""
    return opened(closed(where, _disc(GAP_M / 2, pixel_m)), _disc(LEAST_WIDTH_M / 2, pixel_m))


def _grown(inside: Bools, pixel_m: float) -> Bools:
    """With a rim: what a later look adds there is its edge."""
    return dilated(inside, _disc(BESIDE_M, pixel_m))


def _parts(where: Bools, pixel_m: float) -> list[Region]:
    """Connected pieces, holes filled, parted at narrow necks."""
    number, labels, stats, _ = cv2.connectedComponentsWithStats(where.astype(np.uint8), connectivity=4)
    found = []
    margin = round(3.0 / pixel_m)
    for k in range(1, number):
        x, y, width, height, area = (int(one) for one in stats[k])
        if area * pixel_m**2 < LEAST_M2 / 2:
            continue
        top, left = max(0, y - margin), max(0, x - margin)
        window = labels[top : y + height + margin, left : x + width + margin] == k
        found += [Region(piece, top, left, 0) for piece in _parted(_filled(window, pixel_m), pixel_m)]
    return found


def _filled(inside: Bools, pixel_m: float) -> Bools:
    number, labels, stats, _ = cv2.connectedComponentsWithStats((~inside).astype(np.uint8), connectivity=4)
    out = inside.copy()
    height, width = inside.shape
    for k in range(1, number):
        x, y, w, h, area = (int(one) for one in stats[k])
        touches = x == 0 or y == 0 or x + w == width or y + h == height
        if not touches and area * pixel_m**2 <= HOLE_M2:
            out[labels == k] = True
    return out


def _parted(inside: Bools, pixel_m: float) -> list[Bools]:
    cores = cv2.erode(
        np.pad(inside.astype(np.uint8), 1), _disc(NECK_M / 2, pixel_m), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )[1:-1, 1:-1]
    number, labels, stats, _ = cv2.connectedComponentsWithStats(cores, connectivity=4)
    wide = [k for k in range(1, number) if stats[k][4] * pixel_m**2 >= LEAST_CORE_M2]
    if len(wide) < 2:
        return [inside]
    far = np.stack([cv2.distanceTransform((labels != k).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5) for k in wide])
    nearest = far.argmin(axis=0)
    return [np.asarray(inside & (nearest == k)) for k in range(len(wide))]


def _is_thing(part: Region, shape: tuple[int, int], pixel_m: float, *, is_last: bool) -> bool:
    area = float(part.inside.sum()) * pixel_m**2
    if not LEAST_M2 <= area <= MOST_M2:
        return False
    rows, columns = np.nonzero(part.inside)
    at_edge = rows.min() + part.row <= 1 or columns.min() + part.column <= 1
    at_edge = at_edge or rows.max() + part.row >= shape[0] - 2 or columns.max() + part.column >= shape[1] - 2
    if at_edge and area > (LATE_CUT_M2 if is_last else CUT_M2):
        return False
    points: Ints = np.column_stack([columns, rows])
    hull = cv2.contourArea(cv2.convexHull(points.astype(np.int32))) * pixel_m**2
    return area >= LEAST_SOLID * max(hull, 1e-6)
