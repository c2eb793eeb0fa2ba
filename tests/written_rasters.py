"""Rasters of each kind, written for the tests that read, draw or style them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine

from changedet.outputs.rasters.writing import RasterWriter

TRANSFORM = Affine(2, 0, 500_000, 0, -2, 3_000_000)


KINDS: dict[str, tuple[str, float]] = {
    "mask": ("uint8", 255),
    "quality": ("uint8", 1),
    "first_change": ("int32", -1),
    "score": ("float32", math.nan),
    "scene": ("uint16", 0),
}


def writer(path: Path, kind: Any, shape: tuple[int, int], **more: Any) -> RasterWriter:
    dtype, nodata = KINDS[kind]
    bands = ["blue", "green", "red", "nir"] if kind == "scene" else [f"meaning of {kind}"]
    given = {
        "bands": bands,
        "dtype": dtype,
        "nodata": nodata,
        "tags": {"DATE": "2023-06-04", "THRESHOLD": "2.5"},
        "transform": TRANSFORM,
    } | more
    return RasterWriter(path, crs="EPSG:32651", shape=shape, kind=kind, description="what it is", **given)


def content(kind: str, shape: tuple[int, int]) -> np.ndarray:
    rng = np.random.default_rng(7)
    if kind == "scene":
        array = rng.integers(1, 4000, (4, *shape)).astype(np.float32)
    elif kind == "score":
        array = rng.random((1, *shape), dtype=np.float32) * 9
    else:
        top = 2 if kind == "mask" else 8 if kind == "quality" else 20_000
        return rng.integers(0, top, (1, *shape)).astype(KINDS[kind][0])
    array[:, :40, :30] = np.nan
    return array
