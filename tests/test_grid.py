"""The common grid: which pixels, which CRS, how much ground; areas from files."""

from __future__ import annotations

import json
import math
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio.features
import shapely
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from changedet.blocks import Window
from changedet.errors import InputError
from changedet.grid import Displacement, Frame, Grid, Shift, auto_crs, ground_area_m2, make_grid, pixel_area_m2
from changedet.grid.areas import Area, read_areas

UTM = Frame("EPSG:32633", Affine(0.5, 0, 500_000.25, 0, -0.5, 5_400_000.25), 640, 480)


def grid_of(height: int = 300, width: int = 400, aoi: shapely.Geometry | None = None) -> Grid:
    return Grid("EPSG:32633", Affine(2, 0, 500_000, 0, -2, 5_400_000), (height, width), aoi)


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


def test_reference_that_agrees_gives_its_own_pixels() -> None:
    grid = make_grid(UTM)
    assert (grid.transform, grid.shape, grid.crs, grid.aoi) == (UTM.transform, (480, 640), "EPSG:32633", None)
    assert make_grid(UTM, resolution=0.5, crs=32633).transform == UTM.transform


def test_edges_are_the_references_within_an_aoi_that_cuts_and_exceeds_it() -> None:
    aoi = shapely.box(499_990.1, 5_399_950.3, 500_020.6, 5_400_010.9)
    grid = make_grid(UTM, aoi=aoi, aoi_crs="EPSG:32633")
    west, south, east, north = grid.bounds
    assert (west, north) == (499_989.75, 5_400_011.25)
    assert (east, south) == (500_020.75, 5_399_950.25)
    assert grid.aoi is not None
    assert grid.aoi.equals(aoi)


def test_an_aoi_on_pixel_edges_gets_no_further_pixel_through_degrees() -> None:
    exact = shapely.box(500_000.25, 5_399_900.25, 500_100.25, 5_400_000.25)
    to = pyproj.Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    lonlat = shapely.transform(exact, lambda xy: np.column_stack(to.transform(xy[:, 0], xy[:, 1])))
    assert make_grid(UTM, aoi=lonlat).shape in {(200, 200), (201, 200), (200, 201), (201, 201)}
    assert make_grid(UTM, aoi=exact, aoi_crs="EPSG:32633").shape == (200, 200)


def test_another_resolution_snaps_to_multiples() -> None:
    grid = make_grid(UTM, resolution=3)
    assert grid.bounds[0] % 3 == 0
    assert grid.bounds[3] % 3 == 0
    assert grid.bounds[0] <= 500_000.25 < grid.bounds[0] + 3
    assert grid.resolution_m == 3


def test_finest_scene_sets_the_resolution() -> None:
    finest = Frame("EPSG:32633", Affine(0.3, 0, 500_000, 0, -0.3, 5_400_000), 10, 10)
    assert make_grid(UTM, finest=finest).resolution_m == pytest.approx(0.3, abs=1e-12)
    degrees = Frame("EPSG:4326", Affine(1e-6, 0, 15, 0, -1e-6, 48.7), 10, 10)
    assert make_grid(UTM, finest=degrees).resolution_m == pytest.approx(degrees.gsd_m, rel=1e-3)


def test_resolution_on_the_ground_in_web_mercator() -> None:
    mercator = Frame("EPSG:3857", Affine(1, 0, 1_500_000, 0, -1, 6_900_000), 100, 100)
    lat = pyproj.Transformer.from_crs("EPSG:3857", "EPSG:4326", always_xy=True).transform(1_500_050, 6_899_950)[1]
    assert mercator.gsd_m == pytest.approx(math.cos(math.radians(lat)), rel=3e-3)
    assert make_grid(mercator).ground_resolution_m == pytest.approx(mercator.gsd_m, rel=1e-9)
    # A scene of half a metre on the ground needs wider pixels in units of the map.
    fine = Frame("EPSG:32633", Affine(0.5, 0, 400_000, 0, -0.5, 5_800_000), 10, 10)
    grid = make_grid(mercator, finest=fine)
    assert grid.ground_resolution_m == pytest.approx(0.5, rel=2e-3)


