"""objects.gpkg: every layer typed and styled, also when empty; the same rows give the same bytes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from changedet.outputs.gpkg import layer_schema, vector_layers

CRS = "EPSG:32651"


SQL = {
    layer_schema.DATE: "DATETIME",
    layer_schema.TEXT: "TEXT",
    layer_schema.REAL: "REAL",
    layer_schema.WHOLE: "INTEGER",
    layer_schema.FLAG: "BOOLEAN",
}


def box(i: int) -> Any:
    return shapely.box(500_000 + 10 * i, 3_000_000, 500_006 + 10 * i, 3_000_002.4)


def containers(**more: Any) -> gpd.GeoDataFrame:
    columns = {
        "date": ["2023-06-04", "2023-07-04"],
        "object_id": [1, 2],
        "track_id": [5, None],
        "kind": ["20ft", "40ft"],
    }
    columns |= {"color": ["#ff0000", None], "inferred": [False, True], "tiers": [None, 3], "length_m": [6.06, 12.2]}
    return gpd.GeoDataFrame(columns | more, geometry=[box(0), box(1)], crs=CRS)


def columns_of(path: Path, layer: str) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(f'PRAGMA table_info("{layer}")').fetchall()
    return {row[1]: row[2] for row in rows}


def ask(path: Path, words: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(words).fetchall()


@pytest.mark.parametrize("full", [False, True])
def test_write_objects_every_layer_is_typed_also_when_empty(tmp_path: Path, full: bool) -> None:
    path = tmp_path / "objects.gpkg"
    vector_layers.write_objects(
        path, {"containers": containers(), "zones": vector_layers.empty("zones", CRS)} if full else {}, CRS
    )
    names = [*layer_schema.ALWAYS, "zones"] if full else list(layer_schema.ALWAYS)
    assert [name for name, _ in pyogrio.list_layers(path)] == [*names, "layer_styles"]
    for name in names:
        found = columns_of(path, name)
        assert list(found) == ["fid", "geom", *layer_schema.SCHEMA[name]]
        assert found["geom"] == layer_schema.GEOMETRY[name].upper()
        assert {column: found[column] for column in layer_schema.SCHEMA[name]} == {
            column: SQL[dtype] for column, dtype in layer_schema.SCHEMA[name].items()
        }
        assert pyogrio.read_info(path, layer=name)["crs"] == CRS
        assert ask(
            path,
            f"SELECT count(*) FROM gpkg_extensions WHERE table_name = '{name}' AND extension_name = 'gpkg_rtree_index'",
        ) == [(1,)]


def test_read_objects_values_come_back_and_missing_ones_stay_missing(tmp_path: Path) -> None:
    path = tmp_path / "objects.gpkg"
    vector_layers.write_objects(path, {"containers": containers()}, CRS)
    assert ask(path, "SELECT date, track_id, tiers, inferred, color, zone FROM containers") == [
        ("2023-06-04T00:00:00Z", 5, None, 0, "#ff0000", None),
        ("2023-07-04T00:00:00Z", None, 3, 1, None, None),
    ]
    read = vector_layers.read_objects(path, "containers")
    assert dict(read.dtypes.astype(str)) | {"geometry": ""} == dict(layer_schema.SCHEMA["containers"]) | {
        "geometry": ""
    }
    assert read.geometry.geom_equals(containers().geometry).all()
    assert read["date"].dt.tz is not None


@pytest.mark.parametrize("dates", [
    ["2023-06-04", "2023-07-04"],
    [date(2023, 6, 4), date(2023, 7, 4)],
    pd.to_datetime(["2023-06-04", "2023-07-04"]),
    pd.to_datetime(["2023-06-04T10:30:00Z", "2023-07-04T23:59:59Z"]),
    pd.to_datetime(["2023-06-04T22:00:00+02:00", "2023-07-05T01:00:00+02:00"]),
])  # fmt: skip
def test_conform_dates_of_any_form_become_utc_midnight(dates: Any) -> None:
    made = vector_layers.conform("containers", containers(date=dates), CRS)
    assert [str(day) for day in made["date"]] == ["2023-06-04 00:00:00+00:00", "2023-07-04 00:00:00+00:00"]


def test_write_objects_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.gpkg", "b.gpkg"):
        vector_layers.write_objects(tmp_path / name, {"containers": containers()}, CRS)
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gpkg", "b.gpkg"]


def test_write_objects_says_in_the_file_what_each_layer_holds(tmp_path: Path) -> None:
    path = tmp_path / "objects.gpkg"
    vector_layers.write_objects(path, {name: vector_layers.empty(name, CRS) for name in layer_schema.SCHEMA}, CRS)
    told = dict(ask(path, "SELECT table_name, description FROM gpkg_contents WHERE data_type = 'features'"))
    assert told == {name: layer_schema.DESCRIPTIONS[name] for name in layer_schema.SCHEMA}


def test_embed_styles_leaves_no_count_of_transactions(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    vector_layers.write_objects(path, {"containers": containers()}, CRS)
    first = path.read_bytes()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE more (a)")
        database.execute("DROP TABLE more")
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert path.read_bytes()[24:28] != first[24:28] == first[92:96] == bytes([0, 0, 0, 1])


def test_write_objects_styles_are_inside_and_are_the_default(tmp_path: Path) -> None:
    path = tmp_path / "objects.gpkg"
    tracks = {"track_id": [1, 2], "first_seen": ["2023-06-04", "2023-07-04"], "not_after": [None, None]}
    points = gpd.GeoDataFrame(tracks, geometry=[box(0).centroid, box(1).centroid], crs=CRS)
    vector_layers.write_objects(path, {"containers": containers(), "tracks": points}, CRS)
    rows = ask(path, "SELECT f_table_name, styleQML, useAsDefault FROM layer_styles")
    assert [row[0] for row in rows] == list(layer_schema.ALWAYS)
    assert all(row[2] == 1 for row in rows)
    sheets = {row[0]: ET.fromstring(row[1]) for row in rows}
    kinds = [category.get("value") for category in sheets["containers"].iter("category")]
    assert kinds == ["20ft", "40ft", "45ft", "other"]
    assert [c.get("value") for c in sheets["tracks"].iter("category")] == ["2023-06-04", "2023-07-04"]
    fill = sheets["containers"].find(".//Option[@name='fillColor']/Option[@name='expression']")
    assert fill is not None
    assert '"color"' in (fill.get("value") or "")


def test_conform_geometries_are_valid_of_one_type_and_there() -> None:
    bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    rows = {"date": ["2023-06-04"] * 3, "area_m2": [2.0, 0.0, 1.0]}
    frame = gpd.GeoDataFrame(rows, geometry=[bow, shapely.Polygon(), None], crs=CRS)
    assert len(vector_layers.conform("footprint", frame, CRS)) == 3, "a row for every date"
    made = vector_layers.conform("changes", frame, CRS)
    assert len(made) == 1, "nothing to draw is no row"
    assert made.geometry.geom_type.tolist() == ["MultiPolygon"]
    assert made.geometry.is_valid.all()
    assert made.geometry.area[0] == pytest.approx(2)


def test_conform_another_crs_is_transformed_and_further_columns_are_kept() -> None:
    frame = containers(note=["a", "b"]).to_crs("EPSG:4326")
    made = vector_layers.conform("containers", frame, CRS)
    assert shapely.hausdorff_distance(made.geometry[0], box(0)) < 1e-5
    assert list(made.columns) == [*layer_schema.SCHEMA["containers"], "note", "geometry"]


def test_conform_what_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"containers\.tiers: expected Int64"):
        vector_layers.conform("containers", containers(tiers=["two", None]), CRS)
    with pytest.raises(KeyError, match="boxes"):
        vector_layers.write_objects(tmp_path / "x.gpkg", {"boxes": containers()}, CRS)
    assert list(tmp_path.iterdir()) == []


def test_write_objects_an_error_keeps_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "objects.gpkg"
    vector_layers.write_objects(path, {}, CRS)
    before = path.read_bytes()

    def fail(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(vector_layers, "_finish", fail)
    with pytest.raises(OSError, match="disk full"):
        vector_layers.write_objects(path, {"containers": containers()}, CRS)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["objects.gpkg"]


def test_write_objects_a_journal_of_a_killed_run_is_not_played_back(tmp_path: Path) -> None:
    path = tmp_path / "objects.gpkg"
    (tmp_path / "objects.gpkg.part").write_bytes(b"half a file")
    (tmp_path / "objects.gpkg.part-journal").write_bytes(b"half a journal")
    vector_layers.write_objects(path, {"containers": containers()}, CRS)
    assert [file.name for file in tmp_path.iterdir()] == ["objects.gpkg"]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]


def test_ground_keeps_a_kind_that_is_gone_and_no_kind_that_never_was() -> None:
    rows = {"date": ["2023-06-04"] * 3, "kind": ["paving", "earthwork", "building"]}
    rows |= {"area_m2": [14.4, 0.0, 0.0], "gained_m2": [0.0] * 3, "lost_m2": [0.0, 500.0, 0.0]}
    ground = gpd.GeoDataFrame(rows, geometry=[box(0), shapely.Polygon(), shapely.Polygon()], crs=CRS)
    assert list(vector_layers.conform("ground", ground, CRS)["kind"]) == ["paving", "earthwork"]
    first = ground.assign(gained_m2=None, lost_m2=None)
    assert list(vector_layers.conform("ground", first, CRS)["kind"]) == ["paving"]
