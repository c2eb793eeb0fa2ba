"""SAFE folders."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from starter_scenes import scene, start
from vendor_orders import order

from changedet.imagery.angles import SunAngles


def test_sentinel2_scenes_takes_four_bands_of_10_m_and_the_scene_classes() -> None:
    text, workflow = order("sentinel2")
    first = workflow.scenes[0]
    assert [role for role, _ in first.paths] == ["blue", "green", "red", "nir", "scl"]
    assert all("R10m" in path for role, path in first.paths if role != "scl")
    assert (first.date, first.time) == (dt.date(2022, 4, 5), dt.time(1, 23, 45))
    assert first.sun == SunAngles(151.25, 48.5)
    assert len(workflow.scenes) == 2
    assert "another band or pixel size" in text


def test_sentinel2_scenes_takes_20_m_where_there_is_nothing_finer() -> None:
    order("sentinel2", 1)
    for fine in Path("sentinel2").rglob("R10m"):
        shutil.rmtree(fine)
    paths = dict(start("sentinel2")[1].scenes[0].paths)
    assert paths["nir"].endswith("B8A_20m.tif")
    assert paths["red"].endswith("B04_20m.tif")


def test_sentinel2_scenes_takes_the_later_processing() -> None:
    order("sentinel2", 1)
    (old,) = Path("sentinel2").iterdir()
    shutil.copytree(old, old.with_name(old.name.replace("N0509", "N0400")))
    text, workflow = start("sentinel2")
    assert len(workflow.scenes) == 1
    assert "N0509" in workflow.scenes[0].paths[0][1]
    assert "level 2A, baseline 0400; the level 2A, baseline 0509 of the same look is taken" in text


def test_sentinel2_scenes_takes_bands_out_of_their_safe_folder() -> None:
    for band in ("B02", "B03", "B04", "B08"):
        scene(f"T33UVT_20220405T012345_{band}_10m.tif", count=1, descriptions=())
    (entry,) = start(".")[1].scenes
    assert [role for role, _ in entry.paths] == ["blue", "green", "red", "nir"]
