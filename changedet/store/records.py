"""Records of a run as JSON: identities, checksums and tables."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from changedet.errors import ChangedetError
from changedet.store.files import write_json

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


def identity(*parts: object) -> str:
    """A short digest of JSON-able parts; equal parts give equal digests on every machine.

    Parameters
    ----------
    *parts : object
        As JSON can hold them; anything else counts by its text.

    Returns
    -------
    str
        24 hexadecimal digits of a SHA-256.
    """
    text = json.dumps(parts, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def sha256(path: Path) -> str:
    """A file's SHA-256.

    Parameters
    ----------
    path : pathlib.Path
        The file, which is read in pieces.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds.

    Parameters
    ----------
    path : pathlib.Path
        Written by `write_json`.

    Returns
    -------
    dict
        Its keys and values.

    Raises
    ------
    ChangedetError
        The file holds something else.
    """
    value = json.loads(path.read_bytes())
    if not isinstance(value, dict):
        raise ChangedetError(f"{path}: not a record of changedet; run again with --fresh")
    return value


def write_frame(path: Path, table: pd.DataFrame) -> None:
    """Keep a table, with its geometries if any, as JSON: exact, and safe to read from a folder of unknown origin.

    Parameters
    ----------
    path : pathlib.Path
        The file to write.
    table : pandas.DataFrame
        Columns of text and numbers; a missing value is kept as null. A column ``geometry`` is kept as WKB, the
        table's CRS as WKT.
    """
    # Imported here for a quick start.
    import pandas as pd

    columns: dict[str, list[object]] = {}
    crs = None
    for name in table.columns:
        values = table[name]
        if name == "geometry":
            crs = values.crs.to_wkt() if values.crs is not None else None
            columns[name] = [shape.wkb_hex for shape in values]
        else:
            columns[name] = [
                None if value is None or value is pd.NA or value != value else value for value in values.tolist()
            ]
    write_json(path, {"crs": crs, "columns": columns})


def read_frame(path: Path) -> pd.DataFrame:
    """The table without geometries that `write_frame` kept.

    Parameters
    ----------
    path : pathlib.Path
        Written by `write_frame`.

    Returns
    -------
    pandas.DataFrame
        Its columns; null is None or NaN.
    """
    # Imported here for a quick start.
    import pandas as pd

    return pd.DataFrame(read_json(path)["columns"])


def read_geoframe(path: Path) -> gpd.GeoDataFrame:
    """The table with geometries that `write_frame` kept.

    Parameters
    ----------
    path : pathlib.Path
        Written by `write_frame`.

    Returns
    -------
    geopandas.GeoDataFrame
        Its columns, and ``geometry`` in its CRS.
    """
    # Imported here for a quick start.
    import geopandas as gpd

    kept = read_json(path)
    columns = dict(kept["columns"])
    shapes = columns.pop("geometry")
    return gpd.GeoDataFrame(columns, geometry=shapely.from_wkb(shapes), crs=kept["crs"])
