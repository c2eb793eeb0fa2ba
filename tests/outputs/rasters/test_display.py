"""How scenes are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from written_rasters import TRANSFORM

from changedet.outputs.rasters.display import scene_stretch


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
