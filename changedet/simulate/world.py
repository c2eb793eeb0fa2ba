"""What stands on the ground and when, all in local ground metres (origin at the site's centre)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from changedet.arrays import Floats
from changedet.kernels.containers import LENGTH_OF_KIND_M, WIDTH_M
from changedet.simulate.looks import Look
from changedet.simulate.materials import Palette
from changedet.simulate.shapes import Points, rectangle

ALWAYS, NEVER = -1, 1_000_000
"""Date index of what was there before the series, and of what never leaves."""

Life = tuple[int, int]
"""Date indices from which (inclusive) to which (exclusive) something stands."""
FOREVER: Life = (ALWAYS, NEVER)

Role = Literal["none", "yard", "road", "rail", "building", "earthwork", "quay", "object"]
CHANGING: tuple[Role, ...] = ("yard", "road", "rail", "building", "earthwork", "quay")
"""Roles whose appearance or loss is a change, and roles that belong to the footprint (stored containers come on
top)."""
FOOTPRINT: tuple[Role, ...] = ("yard", "rail", "building", "earthwork", "quay")


@dataclass(frozen=True)
class Patch:
    """A flat surface or an overlay (label `KEEP_LABEL`: only its tone, in percent, counts)."""

    outline: Points
    label: int
    tone: int = 100
    sun: int = 100
    role: Role = "none"
    born: int = ALWAYS
    gone: int = NEVER


@dataclass(frozen=True)
class Decal:
    """A mark on a roof."""

    outline: Points
    label: int
    tone: int = 100


@dataclass(frozen=True)
class Solid:
    """An upright body: outline, base and top height in metres, roof and wall paint."""

    outline: Points
    height_m: float
    roof: int
    wall: int
    base_m: float = 0.0
    role: Role = "none"
    born: int = ALWAYS
    gone: int = NEVER
    ridged: bool = False
    decals: tuple[Decal, ...] = ()


@dataclass(frozen=True)
class Mound:
    """A berm or heap (height above 0) or a pit (below 0): foot and crest outlines of equal length."""

    foot: Points
    crest: Points
    height_m: float
    slope: int
    top: int
    role: Role = "earthwork"
    born: int = ALWAYS
    gone: int = NEVER


@dataclass(frozen=True)
class Tree:
    """A crown: lobes are rows of (east, north, radius, brightness percent) in metres from the stem."""

    x: float
    y: float
    height_m: float
    label: int
    lobes: Floats
    born: int = ALWAYS
    gone: int = NEVER


@dataclass(frozen=True)
class Slot:
    """A place for a stack of containers."""

    x: float
    y: float
    angle_deg: float
    kind: str
    yard: str
    order: float
    most: int
    base_m: float = 0.0

    @property
    def outline(self) -> Points:
        """Corners (4, 2) of a box in this place."""
        return rectangle(self.x, self.y, LENGTH_OF_KIND_M[self.kind], WIDTH_M, self.angle_deg)


@dataclass
class Container:
    """One box that lasts: from the date index `born` (inclusive) to `gone` (exclusive)."""

    object_id: str
    slot: int
    kind: str
    line: str
    color: str
    label: int
    born: int
    arrived: dt.date
    gone: int = NEVER
    departed: dt.date | None = None
    edge_tone: int = 90
    decals: tuple[Decal, ...] = ()
    nudge: tuple[float, float, float] = (0.0, 0.0, 0.0)
    consignment: str = ""


@dataclass
class World:
    """A site, all that ever stands on it, and how each date looks at it.

    Local metres have their origin at the site's centre, `centre_east_m`, `centre_north_m` in `epsg`.
    """

    kind: str
    seed: int
    size_m: float
    epsg: int
    centre_east_m: float
    centre_north_m: float
    latitude_deg: float
    looks: list[Look]
    palette: Palette = field(default_factory=Palette)
    ground: int = 0
    patches: list[Patch] = field(default_factory=list)
    solids: list[Solid] = field(default_factory=list)
    mounds: list[Mound] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)
    zones: dict[str, Points] = field(default_factory=dict)
    sidings: set[str] = field(default_factory=set)
    onset_containers: int | None = None
    onset_changed: int | None = None
    onset_footprint: int | None = None

    @property
    def dates(self) -> list[dt.date]:
        """The dates of the series, in order."""
        return [look.date for look in self.looks]

    def stacks(self, index: int) -> dict[int, list[Container]]:
        """Slot number -> its boxes on a date, from the ground up."""
        found: dict[int, list[Container]] = {}
        for box in self.containers:
            if box.born <= index < box.gone:
                found.setdefault(box.slot, []).append(box)
        return found

    def box_outline(self, box: Container) -> Points:
        """Corners (4, 2) of a box as it stands, a little off its place."""
        slot = self.slots[box.slot]
        return rectangle(
            slot.x + box.nudge[0],
            slot.y + box.nudge[1],
            LENGTH_OF_KIND_M[box.kind],
            WIDTH_M,
            slot.angle_deg + box.nudge[2],
        )
