"""Rotated boxes as columns, and how they differ."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Floats, Ints

COLOR_SCALE = 25.0


class Boxes(NamedTuple):
    """Boxes as columns: ``xy`` (n, 2) and ``length`` (n,) in metres, ``angle`` (n,) in degrees clockwise from north,
    ``rgb`` (n, 3) of 0 to 255 with NaN for no colour, ``weight`` (n,) above 0, ``cut`` (n,), by how much what hides an
    end may shorten it, in metres."""

    xy: Floats
    length: Floats
    angle: Floats
    rgb: Floats
    weight: Floats
    cut: Floats

    def take(self, rows: NDArray[np.generic]) -> Boxes:
        return Boxes(*(column[rows] for column in self))


def axial_difference(first: Floats, second: Floats) -> Floats:
    """Angle between undirected lines, in degrees, 0 to 90; shapes broadcast."""
    difference = np.abs(first - second) % 180.0
    return np.minimum(difference, 180.0 - difference)


def local_offset(from_xy: Floats, to_xy: Floats, angle: Floats) -> tuple[Floats, Floats]:
    """Offsets (n,) along and across the long side whose angle (n,) is clockwise from north, in metres."""
    radians = np.deg2rad(angle)
    dx, dy = (to_xy - from_xy).T
    return dx * np.sin(radians) + dy * np.cos(radians), dx * np.cos(radians) - dy * np.sin(radians)


def color_distance(first: Floats, second: Floats) -> Floats:
    """Euclidean distance (n,) of RGB rows (n, 3); `COLOR_SCALE` where a colour is unknown, which favours nothing."""
    distance = np.sqrt(((first - second) ** 2).sum(-1))
    return np.where(np.isfinite(distance), distance, COLOR_SCALE)


def mean_boxes(boxes: Boxes, place: Ints, count: int) -> Boxes:
    """Weighted mean box (count,) of each place; directions are averaged as lines."""
    weight = np.bincount(place, boxes.weight, count).astype(np.float64)

    def mean(values: Floats) -> Floats:
        averaged: Floats = np.bincount(place, boxes.weight * values, count) / weight
        return averaged

    double = np.deg2rad(2 * boxes.angle)
    angle = np.rad2deg(np.arctan2(mean(np.sin(double)), mean(np.cos(double)))) / 2 % 180.0
    known = np.isfinite(boxes.rgb).all(1)
    color_weight = np.bincount(place, boxes.weight * known, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        rgb = np.column_stack(
            [np.bincount(place, boxes.weight * np.where(known, c, 0.0), count) / color_weight for c in boxes.rgb.T]
        )
    return Boxes(
        np.column_stack([mean(c) for c in boxes.xy.T]), mean(boxes.length), angle, rgb, weight, np.zeros(count)
    )
