"""Pixels of files: what is no data, what stays open, what breaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.enums
import rasterio.errors
import rasterio.warp
from rasterio.transform import from_origin
from small_rasters import grid_like, noise, write

from changedet.blocks import Window
from changedet.errors import InputError
from changedet.grid import make_grid
from changedet.imagery import pixels
from changedet.imagery.headers import read_header
from changedet.imagery.opening import open_scene
from changedet.kernels.pixel_classes import CLEAR, NODATA


def test_read_part_few_files_stay_open(tmp_path: Path) -> None:
    for k in range(pixels.MAX_OPEN + 5):
        path = write(tmp_path / f"{k}.tif", np.full((3, 3), k + 1, np.uint8))
        scene = open_scene(path, date="2023-06-04", bands={"pan": 1})
        assert scene.read(grid_like(3, 3), Window(0, 0, 3, 3), ("pan",))[0][0, 0, 0] == k + 1
    assert len(pixels._local.open) == pixels.MAX_OPEN


def test_read_part_a_file_that_breaks_in_the_middle_names_itself(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "a.tif", noise(1, 1, 300, 300), compress="deflate"))
    scene = open_scene(str(path), date="2023-06-04", bands={"pan": 1})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"a.tif: cannot be read.*truncated") as error:
        scene.read(grid_like(300, 300), Window(0, 0, 300, 300), ("pan",))
    assert "\n" not in str(error.value)
    path.unlink()
    with pytest.raises(InputError, match=r"a\.tif: no such file"):
        open_scene(str(path), date="2023-06-04")
    path.write_text("no raster")
    with pytest.raises(InputError, match=r"a\.tif: cannot be read"):
        open_scene(str(path), date="2023-06-04")


def test_read_part_fill_values_that_a_float_header_does_not_name_are_no_data(tmp_path: Path) -> None:
    image = np.full((1, 4, 4), 0.2, np.float32)
    image[0, 0] = [-3.4028235e38, 1e38, np.inf, np.nan]
    scene = open_scene(write(tmp_path / "a.tif", image), date="2023-06-04", bands={"red": 1})
    values, quality = scene.read(make_grid(scene.frame), Window(0, 0, 4, 4), ["red"])
    assert quality.tolist() == [[NODATA] * 4] + [[CLEAR] * 4] * 3
    assert np.isnan(values[0, 0]).all()


# rasterio's own arithmetic on windows uses affine's old operator.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


@pytest.mark.parametrize("interleave", ["pixel", "band"])
def test_read_part_parts_from_blocks_are_those_of_the_file(tmp_path: Path, interleave: str) -> None:
    path = tmp_path / "scene.tif"
    values = np.random.default_rng(0).integers(0, 4000, (3, 300, 421)).astype("uint16")
    profile = {"driver": "GTiff", "height": 300, "width": 421, "count": 3, "dtype": "uint16", "crs": "EPSG:32633"}
    profile |= {"tiled": True, "blockxsize": 128, "blockysize": 64, "interleave": interleave}
    with rasterio.open(path, "w", transform=from_origin(5e5, 5.4e6, 10, 10), **profile) as file:
        file.write(values)
    raster = read_header(str(path))
    for row, column, height, width in ((0, 0, 300, 421), (10, 17, 200, 300), (63, 127, 66, 130), (236, 300, 64, 121)):
        part = pixels.read_part(raster, [3, 1], (row, column, height, width))
        assert np.array_equal(part, values[[2, 0], row : row + height, column : column + width])
    pixels.release()


def test_read_part_a_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "scene.tif"
    profile = {"driver": "GTiff", "height": 256, "width": 256, "count": 1, "dtype": "uint8", "crs": "EPSG:32633"}
    profile |= {"tiled": True, "blockxsize": 64, "blockysize": 64, "transform": from_origin(5e5, 5.4e6, 10, 10)}
    found = []
    for value in (7, 9):
        path.unlink(missing_ok=True)
        with rasterio.open(path, "w", **profile) as file:
            file.write(np.full((1, 256, 256), value, "uint8"))
        found.append(float(pixels.read_part(read_header(str(path)), [1], (5, 5, 200, 200)).max()))
        pixels.release()
    assert found == [7.0, 9.0]
