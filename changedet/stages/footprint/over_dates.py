"""Rasters of all dates, packed but for one at a time, and what other dates add to each: levels, kinds, boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from changedet.arrays import Bools, Bytes
from changedet.stages.footprint.kernels import closing, lasting, surroundings
from changedet.stages.footprint.kernels.closing import STEPS, STORED, UNKNOWN, Levels
from changedet.store.packing import pack, unpack

Kinds: TypeAlias = Bytes
Shape: TypeAlias = tuple[int, int]
Place: TypeAlias = tuple[slice, slice]
Turns: TypeAlias = Bytes
"""Of each cell the first date after its ground was remade for good, or `NEVER`."""
Weigh: TypeAlias = Callable[[Bytes, Bools, Place], Iterator[tuple[Bytes, Bytes]]]
"""Levels and kinds of a block's own cells by some dates, from codes and boxes (date, y, x)."""

NEVER: Final = 255
"""Of a cell whose ground stays as it is."""

BLOCK_CELLS: Final = 512
"""A side of the blocks of which all dates are held at once."""


class PackedRasters(NamedTuple):
    """Two rasters of a date, compressed: levels and kinds, or codes (`kernels.cell_codes`) and boxes.

    Attributes
    ----------
    first, second : bytes
        Of uint8 (y, x).
    shape : tuple of int
        Rows and columns.
    """

    first: bytes
    second: bytes
    shape: Shape

    @classmethod
    def of(cls, first: Bytes, second: Bytes) -> PackedRasters:
        """Compress a date's rasters.

        Parameters
        ----------
        first, second : uint8 (y, x)
            Of one shape.

        Returns
        -------
        PackedRasters
            Both.
        """
        return cls(pack(first), pack(second), (first.shape[0], first.shape[1]))

    def rasters(self) -> tuple[Bytes, Bytes]:
        """Both rasters.

        Returns
        -------
        tuple of uint8 (y, x)
            Read-only.
        """
        return unpack(self.first, self.shape), unpack(self.second, self.shape)


def from_levels(dates: Sequence[PackedRasters], lasts: bool, dense: bool) -> Iterator[tuple[Levels, Levels, Kinds]]:
    """Of each date the levels where it sees the ground, the levels everywhere, and the kinds.

    Parameters
    ----------
    dates : sequence of PackedRasters
        Levels and kinds, in the order of time.
    lasts : bool
        Whether levels are those of bare ground, which counts as far as other dates confirm it (`kernels.lasting`).
    dense : bool, optional
        Whether dates follow so close that water of a few may be doubted; over years a river may have passed.

    Yields
    ------
    own : uint8 (y, x)
        Levels where the date sees the ground, `UNKNOWN` elsewhere.
    known : uint8 (y, x)
        Levels everywhere: what a date does not see is as the last earlier date that saw it shows it, else the first
        later one.
    kinds : uint8 (y, x)
        Likewise.
    """
    if not dates:
        return
    shape = dates[0].shape
    if lasts:
        dates = _confirmed(_undoubted(dates, shape) if dense else dates, shape)
    known, kinds = np.full((2, *shape), UNKNOWN, np.uint8)
    for one in reversed(dates):
        known, kinds = _filled(one, known, kinds)
    for one in dates:
        own, _ = one.rasters()
        known, kinds = _filled(one, known, kinds)
        yield own, known, kinds


def _filled(one: PackedRasters, known: Levels, kinds: Kinds) -> tuple[Levels, Kinds]:
    """A date's levels and kinds with what it does not see as before."""
    levels, own_kinds = one.rasters()
    return closing.fill_hidden(levels, known), closing.fill_hidden(own_kinds, kinds)


