"""Rotated boxes as columns, their mean by place, and how two boxes differ in position, direction and colour."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import AnyArray, Floats, Ints

UNKNOWN_COLOR_DISTANCE: Final = 25.0
"""Distance in RGB of 0 to 255 that stands for one that is not known: of two different boxes most are farther apart, so
that it favours nothing. Chosen by hand; it is also the scale on which votes for a date's shift weigh colours."""


class Boxes(NamedTuple):
    """Rotated boxes as columns, all of one length.

    Attributes
    ----------
    xy : float64 (n, 2)
        Centres, in metres on the ground.
    length : float64 (n,)
        Of the long side, in metres.
    angle : float64 (n,)
        Direction of the long side, in degrees clockwise from north.
    rgb : float64 (n, 3)
        Colours, 0 to 255; NaN where there is none.
    weight : float64 (n,)
        Above 0; the detector's confidence, or the sum of it at a place.
    cut : float64 (n,)
        By how much cloud or missing data at an end may have shortened the box, in metres.
    """

    xy: Floats
    length: Floats
    angle: Floats
    rgb: Floats
    weight: Floats
    cut: Floats

    def take(self, rows: AnyArray) -> Boxes:
        """The boxes at the given rows.

        Parameters
        ----------
        rows : int or bool (m,)
            Indices, or a mask of all boxes.

        Returns
        -------
        Boxes
            In the order of the indices.
        """
        return Boxes(*(column[rows] for column in self))


def axial_difference(first: Floats, second: Floats) -> Floats:
    """Angle between undirected lines.

    Parameters
    ----------
    first, second : float64
        Directions in degrees, of shapes that broadcast.

    Returns
    -------
    float64
        In degrees, 0 to 90.
    """
    difference = np.abs(first - second) % 180.0
    return np.minimum(difference, 180.0 - difference)


def local_offset(from_xy: Floats, to_xy: Floats, angle: Floats) -> tuple[Floats, Floats]:
    """Offsets along and across the long side of a box.

    Parameters
    ----------
    from_xy, to_xy : float64 (n, 2)
        In metres; either may be (2,).
    angle : float64 (n,)
        Direction of the long side, in degrees clockwise from north.

    Returns
    -------
    along, across : float64 (n,)
        In metres; across is positive to the right of the direction.
    """
    radians = np.deg2rad(angle)
    dx, dy = (to_xy - from_xy).T
    return dx * np.sin(radians) + dy * np.cos(radians), dx * np.cos(radians) - dy * np.sin(radians)


def color_distance(first: Floats, second: Floats) -> Floats:
    """Euclidean distance of colours.

    Parameters
    ----------
    first, second : float64 (n, 3)
        RGB, 0 to 255; NaN for no colour.

    Returns
    -------
    float64 (n,)
        `UNKNOWN_COLOR_DISTANCE` where either colour is missing.
    """
    distance = np.sqrt(((first - second) ** 2).sum(-1))
    return np.where(np.isfinite(distance), distance, UNKNOWN_COLOR_DISTANCE)


def mean_boxes(boxes: Boxes, place: Ints, count: int) -> Boxes:
    """Weighted mean box of each place; directions are averaged as undirected lines.

    Parameters
    ----------
    boxes : Boxes
        Of n boxes.
    place : int64 (n,)
        Place of each, 0 to ``count - 1``; every place has one box at least.
    count : int
        Number of places.

    Returns
    -------
    Boxes
        One a place: ``weight`` is the sum of its boxes', ``rgb`` is NaN where none has a colour, ``cut`` is 0.
    """
    weight = np.bincount(place, boxes.weight, count).astype(np.float64)

    def _mean(values: Floats) -> Floats:
        averaged: Floats = np.bincount(place, boxes.weight * values, count) / weight
        return averaged

    double = np.deg2rad(2 * boxes.angle)
    angle = np.rad2deg(np.arctan2(_mean(np.sin(double)), _mean(np.cos(double)))) / 2 % 180.0
    xy = np.column_stack([_mean(c) for c in boxes.xy.T])
    return Boxes(xy, _mean(boxes.length), angle, _mean_rgb(boxes, place, count), weight, np.zeros(count))


def _mean_rgb(boxes: Boxes, place: Ints, count: int) -> Floats:
    known = np.isfinite(boxes.rgb).all(1)
    weight = np.bincount(place, boxes.weight * known, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.column_stack(
            [np.bincount(place, boxes.weight * np.where(known, c, 0.0), count) / weight for c in boxes.rgb.T]
        )
