"""Areas and zones: files, boxes and geometries."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
import shapely.affinity
from small_areas import GEOJSON

from changedet.errors import InputError
from changedet.grid.areas import Area, read_areas


def test_read_areas_from_a_file_have_names_and_the_grids_crs(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "zones.geojson"
    path.write_text(json.dumps(GEOJSON))
    areas = read_areas(Area(path=str(path)), "EPSG:32633", named=True)
    assert areas.names == ("north", "south")
    drawn = [shapely.geometry.shape(feature["geometry"]) for feature in GEOJSON["features"]]
    expected = read_areas(Area(geometry=drawn[0]), "EPSG:32633")
    assert shapely.equals_exact(areas.geometries[0], expected.geometries[0], 1e-6)
    assert areas.geometries[0].centroid.x == pytest.approx(505_000, abs=1000)


def test_read_areas_an_invalid_polygon_is_mended_and_said() -> None:
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
    assert str(path) in str(error.value)


def test_read_areas_of_a_box_are_its_own_crs_moved() -> None:
    box = (500_000.0, 5_300_000.0, 500_100.0, 5_300_200.0)
    areas = read_areas(Area(bbox=box, crs="EPSG:32633"), "EPSG:32633")
    assert areas.union.bounds == box
    assert read_areas(Area(bbox=box, crs="EPSG:32633")).union.bounds[0] == pytest.approx(15.0)


def test_read_areas_bad_vector_files(tmp_path) -> None:  # type: ignore[no-untyped-def]
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


def test_read_areas_corners_must_be_finite(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text(
        '{"type": "Polygon", "coordinates": [[[1e999, 1], [2, 3], [4, 5], [1e999, 1]]]}'
    )
    with pytest.raises(InputError, match="no finite number"):
        read_areas(Area(path=str(tmp_path / "a.geojson")))


CRS = "EPSG:32633"


def test_read_areas_a_name_longer_than_a_line_is_refused(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"name": ["a", "b" * 201]}, geometry=[shapely.box(0, 0, 1, 1)] * 2, crs=CRS)
    frame.to_file(tmp_path / "z.gpkg", driver="GPKG")
    with pytest.raises(InputError, match=r"the name 'b{60}\.\.' has more than 200 characters; give it another"):
        read_areas(Area(path=str(tmp_path / "z.gpkg")), CRS, named=True)


@pytest.mark.parametrize("room", ["many", -3, 0, "1e999"])
def test_read_areas_a_capacity_that_is_none_is_told(tmp_path: Path, room: object) -> None:
    path = tmp_path / "zones.geojson"
    shape = shapely.geometry.mapping(shapely.box(12, 51, 12.1, 51.1))
    feature = {"type": "Feature", "properties": {"name": "a", "capacity": room}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(InputError, match=r"the capacity of 'a' is .*, expected a number of containers above 0"):
        read_areas(Area(path=str(path)), CRS, named=True)


@pytest.mark.parametrize("field", ["name", "kind", "capacity"])
def test_read_areas_a_list_for_a_value_is_refused(tmp_path: Path, field: str) -> None:
    path = tmp_path / "zones.geojson"
    shape = {"type": "Polygon", "coordinates": [[[15, 50], [15.01, 50], [15.01, 50.01], [15, 50]]]}
    feature = {"type": "Feature", "properties": {"name": "a", field: [1, 2]}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(InputError, match=f"'{field}' is a list, expected one value"):
        read_areas(Area(path=str(path)), "EPSG:32633", named=True)


@pytest.mark.parametrize("said", [{"capacity": "yes"}, {"name": ["a"]}, {"name": "a\x1b[2J\nwarning: all is well"}])
def test_read_areas_of_interest_are_called_nothing(tmp_path: Path, said: dict[str, object]) -> None:
    crossed = shapely.geometry.mapping(shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]))
    path = tmp_path / "aoi.geojson"
    path.write_text(json.dumps({"type": "Feature", "properties": said, "geometry": crossed}))
    areas = read_areas(Area(path=str(path)))
    assert areas.names == ("",)
    (warning,) = areas.warnings
    assert warning.startswith("aoi.geojson: polygon '1' was mended: Self-intersection")


@pytest.mark.parametrize("name", ["a\tb", "two\nlines", "\x1b[31mred", "bell\x07"])
def test_read_areas_control_characters_in_names_of_zones(tmp_path: Path, name: str) -> None:
    geometry = shapely.geometry.mapping(shapely.box(0, 0, 1, 1))
    path = tmp_path / "zones.geojson"
    path.write_text(json.dumps({"type": "Feature", "properties": {"name": name}, "geometry": geometry}))
    with pytest.raises(InputError, match="control characters") as caught:
        read_areas(Area(path=str(path)), named=True)
    assert str(caught.value).isprintable()
