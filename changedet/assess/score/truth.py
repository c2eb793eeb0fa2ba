"""The layers of a truth folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio

from changedet.errors import InputError


def truth_layer(path: Path, name: str, crs: Any) -> gpd.GeoDataFrame:
    try:
        frame = pyogrio.read_dataframe(path, layer=name)
    except pyogrio.errors.DataSourceError as error:
        raise InputError(f"{path}: cannot read layer '{name}' ({error})") from None
    return frame.to_crs(crs)
