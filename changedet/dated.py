"""Rasters of levels and kinds of all dates, packed but for one at a time, and what other dates say of each."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.kernels import closing, lasting, standing
from changedet.kernels.closing import STORED, UNKNOWN, Levels

Kinds = NDArray[np.uint8]
Shape = tuple[int, int]

BLOCK_CELLS: Final = 4_000_000
"""Of every date at once."""


class Packed(NamedTuple):
    """A date's levels and kinds (y, x), compressed."""

    levels: bytes
    kinds: bytes
    shape: Shape

    @classmethod
    def of(cls, levels: Levels, kinds: Kinds) -> Packed:
        """Compress a date's rasters."""
        return cls(_packed(levels), _packed(kinds), (levels.shape[0], levels.shape[1]))

    def rasters(self) -> tuple[Levels, Kinds]:
        """Levels and kinds, read-only."""
        return _unpacked(self.levels, self.shape), _unpacked(self.kinds, self.shape)


def by_all(dates: Sequence[Packed], lasts: bool, told: standing.Told | None) -> Iterator[tuple[Levels, Levels, Kinds]]:
    """For each date its levels where it sees the ground, its levels everywhere, and its kinds.

    Parameters
    ----------
    dates : sequence of Packed
        In the order of time.
    lasts : bool
        Whether levels are those of bare ground, which counts as far as other dates bear it out (`lasting`).
    told : Told or None
        By which dates are weighed together (`standing`); without it, what a date does not see is as the last earlier
        date that saw it shows it, else the first later one.
    """
    if not dates:
        return
    shape = dates[0].shape
    if lasts:
        dates = _confirmed(dates, shape)
    settled = _settled(dates, shape, told) if told is not None else None
    known, kinds = np.full((2, *shape), UNKNOWN, np.uint8)
    for one in reversed(dates):
        known, kinds = _filled(one, known, kinds)
    for k, one in enumerate(dates):
        own, _ = one.rasters()
        known, kinds = _filled(one, known, kinds)
        if settled is None:
            yield own, known, kinds
            continue
        levels, sorts = _joined(settled[k])
        # A box that cloud hides is still a box, and no yard.
        yield np.where(own == UNKNOWN, UNKNOWN, levels), np.where(known == STORED, STORED, levels), sorts


def _filled(one: Packed, known: Levels, kinds: Kinds) -> tuple[Levels, Kinds]:
    levels, sorts = one.rasters()
    return closing.fill_hidden(levels, known), closing.fill_hidden(sorts, kinds)


def _settled(dates: Sequence[Packed], shape: Shape, told: standing.Told) -> list[list[Packed]]:
    """Each date's levels and kinds by all dates, in blocks of rows."""
    rows = max(1, BLOCK_CELLS // shape[1])
    blocks = [slice(y, min(y + rows, shape[0])) for y in range(0, shape[0], rows)]
    seen = []
    for one in dates:
        symbols = standing.symbols(*one.rasters())
        seen.append([_packed(symbols[block]) for block in blocks])
    found: list[list[Packed]] = [[] for _ in dates]
    for k, block in enumerate(blocks):
        stack = np.stack([_unpacked(one[k], (block.stop - block.start, shape[1])) for one in seen])
        for own, levels, kinds in zip(found, *standing.settled(stack, told), strict=True):
            own.append(Packed.of(levels, kinds))
    return found


def _joined(blocks: Sequence[Packed]) -> tuple[Levels, Kinds]:
    levels, kinds = (np.concatenate(parts) for parts in zip(*(block.rasters() for block in blocks), strict=True))
    return levels, kinds


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


def _packed(raster: NDArray[np.uint8]) -> bytes:
    return zlib.compress(raster.tobytes(), 1)


def _unpacked(packed: bytes, shape: Shape) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(shape)
