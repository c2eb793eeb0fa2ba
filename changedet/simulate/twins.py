"""Two sites that share consignments: lots that leave one and reach the other one or two dates later."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np

from changedet.simulate.builder import Builder
from changedet.simulate.grounds import capacity, depot, depot_size, land
from changedet.simulate.kinds import build
from changedet.simulate.materials import LINES
from changedet.simulate.stock import Stock
from changedet.simulate.world import World


def twin_worlds(
    dates: int,
    seed: int,
    gsd_m: float,
    size_m: float,
    bands: tuple[str, ...],
    dtype: str,
    start: dt.date,
    interval_days: int,
) -> tuple[World, World]:
    """Two sites, of which a sends lots of one line and kind that reach b one or two dates later.

    Parameters
    ----------
    dates : int
        How many.
    seed : int
        0 or more.
    gsd_m : float
        Pixel size in metres.
    size_m : float
        Side of each square site.
    bands : tuple of str
        Roles in band order.
    dtype : str
        "uint16" or "uint8".
    start : datetime.date
        The first date of both.
    interval_days : int
        Mean days between dates.

    Returns
    -------
    tuple of World
        Site a and site b; boxes of one lot have the same `consignment`.
    """
    builders = []
    for number in (0, 1):
        world = build("twin_sites", dates, seed * 2 + number, gsd_m, size_m, bands, dtype, start, interval_days)
        builder = Builder(world, np.random.default_rng([seed, 22, number]))
        land(builder)
        depot(builder, depot_size(builder), None, 2)
        builders.append(builder)
    both = set.intersection(
        *({s.kind for s in b.world.slots if s.yard == "yard-b" and s.kind != "45ft"} for b in builders)
    )
    lots = _lots(np.random.default_rng([seed, 21]), dates, sorted(both) or ["40ft"])
    for number, builder in enumerate(builders):
        _run(builder, lots, number)
    return builders[0].world, builders[1].world


class _Lot(NamedTuple):
    """Boxes of one line and kind that leave site a together; dates are indices."""

    consignment: str
    line: str
    kind: str
    boxes: int
    leaves: int
    """The first date that does not show it at a."""
    reaches: int
    """The first date that shows it at b."""


def _lots(rng: np.random.Generator, dates: int, kinds: list[str]) -> list[_Lot]:
    lag = int(rng.integers(1, 3))
    found = []
    for number in range(max(1, dates - lag - 1)):
        line, kind = str(rng.choice(list(LINES))), str(rng.choice(kinds))
        leaves = 1 + number
        found.append(_Lot(f"lot{number + 1:02d}", line, kind, int(rng.integers(4, 10)), leaves, leaves + lag))
    return found


def _run(b: Builder, lots: list[_Lot], number: int) -> None:
    stock = Stock(b, "ab"[number])
    for k in range(len(b.world.looks)):
        for yard in ("yard-a", "yard-b"):
            level = int(0.4 * capacity(b, yard))
            stock.set_level(k, yard, level, 0 if k == 0 else int(b.rng.binomial(level, 0.03)))
        for lot in lots:
            _move(stock, k, lot, number)


def _move(stock: Stock, index: int, lot: _Lot, number: int) -> None:
    consignment, line, kind, boxes, leaves, reaches = lot
    comes = leaves - 1 if number == 0 else reaches
    if index == comes:
        for _ in range(boxes):
            slot = stock.free("yard-b", kind)
            if slot is not None:
                stock.add(index, slot, line, consignment)
    if number == 0 and index == leaves:
        for slot in [s for s, stack in sorted(stock.standing.items()) if stack[-1].consignment == consignment]:
            stock.remove(index, slot)
