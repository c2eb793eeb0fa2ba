"""A site before it is drawn: its frame, what was built when, its places for containers and what stood there by date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.third_hand.canvas import Beam, Heap, Prism, rectangle
from benchmarks.third_hand.spectra import Spectrum, painted
from benchmarks.third_hand.surfaces import Surface

Rng = np.random.Generator
WIDTH_M = 2.44
HEIGHT_M, TALL_M = 2.59, 2.9
LENGTHS_M = {"20ft": 6.06, "40ft": 12.19, "45ft": 13.72}
TEU = {"20ft": 1, "40ft": 2, "45ft": 2}


@dataclass(frozen=True)
class Frame:
    """Directions of a site: u along its rows, v across; metres around the middle."""

    angle: float

    def at(self, u: float, v: float) -> tuple[float, float]:
        """East and north of a place."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return float(u * cos - v * sin), float(u * sin + v * cos)

    def ring(self, u: float, v: float, length: float, width: float, turn: float = 0.0) -> NDArray[np.float64]:
        """Corners of a rectangle whose middle lies at a place."""
        return rectangle(*self.at(u, v), length, width, self.angle + turn)


@dataclass
class Box:
    """One container."""

    number: int
    kind: str
    paint: Spectrum
    tall: bool


@dataclass
class Slot:
    """A place for a stack of one length; `floor` is what it stands on, 0 on the ground."""

    x: float
    y: float
    kind: str
    angle: float
    yard: str
    floor: float = 0.0
    stacks: list[tuple[Box, ...]] = field(default_factory=list)
    """From below, by date."""

    def ring(self) -> NDArray[np.float64]:
        """The base, as placed."""
        return rectangle(self.x, self.y, LENGTHS_M[self.kind], WIDTH_M, self.angle)


@dataclass
class Built:
    """Something lasting: an outline that stands from date `since` on, with what draws it."""

    ring: NDArray[np.float64]
    since: int = 0
    surfaces: Sequence[Surface] = ()
    prisms: Sequence[Prism] = ()
    heaps: Sequence[Heap] = ()
    beams: Sequence[Beam] = ()
    built_up: bool = True
    """Part of the footprint; roads, fields and trees are not."""

    def stands(self, date: int) -> bool:
        """Whether it is there on a date."""
        return self.since <= date


@dataclass
class Moving:
    """What is there on one date and never judged."""

    prisms: list[Prism] = field(default_factory=list)
    beams: list[Beam] = field(default_factory=list)
    hides: list[NDArray[np.float64]] = field(default_factory=list)
    """Outlines where the mask is not judged."""


@dataclass
class Plan:
    """A site of a kind."""

    kind: str
    seed: int
    days: list[dt.date]
    frame: Frame
    rng: Rng
    built: list[Built] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    seasons: list[Callable[[int], list[Surface]]] = field(default_factory=list)
    tracks: list[tuple[float, float, float]] = field(default_factory=list)
    """Middle u and v and length."""
    moving: list[Moving] = field(default_factory=list)
    cover: list[float] = field(default_factory=list)
    boxes: int = 0

    def __post_init__(self) -> None:
        self.moving = [Moving() for _ in self.days]
        self.cover = [0.0 for _ in self.days]

    @property
    def dates(self) -> range:
        """Indices of the dates."""
        return range(len(self.days))

    def draw(self) -> int:
        """A seed for one thing."""
        return int(self.rng.integers(2**31))

    def box(self, kind: str) -> Box:
        """A new container."""
        self.boxes += 1
        return Box(self.boxes, kind, painted(self.rng), bool(self.rng.random() < 0.45))

    def surface(self, u: float, v: float, length: float, width: float, material: str, **more: float) -> Surface:
        """A rectangle of a material in the site's frame."""
        return Surface(self.frame.ring(u, v, length, width), material, self.draw(), self.frame.angle, **more)

    def prism(self, u: float, v: float, size: tuple[float, float, float], paint: Spectrum, **more: object) -> Prism:
        """A prism of a length, a width and a height in the site's frame; `turn` turns it."""
        turn = float(more.pop("turn", 0.0))  # type: ignore[arg-type]
        side = more.pop("side", None)
        sides = [np.float32(0.8) * paint if side is None else side]
        x, y = self.frame.at(u, v)
        angle = self.frame.angle + turn
        return Prism(x, y, size[0], size[1], angle, size[2], paint, sides, seed=self.draw(), **more)  # type: ignore[arg-type]


def top_m(stack: Sequence[Box], floor: float) -> float:
    """Height of a stack's top."""
    return floor + sum(TALL_M if box.tall else HEIGHT_M for box in stack)


def stacked(slot: Slot, date: int) -> Prism | None:
    """A slot's stack on a date as one prism, None where it is empty."""
    stack = slot.stacks[date]
    if not stack:
        return None
    sides = [np.float32(0.85) * box.paint for box in stack]
    top = stack[-1]
    return Prism(
        slot.x, slot.y, LENGTHS_M[slot.kind], WIDTH_M, slot.angle, top_m(stack, slot.floor), top.paint, sides,
        "container", slot.floor, seed=top.number,
    )  # fmt: skip
