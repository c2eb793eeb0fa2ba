"""``sample_<date>.gpkg``: points of a mask that a person labels, written and read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from changedet.outputs.gpkg.filled_in import read_filled_in, write_filled_in
from changedet.outputs.gpkg.vector_layers import embed_styles
from changedet.outputs.qgis import editing_styles, raster_styles
from changedet.outputs.values import iso_date
from changedet.store.files import replacing

LAYER: Final = "sample"


def write_sample(path: str | Path, points: gpd.GeoDataFrame) -> None:
    """Write points ``sample_id, date, stratum, label``; the labels are chosen from a list in QGIS.

    Parameters
    ----------
    path : path
        Written whole, or not at all.
    points : geopandas.GeoDataFrame
        `label` a nullable integer: 1 changed, 0 not, null not labelled.
    """
    with replacing(Path(path)) as part:
        write_filled_in(part, LAYER, points, "Point")
        embed_styles(part, {LAYER: raster_styles.document(editing_styles.sample())})


def read_sample(path: str | Path) -> gpd.GeoDataFrame:
    """The points as they are now.

    Parameters
    ----------
    path : path
        As `write_sample` wrote it and a person labelled it.

    Returns
    -------
    geopandas.GeoDataFrame
        `date` (ISO text), `stratum` and `label`, a number, NaN where nothing was labelled.

    Raises
    ------
    ValueError
        The file cannot be read, or a column is missing, or there is no row.
    """
    frame = read_filled_in(path, LAYER, ("date", "stratum", "label"))
    if not len(frame):
        raise ValueError(f"layer '{LAYER}' has lost its points")
    if not isinstance(frame, gpd.GeoDataFrame) or not (frame.geom_type == "Point").all():
        raise ValueError(f"layer '{LAYER}' has points without a place")
    try:
        dates = [iso_date(value) for value in frame["date"]]
        dt.date.fromisoformat(dates[0])
        return frame.assign(date=dates, label=pd.to_numeric(frame["label"]))
    except (NotImplementedError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"layer '{LAYER}' holds words where dates or numbers belong ({error})") from None
