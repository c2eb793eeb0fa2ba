"""The light within and beside the places' boxes on each date, where the looks have pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels.appearance import DARK, appearance_features
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.visibility import SeriesVisibility


def lattice(along: Iterable[float], across_m: Iterable[float]) -> Floats:
    """Points of a lattice.

    Parameters
    ----------
    along : iterable of float
        As shares of a box's length.
    across_m : iterable of float
        In metres.

    Returns
    -------
    float64 (n, 2)
        All of one place along before the next.
    """
    grid = np.meshgrid(np.asarray(along, float), np.asarray(across_m, float), indexing="ij")
    points: Floats = np.stack(grid, -1).reshape(-1, 2)
    return points


INSIDE: Final = lattice(np.linspace(-0.36, 0.36, 7), (-0.7, 0.0, 0.7))
"""Points within a box and off its ends: along as a share of its length, across in metres."""
BESIDE: Final = lattice((-0.3, 0.0, 0.3), (-2.0, 2.0))
"""Points beside its long sides, as above."""
PLACES_AT_ONCE: Final = 16_384
"""Places whose light is read together: it bounds the memory."""
CELL_M: Final = 250.0
"""Of the order of places: neighbours are read together."""


def place_appearance(
    looks: SeriesVisibility, places: Boxes, shift: Floats, scores: tuple[Ints, Bools, Bools], unit: float
) -> Floats | None:
    """Appearance of each place on each date.

    Parameters
    ----------
    looks : SeriesVisibility
        Whose light is read.
    places : Boxes
        Mean box of each place, in the middle of its boxes, moved by their dates' shifts.
    shift : float64 (date, 2)
        What brings each date's boxes onto the places, in metres.
    scores : tuple of (place, date) arrays
        ``bins``, ``lit`` and ``observed``, see `kernels.appearance.appearance_features`.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    float64 (place, date, feature) or None
        See `kernels.appearance.appearance_features`; None without pictures.
    """
    centre = places.xy
    if not len(centre):
        return None
    cell = np.floor(centre / CELL_M)
    order = np.lexsort((cell[:, 0], cell[:, 1]))
    parts = []
    for i, moved in enumerate(shift):
        light = [
            looks.light(i, unit * (centre[own] - moved), places.length[own], places.angle[own])
            for own in np.split(order, range(PLACES_AT_ONCE, len(order), PLACES_AT_ONCE))
        ]
        if any(part is None for part in light):
            return None
        parts.append(np.concatenate([part for part in light if part is not None], axis=1))
    inner, spread, ring = np.empty((3, len(centre), len(parts), parts[0].shape[2]))
    for i, part in enumerate(parts):
        inner[order, i], spread[order, i], ring[order, i] = part
    rough = (spread / (np.maximum(inner, 0.0) + DARK)).mean(2)
    return appearance_features(inner, ring, rough, *scores)


def light_at(
    light: Callable[[Floats], Floats], points: Floats, xy: Floats, reach: Floats, angle: Floats, unit: float
) -> Floats:
    """Light at the points of a lattice, turned along boxes.

    Parameters
    ----------
    light : callable
        ``light(points) -> (m, band)``; NaN where there is none.
    points : float64 (point, 2)
        Of `lattice`.
    xy : float64 (n, 2)
        Centres, in the CRS.
    reach : float64 (n,)
        What shares along are of, in units of the CRS.
    angle : float64 (n,)
        Degrees clockwise from north.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    float64 (n, point, band)
        Of each box in the order of the points.
    """
    turn = np.deg2rad(angle)[:, None, None]
    long, wide = (np.concatenate(pair, 2) for pair in ((np.sin(turn), np.cos(turn)), (np.cos(turn), -np.sin(turn))))
    at = xy[:, None] + points[:, :1] * reach[:, None, None] * long + unit * points[:, 1:] * wide
    return light(at.reshape(-1, 2)).reshape(*at.shape[:2], -1)


def light_of_boxes(light: Callable[[Floats], Floats], xy: Floats, length: Floats, angle: Floats, unit: float) -> Floats:
    """Light of boxes: its median and standard deviation within each, and its median beside it.

    Parameters
    ----------
    light : callable
        ``light(points) -> (m, band)``: 0 at the date's dark end and 1 at its usual ground; NaN where there is none.
    xy : float64 (n, 2)
        Centres, in the CRS.
    length, angle : float64 (n,)
        In metres on the ground, and in degrees clockwise from north.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    float64 (3, n, band)
        NaN where a point of a box has no light.
    """
    values = light_at(light, np.concatenate([INSIDE, BESIDE]), xy, unit * length, angle, unit)
    inside, beside = np.split(values, [len(INSIDE)], axis=1)
    return np.stack([np.median(inside, axis=1), inside.std(axis=1), np.median(beside, axis=1)])
