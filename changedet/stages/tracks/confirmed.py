"""Rows below the count threshold that the series shows to be boxes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import shapely

from changedet.kernels.colour import hex_rgb
from changedet.kernels.containers import OTHER
from changedet.stages.tracks.detections import date_index
from changedet.stages.tracks.kernels.confirmation import WEIGHTS, SeriesRows, probabilities
from changedet.stages.tracks.result import Tracks

CONFIRMED, CONFIRMED_KIND = "confirmed", "confirmed_kind"
"""Columns of rows that are below the threshold by their own look and boxes by the series."""
SURE: Final = 2 / 3
"""Probability from which a row is a box: a false one costs twice a missed one. Chosen by hand, after painted sites that
judge had shown more false boxes with even odds than are worth their gain (docs/research/tracks.md)."""


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
        ``confirmed_kind``, its kind, or that of its track where by itself it is none of a container's, None of all
        others.
    """
    rows, containers = series_rows(tracks), (tracks.tracks["kind"] != OTHER).to_numpy(bool)
    weak = np.flatnonzero(~rows.counted & (rows.track >= 0))
    weak = weak[containers[rows.track[weak]]]
    weights = WEIGHTS.get(detector)
    found = np.zeros(len(weak)) if weights is None else probabilities(rows, weak, weights)
    chosen = weak[found >= SURE]
    confirmed = np.full(len(rows.date), np.nan)
    confirmed[chosen] = found[found >= SURE]
    kind = np.full(len(rows.date), None, object)
    own, of_track = (table["kind"].to_numpy(object) for table in (tracks.detections, tracks.tracks))
    kind[chosen] = np.where(own[chosen] == OTHER, of_track[rows.track[chosen]], own[chosen])
    return replace(tracks, detections=tracks.detections.assign(**{CONFIRMED: confirmed, CONFIRMED_KIND: kind}))


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
