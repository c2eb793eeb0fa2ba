"""Rasters of a run: written block by block as cloud-optimised GeoTIFFs, and read back."""

from __future__ import annotations

from changedet.outputs.rasters.reading import (
    band_names,
    open_lazily,
    percentiles,
    read_bands,
    read_overview,
    read_window,
    scene_stretch,
)
from changedet.outputs.rasters.writing import RasterWriter, default_nodata, encode, sidecars, style

__all__ = [
    "RasterWriter",
    "band_names",
    "default_nodata",
    "encode",
    "open_lazily",
    "percentiles",
    "read_bands",
    "read_overview",
    "read_window",
    "scene_stretch",
    "sidecars",
    "style",
]
