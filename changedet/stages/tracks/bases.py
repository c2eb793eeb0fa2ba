"""Tracks and their boxes on the ground, where the pictures show roofs that an off-nadir view displaces."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from changedet.arrays import Floats
from changedet.stages.tracks.assemble import medians
from changedet.stages.tracks.detections import date_index, tiers_of
from changedet.stages.tracks.kernels.base_position import base_positions
from changedet.stages.tracks.kernels.stack_levels import Roofs
from changedet.stages.tracks.kernels.views import SeriesViews
from changedet.stages.tracks.result import Tracks

if TYPE_CHECKING:
    import geopandas as gpd


def on_their_bases(tracks: Tracks, views: SeriesViews) -> Tracks:
    """Move boxes and tracks from where the pictures show their roofs to where they stand.

    Parameters
    ----------
    tracks : Tracks
        As followed.
    views : SeriesViews
        Of all dates; where one is not known nothing is moved.

    Returns
    -------
    Tracks
        With the rectangles of ``detections`` and the points of ``tracks`` on the ground.
    """
    tracks, rows = replace(tracks, views=views), tracks.detections
    if not len(rows) or not np.isfinite(views.displacement).any():
        return tracks
    unit = tracks.ground_metre
    centre = shapely.get_coordinates(shapely.centroid(rows.geometry.to_numpy())) / unit
    number = rows["track_id"].astype("Float64").to_numpy(np.float64, na_value=0.0).astype(np.int64) - 1
    date = date_index(rows["date"], tracks.dates)
    columns = (rows[name].to_numpy(np.float64) for name in ("length_m", "angle_deg", "confidence"))
    moved = base_positions(Roofs(centre, number, date, views.displacement[date], tiers_of(rows), *columns)).xy - centre
    bases = unit * (centre + moved)
    return replace(tracks, detections=_moved(rows, unit * moved), tracks=_moved_tracks(tracks.tracks, rows, bases))


def _moved(rows: gpd.GeoDataFrame, by: Floats) -> gpd.GeoDataFrame:
    # Imported here for a quick start.
    import geopandas as gpd

    shapes = rows.geometry.to_numpy()
    corners, index = shapely.get_coordinates(shapes, return_index=True)
    return rows.set_geometry(
        gpd.GeoSeries(shapely.set_coordinates(shapes.copy(), corners + by[index]), rows.index, crs=rows.crs)
    )


def _moved_tracks(tracks: gpd.GeoDataFrame, rows: gpd.GeoDataFrame, base: Floats) -> gpd.GeoDataFrame:
    """Tracks at the median of their boxes' bases."""
    # Imported here for a quick start.
    import geopandas as gpd
    import pandas as pd

    if not len(tracks):
        return tracks
    ids = pd.Index(tracks["track_id"])
    own = rows["track_id"].notna().to_numpy(bool)
    at = medians(base[own], ids.get_indexer(rows["track_id"][own].astype(np.int64)).astype(np.int64), len(ids))
    return tracks.set_geometry(gpd.GeoSeries(shapely.points(at), tracks.index, crs=tracks.crs))
