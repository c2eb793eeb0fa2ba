"""Containers that arrive, stand for some dates and leave; of a stack the top box leaves first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from changedet.kernels.containers import LENGTH_OF_KIND_M
from changedet.simulate.builder import Builder
from changedet.simulate.container_slots import add_slot
from changedet.simulate.elements import ALWAYS, Container, Decal, Railcar, Solid
from changedet.simulate.materials import LINES, container_paint
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Points, strip

WAGON_M = 2.75
"""Width of a wagon's floor."""


class Stock:
    """The boxes of a site, brought and taken from date to date.

    Dates must be worked through in order.

    Parameters
    ----------
    b : Builder
        Of a site that has places already.
    prefix : str
        Begins every box's `object_id`.
    fleet : sequence of float, optional
        Share of each line of `LINES`, with sum 1; drawn around the usual shares where not given.

    Attributes
    ----------
    standing : dict of int to list of Container
        Boxes by the number of their place, from the ground up; empty places are missing.
    batch : str
        Line of which most boxes come at the moment.
    mixed : float
        Probability that a box is of any line instead.
    stacking : float
        Probability that a box goes onto a stack while there are free places.
    """

    def __init__(self, b: Builder, prefix: str = "c", fleet: Sequence[float] | None = None) -> None:
        self.b, self.prefix = b, prefix
        share = np.array([part for _, part in LINES.values()])
        self.fleet = b.rng.dirichlet(share * 18) if fleet is None else np.asarray(fleet, float)
        self.standing: dict[int, list[Container]] = {}
        self.batch = str(b.rng.choice(list(LINES), p=self.fleet))
        self.mixed = float(b.rng.uniform(0.25, 0.85))
        self.stacking = float(b.rng.uniform(0.15, 0.5))

    def day(self, index: int) -> dt.date:
        """A day after the date before and up to this one.

        Parameters
        ----------
        index : int
            Number of the date; for 0 the day lies within the year before it.

        Returns
        -------
        datetime.date
            Drawn evenly.
        """
        dates = self.b.world.dates
        if index == 0:
            return dates[0] - dt.timedelta(days=int(self.b.rng.integers(5, 365)))
        gap = max(1, (dates[index] - dates[index - 1]).days)
        return dates[index] - dt.timedelta(days=int(self.b.rng.integers(0, gap)))

    def add(self, index: int, slot: int, line: str | None = None, consignment: str = "") -> Container:
        """Put one box on top of what stands in a place.

        Parameters
        ----------
        index : int
            Number of the first date that shows it.
        slot : int
            The place's number.
        line : str, optional
            Key of `LINES`; drawn from the fleet where not given.
        consignment : str
            Name of the lot that it belongs to, if any.

        Returns
        -------
        Container
            As added to the world.
        """
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
        """Take the top box from a place.

        Parameters
        ----------
        index : int
            Number of the first date that does not show it any more.
        slot : int
            The place's number; a box must stand there.
        """
        box = self.standing[slot].pop()
        box.gone, box.departed = index, self.day(index)
        if not self.standing[slot]:
            del self.standing[slot]

    def count(self, yard: str) -> int:
        """Number of stacks in a yard.

        Parameters
        ----------
        yard : str
            Its name.

        Returns
        -------
        int
            0 or more.
        """
        return sum(self.b.world.slots[k].yard == yard for k in self.standing)

    def set_level(self, index: int, yard: str, target: int, turnover: int) -> None:
        """Exchange some boxes of a yard, then bring or take boxes until a number of stacks is reached.

        Parameters
        ----------
        index : int
            Number of the date.
        yard : str
            Its name.
        target : int
            Stacks that shall stand there, as far as there are places.
        turnover : int
            Boxes that leave and are replaced.
        """
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
        """A place for one more box, mostly beside those that stand already.

        Parameters
        ----------
        yard : str
            Its name.
        kind : str, optional
            "20ft", "40ft" or "45ft"; any where not given.
        full : bool
            Only on stacks, not on free ground.

        Returns
        -------
        int or None
            The place's number; None where there is no room.
        """
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
        """Add a train for one date: flat wagons, some loaded with boxes, some closed wagons among them.

        Parameters
        ----------
        index : int
            Number of the only date that shows it.
        v : float
            Of the track, in metres.
        wagons : int
            How many.
        start_u : float
            Where the train begins, in metres.
        load : float
            Probability, 0 to 1, that a place on a wagon bears a box.
        """
        b, rng = self.b, self.b.rng
        life = (index, index + 1)
        steel = b.plain((0.07, 0.075, 0.08, 0.1), 0.06)
        u = start_u
        closed = rng.random() < 0.25
        train = 1 + max((car.train for car in b.world.railcars), default=0)
        for _ in range(wagons):
            length = float(rng.choice([14.2, 19.7]))
            kind, loaded = "flat", False
            if closed and rng.random() < 0.5:
                wall = b.plain(tuple(rng.uniform(0.06, 0.2, 4)), 0.06)
                _wagon(b, u, v, length, 4.1, wall, life)
                kind = "box"
            else:
                _wagon(b, u, v, length, 1.15, steel, life)
                loaded = self._load(index, u, v, length, load)
            b.world.railcars.append(Railcar(b.frame.box(u, v, length, WAGON_M), kind, loaded, train, index))
            u += length + float(rng.uniform(1.0, 1.5))

    def _load(self, index: int, u: float, v: float, length: float, load: float) -> bool:
        """Whether any place of the wagon bears a box."""
        rng, loaded = self.b.rng, False
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
                slot = add_slot(self.b, s + LENGTH_OF_KIND_M[kind] / 2, v, 90.0, kind, "rail", 0.0, 1, 1.15)
                self.add(index, slot)
                loaded = True
                if index + 1 < len(self.b.world.looks):
                    self.remove(index + 1, slot)
            s += LENGTH_OF_KIND_M[kind] + 0.1
        return loaded


def _wagon(b: Builder, u: float, v: float, length: float, height: float, label: int, life: tuple[int, int]) -> None:
    outline = b.frame.box(u, v, length, WAGON_M)
    b.world.solids.append(Solid(outline, height, label, label, 0.0, "object", *life))
