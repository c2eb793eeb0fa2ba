"""The same with dask, as its examples show it: lazy blocks, block by block, the mask brought together for labelling.

python benchmarks/plain_dask.py BEFORE AFTER OUT_DIR
"""

from __future__ import annotations

import sys
from pathlib import Path

import dask
import dask.array as da
import geopandas as gpd
import numpy as np
import rasterio
import rasterio.shutil
from rasterio.windows import Window
from scipy import ndimage
from shapely.geometry import box
from skimage.filters import threshold_otsu

CHUNK_PX = 2048
LEAST_PX = 9


def lazy(path: str) -> da.Array:
    """A scene as a dask array (band, y, x)."""
    with rasterio.open(path) as source:
        count, height, width = source.count, source.height, source.width

    def _read(y: int, x: int, rows: int, columns: int) -> np.ndarray:
        with rasterio.open(path) as source:
            return source.read(window=Window(x, y, columns, rows)).astype("float32")

    return da.block(
        [
            [
                da.from_delayed(dask.delayed(_read)(y, x, rows, columns), (count, rows, columns), "float32")
                for x in range(0, width, CHUNK_PX)
                for columns in [min(CHUNK_PX, width - x)]
            ]
            for y in range(0, height, CHUNK_PX)
            for rows in [min(CHUNK_PX, height - y)]
        ]
    )


def main(before: str, after: str, out: Path) -> None:
    """Mask and regions of a pair."""
    a, b = lazy(before), lazy(after)
    seen = ((a != 0) & (b != 0)).all(axis=0)
    weight = seen.sum()
    moments = [
        ((image * seen).sum(axis=(1, 2)) / weight, (image**2 * seen).sum(axis=(1, 2)) / weight) for image in (a, b)
    ]
    (mean_a, square_a), (mean_b, square_b) = dask.compute(moments)[0]
    gain = np.sqrt((square_b - mean_b**2) / (square_a - mean_a**2))[:, None, None]
    length = da.sqrt((((a - mean_a[:, None, None]) * gain + mean_b[:, None, None] - b) ** 2).sum(axis=0))
    thin = length[::4, ::4].compute()
    threshold = threshold_otsu(thin[seen[::4, ::4].compute()])
    changed, visible = dask.compute((length > threshold) & seen, seen)
    labels, count = ndimage.label(ndimage.binary_opening(changed, np.ones((3, 3))), np.ones((3, 3)))
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    mask = np.where(visible, (areas[labels] >= LEAST_PX) & (labels > 0), 255).astype("uint8")
    with rasterio.open(before) as source:
        kept = {key: source.profile[key] for key in ("width", "height", "crs", "transform")}
    options = {"driver": "GTiff", "count": 1, "dtype": "uint8", "nodata": 255, "tiled": True}
    with rasterio.open(out / "raw.tif", "w", **kept, **options) as target:
        target.write(mask, 1)
    rasterio.shutil.copy(out / "raw.tif", out / "mask.tif", driver="COG", compress="DEFLATE")
    places = [(k, place) for k, place in enumerate(ndimage.find_objects(labels), 1) if areas[k] >= LEAST_PX]
    outlines = [
        box(*(kept["transform"] @ (x.start, y.start)), *(kept["transform"] @ (x.stop, y.stop))) for _, (y, x) in places
    ]
    table = gpd.GeoDataFrame({"area_px": [areas[k] for k, _ in places]}, geometry=outlines, crs=kept["crs"])
    table.to_file(out / "changes.gpkg", driver="GPKG")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
