"""What was really built on the airports' looks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

APRON_DAY = dt.date(2020, 4, 2)
APRON = (
    (372, 415), (345, 430), (322, 455), (292, 480), (245, 545), (250, 575), (267, 632), (237, 680), (222, 706),
    (262, 712), (295, 730), (335, 724), (380, 730), (420, 755), (447, 755), (525, 620), (500, 615), (475, 570),
    (470, 480), (430, 460), (390, 430),
)  # fmt: skip
"""Outline of the apron that is torn up on the last look of airport a: its columns and rows, drawn by hand at twice
its size on a grid of 50 px, by the edge of bare soil and rubble, before any mask of it was seen."""

REPAVED_DAY = dt.date(2019, 11, 20)
REPAVED = ((470, 480), (597, 512), (592, 528), (528, 620), (500, 615), (475, 570))
"""Outline of what was paved anew east of that apron, pale concrete on the first two looks and asphalt from this day on,
drawn by hand on the pictures, when masks had been seen: the pictures' own note has no word of it."""

PATCHES = (
    ((290, 705), (325, 690), (400, 745), (455, 775), (515, 655), (600, 645), (690, 595), (740, 520), (790, 460),
     (870, 440), (890, 470), (870, 535), (800, 565), (700, 630), (590, 695), (510, 835), (490, 855), (440, 840),
     (330, 770)),
    ((712, 440), (780, 455), (765, 500), (705, 480)),
    ((628, 558), (692, 555), (692, 578), (628, 580)),
    ((195, 962), (338, 962), (338, 1012), (195, 1012)),
    ((1000, 520), (1200, 520), (1200, 745), (825, 745), (855, 600), (900, 555)),
)  # fmt: skip
"""Darker asphalt on the taxiway of airport a, on the look of REPAVED_DAY alone."""
SAND_DAY = dt.date(2019, 6, 14)
SAND = (
    ((925, 350), (1000, 350), (1000, 430), (930, 450)),
    ((1060, 170), (1110, 170), (1110, 260), (1060, 260)),
)
"""Bare sand in the grass of airport a, on this look alone."""
SLABS_DAY = dt.date(2019, 5, 16)
SLABS = ((212, 1003), (318, 1030), (352, 1043), (337, 1112), (300, 1132), (222, 1107), (196, 1102))
"""A stand of airport b that is fenced off and laid bare on this look alone; the pictures' own note is silent."""


@dataclass(frozen=True)
class Works:
    """What looks otherwise on some days than on all others of a place."""

    place: str
    outline: Sequence[tuple[int, int]]
    days: frozenset[dt.date]
    counts: bool = True
    """Otherwise a surface, or a part of the outline alone, so that marks on it are neither true nor false."""


# What is not in the pictures' own note was drawn by hand before any mask of a pair was seen.
WORKS = (
    Works("a", APRON, frozenset({APRON_DAY})),
    # On the third look a part of the stand is asphalt with a painted hatch.
    Works("a", APRON, frozenset({APRON_DAY, REPAVED_DAY}), counts=False),
    Works("a", REPAVED, frozenset({APRON_DAY, REPAVED_DAY})),
    *(Works("a", outline, frozenset({REPAVED_DAY}), counts=False) for outline in PATCHES),
    *(Works("a", outline, frozenset({SAND_DAY}), counts=False) for outline in SAND),
    Works("b", SLABS, frozenset({SLABS_DAY})),
)


def drawn(outline: Sequence[tuple[int, int]], corner: tuple[float, float], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """1 within an outline of the pictures' own pixels (y, x), whose corner lies at `corner` of the run's grid."""
    inside = np.zeros(shape, np.uint8)
    cv2.fillPoly(inside, [np.round(np.array(outline) + corner).astype(np.int32)], 1)
    return inside
