"""The ground weighed by all dates and by what lies around: second trees over what the first told of each date.

The first trees (`kernels.ground`) see some metres of one picture. What they told of a cell, of its surroundings and of
both on the other dates are the features of the second (auto-context, Tu and Bai 2010, doi:10.1109/TPAMI.2009.186): a
worn lawn in August, a field that lies open once, is gainsaid by the other dates; a yard by what lies around stays one.

All sums are of whole numbers below 2^24, so that a cell gets the same bits whatever block it is in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.boosted_trees import Forest
from changedet.stages.footprint.kernels import cell_codes, ground
from changedet.stages.footprint.kernels.cell_codes import Codes
from changedet.stages.footprint.kernels.closing import STORED, UNKNOWN

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

NEAR_M, AROUND_M, WIDE_M, FAR_M = 2.0, 5.0, 15.0, 30.0
"""Reaches of the surroundings."""
WIDTH_M: Final = 15.0
"""Farthest from open ground that built ground is measured."""
MOST_DATES: Final = 8
"""More dates than that are told as so many."""
AGREE: Final = 2
"""Cells around that speak with a cell on its kind."""
STEP: Final = 4096
"""Whole numbers for a probability of one."""
NAMES: Final = (
    *("built", "building", "earthwork"),
    *("built_2", "built_5", "built_15", "rough_5", "building_2", "building_5"),
    *("earthwork_2", "earthwork_5", "earthwork_15"),
    *("before", "after", "earlier", "later", "earlier_5", "later_5"),
    *("earlier_building", "later_building", "earlier_earthwork", "later_earthwork"),
    *("box", "box_5", "box_15", "box_30"),
    *("mean", "least", "greatest", "median"),
    *("mean_2", "mean_5", "mean_15", "mean_30", "mean_rough_5", "width", "widest"),
    *("mean_building", "most_building", "mean_building_2", "mean_building_5"),
    *("mean_earthwork", "most_earthwork", "mean_earthwork_2", "mean_earthwork_5", "mean_earthwork_15"),
    *("boxes", "boxes_15", "clear", "dates", "cell_m", "nir"),
)
"""Features of a cell on a date, in order: those of the date and of its neighbours in time, those of all dates."""


class Judge(NamedTuple):
    """The second trees, what was saved with them, and whether the pictures have near infrared."""

    forests: Sequence[Forest]
    about: Mapping[str, Any]
    nir: bool


def halo_cells(cell_m: float) -> int:
    """Cells around a block that its cells look at."""
    return max(_reach(FAR_M, cell_m), _reach(AROUND_M, cell_m), 2 * math.ceil(WIDTH_M / cell_m) + 1)


def features(codes: Codes, boxes: Bools, cell_m: float, nir: bool) -> Iterator[Floats]:
    """Features of each cell, date by date.

    Parameters
    ----------
    codes : uint8 (date, y, x)
        Of `telling.codes`, in the order of time.
    boxes : bool (date, y, x)
        Where stored objects were found.
    cell_m : float
    nir : bool

    Yields
    ------
    float32 (feature, y, x)
        As `NAMES`; log odds in `telling.UNIT`, NaN where no date can tell. Cells within `halo_cells` of the edge are
        not what they would be in a larger block.
    """
    seen = (codes != cell_codes.UNKNOWN) & (codes != cell_codes.OUTSIDE)
    told = [table[codes] for table in cell_codes.values()]
    lasting = _of_all(told, seen, boxes, cell_m, nir)
    for t in range(len(codes)):
        yield np.stack([*_of_date(told, seen, boxes, t, cell_m), *lasting])


def _of_date(told: Sequence[NDArray[np.int16]], seen: Bools, boxes: Bools, t: int, cell_m: float) -> list[Floats]:
    built, building, earthwork = (_Averaged(one[t], seen[t], cell_m) for one in told)
    own = [np.where(seen[t], one[t], np.nan).astype(np.float32) for one in told]
    before, after, earlier, later = _around(told[0], seen, t)
    passing = [part for one in told[1:] for part in _around(one, seen, t)[2:]]
    box = np.asarray(boxes[t], np.float32)
    return [
        *own,
        *(built.mean(reach) for reach in (NEAR_M, AROUND_M, WIDE_M)), built.spread(AROUND_M),
        *(building.mean(reach) for reach in (NEAR_M, AROUND_M)),
        *(earthwork.mean(reach) for reach in (NEAR_M, AROUND_M, WIDE_M)),
        before, after, earlier, later, _mean_of(earlier, cell_m), _mean_of(later, cell_m),
        *passing,
        box, *(_share(box, reach, cell_m) for reach in (AROUND_M, WIDE_M, FAR_M)),
    ]  # fmt: skip


def _of_all(told: Sequence[NDArray[np.int16]], seen: Bools, boxes: Bools, cell_m: float, nir: bool) -> list[Floats]:
    built, building, earthwork = (_over(one, seen) for one in told)
    ever = np.asarray(seen.any(axis=0))
    means = [_Averaged(np.nan_to_num(one[0]), ever, cell_m) for one in (built, building, earthwork)]
    held = np.asarray(boxes.any(axis=0), np.float32)
    shape = ever.shape
    return [
        *built,
        *(means[0].mean(reach) for reach in (NEAR_M, AROUND_M, WIDE_M, FAR_M)), means[0].spread(AROUND_M),
        *_widths(np.asarray(ever & ~(built[0] >= 0)), cell_m),
        building[0], building[2], *(means[1].mean(reach) for reach in (NEAR_M, AROUND_M)),
        earthwork[0], earthwork[2], *(means[2].mean(reach) for reach in (NEAR_M, AROUND_M, WIDE_M)),
        boxes.mean(axis=0, dtype=np.float64).astype(np.float32), _share(held, WIDE_M, cell_m),
        seen.mean(axis=0, dtype=np.float64).astype(np.float32),
        *(np.full(shape, value, np.float32) for value in (min(len(seen), MOST_DATES), cell_m, nir)),
    ]  # fmt: skip


class _Averaged:
    """Means and spreads of whole numbers (y, x) around each cell, of those cells that are seen."""

    def __init__(self, values: NDArray[Any], seen: Bools, cell_m: float) -> None:
        self._values = np.where(seen, values, 0).astype(np.float32)
        self._seen = seen.astype(np.float32)
        self._cell_m = cell_m

    def mean(self, reach_m: float) -> Floats:
        return self._quotient(self._values, reach_m)

    def spread(self, reach_m: float) -> Floats:
        mean, square = self.mean(reach_m), self._quotient(self._values * self._values, reach_m)
        return np.sqrt(np.maximum(square - mean * mean, np.float32(0.0)))

    def _quotient(self, values: Floats, reach_m: float) -> Floats:
        count = _sum(self._seen, reach_m, self._cell_m)
        total = _sum(values, reach_m, self._cell_m)
        return np.where(count > 0, total / np.maximum(count, np.float32(1.0)), np.float32(np.nan))


def _mean_of(values: Floats, cell_m: float) -> Floats:
    known = np.isfinite(values)
    return _Averaged(np.where(known, values, 0), known, cell_m).mean(AROUND_M)


def _share(where: Floats, reach_m: float, cell_m: float) -> Floats:
    size = 2 * _reach(reach_m, cell_m) + 1
    return _sum(where, reach_m, cell_m) / np.float32(size * size)


def _reach(reach_m: float, cell_m: float) -> int:
    return max(1, round(reach_m / cell_m))


def _sum(whole: Floats, reach_m: float, cell_m: float) -> Floats:
    size = (2 * _reach(reach_m, cell_m) + 1,) * 2
    total = cv2.boxFilter(whole, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(np.rint(total), np.float32)


def _widths(open_ground: Bools, cell_m: float) -> tuple[Floats, Floats]:
    """Metres to the nearest open ground, at most `WIDTH_M`, and the greatest such distance around."""
    reach = math.ceil(WIDTH_M / cell_m)
    # Beyond the block nothing is known to be open.
    inside = cv2.copyMakeBorder((~open_ground).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cells = cv2.distanceTransform(inside, cv2.DIST_C, 3)[1:-1, 1:-1]
    near = np.minimum(cells, np.float32(reach))
    widest = cv2.dilate(near, np.ones((2 * reach + 1,) * 2, np.uint8))
    return np.asarray(near * np.float32(cell_m)), np.asarray(widest * np.float32(cell_m))


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _over(values: Any, seen: Any) -> Any:
    """Mean, to a whole number, least, greatest and median (4, y, x) over the dates that see a cell; NaN for none."""
    dates, height, width = values.shape
    out = np.full((4, height, width), np.nan, np.float32)
    own = np.empty(dates, np.int16)
    for y in range(height):
        for x in range(width):
            n, total = 0, 0
            for t in range(dates):
                if seen[t, y, x]:
                    value = values[t, y, x]
                    total += value
                    at = n
                    while at > 0 and own[at - 1] > value:
                        own[at] = own[at - 1]
                        at -= 1
                    own[at] = value
                    n += 1
            if n:
                out[0, y, x] = np.rint(total / n)
                out[1, y, x], out[2, y, x] = own[0], own[n - 1]
                out[3, y, x] = (np.float32(own[(n - 1) // 2]) + np.float32(own[n // 2])) / np.float32(2.0)
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _around(values: Any, seen: Any, t: int) -> Any:
    """On the nearest date before and after that sees a cell, and means of all before and all after: (4, y, x).

    Means are whole numbers; NaN where there is no such date.
    """
    dates, height, width = values.shape
    out = np.full((4, height, width), np.nan, np.float32)
    for y in range(height):
        for x in range(width):
            n, total = 0, 0
            for k in range(t):
                if seen[k, y, x]:
                    out[0, y, x] = values[k, y, x]
                    n, total = n + 1, total + values[k, y, x]
            if n:
                out[2, y, x] = np.rint(total / n)
            n, total = 0, 0
            for k in range(dates - 1, t, -1):
                if seen[k, y, x]:
                    out[1, y, x] = values[k, y, x]
                    n, total = n + 1, total + values[k, y, x]
            if n:
                out[3, y, x] = np.rint(total / n)
    return out


def judged(
    codes: Codes, boxes: Bools, judge: Judge, cell_m: float, inner: tuple[slice, slice]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Levels and kinds of the cells of a block, date by date.

    Parameters
    ----------
    codes, boxes, cell_m
        As for `features`; with `halo_cells` and `AGREE` more around what is asked for, as far as there is ground.
    judge : Judge
    inner : (rows, columns)
        The cells that are asked for.

    Yields
    ------
    uint8, uint8 (y, x)
        Levels as `kernels.closing` has them, `UNKNOWN` where no date sees the cell; kinds 1, 2, 3 (paving, building,
        earthwork).
    """
    ever = ((codes != cell_codes.UNKNOWN) & (codes != cell_codes.OUTSIDE)).any(axis=0)
    asked = np.zeros(ever.shape, bool)
    asked[tuple(slice(max(0, part.start - AGREE), part.stop + AGREE) for part in inner)] = True
    hidden = np.asarray((codes == cell_codes.UNKNOWN).all(axis=0))[inner]
    steps = judge.about["levels"]["nir" if judge.nir else "plain"]["more" if len(codes) > 1 else "one"]
    for t, table in enumerate(features(codes, boxes, cell_m, judge.nir)):
        told = probabilities(table, asked & ever, judge)
        levels = np.sum([told["built"][inner] >= step for step in steps], axis=0, dtype=np.uint8)
        levels = np.where(hidden, UNKNOWN, levels)
        yield np.where(boxes[t][inner], STORED, levels).astype(np.uint8), _kinds(told, judge)[inner]


def probabilities(table: Floats, valid: Bools, judge: Judge) -> dict[str, Floats]:
    """As `ground.probabilities`, by the second trees."""
    return ground.probabilities(table, valid, judge.forests, judge.about, judge.about["kinds_from"])


def _kinds(told: Mapping[str, Floats], judge: Judge) -> NDArray[np.uint8]:
    """1 paving, 2 building, 3 earthwork for every cell (y, x), each with the cells around it."""
    size = (2 * AGREE + 1,) * 2

    def mean(name: str) -> Floats:
        whole = np.rint(np.nan_to_num(told[name]) * np.float32(STEP))
        total = cv2.boxFilter(whole, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(np.rint(total) / np.float32(STEP * size[0] * size[1]), np.float32)

    least = judge.about["kinds"]
    found = np.where(mean("earthwork") >= np.float32(least["earthwork"]), 3, 1)
    return np.where(mean("building") >= np.float32(least["building"]), 2, found).astype(np.uint8)
