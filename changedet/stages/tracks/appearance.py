"""The light within and beside the places' boxes on each date, where the looks have pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels import appearance as kernel
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.visibility import SeriesLight, SeriesVisibility

INSIDE = np.stack(np.meshgrid(np.linspace(-0.36, 0.36, 7), (-0.7, 0.0, 0.7), indexing="ij"), -1).reshape(-1, 2)
"""Points off a box's ends: along as a share of its length, across in metres."""
BESIDE = np.stack(np.meshgrid((-0.3, 0.0, 0.3), (-2.0, 2.0), indexing="ij"), -1).reshape(-1, 2)
AT_ONCE, TOGETHER_M = 16_384, 250.0
"""Places that are looked at together, neighbours with neighbours: it bounds the memory."""


def place_appearance(
    looks: SeriesVisibility, centre: Floats, places: Boxes, shift: Floats, seen: tuple[Ints, Bools, Bools]
) -> Floats | None:
    """The features (place, date, feature) of `changedet.kernels.sights.describe`; None without pictures.

    Parameters
    ----------
    looks : SeriesVisibility
    centre : float64 (place, 2)
        Of the boxes, moved by their dates' shifts.
    places : Boxes
    shift : float64 (date, 2)
        What brings each date's boxes onto the places.
    seen : bins, lit, clear
        See `changedet.kernels.sights.describe`.
    """
    if not isinstance(looks, SeriesLight) or not len(centre):
        return None
    cell = np.floor(centre / TOGETHER_M)
    order = np.lexsort((cell[:, 0], cell[:, 1]))
    parts = []
    for i, moved in enumerate(shift):
        light = [
            looks.light(i, centre[own] - moved, places.length[own], places.angle[own])
            for own in np.split(order, range(AT_ONCE, len(order), AT_ONCE))
        ]
        if any(part is None for part in light):
            return None
        parts.append(np.concatenate([part for part in light if part is not None], axis=1))
    inner, spread, ring = np.empty((3, len(centre), len(parts), parts[0].shape[2]))
    for i, part in enumerate(parts):
        inner[order, i], spread[order, i], ring[order, i] = part
    rough = (spread / (np.maximum(inner, 0.0) + kernel.DARK)).mean(2)
    return kernel.appearance_features(inner, ring, rough, *seen)


def light_of_boxes(light: Callable[[Floats], Floats], xy: Floats, length: Floats, angle: Floats) -> Floats:
    """Light (3, n, band) of boxes: its median and standard deviation within each, and its median beside it.

    Parameters
    ----------
    light : callable
        ``light(points) -> (m, band)``: 0 at the date's dark end and 1 at its usual ground; NaN where there is none.
    xy : float64 (n, 2)
        Centres, in metres.
    length, angle : float64 (n,)
        In metres, and in degrees clockwise from north.
    """
    turn = np.deg2rad(angle)[:, None, None]
    long, wide = (np.concatenate(pair, 2) for pair in ((np.sin(turn), np.cos(turn)), (np.cos(turn), -np.sin(turn))))
    points = np.concatenate([INSIDE, BESIDE])
    at = xy[:, None] + points[:, :1] * length[:, None, None] * long + points[:, 1:] * wide
    inside, beside = np.split(light(at.reshape(-1, 2)).reshape(*at.shape[:2], -1), [len(INSIDE)], axis=1)
    return np.stack([np.median(inside, axis=1), inside.std(axis=1), np.median(beside, axis=1)])
