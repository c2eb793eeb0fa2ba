"""What the series shows of rows that one look alone told: weak ones that are boxes, and of which kind each is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from changedet.arrays import Bools, Ints
from changedet.kernels.colour import hex_rgb
from changedet.kernels.containers import OTHER
from changedet.kernels.doubts import SURE as SURE_LOOK
from changedet.stages.tracks.detections import date_index
from changedet.stages.tracks.kernels.confirmation import WEIGHTS, SeriesRows, probabilities
from changedet.stages.tracks.result import Tracks

CONFIRMED, LISTED_KIND = "confirmed", "listed_kind"
"""Columns: the probability of rows that are below the threshold by their own look and boxes by the series; and the kind
under which a row is listed, None of rows that are not."""
SURE: Final = 2 / 3
"""Probability from which a row is a box: a false one costs twice a missed one. Chosen by hand, after painted sites that
judge had shown more false boxes with even odds than are worth their gain (docs/research/tracks.md)."""
LEAST_DATES: Final = 3
"""From so many a box that one alone shows says something: of two dates each shows what came or left by itself."""
SPOT_M: Final = 1.5
"""Centres nearer than this are of one place: half a box's width, and what two looks err by."""
PART: Final = 0.6
"""Share of a box that lies on one other thing, from which it is a part of that. Chosen by hand: of 13 boxes of
no track that lie so none was one, of eleven that lie on it by .3 to .6 nine were (docs/research/tracks.md)."""


def with_confirmed(tracks: Tracks, detector: str) -> Tracks:
    """Mark the rows below the count threshold that are boxes by what all dates show.

    Parameters
    ----------
    tracks : Tracks
        As followed.
    detector : str
        Which found the rows; of one that nothing was fitted for, none is confirmed.

    Returns
    -------
    Tracks
        Its ``detections`` with ``confirmed``, the probability of such a row by the series, NaN of all others; and with
        ``listed_kind``, as which each counted or confirmed row is listed: its own kind, or that of its track where one
        of both is a container and the other is not; None of all others. A counted row of no track is a part of
        something else where it lies upon that on another date. It is not listed where no other of three dates and more
        shows anything there: by the series it is clutter, and a false box costs twice a missed one. But what the first
        or the last look shows for sure is: what left then or came is shown by one look alone.
    """
    rows, containers = series_rows(tracks), (tracks.tracks["kind"] != OTHER).to_numpy(bool)
    weak = np.flatnonzero(~rows.counted & (rows.track >= 0))
    weak = weak[containers[rows.track[weak]]]
    weights = WEIGHTS.get(detector)
    found = np.zeros(len(weak)) if weights is None else probabilities(rows, weak, weights)
    chosen = weak[found >= SURE]
    confirmed = np.full(len(rows.date), np.nan)
    confirmed[chosen] = found[found >= SURE]
    kinds = _listed_kinds(tracks, rows, rows.counted | np.isfinite(confirmed))
    return replace(tracks, detections=tracks.detections.assign(**{CONFIRMED: confirmed, LISTED_KIND: kinds}))


def _listed_kinds(tracks: Tracks, rows: SeriesRows, listed: Bools) -> NDArray[np.object_]:
    kinds: NDArray[np.object_] = tracks.detections["kind"].to_numpy(object).copy()
    owned = np.flatnonzero(rows.track >= 0)
    of_track = tracks.tracks["kind"].to_numpy(object)[rows.track[owned]]
    differs = (kinds[owned] == OTHER) != (of_track == OTHER)
    kinds[owned[differs]] = of_track[differs]
    loose = np.flatnonzero((rows.track < 0) & rows.counted & (kinds != OTHER))
    things = owned[of_track == OTHER]
    kinds[_on_another_dates_thing(tracks, rows.date, loose, things)] = OTHER
    if len(tracks.dates) >= LEAST_DATES:
        loose = loose[kinds[loose] != OTHER]
        ends = np.isin(rows.date[loose], (0, len(tracks.dates) - 1))
        sure = ends & (rows.confidence[loose] >= SURE_LOOK)
        kinds[loose[~sure & ~_shown_again(rows, loose)]] = None
    kinds[~listed] = None
    return kinds


def _shown_again(rows: SeriesRows, loose: Ints) -> Bools:
    """Which of the loose rows have a counted one of another date at their place."""
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    counted = np.flatnonzero(rows.counted)
    again = np.zeros(len(loose), bool)
    if len(loose):
        near = cKDTree(rows.xy[counted]).query_ball_point(rows.xy[loose], SPOT_M)
        again[:] = [(rows.date[counted[k]] != rows.date[row]).any() for k, row in zip(near, loose, strict=True)]
    return again


def _on_another_dates_thing(tracks: Tracks, date: Ints, loose: Ints, things: Ints) -> Ints:
    """Those of the loose rows that lie upon a thing of another date."""
    shapes = tracks.detections.geometry.to_numpy()
    k, at = shapely.STRtree(shapes[things]).query(shapes[loose], predicate="intersects")
    row, thing = loose[k], things[at]
    shared = shapely.area(shapely.intersection(shapes[row], shapes[thing]))
    return np.unique(row[(date[row] != date[thing]) & (shared >= PART * shapely.area(shapes[row]))])


def series_rows(tracks: Tracks) -> SeriesRows:
    """Rows of all dates as columns.

    Parameters
    ----------
    tracks : Tracks
        As followed.

    Returns
    -------
    SeriesRows
        In the order of ``tracks.detections``.
    """
    table = tracks.detections
    date = date_index(table["date"], tracks.dates)
    ids = table["track_id"].astype("Float64").to_numpy(np.float64, na_value=0.0).astype(np.int64) - 1
    presence = np.zeros(len(table))
    owned = ids >= 0
    presence[owned] = tracks.presence[ids[owned], date[owned]]
    return SeriesRows(
        date,
        shapely.get_coordinates(shapely.centroid(table.geometry.to_numpy())) / tracks.ground_metre,
        table["confidence"].to_numpy(np.float64),
        table["counted"].to_numpy(bool) if "counted" in table else np.ones(len(table), bool),
        hex_rgb(table["color"].to_numpy(object)),
        ids,
        presence,
    )
