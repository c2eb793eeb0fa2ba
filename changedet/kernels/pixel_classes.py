"""Classes of pixels that scenes, masks, tracks and counts share: why one is usable or not, and whether it changed."""

from __future__ import annotations

from typing import Final

CLEAR: Final = 0
NODATA: Final = 1
SATURATED: Final = 2
CLOUD: Final = 3
SHADOW: Final = 4
SNOW: Final = 5
HAZE: Final = 6
MASKED: Final = 7
"""Masked by the scene's own mask, for a reason that it does not give."""
SHADE: Final = 8
"""In the kept raster only: clear, but in so deep a shade that a box may stand there unseen."""

PATCHES: Final = 9
"""Snow that leaves much of a scene open: boxes are looked for there as ever, the ground is not compared."""
GREY: Final = 10
"""A grey picture where the others have colours: boxes are looked for there as ever, the ground is not compared."""
SHOWS_BOXES: Final = (CLEAR, PATCHES, GREY)
"""Classes in which boxes are found, and missed, as on open ground."""

CLASS_NAMES: Final = (
    "clear",
    "nodata",
    "saturated",
    "cloud",
    "shadow",
    "snow",
    "haze",
    "masked",
    "shade",
    "snow in patches",
    "grey picture",
)
"""Of the classes, in the order of their numbers."""

UNCHANGED: Final = 0
CHANGED: Final = 1
NOT_OBSERVED: Final = 255
"""What a change mask says of a pixel."""
