"""CRSs, and areas on the ellipsoid."""

from __future__ import annotations

import subprocess
import sys

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
import shapely.ops
from mercator import NORTH, UNIT, WEST

from changedet.grid import auto_crs, ground_area_m2
from changedet.grid.geodesy import metre_in


@pytest.mark.parametrize(
    ("crs", "lon", "lat", "expected"),
    [
        ("EPSG:4326", 13.4, 52.5, "EPSG:32633"),
        ("EPSG:4326", -70.7, -33.4, "EPSG:32719"),
        ("EPSG:4326", 180.0, 10.0, "EPSG:32601"),
        ("EPSG:4326", 20.0, 88.0, "EPSG:32661"),
        ("EPSG:4326", 20.0, -85.0, "EPSG:32761"),
        ("EPSG:2263", -74.0, 40.7, "EPSG:32618"),
        ("EPSG:3857", 13.0, 52.0, "EPSG:3857"),
        ("EPSG:32651", 119.9, 32.4, "EPSG:32651"),
    ],
)
def test_auto_crs(crs: str, lon: float, lat: float, expected: str) -> None:
    assert auto_crs(crs, lon, lat) == expected


def test_ground_area_m2() -> None:
    geod = pyproj.Geod(ellps="WGS84")
    lonlat = shapely.box(15.0, 48.0, 15.1, 48.1)
    expected = abs(geod.geometry_area_perimeter(shapely.segmentize(lonlat, 0.001))[0])
    assert ground_area_m2([lonlat], "EPSG:4326")[0] == pytest.approx(expected, rel=1e-6)
    to = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    dense = shapely.segmentize(lonlat, 0.001)
    mercator = shapely.transform(dense, lambda xy: np.column_stack(to.transform(xy[:, 0], xy[:, 1])))
    assert ground_area_m2([mercator], "EPSG:3857")[0] == pytest.approx(expected, rel=1e-6)
    # A container: 12.19 m x 2.44 m; the UTM scale at the central meridian is .9996.
    box = shapely.box(500_000, 5_400_000, 500_012.19, 5_400_002.44)
    assert ground_area_m2([box, shapely.Point(0, 0)], "EPSG:32633") == pytest.approx([29.7436 / 0.9996**2, 0], rel=1e-6)
    hole = box.difference(shapely.box(500_001, 5_400_001, 500_002, 5_400_002))
    assert ground_area_m2([box], "EPSG:32633") - ground_area_m2([hole], "EPSG:32633") == pytest.approx(1.0008, abs=1e-3)


@pytest.mark.parametrize("turned", [False, True])
def test_area_of_many_rings_is_that_of_each_to_the_last_bit(turned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever way rings run, and without a call for the corners of each."""
    around = shapely.Point(15.0, 48.0).buffer(0.4)
    holes = [shapely.Point(15.0 + x, 48.0).buffer(0.03) for x in (-0.2, 0.0, 0.2)]
    parts = [shapely.difference(around, shapely.union_all(holes)), shapely.box(16.0, 48.0, 16.5, 48.5)]
    wanted = shapely.MultiPolygon([shapely.reverse(part) if turned else part for part in parts])
    dense, geod = shapely.segmentize(wanted, np.sqrt(wanted.area) / 32), pyproj.Geod(ellps="WGS84")
    each = sum(abs(geod.geometry_area_perimeter(shapely.ops.orient(part))[0]) for part in dense.geoms)
    monkeypatch.delattr(pyproj.Geod, "geometry_area_perimeter")
    both = shapely.GeometryCollection([*wanted.geoms, shapely.LineString([(15, 48), (16, 49)])])
    assert ground_area_m2([wanted], "EPSG:4326")[0] == each
    assert ground_area_m2([both], "EPSG:4326")[0] == pytest.approx(each, rel=1e-9), "lines have no area"


@pytest.mark.parametrize(
    ("crs", "xy", "unit"),
    [
        ("EPSG:3857", (WEST, NORTH), UNIT),
        ("EPSG:32633", (500_000.0, 6_000_000.0), 1.0),
        ("EPSG:4326", (9.0, 55.0), 1.0),
        ("EPSG:3857", (np.nan, np.nan), 1.0),
        (None, (WEST, NORTH), 1.0),
    ],
)
def test_metre_in_a_table(crs: str | None, xy: tuple[float, float], unit: float) -> None:
    assert metre_in(gpd.GeoDataFrame(geometry=[shapely.Point(*xy)], crs=crs)) == unit
    assert metre_in(gpd.GeoDataFrame(geometry=[], crs=crs)) == 1.0


def test_transform_xy_is_the_same_in_threads() -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor as T\n"
        "from changedet.grid.geodesy import transform_xy as t\n"
        "with T(4) as p: r = list(p.map(lambda i: t('EPSG:4326', 'EPSG:32633', [15.0], [48.0])[1][0], range(200)))\n"
        "assert len(set(r)) == 1"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