def test_degrees_become_utm_and_the_outline_is_the_aoi() -> None:
    frame = Frame("EPSG:4326", Affine(0.0008, 0, -74.7, 0, -0.0008, -8.3), 700, 380)
    grid = make_grid(frame)
    assert grid.crs == "EPSG:32718"
    assert grid.resolution_m == pytest.approx(frame.gsd_m, rel=1e-3)
    assert grid.aoi is not None
    assert ground_area_m2([grid.aoi], grid.crs)[0] == pytest.approx(700 * 380 * frame.gsd_m**2, rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"crs": "EPSG:4326"}, "not projected in metres"),
        ({"crs": "EPSG:99999"}, "no such CRS"),
        ({"crs": "EPSG:2263"}, "not projected in metres"),
        ({"resolution": 0.0}, "above 0"),
        ({"resolution": float("nan")}, "above 0"),
        ({"aoi": shapely.box(-20, 30, 40, 70)}, "x .* pixels of 0.5 m"),
        ({"aoi": shapely.Polygon()}, "empty"),
    ],
)
def test_impossible_grids_are_one_clear_line(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        make_grid(UTM, **changes)  # type: ignore[arg-type]
    assert len(error.value.problems) == 1


def test_a_world_in_degrees_needs_an_aoi() -> None:
    world = Frame("EPSG:4326", Affine(0.5, 0, -180, 0, -0.5, 90), 720, 360)
    with pytest.raises(InputError, match="too wide"):
        make_grid(world)
    assert make_grid(world, aoi=shapely.box(10, 50, 12, 52)).crs == "EPSG:32632"


def test_inside_is_the_pixel_centre_rule_in_any_window() -> None:
    rng = np.random.default_rng(3)
    turn = np.sort(rng.uniform(0, 2 * np.pi, 40))
    radius = rng.uniform(300, 650, 40)
    aoi = shapely.Polygon(np.c_[500_600 + radius * np.cos(turn), 5_399_300 + radius * np.sin(turn)])
    grid = grid_of(700, 650, aoi)
    whole = grid.inside(Window(0, 0, 700, 650))
    x, y = np.meshgrid(500_001 + 2 * np.arange(650), 5_399_999 - 2 * np.arange(700))
    assert np.array_equal(whole, shapely.contains_xy(aoi, x, y))
    for _ in range(20):
        window = Window(*(int(v) for v in rng.integers(-50, 600, 2)), *(int(v) for v in rng.integers(1, 300, 2)))
        padded = np.pad(whole, 400)
        cut = padded[tuple(slice(s.start + 400, s.stop + 400) for s in window.slices)]
        assert np.array_equal(grid.inside(window), cut)


def test_inside_without_an_aoi_is_the_grid() -> None:
    inside = grid_of(30, 40).inside(Window(-5, -5, 40, 50))
    assert inside.sum() == 30 * 40
    assert inside[5:35, 5:45].all()
    zone = shapely.box(500_000, 5_399_990, 500_010, 5_400_000)
    assert grid_of(30, 40).inside(Window(0, 0, 30, 40), zone).sum() == 25


def test_coordinates_carry_the_reference_system() -> None:
    grid = grid_of()
    window = Window(3, 5, 4, 6)
    image = xr.DataArray(np.zeros((4, 6)), dims=("y", "x"), coords=grid.coords(window))
    assert image.x.values[0] == 500_000 + 2 * 5.5
    assert image.y.values[-1] == 5_400_000 - 2 * 6.5
    told = image.spatial_ref.attrs
    assert pyproj.CRS.from_wkt(told["crs_wkt"]) == pyproj.CRS("EPSG:32633")
    assert [float(value) for value in told["GeoTransform"].split()] == list(grid.window_transform(window).to_gdal())


def test_json_and_pickle_keep_everything() -> None:
    grid = grid_of(aoi=shapely.box(500_000.1234567891, 5_399_900, 500_100, 5_400_000).buffer(3))
    assert Grid.from_json(json.loads(json.dumps(grid.to_json()))) == grid
    assert pickle.loads(pickle.dumps(grid)) == grid
    moved = Displacement(Shift(1.5, -2.25), ((0.1, 0.2), (0.3, 0.4)), ((0.0, 0.0), (1.0, 1.0)), 64)
    assert Displacement.from_json(json.loads(json.dumps(moved.to_json()))) == moved


def test_areas_on_the_ground() -> None:
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


def test_pixel_areas_follow_the_latitude() -> None:
    grid = Grid("EPSG:3857", Affine(1000, 0, 1_500_000, 0, -1000, 8_400_000), (2000, 3))
    areas = pixel_area_m2(grid)
    to = pyproj.Transformer.from_crs("EPSG:3857", "EPSG:4326", always_xy=True)
    geod = pyproj.Geod(ellps="WGS84")
    for row in (0, 777, 1999):
        x, y = 1_501_000, 8_400_000 - 1000 * row
        lon, lat = to.transform([x, x + 1000, x + 1000, x], [y, y, y - 1000, y - 1000])
        assert areas[row] == pytest.approx(abs(geod.polygon_area_perimeter(lon, lat)[0]), rel=2e-3)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 511), st.floats(0, 511))
