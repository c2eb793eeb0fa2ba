"""What stands where on which look: places in rows on free ground, and who comes, stays, leaves or is replaced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.collage.cutouts import SHARES, Cutout
from benchmarks.collage.grounds import GSD_M, LOOKS, SIDE_PX, Ground, Yard
from benchmarks.third_hand.plan import LENGTHS_M, WIDTH_M, Box, Frame, Plan, Rng, Slot

COUNTS: Mapping[str, Sequence[int]] = {
    "growth": (0, 12, 30, 26),
    "leaving": (28, 17, 9, 0),
    "turnover": (22, 24, 20, 26),
    "empty": (0, 0, 0, 0),
}
"""Boxes by look; a place of three looks has the first two and the last."""
MOST_BOXES = 32
TURNOVER = 0.15
"""Share of the boxes that leave between two looks although others come."""
KIND_SHARES = {"40ft": 0.6, "20ft": 0.4}
GAP_M = (0.35, 0.9)
LANE_M = (2.0, 7.0)
BREAK_M = (3.0, 9.0)
RUN_LENGTH = (4, 10)
TURN_DEG = 4.0
"""Half the range by which the rows of a seed are turned against the yard."""
NUDGE_M, NUDGE_DEG = 0.12, 0.8
"""Standard deviations by which a box stands off its row."""
MOST_REFLECTANCE = 0.9
ASPHALT_REFLECTANCE = 0.14
UNLIKE = 0.5
"""Least difference of mean colours, in units of asphalt's, of a box and the one that replaces it."""


def days_of(ground: Ground) -> list[dt.date]:
    """The dates of a ground's looks, as their names invent them."""
    return [dt.date.fromisoformat(look.stem[2:]) for look in LOOKS[ground.place]]


def counts_of(kind: str, dates: int) -> list[int]:
    """True boxes by look."""
    counts = list(COUNTS[kind])
    return counts if dates == len(counts) else [*counts[: dates - 1], counts[-1]]


def planned(ground: Ground, kind: str, seed: int, stock: Sequence[Cutout]) -> tuple[Plan, dict[int, Cutout]]:
    """A series on a ground, and the cut-out of each box by its number."""
    rng = np.random.default_rng([seed, sorted(COUNTS).index(kind), *map(ord, ground.name)])
    days = days_of(ground)
    plan = Plan(kind, seed, days, Frame(0.0), rng)
    most = max(counts_of(kind, len(days)))
    slots: list[Slot] = []
    while len(slots) < most:
        # Long rows with wide lanes may have no room for all.
        runs = [run for yard in ground.yards for run in rows(yard, ground, rng)]
        slots = [slot for k in rng.permutation(len(runs)) for slot in runs[k]][:MOST_BOXES]
    plan.slots += slots
    return plan, schedule(plan, counts_of(kind, len(days)), _Deck(stock, rng))


