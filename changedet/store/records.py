"""Records of a run as JSON: identities, checksums and tables, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from changedet.errors import ChangedetError


def identity(*parts: Any) -> str:
    """A short digest of JSON-able parts; equal parts give equal digests on every machine."""
    text = json.dumps(parts, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def sha256(path: Path) -> str:
    """A file's SHA-256 in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON so that a kill at any moment leaves the old file or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    part.write_text(json.dumps(value, indent=1, allow_nan=False, default=str) + "\n")
    part.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """What `write_json` kept; ChangedetError where the file holds something else."""
    value = json.loads(path.read_text())
    if not isinstance(value, dict):
        raise ChangedetError(f"{path}: not a record of changedet; run again with --fresh")
    return value


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Keep a table, with its geometries if any, as JSON: exact, and safe to read from a folder of unknown origin."""
    columns: dict[str, Any] = {}
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


def read_table(path: Path) -> Any:
    """What `write_table` kept: a GeoDataFrame where it has geometries."""
    kept = read_json(path)
    columns = dict(kept["columns"])
    shapes = columns.pop("geometry", None)
    if shapes is None:
        return pd.DataFrame(columns)
    return gpd.GeoDataFrame(columns, geometry=shapely.from_wkb(shapes), crs=kept["crs"])
