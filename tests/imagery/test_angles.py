"""Sun and view angles from tags and from the workflow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_rasters import noise, write

from changedet.imagery.angles import ViewAngles
from changedet.imagery.opening import open_scene


def test_angles_from_tags_and_given(tmp_path: Path) -> None:
    tags = {"TIFFTAG_IMAGEDESCRIPTION": json.dumps({"a": {"solar_azimuth_angle": 132.2, "solar_zenith_angle": 51.4}})}
    path = write(tmp_path / "a.tif", noise(4, 1, 5, 5), tags=tags)
    scene = open_scene(path, date="2023-06-04")
    assert scene.sun is not None
    assert (scene.sun.azimuth_deg, scene.sun.elevation_deg) == pytest.approx((132.2, 38.6))
    scene = open_scene(path, date="2023-06-04", sun={"azimuth_deg": 10, "elevation_deg": 20}, view={"off_nadir_deg": 7})
    assert scene.sun is not None
    assert scene.sun.elevation_deg == 20
    assert scene.view is not None
    assert scene.view.azimuth_deg is None
    tags = {"SUN_ELEVATION": "33.5", "SUN_AZIMUTH": "-20"}
    path = write(tmp_path / "b.tif", noise(4, 1, 5, 5), tags=tags)
    sun = open_scene(path, date="2023-06-04").sun
    assert sun is not None
    assert (sun.azimuth_deg, sun.elevation_deg) == (340, 33.5)


def test_roofs_are_displaced_the_way_the_sensor_looks() -> None:
    assert ViewAngles(45.0, 90.0).displacement == pytest.approx((1.0, 0.0))
    assert ViewAngles(45.0, 180.0).displacement == pytest.approx((0.0, -1.0))
    assert ViewAngles(0.0).displacement == (0.0, 0.0)
    assert ViewAngles(10.0).displacement is None
