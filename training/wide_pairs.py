"""Packed yards and single rows with pairs: two boxes of 20 feet that touch end to end.

A pair stands on the place of one box of 40 feet, on its pins, .08 m apart, so no dark line parts the two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from changedet.kernels.containers import LENGTH_OF_KIND_M, WIDTH_M
from changedet.simulate.builder import Builder
from changedet.simulate.container_slots import add_slot
from changedet.simulate.materials import LINES
from changedet.simulate.stock import Stock
from training import wide_sites, wide_things
from training.vehicles import Parked, trailer, truck

TOUCHING_M = (0.03, 0.2)
"""Between two boxes on the pins of one place, and of hand's work."""
ONE_LINE = 0.35
"""Share of the pairs of one paint."""
MOST_TIERS = 5
Span: TypeAlias = tuple[float, float]
FULL, SPACED, SPARSE = (0.6, 1.0), (0.2, 0.65), (0.1, 0.45)
"""Share of the places of a block that hold something."""
SELDOM = (0.0, 0.25)
"""Share of the places of 40 feet that hold pairs, of yards in which few do."""
UNDER_CRANES = 0.7
"""Share of the blocks with a crane, of yards that have some."""
HALF_EMPTY = 0.4
"""Share of these yards of which about half of the places are empty."""


def shadowed(b: Builder) -> list[Parked]:
    """Single rows of tall stacks far apart, few pairs: their shadows on even ground, and across other boxes."""
    return _yard(b, full=SPARSE, rows=(1, 3), doubled=(0.0, 0.2))


def seldom(b: Builder) -> list[Parked]:
    """Yards as full as any in which hardly a tenth of the places hold pairs, at heights of their own."""
    return _yard(b, full=SPACED if b.rng.random() < HALF_EMPTY else FULL, doubled=SELDOM)


def craned(b: Builder) -> list[Parked]:
    """The same under cranes: the shadows of their beams fall across boxes of 40 feet, which are no pairs."""
    return _yard(b, full=SPACED if b.rng.random() < HALF_EMPTY else FULL, doubled=SELDOM, under=UNDER_CRANES)


def _yard(b: Builder, *, full: Span, doubled: Span, rows: tuple[int, int] = (1, 8), under: float = 0.0) -> list[Parked]:
    rng = b.rng
    half = 0.47 * b.world.size_m
    wide_sites.grounds(b, wide_sites.PAVED if rng.random() < 0.8 else wide_sites.BARE, half)
    stock, turned = wide_sites.fleet_of(b), bool(rng.random() < 0.5)
    share, high = float(rng.uniform(*doubled)), int(rng.integers(1, MOST_TIERS + 1))
    found: list[Parked] = []
    t = -half + 5.0
    while t < half - 10:
        deep, s = int(rng.integers(*rows)), -half + float(rng.uniform(3, 10))
        while s < half - 20:
            bays = int(rng.integers(1, 7))
            long = _block(b, stock, (s, t), (bays, deep), turned, high, share, half - s, float(rng.uniform(*full)))
            if under > 0 and rng.random() < under:
                at, aside = s + float(rng.uniform(0, max(long, 1.0))), t + deep * WIDTH_M / 2
                wide_things.gantry(
                    b, *((at, aside) if turned else (aside, at)), deep * 2.7 + float(rng.uniform(4, 12)), turned
                )
            s += long
            s += float(rng.uniform(2, 14))
        lane = t + deep * 2.8 + float(rng.uniform(3, 6))
        for _ in range(int(rng.integers(0, 3))):
            at = float(rng.uniform(-half + 8, half - 8))
            u, v = (at, lane) if turned else (lane, at)
            found.append((trailer, truck)[int(rng.integers(2))](b, u, v, 90.0 if turned else 0.0))
        t = lane + float(rng.uniform(3, 12))
    wide_sites.worn(b, float(rng.uniform(0, 0.5)))
    wide_things.masts(b, half)
    return found


def _block(
    b: Builder,
    stock: Stock,
    at: tuple[float, float],
    shape: tuple[int, int],
    turned: bool,
    high: int,
    doubled: float,
    room_m: float,
    full: float,
) -> float:
    """Bays end to end of rows side by side; its length."""
    rng, (bays, rows) = b.rng, shape
    side = float(rng.uniform(0.03, 0.6))
    end = float(rng.uniform(0.1, 0.5)) if rng.random() < 0.7 else float(rng.uniform(*TOUCHING_M))
    uneven = float(rng.uniform(0, 1))
    turn, s = (90.0 if turned else 0.0) + float(rng.normal(0, 0.4)), 0.0
    for _ in range(bays):
        kind = "45ft" if rng.random() < 0.04 else "20ft" if rng.random() < 0.15 else "40ft"
        long = LENGTH_OF_KIND_M[kind]
        if s + long > room_m:
            break
        usual = int(rng.integers(1, high + 1))
        for row in range(rows):
            if rng.random() > full:
                continue
            tiers = int(rng.integers(1, high + 1)) if rng.random() < uneven else usual
            across = row * (WIDTH_M + side)
            halves = _halves(rng, kind, s, doubled)
            line = str(rng.choice(list(LINES))) if rng.random() < ONE_LINE else None
            for own, along in halves:
                u, v = (at[0] + along, at[1] + across) if turned else (at[1] + across, at[0] + along)
                slot = add_slot(b, u, v, turn, own, "yard-a", 0.0, MOST_TIERS)
                for _ in range(tiers if rng.random() < 0.85 else int(rng.integers(1, high + 1))):
                    stock.add(0, slot, line)
        s += long + end
    return s


def _halves(rng: np.random.Generator, kind: str, s: float, doubled: float) -> list[tuple[str, float]]:
    """What stands on a place that begins at s, and where: one box, or two of 20 feet, or one of two."""
    long = LENGTH_OF_KIND_M[kind]
    if kind != "40ft" or rng.random() > doubled:
        return [(kind, s + long / 2)]
    own, gap = LENGTH_OF_KIND_M["20ft"], float(rng.uniform(*TOUCHING_M))
    both = [("20ft", s + own / 2), ("20ft", s + 1.5 * own + gap)]
    return both if rng.random() < 0.93 else [both[int(rng.integers(2))]]


SITES: dict[str, Callable[[Builder], list[Parked]]] = {"shadowed": shadowed, "seldom": seldom, "craned": craned}
