"""Packed yards of pairs: two boxes of 20 feet that touch end to end, rows of one hue, dark boxes between tall stacks.

A pair stands on the place of one box of 40 feet, on its pins, .08 m apart, so no dark line parts the two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from changedet.kernels.containers import LENGTH_OF_KIND_M, WIDTH_M
from changedet.simulate.builder import Builder
from changedet.simulate.container_slots import add_slot
from changedet.simulate.materials import LINES, vary
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
DARK = 0.4
"""Share of the spaced yards that are dark."""


def pairs(b: Builder) -> list[Parked]:
    """Blocks on paved ground in which places of 40 feet hold one box or two, at heights of their own."""
    return _yard(b, dark=False)


def canyons(b: Builder) -> list[Parked]:
    """The same of dark boxes of few hues, most of them beside taller stacks."""
    return _yard(b, dark=True)


def spaced(b: Builder) -> list[Parked]:
    """Yards of pairs of which a half to two thirds of the places are empty: shaded ground that is no box."""
    return _yard(b, dark=bool(b.rng.random() < DARK), full=SPACED)


def shadowed(b: Builder) -> list[Parked]:
    """Single rows of tall stacks far apart, few pairs: their shadows on even ground, and across other boxes."""
    return _yard(b, dark=False, full=SPARSE, rows=(1, 3), doubled=(0.0, 0.2))


def _yard(
    b: Builder, *, dark: bool, full: Span = FULL, rows: tuple[int, int] = (1, 8), doubled: Span = (0.1, 1.0)
) -> list[Parked]:
    rng = b.rng
    half = 0.47 * b.world.size_m
    wide_sites.grounds(b, wide_sites.PAVED if rng.random() < 0.8 else wide_sites.BARE, half)
    stock, turned = wide_sites.fleet_of(b), bool(rng.random() < 0.5)
    share, high = float(rng.uniform(*doubled)), int(rng.integers(2 if dark else 1, MOST_TIERS + 1))
    found: list[Parked] = []
    t = -half + 5.0
    while t < half - 10:
        deep, s = int(rng.integers(*rows)), -half + float(rng.uniform(3, 10))
        while s < half - 20:
            bays = int(rng.integers(1, 7))
            s += _block(b, stock, (s, t), (bays, deep), turned, high, share, half - s, float(rng.uniform(*full)))
            s += float(rng.uniform(2, 14))
        lane = t + deep * 2.8 + float(rng.uniform(3, 6))
        for _ in range(int(rng.integers(0, 3))):
            at = float(rng.uniform(-half + 8, half - 8))
            u, v = (at, lane) if turned else (lane, at)
            found.append((trailer, truck)[int(rng.integers(2))](b, u, v, 90.0 if turned else 0.0))
        t = lane + float(rng.uniform(3, 12))
    if dark:
        _darkened(b)
    else:
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


def _darkened(b: Builder) -> None:
    """Repaint most boxes in a few dark hues."""
    rng, paints = b.rng, b.world.palette.paints
    hues = [
        vary(rng, wide_sites.WORN[int(rng.integers(len(wide_sites.WORN)))], 0.3, 0.1)
        for _ in range(int(rng.integers(1, 4)))
    ]
    share = float(rng.uniform(0.5, 1.0))
    for box in b.world.containers:
        if rng.random() < share:
            hue = vary(rng, hues[int(rng.integers(len(hues)))], 0.1, 0.03)
            paints[box.label] = replace(paints[box.label], first=hue, mix_fine=float(rng.uniform(0, 0.3)), grain=0.06)


SITES: dict[str, Callable[[Builder], list[Parked]]] = {
    "pairs": pairs,
    "canyons": canyons,
    "spaced": spaced,
    "shadowed": shadowed,
}
