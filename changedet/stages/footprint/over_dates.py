"""Rasters of all dates, packed but for one at a time, and what other dates say of each: levels, kinds, boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.stages.footprint.kernels import closing, lasting, surroundings
from changedet.stages.footprint.kernels.closing import UNKNOWN, Levels
from changedet.store.packing import pack, unpack

Kinds = NDArray[np.uint8]
Shape = tuple[int, int]

BLOCK_CELLS: Final = 512
"""A side of the blocks of which all dates are held at once."""


class Packed(NamedTuple):
    """Two rasters (y, x) of a date, compressed: levels and kinds, or codes (`kernels.telling`) and boxes."""

    first: bytes
    second: bytes
    shape: Shape

    @classmethod
    def of(cls, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Packed:
        """Compress a date's rasters."""
        return cls(pack(first), pack(second), (first.shape[0], first.shape[1]))

    def rasters(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Both rasters, read-only."""
        return unpack(self.first, self.shape), unpack(self.second, self.shape)


def by_all(dates: Sequence[Packed], lasts: bool) -> Iterator[tuple[Levels, Levels, Kinds]]:
    """For each date its levels where it sees the ground, its levels everywhere, and its kinds.

    Parameters
    ----------
    dates : sequence of Packed
        Levels and kinds, in the order of time.
    lasts : bool
        Whether levels are those of bare ground, which counts as far as other dates bear it out (`lasting`).

    Yields
    ------
    uint8 (y, x), three times
        What a date does not see is as the last earlier date that saw it shows it, else the first later one.
    """
    if not dates:
        return
    shape = dates[0].shape
    if lasts:
        dates = _confirmed(dates, shape)
    known, kinds = np.full((2, *shape), UNKNOWN, np.uint8)
    for one in reversed(dates):
        known, kinds = _filled(one, known, kinds)
    for one in dates:
        own, _ = one.rasters()
        known, kinds = _filled(one, known, kinds)
        yield own, known, kinds


def _filled(one: Packed, known: Levels, kinds: Kinds) -> tuple[Levels, Kinds]:
    levels, sorts = one.rasters()
    return closing.fill_hidden(levels, known), closing.fill_hidden(sorts, kinds)


def judged(dates: Sequence[Packed], judge: surroundings.Judge, cell_m: float) -> Iterator[tuple[Levels, Levels, Kinds]]:
    """As `by_all`, by the trees that weigh all dates and the surroundings (`kernels.surroundings`).

    Parameters
    ----------
    dates : sequence of Packed
        Codes of `kernels.telling`, and boxes: 1 where one is, `UNKNOWN` where nothing is seen; in the order of time.
    judge : Judge
    cell_m : float
    """
    found: list[list[Packed]] = [[] for _ in dates]
    blocks = _blocks(dates[0].shape, surroundings.halo_cells(cell_m) + surroundings.AGREE) if dates else []
    parts = _cut(dates, blocks)
    for k, (_, inner, _) in enumerate(blocks):
        codes, boxes = (np.stack(own) for own in zip(*(one[k].rasters() for one in parts), strict=True))
        for own, rasters in zip(found, surroundings.judged(codes, boxes > 0, judge, cell_m, inner), strict=True):
            own.append(Packed.of(*rasters))
    for one, own in zip(dates, found, strict=True):
        known, kinds = np.empty((2, *one.shape), np.uint8)
        for (_, _, place), packed in zip(blocks, own, strict=True):
            known[place], kinds[place] = packed.rasters()
        codes, boxes = one.rasters()
        yield np.where((codes == UNKNOWN) & (boxes != 1), UNKNOWN, known), known, kinds


Place = tuple[slice, slice]


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
    stop = min(start + BLOCK_CELLS, whole)
    first = max(0, start - halo)
    return slice(first, min(stop + halo, whole)), slice(start - first, stop - first), slice(start, stop)


def _cut(dates: Sequence[Packed], blocks: Sequence[tuple[Place, Place, Place]]) -> list[list[Packed]]:
    """Each date's codes and boxes, block by block with its halo; a box that cloud hides is still a box."""
    held = np.full(dates[0].shape if dates else (0, 0), UNKNOWN, np.uint8)
    for one in reversed(dates):
        held = closing.fill_hidden(one.rasters()[1], held)
    found = []
    for one in dates:
        codes, boxes = one.rasters()
        held = closing.fill_hidden(boxes, held)
        now = held == 1
        found.append([Packed.of(codes[wide], now[wide].astype(np.uint8)) for wide, _, _ in blocks])
    return found


def _confirmed(dates: Sequence[Packed], shape: Shape) -> list[Packed]:
    """Levels of bare ground as far as other dates bear them out; no kinds."""
    history = lasting.History(shape)
    after = []
    for one in reversed(dates):
        after.append(Packed.of(history.grades(), history.made_land().astype(np.uint8)))
        history.add(one.rasters()[0])
    water, before = np.zeros(shape, bool), None
    found = []
    for one, later in zip(dates, reversed(after), strict=True):
        own, kinds = one.rasters()
        grades, made = later.rasters()
        levels = lasting.generalised(lasting.confirmed(own, grades, made.astype(bool), before, water))
        found.append(Packed.of(levels, np.zeros(shape, np.uint8)))
        water |= kinds == lasting.WATER
        before = closing.fill_hidden(own, before) if before is not None else own
    return found
