"""What every file of a run folder holds, as short digests that do not depend on where or when the run was made."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
import re
import sqlite3
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyogrio
import rasterio
import shapely

Digest: TypeAlias = dict[str, object]

LIBRARIES = ("numpy", "scipy", "numba", "rasterio", "pyogrio", "onnxruntime", "opencv-python-headless", "pandas")
"""Whose versions may change a figure in its last digits."""
STATE = ".changedet"
LEFT_OUT = tuple(f"{STATE}/{name}" for name in ("steps/", "checksums/", "lock", "custody", "written", "seal", "inputs"))
"""What a run keeps of paths, times and stamps of files."""
VOLATILE_KEYS = {"seconds", "versions", "identity", "identities"}
"""Keys of JSON records that hold times, library versions, or digests of paths and times."""
MEAN_TOLERANCE = 0.02
ROWS_TOLERANCE = 0.05
_PICTURE = re.compile(r"data:image/(?:png|jpeg|webp);base64,([A-Za-z0-9+/=]+)")


def machine() -> Digest:
    """What results may depend on in their last digits beside the project itself."""
    features = np._core._multiarray_umath.__cpu_features__
    return {
        "libraries": {name: version(name) for name in LIBRARIES} | {"gdal": rasterio.__gdal_version__},
        "processor": sorted(name for name, present in features.items() if present),
        "blas": os.environ.get("OPENBLAS_CORETYPE", ""),
    }


def digests(run_dir: Path, root: Path) -> dict[str, Digest]:
    """One digest for each file of a run folder, by its relative name.

    Parameters
    ----------
    run_dir : Path
        A finished run, with its private state.
    root : Path
        What paths in the outputs are made relative to: the folder that holds the scenes.
    """
    found = {}
    for path in sorted(run_dir.rglob("*")):
        name = path.relative_to(run_dir).as_posix()
        if path.is_file() and not name.startswith(LEFT_OUT):
            found[name] = _digest(path, root)
    return found


def _digest(path: Path, root: Path) -> Digest:
    if path.suffix in {".tif", ".gtif"}:
        return _raster(path)
    if path.suffix == ".gpkg":
        return _geopackage(path)
    if path.suffix == ".qgz":
        with zipfile.ZipFile(path) as archive:
            return {name: _sha(_plain(archive.read(name).decode(), root).encode()) for name in archive.namelist()}
    if path.suffix == ".json":
        return {"json": _sha(_plain(json.dumps(_steady(json.loads(path.read_text())), sort_keys=True), root).encode())}
    if path.suffix == ".jpg":
        return {"sha256": _sha(path.read_bytes())}
    text = _PICTURE.sub(lambda match: _sha(base64.b64decode(match[1])), path.read_text())
    return {"text": _sha(_plain(text, root).encode()), "lines": text.count("\n")}


def _raster(path: Path) -> Digest:
    with rasterio.open(path) as source:
        pixels = source.read()
        about = {
            "profile": {key: str(source.profile[key]) for key in sorted(source.profile)},
            "tags": source.tags(),
            "bands": [[source.descriptions[k - 1], source.units[k - 1], source.tags(k)] for k in source.indexes],
            "overviews": [source.overviews(k) for k in source.indexes],
        }
        if "palette" in {interpretation.name for interpretation in source.colorinterp}:
            about["colours"] = {str(key): value for key, value in source.colormap(1).items()}
    finite = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    return {
        "pixels": _sha(np.ascontiguousarray(pixels).tobytes()),
        "about": _sha(json.dumps(about, sort_keys=True, default=str).encode()),
        "shape": list(pixels.shape),
        "mean": float(finite.mean(dtype=np.float64)) if finite.size else None,
    }


def _geopackage(path: Path) -> Digest:
    found: Digest = {}
    for name, _ in pyogrio.list_layers(path):
        meta, _, geometries, columns = pyogrio.raw.read(path, layer=name)
        wkb = [] if geometries is None else [shapely.to_wkb(shapely.from_wkb(one), hex=True) for one in geometries]
        kept = [str(meta["crs"]), str(meta["geometry_type"]), list(map(str, meta["dtypes"])), list(meta["fields"])]
        rows = [[str(value) for value in column] for column in columns]
        found[str(name)] = {"rows": len(rows[0]) if rows else 0, "sha256": _sha(json.dumps([kept, rows, wkb]).encode())}
    with sqlite3.connect(path) as database:
        styles = database.execute("select f_table_name, styleName, styleQML from layer_styles order by 1, 2").fetchall()
    database.close()
    found["layer_styles"] = {"rows": len(styles), "sha256": _sha(json.dumps(styles).encode())}
    return found


def _steady(value: object) -> object:
    if isinstance(value, dict):
        return {key: _steady(item) for key, item in value.items() if key not in VOLATILE_KEYS}
    return [_steady(item) for item in value] if isinstance(value, list) else value


def _plain(text: str, root: Path) -> str:
    # STAC items lead to the scenes from where the run lies.
    near = re.sub(r'(?:\.\./)+[^"\s]*?(?=sample_tiles/)', "ROOT/", text)
    return near.replace(str(root.resolve()), "ROOT").replace(str(root), "ROOT")


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def differences(found: dict[str, Digest], kept: dict[str, Digest], *, exact: bool) -> list[str]:
    """Files that are missing, new, or hold something else, a line each.

    Parameters
    ----------
    found, kept : dict
        Of `digests`.
    exact : bool
        Whether every bit counts. On another machine or with other libraries the last digits of a figure may differ, and
        with them encoded bytes: there the files, the shapes and means of rasters and the rows of layers are compared.
    """
    said = [f"{name}: is missing" for name in kept if name not in found]
    said += [f"{name}: is new" for name in found if name not in kept]
    for name in sorted(set(found) & set(kept)):
        one, other = found[name], kept[name]
        parts = [key for key in {**one, **other} if one.get(key) != other.get(key)]
        if not exact:
            parts = [key for key in parts if not _alike(key, one.get(key), other.get(key))]
        if parts:
            said.append(f"{name}: {', '.join(parts)}")
    return said


def _alike(key: str, one: object, other: object) -> bool:
    if key == "mean" and isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=MEAN_TOLERANCE, abs_tol=MEAN_TOLERANCE)
    if isinstance(one, dict) and isinstance(other, dict):
        return abs(one["rows"] - other["rows"]) <= ROWS_TOLERANCE * max(one["rows"], other["rows"]) + 1
    return key in {"pixels", "json", "text", "about", "lines"} or (isinstance(one, str) and isinstance(other, str))
