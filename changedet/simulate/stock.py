"""Containers that arrive, wait and leave: places in blocks, a fleet of lines, last in first out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from changedet.kernels.containers import LENGTH_OF_KIND_M, WIDTH_M
from changedet.simulate.builder import Builder
from changedet.simulate.materials import LINES, container_paint
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Points, strip
from changedet.simulate.world import ALWAYS, Container, Decal, Slot, Solid

Rect = tuple[float, float, float, float]


def blocks(b: Builder, rect: Rect, yard: str, most: int, lane_m: float = 16.0, lengthwise: bool | None = None) -> None:
    """Cover a rectangle (u0, v0, u1, v1) with blocks of container places, lanes between them."""
    rng = b.rng
    u0, v0, u1, v1 = rect
    turned = bool(rng.random() < 0.5) if lengthwise is None else lengthwise
    far, deep = (u1 - u0, v1 - v0) if not turned else (v1 - v0, u1 - u0)
    t = 0.0
    number = 0
    while t < deep - 6:
        rows = int(rng.choice([1, 2, 2, 3, 4]))
        t, number = _band(b, rect, turned, t, rows, far, deep, yard, most, number)
        t += float(rng.uniform(0.7, 1.3)) * lane_m


def _band(
    b: Builder,
    rect: Rect,
    turned: bool,
    t: float,
    rows: int,
    far: float,
    deep: float,
    yard: str,
    most: int,
    number: int,
) -> tuple[float, int]:
    """Rows end to end across the lanes, each split into runs of touching boxes."""
    rng = b.rng
    for _ in range(rows):
        kind = str(rng.choice(["40ft", "20ft", "45ft"], p=[0.62, 0.33, 0.05]))
        if t + LENGTH_OF_KIND_M[kind] > deep:
            break
        s = float(rng.uniform(0, 5))
        skew = float(rng.normal(0, 0.4))
        while s < far - WIDTH_M:
            run = int(rng.integers(3, 22))
            gap = float(rng.uniform(0.02, 0.15)) if rng.random() < 0.65 else float(rng.uniform(0.3, 0.5))
            for _ in range(run):
                if s + WIDTH_M > far:
                    break
                u, v = (rect[0] + s + WIDTH_M / 2, rect[1] + t + LENGTH_OF_KIND_M[kind] / 2)
                if turned:
                    u, v = (rect[0] + t + LENGTH_OF_KIND_M[kind] / 2, rect[1] + s + WIDTH_M / 2)
                _place(b, u, v, (90.0 if turned else 0.0) + skew, kind, yard, number + s / far * 0.5, most)
                s += WIDTH_M + gap
            s += float(rng.uniform(1.5, 9.0))
        t += LENGTH_OF_KIND_M[kind] + float(rng.uniform(0.3, 0.7))
        number += 1
    return t, number


def _place(
    b: Builder, u: float, v: float, turn: float, kind: str, yard: str, order: float, most: int, base_m: float = 0.0
) -> int:
    x, y = b.frame.point(u, v)
    angle = (b.frame.angle_deg + turn) % 180
    b.world.slots.append(Slot(float(x), float(y), angle, kind, yard, order, most, base_m))
    return len(b.world.slots) - 1


def loners(b: Builder, rect: Rect, yard: str, count: int) -> None:
    """Single boxes put down at any angle."""
    for _ in range(count):
        u, v = b.rng.uniform(rect[0], rect[2]), b.rng.uniform(rect[1], rect[3])
        kind = str(b.rng.choice(["20ft", "40ft"], p=[0.65, 0.35]))
        x, y = b.frame.point(float(u), float(v))
        near = any((s.x - x) ** 2 + (s.y - y) ** 2 < 15**2 for s in b.world.slots)
        if not near:
            _place(b, float(u), float(v), float(b.rng.uniform(0, 180)), kind, yard, float(b.rng.random() * 3), 1)


class Stock:
    """The boxes of a site from date to date."""

    def __init__(self, b: Builder, prefix: str = "c", fleet: Sequence[float] | None = None) -> None:
        self.b, self.prefix = b, prefix
        share = np.array([part for _, part in LINES.values()])
        self.fleet = b.rng.dirichlet(share * 18) if fleet is None else np.asarray(fleet, float)
        self.standing: dict[int, list[Container]] = {}
        self.batch = str(b.rng.choice(list(LINES), p=self.fleet))
        self.mixed = float(b.rng.uniform(0.25, 0.85))
        self.stacking = float(b.rng.uniform(0.15, 0.5))

    def day(self, index: int) -> dt.date:
        """A day between the look before and this one (before the first look: within the year before it)."""
        dates = self.b.world.dates
        if index == 0:
            return dates[0] - dt.timedelta(days=int(self.b.rng.integers(5, 365)))
        gap = max(1, (dates[index] - dates[index - 1]).days)
        return dates[index] - dt.timedelta(days=int(self.b.rng.integers(0, gap)))

    def add(self, index: int, slot: int, line: str | None = None, consignment: str = "") -> Container:
        """Put one box into a place, on top of what stands there."""
        rng, world = self.b.rng, self.b.world
        if line is None:
            if rng.random() > 0.75:
                self.batch = str(rng.choice(list(LINES), p=self.fleet))
            line = str(rng.choice(list(LINES), p=self.fleet)) if rng.random() < self.mixed else self.batch
        paint, colour = container_paint(rng, line)
        kind = world.slots[slot].kind
        nudge = (float(rng.normal(0, 0.05)), float(rng.normal(0, 0.05)), float(rng.normal(0, 0.25)))
        box = Container(
            f"{self.prefix}{len(world.containers) + 1:05d}",
            slot,
            kind,
            line,
            colour,
            world.palette.add(paint),
            ALWAYS if index == 0 else index,
            self.day(index),
            edge_tone=int(rng.choice([68, 78, 86, 112, 125])),
            nudge=nudge,
            consignment=consignment,
        )
        box.decals = self._marks(world.box_outline(box))
        world.containers.append(box)
        self.standing.setdefault(slot, []).append(box)
        return box

    def _marks(self, outline: Points) -> tuple[Decal, ...]:
        rng = self.b.rng
        a, b, c, d = outline
        marks: list[Decal] = []
        if rng.random() < 0.35:
            s, t, wide = rng.uniform(0.1, 0.8), rng.uniform(0.1, 0.6), rng.uniform(0.08, 0.35)
            corner = a + s * (b - a) + t * (d - a)
            spot = np.array(
                [corner, corner + 0.15 * (b - a), corner + 0.15 * (b - a) + wide * (d - a), corner + wide * (d - a)]
            )
            marks.append(Decal(spot, KEEP_LABEL, int(rng.choice([72, 86, 112, 125]))))
        if rng.random() < 0.3:
            for t in (0.33, 0.66):
                start, end = a + t * (d - a), b + t * (c - b)
                marks.append(Decal(strip(start, end, 0.22), KEEP_LABEL, int(rng.choice([85, 112]))))
        if rng.random() < 0.4:
            end = 0.0 if rng.random() < 0.5 else 1.0
            start = a + end * (b - a)
            marks.append(Decal(strip(start, d + end * (c - d), 0.5), KEEP_LABEL, int(rng.choice([70, 82]))))
        return tuple(marks)

    def remove(self, index: int, slot: int) -> None:
        """Take the top box from a place."""
        box = self.standing[slot].pop()
        box.gone, box.departed = index, self.day(index)
        if not self.standing[slot]:
            del self.standing[slot]

    def count(self, yard: str) -> int:
        """Stacks in a yard."""
        return sum(self.b.world.slots[k].yard == yard for k in self.standing)

    def set_level(self, index: int, yard: str, target: int, turnover: int) -> None:
        """Exchange `turnover` boxes of a yard, then bring or take until `target` stacks stand there."""
        rng, slots = self.b.rng, self.b.world.slots
        taken = 0
        while taken < turnover or self.count(yard) > target:
            mine = [k for k in sorted(self.standing) if slots[k].yard == yard]
            if not mine:
                break
            self.remove(index, int(rng.choice(mine)))
            taken += 1
        brought = 0
        while self.count(yard) < target or brought < turnover:
            slot = self.free(yard, full=self.count(yard) >= target)
            if slot is None:
                break
            self.add(index, slot)
            brought += 1

    def free(self, yard: str, kind: str | None = None, full: bool = False) -> int | None:
        """A place for one more box (of a kind), mostly beside the others; `full`: on stacks only. None: no room."""
        slots = self.b.world.slots
        fits = [k for k, s in enumerate(slots) if s.yard == yard and kind in (None, s.kind)]
        free = [k for k in fits if k not in self.standing]
        room = [k for k in fits if k in self.standing and len(self.standing[k]) < slots[k].most]
        if full:
            free = []
        if room and (not free or self.b.rng.random() < self.stacking):
            return int(self.b.rng.choice(room))
        if not free:
            return None
        free.sort(key=lambda k: slots[k].order)
        return free[int(min(len(free) - 1, self.b.rng.exponential(2.5)))]

    def train(self, index: int, v: float, wagons: int, start_u: float, load: float) -> None:
        """A train on one date: flat wagons, some loaded, some closed wagons among them."""
        b, rng = self.b, self.b.rng
        life = (index, index + 1)
        steel = b.plain((0.07, 0.075, 0.08, 0.1), 0.06)
        u = start_u
        closed = rng.random() < 0.25
        for _ in range(wagons):
            length = float(rng.choice([14.2, 19.7]))
            if closed and rng.random() < 0.5:
                wall = b.plain(tuple(rng.uniform(0.06, 0.2, 4)), 0.06)
                _wagon(b, u, v, length, 4.1, wall, life)
            else:
                _wagon(b, u, v, length, 1.15, steel, life)
                self._load(index, u, v, length, load)
            u += length + float(rng.uniform(1.0, 1.5))

    def _load(self, index: int, u: float, v: float, length: float, load: float) -> None:
        rng = self.b.rng
        fits = (
            [["40ft"], ["20ft", "20ft"], ["20ft"]]
            if length < 15
            else [["40ft", "20ft"], ["20ft"] * 3, ["45ft"], ["40ft"]]
        )
        kinds = fits[int(rng.integers(len(fits)))]
        total = sum(LENGTH_OF_KIND_M[k] + 0.1 for k in kinds)
        s = u - total / 2
        for kind in kinds:
            if rng.random() < load:
                slot = _place(self.b, s + LENGTH_OF_KIND_M[kind] / 2, v, 90.0, kind, "rail", 0.0, 1, 1.15)
                self.add(index, slot)
                if index + 1 < len(self.b.world.looks):
                    self.remove(index + 1, slot)
            s += LENGTH_OF_KIND_M[kind] + 0.1


def _wagon(b: Builder, u: float, v: float, length: float, height: float, label: int, life: tuple[int, int]) -> None:
    outline = b.frame.box(u, v, length, 2.75)
    b.world.solids.append(Solid(outline, height, label, label, 0.0, "object", *life))
