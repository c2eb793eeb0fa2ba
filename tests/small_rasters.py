"""Small rasters with known pixels, and grids over them, that tests of imagery share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.enums
import rasterio.errors
import rasterio.warp
from affine import Affine
from numpy.typing import NDArray

from changedet.blocks import Window
from changedet.grid import Grid

T = Affine(2.0, 0, 500_000, 0, -2.0, 5_400_000)


CRS = "EPSG:32633"


RGBN = {"blue": 1, "green": 2, "red": 3, "nir": 4}


def write(path: Path, data: NDArray[Any], transform: Affine = T, crs: Any = CRS, **options: Any) -> str:
    data = data if data.ndim == 3 else data[None]
    colors = options.pop("colorinterp", None)
    mask, scales = options.pop("mask", None), options.pop("scales", None)
    names, tags = options.pop("descriptions", None), options.pop("tags", None)
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            path, "w", "GTiff", data.shape[2], data.shape[1], data.shape[0], crs, transform, data.dtype, **options
        ) as out,
    ):
        if colors:
            out.colorinterp = [rasterio.enums.ColorInterp[name] for name in colors]
        if names:
            out.descriptions = names
        if scales:
            out.scales, out.offsets = scales
        out.update_tags(**(tags or {}))
        out.write(data)
        if mask is not None:
            out.write_mask(mask)
    return str(path)


def ramp(height: int, width: int) -> NDArray[np.float32]:
    """Band 1 is a pixel's row, band 2 its column."""
    return np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij")).astype(np.float32)


def grid_like(height: int, width: int, transform: Affine = T, crs: str = CRS) -> Grid:
    return Grid(crs, transform, (height, width))


def whole(grid: Grid) -> Window:
    return Window(0, 0, *grid.shape)


def noise(seed: int, *shape: int) -> NDArray[np.uint16]:
    return np.random.default_rng(seed).integers(1, 60_000, shape, dtype=np.uint16)


ELSEWHERE = "/vsicurl/http://127.0.0.1:1/x.tif"


def vrt_of(source: str, bands: int = 1) -> str:
    one = f"<SimpleSource><SourceFilename>{source}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
    parts = [f'<VRTRasterBand dataType="UInt16" band="{i + 1}">{one}</VRTRasterBand>' for i in range(bands)]
    place = "<SRS>EPSG:32633</SRS><GeoTransform>500000,10,0,5400000,0,-10</GeoTransform>"
    return f'<VRTDataset rasterXSize="4" rasterYSize="4">{place}{"".join(parts)}</VRTDataset>'
