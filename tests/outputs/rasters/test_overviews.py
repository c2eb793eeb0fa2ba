"""Overviews that are laid beside a raster are those that GDAL makes, pixel by pixel."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from affine import Affine

from changedet.outputs.rasters import overviews
from changedet.outputs.rasters.overviews import lay_overviews

SIZES = [(1024, 1024), (1031, 777), (513, 1200), (64, 2050)]


def write(path: Path, pixels: np.ndarray, nodata: float | None) -> None:
    profile = {"driver": "GTiff", "height": pixels.shape[0], "width": pixels.shape[1], "count": 1, "crs": "EPSG:32633"}
    profile |= {"tiled": True, "blockxsize": 128, "blockysize": 128, "transform": Affine(1, 0, 0, 0, -1, 0)}
    with rasterio.open(path, "w", dtype=pixels.dtype, nodata=nodata, **profile) as target:
        target.write(pixels, 1)
        if pixels.dtype == np.uint8:
            target.write_colormap(1, {0: (9, 9, 9, 255), 1: (200, 0, 0, 255)})


def levels(path: Path, resampling: str) -> list[np.ndarray]:
    out = path.with_suffix(".cog")
    rasterio.shutil.copy(path, out, driver="COG", blocksize=128, overviews="AUTO", overview_resampling=resampling)
    with rasterio.open(out) as source:
        count = len(source.overviews(1))
    found = []
    for level in range(count):
        with rasterio.open(out, overview_level=level) as source:
            found.append(source.read(1))
            if found[-1].dtype == np.uint8:
                assert source.colormap(1)[1] == (200, 0, 0, 255)
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("resampling", "dtype", "nodata"), [("MODE", "uint8", 255), ("MODE", "uint8", None), ("NEAREST", "int32", -1)]
)
def test_overviews_are_gdals(
    size: tuple[int, int], resampling: str, dtype: str, nodata: float | None, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    rng = np.random.default_rng(size)
    pixels = rng.choice(np.array([0, 1, 2, 7], dtype), size)
    pixels[rng.random(size) < 0.3] = nodata if nodata is not None else 9
    pixels[: size[0] // 2, : size[1] // 3] = 1
    pixels[20:60] = nodata if nodata is not None else 3
    write(tmp_path / "a.tif", pixels, nodata)
    wanted = levels(tmp_path / "a.tif", resampling)
    monkeypatch.setattr(overviews, "LEAST_PX", 1)
    lay_overviews(tmp_path / "a.tif", resampling, 128)
    assert (tmp_path / "a.tif.ovr").exists()
    found = levels(tmp_path / "a.tif", resampling)
    assert [level.shape for level in found] == [level.shape for level in wanted]
    for own, gdals in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(own, gdals)


@pytest.mark.parametrize(("resampling", "dtype"), [("AVERAGE", "float32"), ("MODE", "uint16")])
def test_other_rasters_are_left_to_gdal(resampling: str, dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(overviews, "LEAST_PX", 1)
    write(tmp_path / "a.tif", np.ones((300, 300), dtype), None)
    lay_overviews(tmp_path / "a.tif", resampling, 128)
    assert not (tmp_path / "a.tif.ovr").exists()
