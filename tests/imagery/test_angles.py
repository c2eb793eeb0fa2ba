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


@pytest.mark.parametrize(("elevation", "azimuth"), [(0.0, 150.0), (-12.0, 150.0), (120.0, 150.0), (40.0, 1e308)])
def test_a_sun_below_the_horizon_is_not_known(tmp_path: Path, elevation: float, azimuth: float) -> None:
    """Providers fill in 0, and a run ended with an error of its shade without end."""
    tags = {"SUN_ELEVATION": str(elevation), "SUN_AZIMUTH": str(azimuth)}
    scene = open_scene(write(tmp_path / "a.tif", noise(4, 1, 5, 5), tags=tags), date="2023-06-04")
    assert scene.sun is None
    given = {"azimuth_deg": azimuth, "elevation_deg": elevation}
    assert open_scene(tmp_path / "a.tif", date="2023-06-04", sun=given).sun is None


@pytest.mark.parametrize(("off_nadir", "azimuth"), [(90.0, 10.0), (1e308, 10.0), (12.0, 1e308)])
def test_a_sensor_that_looks_into_the_sky_has_no_known_view(tmp_path: Path, off_nadir: float, azimuth: float) -> None:
    path = write(tmp_path / "a.tif", noise(4, 1, 5, 5))
    given = {"off_nadir_deg": off_nadir, "azimuth_deg": azimuth}
    assert open_scene(path, date="2023-06-04", view=given).view is None


def test_roofs_are_displaced_the_way_the_sensor_looks() -> None:
    assert ViewAngles(45.0, 90.0).displacement == pytest.approx((1.0, 0.0))
    assert ViewAngles(45.0, 180.0).displacement == pytest.approx((0.0, -1.0))
    assert ViewAngles(0.0).displacement == (0.0, 0.0)
    assert ViewAngles(10.0).displacement is None
