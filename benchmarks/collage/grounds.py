"""The two airports' looks and the free ground on them, measured by hand: sun, shade, blur, shifts, outlines.

Columns and rows are pixels of the first look of a place. The local shift of each look at a yard was read off painted
marks and checked by correlation; the sun's direction off the shadow of a lamp mast (place a) and of roofs and bridges
(place b), each to some five degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

GSD_M = 0.5
EPSG = 32633
EAST_M, NORTH_M = 500000.0, 5400000.0
"""Corner of the looks, as they are delivered."""
SIDE_PX = 600
Colour: TypeAlias = tuple[float, float, float]
"""Red, green, blue."""
Outline: TypeAlias = tuple[tuple[float, float], ...]
"""Columns and rows."""


@dataclass(frozen=True)
class Look:
    """One picture: where its sun stands, which share of the light is left in a shadow, how blurred an edge is."""

    stem: str
    sun_azimuth_deg: float
    sun_elevation_deg: float
    shade: Colour
    blur_px: float
    repaved: tuple[Outline, ...] = ()
    """Where the asphalt is another than on the first look: a mask is not judged there."""


@dataclass(frozen=True)
class Yard:
    """Free hard ground: its middle, its size along and across, the direction along, and each look's shift there."""

    name: str
    middle_px: tuple[float, float]
    size_m: tuple[float, float]
    angle_deg: float
    """Of the direction along, from east towards north."""
    shifts_px: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Ground:
    """One window of a place, the same columns and rows of all its looks."""

    name: str
    place: str
    corner_px: tuple[int, int]
    yards: tuple[Yard, ...]


REPAVED_A = (
    ((300, 740), (360, 680), (480, 500), (520, 480), (680, 450), (680, 510), (620, 540), (460, 770), (340, 830)),
    ((440, 770), (520, 640), (610, 650), (760, 590), (790, 470), (890, 440), (910, 560), (760, 610), (580, 690),
     (510, 860), (300, 770), (320, 700)),
    ((700, 430), (780, 470), (760, 500), (690, 470)),
    ((620, 555), (690, 550), (690, 585), (620, 590)),
    ((840, 560), (1200, 540), (1200, 760), (800, 740)),
    ((180, 960), (340, 960), (340, 1020), (180, 1020)),
)  # fmt: skip
"""Place a in low sun: dark patches of asphalt, drawn generously before any run."""
LOOKS = {
    "a": (
        Look("a_2019-03-10", 160, 56, (0.48, 0.45, 0.30), 1.2),
        Look("a_2019-06-14", 164, 34, (0.31, 0.24, 0.11), 1.2),
        Look("a_2019-11-20", 168, 12.5, (0.36, 0.34, 0.34), 1.2, REPAVED_A),
        Look("a_2020-04-02", 162, 44, (0.45, 0.39, 0.24), 1.2),
    ),
    "b": (
        Look("b_2019-02-11", 155, 48, (0.38, 0.37, 0.30), 0.9),
        Look("b_2019-05-16", 135, 66, (0.32, 0.32, 0.24), 0.9),
        Look("b_2019-08-20", 118, 62, (0.40, 0.40, 0.29), 0.9),
    ),
}
ASPHALT_PX = {"a": (400, 920), "b": (450, 1080)}
"""Bare asphalt on all looks of a place: the grey that cut-outs are fitted by, and the half sides of that patch."""
ASPHALT_HALF_PX = (15, 10)
TAXIWAY = Yard("taxiway", (738, 386), (72.0, 38.0), 54.0, ((0, 0), (1.2, -0.5), (0.0, -1.2), (0.9, 0.1)))
SOUTH = Yard("south", (372, 912), (108.0, 46.0), 5.0, ((0, 0), (-1.4, 1.4), (-2.4, 0.3), (-1.5, 0.3)))
CURVE = Yard("curve", (452, 1062), (72.0, 60.0), -12.0, ((0, 0), (-0.3, 12.2), (-1.9, 0.0)))
STAND = Yard("stand", (425, 845), (36.0, 36.0), -14.0, ((0, 0), (-0.3, 12.0), (-1.9, 0.35)))
EAST = Yard("east", (1055, 1106), (88.0, 24.0), -13.0, ((0, 0), (-0.7, 11.5), (-1.9, 0.2)))
GROUNDS = (
    Ground("a taxiway", "a", (440, 100), (TAXIWAY,)),
    Ground("a south", "a", (80, 560), (SOUTH,)),
    Ground("b curve", "b", (240, 590), (CURVE, STAND)),
    Ground("b east", "b", (590, 590), (EAST,)),
)
