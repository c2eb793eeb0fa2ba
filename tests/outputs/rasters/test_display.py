"""How scenes are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from written_rasters import TRANSFORM

from changedet.outputs.rasters.display import MID_GREY, percentiles, scene_stretch, stretched


def test_scene_stretch_scenes_with_different_bands_share_the_stretch_of_those_they_share(tmp_path: Path) -> None:
    for name, bands, offset in (("a", ("blue", "green", "red", "nir"), 0), ("b", ("red", "pan"), 100)):
        block = np.linspace(1, 1000, 64 * 64).reshape(1, 64, 64) + offset
        profile = {"driver": "GTiff", "height": 64, "width": 64, "count": len(bands), "dtype": "float32"}
        with rasterio.open(tmp_path / f"{name}.tif", "w", nodata=0, transform=TRANSFORM, **profile) as file:
            file.write(np.repeat(block, len(bands), axis=0).astype("float32"))
            file.descriptions = bands
    found = scene_stretch([tmp_path / "a.tif", tmp_path / "b.tif"])
    assert set(found) == {"blue", "green", "red", "nir", "pan"}
    assert found["red"] == pytest.approx((found["blue"][0] + 50, found["blue"][1] + 50))
    assert found["pan"] == pytest.approx((found["blue"][0] + 100, found["blue"][1] + 100))


def test_scene_stretch_keeps_the_balance_of_natural_colours(tmp_path: Path) -> None:
    ramp = np.linspace(0, 1, 64 * 64).reshape(64, 64)
    profile = {"driver": "GTiff", "height": 64, "width": 64, "count": 3, "dtype": "float32"}
    with rasterio.open(tmp_path / "a.tif", "w", transform=TRANSFORM, **profile) as file:
        file.write(np.stack([100 * ramp, 300 * ramp, 900 * ramp]).astype("float32"))
        file.descriptions = ("blue", "green", "red")
    found = scene_stretch([tmp_path / "a.tif"])
    widths = [high - low for low, high in found.values()]
    assert widths == pytest.approx([widths[2]] * 3), "brown ground is not drawn green"


def test_percentiles_follow_a_file_that_is_renamed_and_one_that_is_written_anew(tmp_path: Path) -> None:
    def write(top: float) -> None:
        profile = {"driver": "GTiff", "height": 64, "width": 64, "count": 1, "dtype": "float32"}
        with rasterio.open(tmp_path / "part.tif", "w", transform=TRANSFORM, **profile) as file:
            file.write(np.linspace(0, top, 64 * 64, dtype="float32").reshape(1, 64, 64))

    write(1.0)
    first = percentiles(tmp_path / "part.tif", (50.0,))
    (tmp_path / "part.tif").rename(tmp_path / "whole.tif")
    assert percentiles(tmp_path / "whole.tif", (50.0,)) == first == [(pytest.approx(0.5),)]
    write(4.0)
    (tmp_path / "part.tif").replace(tmp_path / "whole.tif")
    assert percentiles(tmp_path / "whole.tif", (50.0,)) == [(pytest.approx(2.0),)]
    assert percentiles(tmp_path / "whole.tif", (0.0, 100.0)) == [(0.0, 4.0)]


def test_stretched_is_black_to_white_and_grey_without_data() -> None:
    band = np.array([[0.0, 10.0, 15.0, 20.0, 30.0, np.nan]], np.float32)
    assert stretched(band, (10.0, 20.0)).tolist() == [[0, 0, 127, 255, 255, MID_GREY]]
    assert stretched(band, (10.0, 20.0), 0.5)[0, 2] == int(255 * 0.5**0.5)
    assert stretched(band, (10.0, 10.0)).tolist() == [[0, 0, 255, 255, 255, MID_GREY]], "a picture of one value"