def from_codes(
    dates: Sequence[PackedRasters], trees: surroundings.SeriesTrees, cell_m: float, turns: Turns | None = None
) -> Iterator[tuple[Levels, Levels, Kinds]]:
    """As `from_levels`, by the trees that weigh all dates and the surroundings (`kernels.surroundings`).

    Parameters
    ----------
    dates : sequence of PackedRasters
        Codes of `kernels.cell_codes`, and boxes: 1 where one is, `UNKNOWN` where nothing is seen; in the order of time.
    trees : SeriesTrees
        Of the stage.
    cell_m : float
        Size of a cell, metres.
    turns : uint8 (y, x) or None
        Of `turned_ground.turns`: the dates before and those from it on are weighed by themselves there.

    Yields
    ------
    own : uint8 (y, x)
        Levels where the date sees the ground or a box, `UNKNOWN` elsewhere.
    known : uint8 (y, x)
        Levels everywhere: what a date does not see by the trees, and no more than both neighbouring looks show.
    kinds : uint8 (y, x)
        1, 2, 3: paving, building, earthwork.
    """
    found: list[list[PackedRasters]] = [[] for _ in dates]
    halo = surroundings.halo_cells(cell_m) + surroundings.AGREE
    blocks = _blocks(dates[0].shape, halo) if dates else []
    parts = _cut(dates, blocks)
    weigh: Weigh = partial(surroundings.series_levels, trees=trees, cell_m=cell_m)
    for k, (_, inner, place) in enumerate(blocks):
        codes, boxes = (np.stack(own) for own in zip(*(one[k].rasters() for one in parts), strict=True))
        turned = None if turns is None else turns[place]
        for own, rasters in zip(found, _by_stretch(codes, boxes > 0, inner, turned, halo, weigh), strict=True):
            own.append(PackedRasters.of(*rasters))
    places = [place for _, _, place in blocks]
    after = _first_later(dates, found, places)
    before = np.full(dates[0].shape if dates else (0, 0), UNKNOWN, np.uint8)
    for one, own, later in zip(dates, found, after, strict=True):
        known, kinds = _joined(own, places, one.shape)
        codes, boxes = one.rasters()
        hidden = (codes == UNKNOWN) & (boxes != 1)
        seen = np.where(hidden, UNKNOWN, known)
        known = np.where(hidden, _bounded(known, before, unpack(later, one.shape)), known)
        before = closing.fill_hidden(seen, before)
        yield seen, known, kinds


def _by_stretch(
    codes: Bytes, boxes: Bools, inner: Place, turns: Turns | None, halo: int, weigh: Weigh
) -> Iterator[tuple[Bytes, Bytes]]:
    """Levels and kinds of a block, date by date: by all dates, and of ground that was remade by those of its side."""
    whole = weigh(codes, boxes, inner)
    days = [] if turns is None else [int(day) for day in np.unique(turns) if day != NEVER]
    if turns is None or not days:
        yield from whole
        return
    split = []
    for day in days:
        where, part, within = _about(turns == day, inner, codes.shape[1:], halo)
        before, after = ((codes[(own, *part)], boxes[(own, *part)]) for own in (slice(day), slice(day, None)))
        split.append((where, turns[where] == day, chain(weigh(*before, within), weigh(*after, within))))
    for levels, kinds in whole:
        for where, remade, dates in split:
            for raster, own in zip((levels, kinds), next(dates), strict=True):
                raster[where] = np.where(remade, own, raster[where])
        yield levels, kinds


def _about(chosen: Bools, inner: Place, shape: tuple[int, ...], halo: int) -> tuple[Place, Place, Place]:
    """Where chosen cells lie within a block's own, the rows and columns that these need, and their own among those."""
    sides = []
    for axis in range(2):
        at = np.flatnonzero(chosen.any(axis=1 - axis))
        first, last = int(at[0]), int(at[-1]) + 1
        start = inner[axis].start
        top = max(0, start + first - halo)
        needed = slice(top, min(shape[axis], start + last + halo))
        sides.append((slice(first, last), needed, slice(start + first - top, start + last - top)))
    where, needed, own = zip(*sides, strict=True)
    return where, needed, own


def _joined(parts: Sequence[PackedRasters], places: Sequence[Place], shape: Shape) -> tuple[Bytes, Bytes]:
    """A date's two rasters, of its blocks."""
    first, second = np.empty((2, *shape), np.uint8)
    for place, packed in zip(places, parts, strict=True):
        first[place], second[place] = packed.rasters()
    return first, second


