"""Where a label stands in a panel: near what it names, on nothing that a reader must see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.outputs.figure.data import Box

_STEPS: Final = 15
"""Places that are tried across and down a panel."""
_ON_BOXES, _ON_SHAPE, _AWAY = 4.0, 1.0, 1.2
"""What it costs to lie wholly on boxes, wholly on what is named, and a panel's width away from it. Chosen by hand."""

_ON_TAKEN: Final = 100.0
"""More than all of these together."""


class Place(NamedTuple):
    """Where a label stands.

    Attributes
    ----------
    x, y : float
        Its centre.
    leader : tuple of (x, y), (x, y), or None
        A line from the label to what it names; None where it touches it.
    is_free : bool
        Whether it touches nothing that is taken.
    """

    x: float
    y: float
    leader: tuple[tuple[float, float], tuple[float, float]] | None
    is_free: bool


def placed(
    size: tuple[float, float],
    named: BaseGeometry,
    frame: Box,
    avoided: BaseGeometry,
    taken: Sequence[BaseGeometry],
    *,
    inside: bool = False,
) -> Place:
    """A place for a label.

    Parameters
    ----------
    size : (width, height)
        Of the label, in the unit of the frame.
    named : shapely geometry
        What it names.
    frame : (west, south, east, north)
        Of the panel.
    avoided : shapely geometry
        What it should not hide, such as boxes.
    taken : sequence of shapely geometry
        What it may not touch, such as other labels.
    inside : bool
        Whether it should lie on what it names, as on a zone, or beside it.

    Returns
    -------
    Place
        The cheapest of those that are tried; where all are taken, the cheapest of all.
    """
    wide, high = size
    west, south, east, north = frame
    named = shapely.intersection(named, shapely.box(*frame))
    xs = np.linspace(west + 0.55 * wide, east - 0.55 * wide, _STEPS)
    ys = np.linspace(south + 0.6 * high, north - 0.6 * high, _STEPS)
    x, y = (grid.ravel() for grid in np.meshgrid(xs, ys))
    labels = shapely.box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
    cost = (
        _ON_BOXES * shapely.area(shapely.intersection(labels, avoided)) / (wide * high)
        + (-_ON_SHAPE if inside else _ON_SHAPE) * shapely.area(shapely.intersection(labels, named)) / (wide * high)
        + _AWAY * shapely.distance(labels, named) / (east - west)
    )
    touched = np.sum([shapely.intersects(labels, other) for other in taken], axis=0) + np.zeros(len(labels))
    best = int(np.argmin(cost + _ON_TAKEN * touched))
    return Place(float(x[best]), float(y[best]), _leader(labels[best], named), not touched[best])


def _leader(label: BaseGeometry, named: BaseGeometry) -> tuple[tuple[float, float], tuple[float, float]] | None:
    if named.is_empty or shapely.intersects(label, named):
        return None
    line = shapely.shortest_line(label, named)
    (x0, y0), (x1, y1) = line.coords
    return (float(x0), float(y0)), (float(x1), float(y1))
