"""Log odds that a lit look without a row shows a box all the same, by the outline that its picture shows there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.boosted_trees import margins
from changedet.models.loader import released_trees
from changedet.stages.tracks.appearance import PLACES_AT_ONCE, lattice, light_at
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.kernels.box_outline import ACROSS_M, ALONG, BEYOND_M, NAMES, outline_figures
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.neighbours import share_of_others
from changedet.stages.tracks.visibility import SeriesVisibility

INNER_ALONG: Final = (-4 / 9, -2 / 9, 0.0, 2 / 9, 4 / 9)
"""Points along a box, as shares of half its length and `BEYOND_M`, of which each point across is the mean."""
INNER_ACROSS_M: Final = (-0.6, 0.0, 0.6)
"""Points across it, in metres, of which each point along is the mean."""
TAKEN_SHARE: Final = 0.15
"""Share of a place that the box of another one covers on a look, from which the outline there may be that box's:
beyond it those that the trees take for full hold a box as seldom as the others (docs/research/tracks.md)."""
OTHERS_SCORE: Final = 0.25
"""Least confidence of such a box: of `emissions.SCORE_EDGES`, as fainter rows lie on bare ground, too."""
PATTERN: Final = np.concatenate([lattice(INNER_ALONG, ACROSS_M), lattice(ALONG, INNER_ACROSS_M)])
"""All points of a box: along as shares of half its length and `BEYOND_M`, across in metres."""
TREES: Final = "box_outline.npz"
"""File of `changedet/models`."""


def taken_looks(rows: Detections, place: Ints, places: Boxes, shift: Floats, without: Bools) -> Bools:
    """Looks without a row on which the box of another place lies upon the place.

    Parameters
    ----------
    rows : Detections
        Of all dates.
    place : int64 (row,)
        The place of each; -1 for none.
    places : Boxes
        Mean box of each place, in the middle of its boxes, moved by their dates' shifts.
    shift : float64 (date, 2)
        What brings each date's boxes onto the places, in metres.
    without : bool (place, date)
        True of lit looks without a row.

    Returns
    -------
    bool (place, date)
        True where it does. Mostly it is the place's own box, which leans out of its row or is read as one of two
        (docs/research/tracks.md): no outline there tells of it, and that it has no row does not mean that it is gone.
    """
    taken = np.zeros_like(without)
    for i, moved in enumerate(shift):
        own = np.flatnonzero(without[:, i])
        others = np.flatnonzero((rows.date == i) & (rows.boxes.weight >= OTHERS_SCORE))
        shown = places.take(own)
        covered = share_of_others(shown._replace(xy=shown.xy - moved), rows.boxes.take(others), own, place[others])
        taken[own, i] = covered >= TAKEN_SHARE
    return taken


def looks_light(looks: SeriesVisibility, places: Boxes, shift: Floats, chosen: Bools, unit: float) -> Floats | None:
    """Light about the boxes of places.

    Parameters
    ----------
    looks : SeriesVisibility
        Whose light is read.
    places, shift
        As for `taken_looks`.
    chosen : bool (place, date)
        Looks to read.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    float64 (look, `kernels.box_outline.POINTS`, band) or None
        Of the chosen looks date after date; None without pictures in colour, and where none is chosen.
    """
    parts = []
    for i, moved in enumerate(shift):
        here = np.flatnonzero(chosen[:, i])
        for begin in range(0, len(here), PLACES_AT_ONCE):
            own = here[begin : begin + PLACES_AT_ONCE]
            light = looks.outline_light(i, unit * (places.xy[own] - moved), places.length[own], places.angle[own])
            if light is None:
                return None
            parts.append(light)
    return np.concatenate(parts) if parts else None


def outline_odds(
    looks: SeriesVisibility, places: Boxes, shift: Floats, chosen: Bools, appearance: Floats, unit: float
) -> Floats | None:
    """Log odds that looks show a box, whatever is expected there.

    Parameters
    ----------
    looks, places, shift, chosen
        As for `looks_light`.
    appearance : float64 (place, date, feature)
        Of `appearance.place_appearance`.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    float64 (place, date) or None
        NaN of looks that are not chosen or have no light; None without pictures in colour, and where none is chosen.
    """
    light = looks_light(looks, places, shift, chosen, unit)
    if light is None:
        return None
    figures = outline_figures(light)
    table = np.column_stack([np.swapaxes(appearance, 0, 1)[chosen.T], figures]).astype(np.float32)
    forest = released_trees(TREES, NAMES).forests[0]
    odds = np.full(chosen.shape[::-1], np.nan)
    found = margins(forest, table, len(forest.root))
    odds[chosen.T] = np.where(np.isfinite(figures).all(axis=1), found, np.nan)
    return odds.T


def light_of_outlines(
    light: Callable[[Floats], Floats], xy: Floats, length: Floats, angle: Floats, unit: float
) -> Floats:
    """Light across boxes and along them, beyond their sides and ends.

    Parameters
    ----------
    light : callable
        ``light(points) -> (m, band)``; NaN where there is none.
    xy : float64 (n, 2)
        Centres, in the CRS.
    length, angle : float64 (n,)
        In metres on the ground, and in degrees clockwise from north.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    float64 (n, `kernels.box_outline.POINTS`, band)
        Across, then along; NaN where a point of a mean has no light.
    """
    values = light_at(light, PATTERN, xy, unit * (length / 2 + BEYOND_M), angle, unit)
    across, along = np.split(values, [len(INNER_ALONG) * len(ACROSS_M)], axis=1)
    across = across.reshape(len(xy), len(INNER_ALONG), len(ACROSS_M), -1).mean(axis=1)
    along = along.reshape(len(xy), len(ALONG), len(INNER_ACROSS_M), -1).mean(axis=2)
    return np.concatenate([across, along], axis=1)