def _first_later(
    dates: Sequence[PackedRasters], found: Sequence[Sequence[PackedRasters]], places: Sequence[Place]
) -> list[bytes]:
    """Of each date, packed, the levels by which the first later date that sees the ground shows it."""
    later = np.full(dates[0].shape if dates else (0, 0), UNKNOWN, np.uint8)
    after = []
    for one, own in zip(reversed(dates), reversed(found), strict=True):
        after.append(pack(later))
        codes, boxes = one.rasters()
        known, _ = _joined(own, places, one.shape)
        later = closing.fill_hidden(np.where((codes == UNKNOWN) & (boxes != 1), UNKNOWN, known), later)
    return after[::-1]


def _bounded(levels: Levels, before: Levels, after: Levels) -> Levels:
    """Levels of hidden ground, no higher than both the look before and the look after show it.

    The trees weigh all dates alike: ground that most of them show built they call built on a first look that hides it,
    though the next one shows a meadow.
    """
    ends = [np.where(end == UNKNOWN, 0, np.minimum(end, STEPS[-1])) for end in (before, after)]
    free = (before == UNKNOWN) & (after == UNKNOWN) | (levels == UNKNOWN) | (levels == STORED)
    found: Levels = np.where(free, levels, np.minimum(levels, np.maximum(*ends)))
    return found


def _blocks(shape: Shape, halo: int) -> list[tuple[Place, Place, Place]]:
    """Of each block the rows and columns with its halo, its own among those, and its own in the whole raster."""
    found = []
    for y in range(0, shape[0], BLOCK_CELLS):
        for x in range(0, shape[1], BLOCK_CELLS):
            sides = [_side(y, shape[0], halo), _side(x, shape[1], halo)]
            wide, inner, own = zip(*sides, strict=True)
            found.append((wide, inner, own))
    return found


def _side(start: int, whole: int, halo: int) -> tuple[slice, slice, slice]:
    """One axis of `_blocks`."""
    stop = min(start + BLOCK_CELLS, whole)
    first = max(0, start - halo)
    return slice(first, min(stop + halo, whole)), slice(start - first, stop - first), slice(start, stop)


def _cut(dates: Sequence[PackedRasters], blocks: Sequence[tuple[Place, Place, Place]]) -> list[list[PackedRasters]]:
    """Each date's codes and boxes, block by block with its halo; a box that cloud hides is still a box."""
    held = np.full(dates[0].shape if dates else (0, 0), UNKNOWN, np.uint8)
    for one in reversed(dates):
        held = closing.fill_hidden(one.rasters()[1], held)
    found = []
    for one in dates:
        codes, boxes = one.rasters()
        held = closing.fill_hidden(boxes, held)
        now = held == 1
        found.append([PackedRasters.of(codes[wide], now[wide].astype(np.uint8)) for wide, _, _ in blocks])
    return found


def _confirmed(dates: Sequence[PackedRasters], shape: Shape) -> list[PackedRasters]:
    """Levels of bare ground as far as other dates confirm them; no kinds."""
    history = lasting.History(shape)
    after = []
    for one in reversed(dates):
        after.append(PackedRasters.of(history.grades(), history.made_land().astype(np.uint8)))
        history.add(one.rasters()[0])
    water, row = np.zeros(shape, bool), np.zeros(shape, np.uint8)
    found = []
    for one, later in zip(dates, reversed(after), strict=True):
        own, kinds = one.rasters()
        grades, made = later.rasters()
        levels = lasting.generalised(lasting.confirmed(own, grades, made.astype(bool), row, water))
        found.append(PackedRasters.of(levels, np.zeros(shape, np.uint8)))
        water |= kinds == lasting.WATER
        row = lasting.in_a_row(own, row)
    return found


def _undoubted(dates: Sequence[PackedRasters], shape: Shape) -> list[PackedRasters]:
    """Levels and kinds, unknown where a date's water is doubted."""
    waters = lasting.Waters(shape)
    for one in dates:
        waters.add(*one.rasters())
    found = []
    for one in dates:
        own, kinds = one.rasters()
        doubted = waters.doubted(kinds)
        found.append(PackedRasters.of(*(np.where(doubted, UNKNOWN, raster) for raster in (own, kinds))))
    return found
