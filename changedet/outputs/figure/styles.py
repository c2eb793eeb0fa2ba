"""Colours and lines: told apart by colour-blind readers by their hue, in grey print by width and dashes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from changedet.outputs.figure.data import BoxState

# Okabe and Ito 2008, jfly.uni-koeln.de/color: eight colours that readers of every colour vision tell apart.
_YELLOW, _SKY, _PURPLE = "#f0e442", "#56b4e9", "#cc79a7"
_BLUE, _VERMILION, _GREEN = "#0072b2", "#d55e00", "#009e73"
_BLACK, _WHITE, _GREY = "#000000", "#ffffff", "#8c8c8c"

CASING: Final = "#111111"
"""Around lines on pictures: a bright line stands out on bright ground only so."""
INK, PAPER, FRAME = "#1a1a1a", "#ffffff", "#6b6b6b"
UNSEEN_HATCH: Final = "////"


class Line(NamedTuple):
    """How an outline is drawn.

    Attributes
    ----------
    color : str
        ``#rrggbb``.
    width_pt : float
        Of the line.
    dashes : tuple of float
        On and off in widths of the line; empty for a solid line.
    """

    color: str
    width_pt: float
    dashes: tuple[float, ...] = ()


class Style(NamedTuple):
    """All lines of a figure.

    Attributes
    ----------
    boxes : mapping of state to Line
        In the order in which they are drawn.
    ground, zone : Line
        What is new or changed, and the zones' borders.
    casing_pt : float
        By which the casing of a line is wider than it, on both sides together; 0 for none.
    """

    boxes: Mapping[BoxState, Line]
    ground: Line
    zone: Line
    casing_pt: float


ON_PICTURE: Final = Style(
    {
        "seen": Line(_WHITE, 0.6),
        "stayed": Line(_WHITE, 0.4),
        "hidden": Line(_WHITE, 0.6, (1, 1.5)),
        "unclear": Line(_GREEN, 0.8, (4, 1, 1, 1)),
        "left": Line(_SKY, 1.0, (3, 1.2)),
        "arrived": Line(_YELLOW, 1.2),
    },
    Line(_PURPLE, 1.4, (8, 1.2)),
    Line(_WHITE, 0.6, (6, 2, 1, 2)),
    0.6,
)
WITHOUT_PICTURE: Final = Style(
    {
        "seen": Line(_BLACK, 0.5),
        "stayed": Line(_BLACK, 0.4),
        "hidden": Line(_GREY, 0.6, (1, 1.5)),
        "unclear": Line(_GREEN, 0.8, (4, 1, 1, 1)),
        "left": Line(_BLUE, 1.0, (3, 1.2)),
        "arrived": Line(_VERMILION, 1.2),
    },
    Line(_PURPLE, 1.4, (8, 1.2)),
    Line(_GREY, 0.7, (6, 2, 1, 2)),
    0.0,
)
"""Where pixels may not be shown: the same on white paper."""
BOX_WORDS: Final[Mapping[BoxState, str]] = {
    "seen": "container",
    "stayed": "container on both dates",
    "arrived": "arrived in between",
    "left": "left in between",
    "unclear": "came or left, no clear look shows when",
    "hidden": "stood there, not detected on this date",
}
MOVED: Final[frozenset[BoxState]] = frozenset({"arrived", "left", "unclear"})
"""States of boxes that came or left."""
