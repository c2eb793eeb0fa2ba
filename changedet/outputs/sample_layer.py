"""``sample_<date>.gpkg``: points of a mask that a person labels, written and read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import geopandas as gpd
import pyogrio

from changedet.outputs import layer_styles, styles
from changedet.outputs.files import replacing
from changedet.outputs.vectors import embed_styles, write_layers

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
        write_layers(part, {LAYER: points}, {LAYER: "Point"})
        embed_styles(part, {LAYER: styles.document(layer_styles.sample())})


def read_sample(path: str | Path) -> gpd.GeoDataFrame:
    """The points as they are now.

    Raises
    ------
    ValueError
        The file cannot be read, or a column is missing, or there is no row.
    """
    try:
        frame = pyogrio.read_dataframe(path, layer=LAYER)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise ValueError(f"layer '{LAYER}' cannot be read ({error})") from None
    missing = [name for name in ("date", "stratum", "label") if name not in frame]
    if missing or not len(frame):
        raise ValueError(f"layer '{LAYER}' has lost its {'column ' + repr(missing[0]) if missing else 'points'}")
    return frame
