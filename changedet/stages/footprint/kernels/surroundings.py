"""The ground classified from all dates and from what lies around: second trees over what the first found.

The first trees (`ground`) see some metres of one picture. Their probabilities for a cell, for its surroundings and for
both on the other dates are the features of the second (auto-context, Tu and Bai 2010, doi:10.1109/TPAMI.2009.186;
training/fit_surroundings.py, which fixes all constants of the features): a worn lawn in August, or a field that lies
open once, is outvoted by the other dates, and a yard stays one by what lies around.

All sums are of whole numbers below 2^24, so that a cell gets the same bits whatever block it is in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import AnyArray, Bools, Bytes, Singles
from changedet.kernels.boosted_trees import Forest
from changedet.stages.footprint.kernels import cell_codes, ground_probability
from changedet.stages.footprint.kernels.cell_codes import Codes
from changedet.stages.footprint.kernels.cells_around import half_side, square_sums, sums_within, widths
from changedet.stages.footprint.kernels.closing import STORED, UNKNOWN
from changedet.stages.footprint.kernels.date_statistics import Odds, around_date, over_dates
from changedet.stages.footprint.kernels.ground_probability import TreesRecord

NEAR_M, AROUND_M, WIDE_M, FAR_M = 2.0, 5.0, 15.0, 30.0
"""Reaches of the surroundings."""
WIDTH_M: Final = 15.0
"""Farthest from open ground that built ground is measured."""
MOST_DATES: Final = 8
"""More dates than that count as so many."""
AGREE: Final = 2
"""Cells around a cell whose probabilities are averaged for its kind."""
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


class SeriesRecord(TreesRecord):
    """What is kept with the second trees.

    Attributes
    ----------
    kinds_from : float
        Probability of built ground from which that of its kinds is computed.
    levels : mapping of str to mapping of str to sequence of float
        Probabilities of built ground for the lax, the likely, the strict level; with near infrared (``nir``) or
        without (``plain``), of a date alone (``one``) or of several (``more``).
    kinds : mapping of str to float
        Mean probabilities around a cell from which it is a building, an earthwork.
    """

    kinds_from: float
    levels: Mapping[str, Mapping[str, Sequence[float]]]
    kinds: Mapping[str, float]


class SeriesTrees(NamedTuple):
    """The second trees.

    Attributes
    ----------
    forests : sequence of Forest
        Of `ground_probability.TARGETS`.
    record : SeriesRecord
        What is kept with them.
    nir : bool
        Whether the pictures have near infrared.
    """

    forests: Sequence[Forest]
    record: SeriesRecord
    nir: bool


def halo_cells(cell_m: float) -> int:
    """Cells around a block that its cells look at.

    Parameters
    ----------
    cell_m : float
        Size of a cell, metres.

    Returns
    -------
    int
        Enough for the same features as in a larger block.
    """
    return max(half_side(FAR_M, cell_m), half_side(AROUND_M, cell_m), 2 * math.ceil(WIDTH_M / cell_m) + 1)


def features(codes: Codes, boxes: Bools, cell_m: float, nir: bool) -> Iterator[Singles]:
    """Features of each cell, date by date.

    Parameters
    ----------
    codes : uint8 (date, y, x)
        Of `cell_codes.codes`, in the order of time.
    boxes : bool (date, y, x)
        Where stored objects were found.
    cell_m : float
        Size of a cell, metres.
    nir : bool
        Whether the pictures have near infrared.

    Yields
    ------
    float32 (feature, y, x)
        As `NAMES`; log odds in `cell_codes.UNIT`, NaN where no date sees the cell. Cells within `halo_cells` of the
        edge are not what they would be in a larger block.
    """
    seen = (codes != cell_codes.UNKNOWN) & (codes != cell_codes.OUTSIDE)
    odds = [table[codes] for table in cell_codes.values()]
    lasting = _of_all(odds, seen, boxes, cell_m, nir)
    for t in range(len(codes)):
        yield np.stack([*_of_date(odds, seen, boxes, t, cell_m), *lasting])


def _of_date(odds: Sequence[Odds], seen: Bools, boxes: Bools, t: int, cell_m: float) -> list[Singles]:
    """Features of a date and of its neighbours in time."""
    built, building, earthwork = (_Averaged(one[t], seen[t], cell_m) for one in odds)
    own = [np.where(seen[t], one[t], np.nan).astype(np.float32) for one in odds]
    before, after, earlier, later = around_date(odds[0], seen, t)
    passing = [part for one in odds[1:] for part in around_date(one, seen, t)[2:]]
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


def _of_all(odds: Sequence[Odds], seen: Bools, boxes: Bools, cell_m: float, nir: bool) -> list[Singles]:
    """Features of all dates together."""
    built, building, earthwork = (over_dates(one, seen) for one in odds)
    ever = np.asarray(seen.any(axis=0))
    means = [_Averaged(np.nan_to_num(one[0]), ever, cell_m) for one in (built, building, earthwork)]
    held = np.asarray(boxes.any(axis=0), np.float32)
    shape = ever.shape
    return [
        *built,
        *(means[0].mean(reach) for reach in (NEAR_M, AROUND_M, WIDE_M, FAR_M)), means[0].spread(AROUND_M),
        *widths(np.asarray(~ever | (built[0] >= 0)), cell_m, WIDTH_M),
        building[0], building[2], *(means[1].mean(reach) for reach in (NEAR_M, AROUND_M)),
        earthwork[0], earthwork[2], *(means[2].mean(reach) for reach in (NEAR_M, AROUND_M, WIDE_M)),
        boxes.mean(axis=0, dtype=np.float64).astype(np.float32), _share(held, WIDE_M, cell_m),
        seen.mean(axis=0, dtype=np.float64).astype(np.float32),
        *(np.full(shape, value, np.float32) for value in (min(len(seen), MOST_DATES), cell_m, nir)),
    ]  # fmt: skip


class _Averaged:
    """Means and spreads of whole numbers (y, x) around each cell, of those cells that are seen."""

    def __init__(self, values: AnyArray, seen: Bools, cell_m: float) -> None:
        self._values = np.where(seen, values, 0).astype(np.float32)
        self._seen = seen.astype(np.float32)
        self._cell_m = cell_m

    def mean(self, reach_m: float) -> Singles:
        return self._quotient(self._values, reach_m)

    def spread(self, reach_m: float) -> Singles:
        mean, square = self.mean(reach_m), self._quotient(self._values * self._values, reach_m)
        return np.sqrt(np.maximum(square - mean * mean, np.float32(0.0)))

    def _quotient(self, values: Singles, reach_m: float) -> Singles:
        count = sums_within(self._seen, reach_m, self._cell_m)
        total = sums_within(values, reach_m, self._cell_m)
        return np.where(count > 0, total / np.maximum(count, np.float32(1.0)), np.float32(np.nan))


def _mean_of(values: Singles, cell_m: float) -> Singles:
    """Means around each cell of known values."""
    known = np.isfinite(values)
    return _Averaged(np.where(known, values, 0), known, cell_m).mean(AROUND_M)


def _share(where: Singles, reach_m: float, cell_m: float) -> Singles:
    """Share of the surroundings where something is."""
    size = 2 * half_side(reach_m, cell_m) + 1
    return sums_within(where, reach_m, cell_m) / np.float32(size * size)


def series_levels(
    codes: Codes, boxes: Bools, inner: tuple[slice, slice], trees: SeriesTrees, cell_m: float
) -> Iterator[tuple[Bytes, Bytes]]:
    """Levels and kinds of the cells of a block, date by date.

    Parameters
    ----------
    codes : uint8 (date, y, x)
        As for `features`; with `halo_cells` and `AGREE` more around what is wanted, as far as there is ground.
    boxes : bool (date, y, x)
        Likewise.
    inner : tuple of slice
        Rows and columns that are wanted.
    trees : SeriesTrees
        The second trees.
    cell_m : float
        Size of a cell, metres.

    Yields
    ------
    levels : uint8 (y, x)
        As `closing` has them, `UNKNOWN` where no date sees the cell.
    kinds : uint8 (y, x)
        1, 2, 3: paving, building, earthwork.
    """
    ever = ((codes != cell_codes.UNKNOWN) & (codes != cell_codes.OUTSIDE)).any(axis=0)
    wanted = np.zeros(ever.shape, bool)
    wanted[tuple(slice(max(0, part.start - AGREE), part.stop + AGREE) for part in inner)] = True
    hidden = np.asarray((codes == cell_codes.UNKNOWN).all(axis=0))[inner]
    steps = trees.record["levels"]["nir" if trees.nir else "plain"]["more" if len(codes) > 1 else "one"]
    for t, table in enumerate(features(codes, boxes, cell_m, trees.nir)):
        found = probabilities(table, wanted & ever, trees)
        levels = np.sum([found["built"][inner] >= step for step in steps], axis=0, dtype=np.uint8)
        levels = np.where(hidden, UNKNOWN, levels)
        yield np.where(boxes[t][inner], STORED, levels).astype(np.uint8), kinds(found, trees)[inner]


def probabilities(table: Singles, valid: Bools, trees: SeriesTrees) -> dict[str, Singles]:
    """Probability of each of `ground_probability.TARGETS` by the second trees.

    Parameters
    ----------
    table : float32 (feature, y, x)
        Of `features`.
    valid : bool (y, x)
        Elsewhere nothing is computed.
    trees : SeriesTrees
        The second trees.

    Returns
    -------
    dict of str to float32 (y, x)
        As of `ground_probability.probabilities`.
    """
    record = trees.record
    return ground_probability.probabilities(table, valid, trees.forests, record, record["kinds_from"])


def kinds(found: Mapping[str, Singles], trees: SeriesTrees) -> Bytes:
    """Kind of the ground of every cell, each with the cells around it.

    Parameters
    ----------
    found : mapping of str to float32 (y, x)
        Of `probabilities`.
    trees : SeriesTrees
        The second trees.

    Returns
    -------
    uint8 (y, x)
        1 paving, 2 building, 3 earthwork.
    """
    least = trees.record["kinds"]
    made = np.where(_mean_around(found["earthwork"]) >= np.float32(least["earthwork"]), 3, 1)
    return np.where(_mean_around(found["building"]) >= np.float32(least["building"]), 2, made).astype(np.uint8)


def _mean_around(probability: Singles) -> Singles:
    """Mean of a probability over a cell and `AGREE` cells around it; NaN is 0."""
    whole = np.rint(np.nan_to_num(probability) * np.float32(STEP))
    return np.asarray(square_sums(whole, AGREE) / np.float32(STEP * (2 * AGREE + 1) ** 2), np.float32)
