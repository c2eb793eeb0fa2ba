"""Two sites that share consignments: lots that leave one and reach the other some weeks later."""

from __future__ import annotations

import datetime as dt

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
    """Site a sends lots (one line, one kind); site b gets them one or two dates later, under the same consignment."""
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


Lot = tuple[str, str, str, int, int, int]


def _lots(rng: np.random.Generator, dates: int, kinds: list[str]) -> list[Lot]:
    """(consignment, line, kind, boxes, date that it leaves a, date that it is first seen at b)."""
    lag = int(rng.integers(1, 3))
    found = []
    for number in range(max(1, dates - lag - 1)):
        line, kind = str(rng.choice(list(LINES))), str(rng.choice(kinds))
        leaves = 1 + number
        found.append((f"lot{number + 1:02d}", line, kind, int(rng.integers(4, 10)), leaves, leaves + lag))
    return found


def _run(b: Builder, lots: list[Lot], number: int) -> None:
    stock = Stock(b, "ab"[number])
    for k in range(len(b.world.looks)):
        for yard in ("yard-a", "yard-b"):
            level = int(0.4 * capacity(b, yard))
            stock.set_level(k, yard, level, 0 if k == 0 else int(b.rng.binomial(level, 0.03)))
        for lot in lots:
            _move(stock, k, lot, number)


def _move(stock: Stock, index: int, lot: Lot, number: int) -> None:
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