def rows(yard: Yard, ground: Ground, rng: Rng) -> list[list[Slot]]:
    """Runs of places: in rows over a yard, side by side or end to end."""
    along_m, across_m = yard.size_m
    angle = np.radians(yard.angle_deg + rng.uniform(-TURN_DEG, TURN_DEG))
    runs: list[list[Slot]] = []
    v, was_beside = -across_m / 2, True
    while True:
        kind = str(rng.choice(list(KIND_SHARES), p=list(KIND_SHARES.values())))
        is_beside = bool(rng.random() < 0.7)
        depth, pitch = (LENGTHS_M[kind], WIDTH_M) if is_beside else (WIDTH_M, LENGTHS_M[kind])
        if runs:
            # Two rows end to end may stand back to back; to all others there is a lane.
            v += float(rng.uniform(*(LANE_M if is_beside or was_beside else GAP_M)))
        if v + depth > across_m / 2:
            return runs
        pitch += float(rng.uniform(*GAP_M))
        u = -along_m / 2 + float(rng.uniform(0, BREAK_M[1]))
        while u + pitch <= along_m / 2:
            fits = min(int((along_m / 2 - u) // pitch), int(rng.integers(*RUN_LENGTH)))
            turn = angle + (np.pi / 2 if is_beside else 0.0)
            middles = [(u + (k + 0.5) * pitch, v + depth / 2) for k in range(fits)]
            runs.append([_slot(yard, ground, rng, at, angle, turn, kind) for at in middles])
            u += fits * pitch + float(rng.uniform(*BREAK_M))
        v, was_beside = v + depth, is_beside


def _slot(yard: Yard, ground: Ground, rng: Rng, at: tuple[float, float], angle: float, turn: float, kind: str) -> Slot:
    """A place in metres around the window's middle, x east and y north."""
    (u, v), (du, dv) = at, rng.normal(0, NUDGE_M, 2)
    cos, sin = np.cos(angle), np.sin(angle)
    east = (yard.middle_px[0] - ground.corner_px[0] - SIDE_PX / 2) * GSD_M
    north = -(yard.middle_px[1] - ground.corner_px[1] - SIDE_PX / 2) * GSD_M
    x, y = east + (u + du) * cos - (v + dv) * sin, north + (u + du) * sin + (v + dv) * cos
    return Slot(x, y, kind, float(turn + np.radians(rng.normal(0, NUDGE_DEG))), yard.name)


class _Deck:
    """Cut-outs to draw from, each once as long as they last."""

    def __init__(self, stock: Sequence[Cutout], rng: Rng) -> None:
        self.stock, self.rng = list(stock), rng
        self.drawn: dict[int, Cutout] = {}
        self.used: set[int] = set()

    def draw(self, kind: str, unlike: Cutout | None = None) -> int:
        """The number of a new box; of another colour than one that it replaces."""
        own = [k for k, one in enumerate(self.stock) if one.kind == kind and _differs(one, unlike)]
        fresh = [k for k in own if k not in self.used] or own
        of_source = {name: sum(self.stock[k].source.name == name for k in fresh) for name in SHARES}
        weights = np.array([SHARES[name] / of_source[name] for name in (self.stock[k].source.name for k in fresh)])
        chosen = fresh[int(self.rng.choice(len(fresh), p=weights / weights.sum()))]
        self.used.add(chosen)
        number = len(self.drawn) + 1
        self.drawn[number] = self.stock[chosen]
        return number

    def box(self, number: int) -> Box:
        """The box of a number, its paint as reflectance in blue, green, red and, for want of it, red again."""
        level = np.clip(self.drawn[number].colour * ASPHALT_REFLECTANCE, 0, MOST_REFLECTANCE)
        paint = np.array([*level[::-1], level[0]], np.float32)
        return Box(number, self.drawn[number].kind, paint, tall=False)


def _differs(one: Cutout, other: Cutout | None) -> bool:
    return other is None or bool(np.abs(one.colour - other.colour).max() >= UNLIKE)


def schedule(plan: Plan, counts: Sequence[int], deck: _Deck) -> dict[int, Cutout]:
    """Fill the places by look, in their order; the cut-outs of all boxes by number."""
    now: list[Box | None] = [None] * len(plan.slots)
    for date, count in enumerate(counts):
        freed = _leave(now, counts[date - 1], count, plan.rng) if date else set()
        if date and count:
            _replace(now, plan, deck)
        free = [k for k, box in enumerate(now) if box is None and k not in freed]
        free += sorted(freed)
        for k in free[: count - sum(box is not None for box in now)]:
            now[k] = deck.box(deck.draw(plan.slots[k].kind))
        for slot, box in zip(plan.slots, now, strict=True):
            slot.stacks.append((box,) if box else ())
    return deck.drawn


def _leave(now: list[Box | None], before: int, after: int, rng: Rng) -> set[int]:
    there = [k for k, box in enumerate(now) if box]
    leaving = len(there) - after if after < before else 0
    leaving = min(len(there), leaving + round(TURNOVER * min(before, after)))
    chosen = {int(k) for k in rng.choice(there, leaving, replace=False)} if leaving else set()
    for k in chosen:
        now[k] = None
    return chosen


def _replace(now: list[Box | None], plan: Plan, deck: _Deck) -> None:
    """Another box, of another colour, in the place of one that stood there."""
    there = [k for k, box in enumerate(now) if box]
    if there:
        k = there[int(plan.rng.integers(len(there)))]
        before = now[k]
        assert before is not None
        now[k] = deck.box(deck.draw(plan.slots[k].kind, unlike=deck.drawn[before.number]))


def rings(plan: Plan, date: int) -> list[tuple[int, Slot, NDArray[np.float64]]]:
    """Number, place and corners of each box of a look."""
    return [(slot.stacks[date][-1].number, slot, slot.ring()) for slot in plan.slots if slot.stacks[date]]
