"""What stands on the ground and when, in local ground metres (origin at the site's centre)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from changedet.arrays import Floats
from changedet.kernels.containers import LENGTH_OF_KIND_M, WIDTH_M
from changedet.simulate.shapes import Points, rectangle

ALWAYS, NEVER = -1, 1_000_000
"""Date index of what was there before the series, and of what never leaves."""

Life = tuple[int, int]
"""Date indices from which (inclusive) to which (exclusive) something stands."""
FOREVER: Life = (ALWAYS, NEVER)

Role = Literal["none", "yard", "road", "rail", "building", "earthwork", "quay", "object"]
"""What a thing counts as in the truth."""

CHANGING: tuple[Role, ...] = ("yard", "road", "rail", "building", "earthwork", "quay")
"""Roles whose appearance or loss is a change."""
FOOTPRINT: tuple[Role, ...] = ("yard", "rail", "building", "earthwork", "quay")
"""Roles that belong to the footprint; stored containers come on top."""


@dataclass(frozen=True)
class Patch:
    """A flat surface, or a stain on what lies below.

    Attributes
    ----------
    outline : float64 (n, 2)
        Corners in local ground metres.
    label : int
        Paint, or `KEEP_LABEL` for a stain, of which only the tone counts.
    tone, sun : int
        Brightness, and sun that it receives, in percent of a level surface in full sun.
    role : Role
        What it counts as in the truth.
    born, gone : int
        Date indices from which (inclusive) to which (exclusive) it is there.
    """

    outline: Points
    label: int
    tone: int = 100
    sun: int = 100
    role: Role = "none"
    born: int = ALWAYS
    gone: int = NEVER


@dataclass(frozen=True)
class Decal:
    """A mark on a roof.

    Attributes
    ----------
    outline : float64 (n, 2)
        Corners in local ground metres.
    label : int
        Paint, or `KEEP_LABEL`.
    tone : int
        Brightness in percent.
    """

    outline: Points
    label: int
    tone: int = 100


@dataclass(frozen=True)
class Solid:
    """An upright body with vertical walls.

    Attributes
    ----------
    outline : float64 (n, 2)
        Corners in local ground metres.
    height_m, base_m : float
        Top and bottom above the ground.
    roof, wall : int
        Paints.
    role : Role
        What it counts as in the truth.
    born, gone : int
        Date indices from which (inclusive) to which (exclusive) it stands.
    ridged : bool
        The roof's halves slope to both sides.
    decals : tuple of Decal
        Marks on the roof.
    """

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
    """A berm or heap, or a pit.

    Attributes
    ----------
    foot, crest : float64 (n, 2)
        Outlines on the ground and at the top (bottom of a pit), with as many corners.
    height_m : float
        Below 0 for a pit.
    slope, top : int
        Paints.
    role : Role
        What it counts as in the truth.
    born, gone : int
        Date indices from which (inclusive) to which (exclusive) it is there.
    """

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
    """A tree with a crown of lobes.

    Attributes
    ----------
    x, y : float
        Stem in local ground metres.
    height_m : float
        Above the ground.
    label : int
        Paint.
    lobes : float64 (n, 4)
        East and north from the stem and radius in metres, brightness in percent.
    born, gone : int
        Date indices from which (inclusive) to which (exclusive) it stands.
    """

    x: float
    y: float
    height_m: float
    label: int
    lobes: Floats
    born: int = ALWAYS
    gone: int = NEVER


@dataclass(frozen=True)
class Slot:
    """A place for a stack of containers.

    Attributes
    ----------
    x, y : float
        Centre in local ground metres.
    angle_deg : float
        Direction of the long side, 0 to 180 clockwise from north.
    kind : str
        "20ft", "40ft" or "45ft".
    yard : str
        Name of the yard.
    order : float
        Places with a smaller number are filled first.
    most : int
        Boxes that the stack may have.
    base_m : float
        Height of the stack's foot above the ground.
    """

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
        """Corners of a box that stands exactly in this place, float64 (4, 2), local ground metres."""
        return rectangle(self.x, self.y, LENGTH_OF_KIND_M[self.kind], WIDTH_M, self.angle_deg)


@dataclass
class Container:
    """One box with its identity, in one place from its arrival to its departure.

    Attributes
    ----------
    object_id : str
        Unique on the site.
    slot : int
        Number of its place.
    kind, line : str
        Size, and key of `LINES`.
    color : str
        Surface colour as #rrggbb.
    label : int
        Paint.
    born, gone : int
        Date indices from which (inclusive) to which (exclusive) it stands.
    arrived, departed : datetime.date
        Days between dates; `departed` is None where it stays.
    edge_tone : int
        Brightness of the roof's rim in percent.
    decals : tuple of Decal
        Marks on the roof.
    nudge : tuple of 3 float
        How far it stands off its place: metres east and north, degrees.
    consignment : str
        Name of the lot that it belongs to, if any.
    """

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


@dataclass(frozen=True)
class Railcar:
    """A railcar of a train, that one date shows.

    Attributes
    ----------
    outline : float64 (n, 2)
        Corners in local ground metres.
    kind : str
        ``flat`` or ``box``.
    loaded : bool
        Whether a container stands on it.
    train : int
        Number of its train, in the order in which trains were made up.
    index : int
        Number of the date.
    """

    outline: Points
    kind: str
    loaded: bool
    train: int
    index: int