def test_displacement_is_bilinear_and_clamped(row: float, column: float) -> None:
    nodes = np.add.outer(np.arange(3) * 2.0, np.arange(3) * 3.0)
    moved = Displacement(Shift(10.0, -1.0), tuple(map(tuple, nodes)), tuple(map(tuple, nodes * 0)), 128)
    east, north = moved.at(np.array([row]), np.array([column]))
    assert east[0] == pytest.approx(10 + 2 * min(row / 128, 2) + 3 * min(column / 128, 2))
    assert north[0] == -1


def test_displacement_refuses_what_it_cannot_mean() -> None:
    with pytest.raises(ValueError, match="multiple of 32"):
        Displacement(node_spacing_px=100)
    with pytest.raises(ValueError, match="together"):
        Displacement(local_east_m=((0.0,),))
    assert Displacement().is_zero
    assert not Displacement(Shift(0, 1e-9)).is_zero


GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[15 + i, 48], [15.1 + i, 48], [15.1 + i, 48.1], [15 + i, 48]]],
            },
        }
        for i, name in enumerate(["north", "south"])
    ],
}


def test_zones_from_a_file_have_names_and_the_grids_crs(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "zones.geojson"
    path.write_text(json.dumps(GEOJSON))
    areas = read_areas(Area(path=str(path)), "EPSG:32633", named=True, key="site.zones")
    assert areas.names == ("north", "south")
    drawn = [shapely.geometry.shape(feature["geometry"]) for feature in GEOJSON["features"]]
    expected = read_areas(Area(geometry=drawn[0]), "EPSG:32633")
    assert shapely.equals_exact(areas.geometries[0], expected.geometries[0], 1e-6)
    assert areas.geometries[0].centroid.x == pytest.approx(505_000, abs=1000)


def test_an_invalid_polygon_is_mended_and_said() -> None:
    areas = read_areas(Area(geometry=shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])))
    assert areas.union.is_valid
    assert areas.union.area == pytest.approx(0.5)
    assert len(areas.warnings) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        ({"type": "Point", "coordinates": [1, 2]}, "no polygon"),
        ({"type": "Polygon", "coordinates": "x"}, "cannot be read"),
        ({"type": "Nonsense"}, "cannot be read"),
        ({"type": "FeatureCollection", "features": [5]}, "no polygon"),
        ({"type": "FeatureCollection", "features": []}, "no polygon"),
        ([], "cannot be read"),
    ],
)
def test_read_areas_bad_files_are_one_clear_line(tmp_path: Path, content: object, said: str) -> None:
    path = tmp_path / "a.geojson"
    if content is not None:
        path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=said) as error:
        read_areas(Area(path=str(path)))
    assert len(error.value.problems) == 1
    assert str(error.value).startswith("site.aoi: ")


