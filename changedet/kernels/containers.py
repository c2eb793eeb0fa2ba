"""Sizes and kinds of freight containers, once for detection, tracks, series, zones, review and simulation.

Outer dimensions are those of ISO 668:2020 rounded to a centimetre: 6058, 12192 and 13716 mm long, 2438 mm wide,
2591 mm high (8 ft 6 in).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LENGTH_OF_KIND_M: Final[Mapping[str, float]] = {"20ft": 6.06, "40ft": 12.19, "45ft": 13.72}
"""Outer length of each kind of container, metres."""
CONTAINER_KINDS: Final = tuple(LENGTH_OF_KIND_M)
OTHER: Final = "other"
"""A box of about a container's width that is none: trailer, swap body, bus, box truck."""
KINDS: Final = (*CONTAINER_KINDS, OTHER)

LENGTHS_M: Final = tuple(LENGTH_OF_KIND_M.values())
"""Outer lengths in the order of `CONTAINER_KINDS`, metres."""
LENGTH_20FT_M: Final = LENGTHS_M[0]
LONGEST_M: Final = LENGTHS_M[-1]
WIDTH_M: Final = 2.44
"""Outer width of every kind, metres."""
HEIGHT_M: Final = 2.59
"""Outer height, metres; high cubes (2.90 m) are not distinguished."""

TEU_OF_KIND: Final[Mapping[str, int]] = {"20ft": 1, "40ft": 2, "45ft": 2}
"""Twenty-foot equivalent units of each kind; 45 feet counts like 40, as ports do."""
BASE_OF_KIND_M2: Final[Mapping[str, float]] = {"20ft": 14.8, "40ft": 29.7, "45ft": 33.4}
"""Ground that one container of each kind covers: length times width, square metres, rounded to a tenth."""
BASE_20FT_M2: Final = 15.0
"""Base of a 20-foot container rounded up: steps and least areas are counted in whole containers of this size."""

LONG_FROM_M: Final = 9.0
"""Boxes longer than this are of 40 or 45 feet: about halfway between 20 and 40 feet, metres."""
WIDTH_GATE_M: Final = (1.9, 3.1)
"""Least and greatest measured width of a detected box, metres: 2.44 m and some 0.6 m of error, chosen by hand."""
NETWORK_LENGTH_GATE_M: Final = (5.0, 14.5)
"""Least and greatest length of a container that the network may give, metres, chosen by hand."""
OTHER_LONGEST_M: Final = 17.0
"""Greatest length of an `other` that the network may give, metres: a trailer with its tractor, chosen by hand."""
SEGMENT_LENGTH_GATE_M: Final = (4.6, 15.5)
"""Length of an image segment that may be one container, metres; wide, as its sides are fitted later."""
FITTED_LENGTH_GATE_M: Final = (4.8, 14.9)
"""Length of a classical candidate after its sides are fitted, metres, chosen by hand."""
ENDS_LENGTH_GATE_M: Final = (11.3, 13.8)
"""Length of a detected box whose ends are measured again to separate 40 from 45 feet, metres (`length_correction`)."""
