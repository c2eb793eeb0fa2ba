"""Overviews that are laid beside a raster are those that GDAL makes, pixel by pixel; statistics are GDAL's."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from affine import Affine

from changedet.outputs.rasters.overviews import lay_overviews, statistics_of

SIZES = [(1024, 1024), (1031, 777), (513, 1200), (64, 2050), (2056, 4112)]
CODEC = {"compress": "deflate", "zlevel": 6, "predictor": 1}


def write(path: Path, pixels: np.ndarray, nodata: float | None) -> None:
    profile = {"driver": "GTiff", "height": pixels.shape[0], "width": pixels.shape[1], "count": 1, "crs": "EPSG:32633"}
    profile |= {"tiled": True, "blockxsize": 128, "blockysize": 128, "transform": Affine(1, 0, 0, 0, -1, 0)}
    with rasterio.open(path, "w", dtype=pixels.dtype, nodata=nodata, **profile) as target:
        target.write(pixels, 1)


def gdals(path: Path, resampling: str) -> tuple[list[np.ndarray], dict[str, str]]:
    """The overviews that GDAL makes, and its statistics."""
    out = path.with_suffix(".cog")
    options = {"blocksize": 128, "overviews": "AUTO", "overview_resampling": resampling, "statistics": "YES"}
    rasterio.shutil.copy(path, out, driver="COG", **options)
    with rasterio.open(out) as source:
        count, tags = len(source.overviews(1)), source.tags(1)
    found = []
    for level in range(count):
        with rasterio.open(out, overview_level=level) as source:
            found.append(source.read(1))
    return found, {name: value for name, value in tags.items() if name.startswith("STATISTICS_")}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("resampling", "dtype", "nodata"),
    [
        ("MODE", "uint8", 255),
        ("MODE", "uint8", None),
        ("NEAREST", "int32", -1),
        ("AVERAGE", "uint8", 1),
        ("AVERAGE", "uint8", 255),
        ("AVERAGE", "uint16", 2),
        ("AVERAGE", "uint16", None),
        ("AVERAGE", "float32", np.nan),
    ],
)
def test_overviews_and_statistics_are_gdals(
    size: tuple[int, int], resampling: str, dtype: str, nodata: float | None, tmp_path: Path
) -> None:
    rng = np.random.default_rng(size)
    pixels = rng.choice(np.array([0, 1, 2, 7], dtype), size)
    if dtype == "float32":
        pixels *= rng.random(size, np.float32)
    pixels[rng.random(size) < 0.3] = nodata if nodata is not None else 9
    pixels[: size[0] // 2, : size[1] // 3] = 1
    pixels[20:60] = nodata if nodata is not None else 3
    write(tmp_path / "a.tif", pixels, nodata)
    wanted, statistics = gdals(tmp_path / "a.tif", resampling)
    found = lay_overviews(tmp_path / "a.tif", 128, CODEC, is_averaged=resampling == "AVERAGE")
    assert found.paths[0] == tmp_path / "a.tif.ovr"
    assert found.statistics[0].keys() == statistics.keys()
    for name, value in found.statistics[0].items():
        if dtype not in {"int32", "float32"}:
            assert value == statistics[name]
        # GDAL rounds sums of other types at each pixel
        assert float(value) == pytest.approx(float(statistics[name]), rel=1e-10)
    assert len(found.paths) == len(wanted)
    for path, gdal in zip(found.paths, wanted, strict=True):
        with rasterio.open(path) as source:
            np.testing.assert_array_equal(source.read(1), gdal)


def test_statistics_of_nearly_all_pixels_and_of_none() -> None:
    assert statistics_of([0, 0, 0, 9, -9], 7) == {"STATISTICS_VALID_PERCENT": "0"}
    nearly = statistics_of([9_999_999, 0, 0, 0, 0], 10_000_000)
    assert nearly["STATISTICS_VALID_PERCENT"] == "99.999"
    assert statistics_of([2, 4, 10, 1, 3], 2) == {
        "STATISTICS_MAXIMUM": "3",
        "STATISTICS_MEAN": "2",
        "STATISTICS_MINIMUM": "1",
        "STATISTICS_STDDEV": "1",
        "STATISTICS_VALID_PERCENT": "100",
    }
