"""Scenes opened by the headers of their files."""

from __future__ import annotations

from pathlib import Path

from affine import Affine
from small_rasters import RGBN, noise, write

from changedet.imagery.grouping import group_looks
from changedet.imagery.opening import open_scene


def test_open_scene_names_lead_back_to_the_files(tmp_path: Path) -> None:
    paths = {role: write(tmp_path / f"2023-08-01_{role}.tif", noise(k, 1, 30, 30)) for k, role in enumerate(RGBN)}
    scene = open_scene(paths, date="2023-08-01")
    assert scene.name == "2023-08-01_{blue,green,red,nir}.tif"
    whole_file = open_scene(write(tmp_path / "a.tif", noise(9, 4, 30, 30)), date="2023-08-01", bands=RGBN)
    assert whole_file.name == "a.tif"
    east = write(tmp_path / "b.tif", noise(8, 4, 30, 30), Affine(2.0, 0, 500_056, 0, -2.0, 5_400_000))
    (look,) = group_looks([whole_file, open_scene(east, date="2023-08-01", bands=RGBN)])
    assert look.name == "a.tif + b.tif"
