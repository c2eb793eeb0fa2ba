"""What most people would write: read two scenes whole, the length of the change vector, Otsu, clean, label, write.

python benchmarks/plain_script.py BEFORE AFTER OUT_DIR
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import rasterio.shutil
from shapely.geometry import box
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.morphology import binary_opening, footprint_rectangle

LEAST_PX = 9


def main(before: str, after: str, out: Path) -> None:
    """Mask and regions of a pair."""
    with rasterio.open(before) as source:
        a, profile = source.read().astype("float64"), source.profile
    with rasterio.open(after) as source:
        b = source.read().astype("float64")
    missing = (a == 0).any(0) | (b == 0).any(0)
    for band, other in zip(a, b, strict=True):
        x, y = band[~missing], other[~missing]
        band[:] = (band - x.mean()) * (y.std() / x.std()) + y.mean()
    length = np.sqrt(((b - a) ** 2).sum(0))
    changed = (length > threshold_otsu(length[~missing])) & ~missing
    labels = label(binary_opening(changed, footprint_rectangle((3, 3))), connectivity=2)
    regions = [region for region in regionprops(labels) if region.area >= LEAST_PX]
    mask = np.isin(labels, [region.label for region in regions]).astype("uint8")
    mask[missing] = 255
    options = {"driver": "GTiff", "count": 1, "dtype": "uint8", "nodata": 255, "tiled": True}
    kept = {key: profile[key] for key in ("width", "height", "crs", "transform")}
    with rasterio.open(out / "raw.tif", "w", **kept, **options) as target:
        target.write(mask, 1)
    rasterio.shutil.copy(out / "raw.tif", out / "mask.tif", driver="COG", compress="DEFLATE")
    corners = [
        (profile["transform"] @ region.bbox[1::-1], profile["transform"] @ region.bbox[:1:-1]) for region in regions
    ]
    outlines = [box(*first, *last) for first, last in corners]
    table = gpd.GeoDataFrame({"area_px": [region.area for region in regions]}, geometry=outlines, crs=profile["crs"])
    table.to_file(out / "changes.gpkg", driver="GPKG")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
