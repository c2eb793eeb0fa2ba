"""`FigureData`: all that a figure shows, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from shapely.geometry.base import BaseGeometry

BoxState: TypeAlias = Literal["stayed", "arrived", "left", "unclear", "hidden", "seen"]
"""Of a box between the two dates; `unclear` where no clear look tells, `hidden` where it stood unseen, `seen` where a
single date is shown."""
Box: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north in the grid's CRS."""


@dataclass(frozen=True)
class Ground:
    """A part of the ground that is new, or changed, since the earlier date.

    Attributes
    ----------
    shape : shapely geometry
        In the grid's CRS.
    label : str
        Lines of text; empty for one that is drawn without.
    """

    shape: BaseGeometry
    label: str = ""


@dataclass(frozen=True)
class Panel:
    """One date.

    Attributes
    ----------
    date : str
        In words.
    count : str
        Label beside the date, such as ``41 containers (37–44)``; may be empty.
    scene : Path or None
        The aligned scene; None where its pixels are not shown.
    quality : Path or None
        Why pixels are not seen (`changedet.kernels.pixel_classes`); None where that is not kept.
    boxes : mapping of state to sequence of shapely geometry
        In the grid's CRS.
    ground : sequence of Ground
        Drawn on this panel.
    """

    date: str
    count: str = ""
    scene: Path | None = None
    quality: Path | None = None
    boxes: Mapping[BoxState, Sequence[BaseGeometry]] = field(default_factory=dict)
    ground: Sequence[Ground] = ()


@dataclass(frozen=True)
class FigureData:
    """All that a figure shows; no workflow.

    Attributes
    ----------
    title : str
        A sentence.
    place : str
        Line below it: site, place, coordinates.
    panels : sequence of Panel
        One or two, the earlier first.
    frame : (west, south, east, north)
        What the panels show, in the grid's CRS.
    site : (west, south, east, north)
        All of the site; where the frame is much smaller, an inset shows where it lies.
    ground_scale : float
        Metres on the ground in one unit of the CRS.
    north_deg : float
        Direction of true north, clockwise from up.
    ground_words : str
        What `Panel.ground` is, for the legend, such as ``new ground``.
    boxes_doubt : str
        What the legend adds to each kind of box, such as ``, within the error``.
    moves_doubt : str
        What it adds to boxes that came or left, where `boxes_doubt` adds nothing.
    zones : sequence of (name, shapely geometry)
        Free text; parts of the site.
    notes : sequence of str
        Lines of the caption: intervals, sensors, credits, hashes, what is not shown and why.
    stretch : mapping of str to (low, high)
        For each band of the scenes: darkest and brightest value.
    """

    title: str
    place: str
    panels: Sequence[Panel]
    frame: Box
    site: Box
    ground_scale: float = 1.0
    north_deg: float = 0.0
    ground_words: str = "new ground"
    boxes_doubt: str = ""
    moves_doubt: str = ""
    zones: Sequence[tuple[str, BaseGeometry]] = ()
    notes: Sequence[str] = ()
    stretch: Mapping[str, tuple[float, float]] = field(default_factory=dict)