def test_read_areas_of_a_box_are_its_own_crs_moved() -> None:
    box = (500_000.0, 5_300_000.0, 500_100.0, 5_300_200.0)
    areas = read_areas(Area(bbox=box, crs="EPSG:32633"), "EPSG:32633")
    assert areas.union.bounds == box
    assert read_areas(Area(bbox=box, crs="EPSG:32633")).union.bounds[0] == pytest.approx(15.0)


def test_bad_vector_files(tmp_path) -> None:  # type: ignore[no-untyped-def]
    broken = tmp_path / "a.geojson"
    broken.write_text("{ not json")
    with pytest.raises(InputError, match="cannot be read"):
        read_areas(Area(path=str(broken)))
    nameless = json.loads(json.dumps(GEOJSON))
    nameless["features"][1]["properties"]["name"] = ""
    broken.write_text(json.dumps(nameless))
    with pytest.raises(InputError, match="polygon 2 has no 'name'"):
        read_areas(Area(path=str(broken)), named=True)
    nameless["features"][1]["properties"]["name"] = "north"
    broken.write_text(json.dumps(nameless))
    with pytest.raises(InputError, match="given twice"):
        read_areas(Area(path=str(broken)), named=True)


POINTERS = {
    "layer.vrt": '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>inner.geojson</SrcDataSource></OGRVRTLayer>'
    "</OGRVRTDataSource>",
    "run.gdalg.json": '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read inner.geojson"}',
    "service.xml": "<OGRWFSDataSource><URL>http://127.0.0.1:1/wfs</URL></OGRWFSDataSource>",
    "linked.geojson": json.dumps(GEOJSON | {"crs": {"type": "link", "properties": {"href": "http://127.0.0.1:1/"}}}),
}


@pytest.mark.parametrize("name", POINTERS)
@pytest.mark.parametrize("zipped", [False, True])
def test_vector_files_that_lead_elsewhere_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, zipped: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inner.geojson").write_text(json.dumps(GEOJSON))
    path = tmp_path / name
    path.write_text(POINTERS[name])
    if zipped:
        path = tmp_path / "all.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(tmp_path / name, name)
    with pytest.raises(InputError, match="only tells where geometries lie"):
        read_areas(Area(path=str(path)))


def test_a_file_that_is_none_of_geometries_is_told_without_advice_that_does_not_help(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text("<html>")
    with pytest.raises(InputError, match="cannot be read as a vector file") as caught:
        read_areas(Area(path=str(tmp_path / "a.geojson")))
    assert "DRIVER" not in str(caught.value)


def test_a_zipped_geojson_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.geojson", json.dumps(GEOJSON))
    assert len(read_areas(Area(path=str(tmp_path / "a.zip"))).geometries) == len(GEOJSON["features"])


def test_corners_must_be_finite(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text(
        '{"type": "Polygon", "coordinates": [[[1e999, 1], [2, 3], [4, 5], [1e999, 1]]]}'
    )
    with pytest.raises(InputError, match="no finite number"):
        read_areas(Area(path=str(tmp_path / "a.geojson")))


def test_rasterize_agrees_with_gdal() -> None:
    triangle = shapely.Polygon([(500_011, 5_399_990), (500_301, 5_399_700), (500_050, 5_399_600)])
    grid = grid_of(aoi=triangle)
    burnt = rasterio.features.rasterize([triangle], grid.shape, transform=grid.transform, dtype="uint8") > 0
    assert np.array_equal(grid.inside(Window(0, 0, *grid.shape)), burnt)


def test_areas_are_the_same_in_threads() -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor as T\n"
        "from changedet.grid.geodesy import transform_xy as t\n"
        "with T(4) as p: r = list(p.map(lambda i: t('EPSG:4326', 'EPSG:32633', [15.0], [48.0])[1][0], range(200)))\n"
        "assert len(set(r)) == 1"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
