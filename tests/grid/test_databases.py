"""Databases whose layers are programs, or other files."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import box

from changedet.errors import InputError
from changedet.grid.databases import require_tables
from changedet.grid.vector_files import read_polygons_file

ENDLESS = "WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n) SELECT fid, NULL AS geom FROM n"


def package(path: Path, *statements: str) -> Path:
    """A GeoPackage of one polygon, changed by SQL."""
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[box(0, 0, 1, 1)], crs="EPSG:4326").to_file(path, layer="site")
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
    return path


HOSTILE = {
    "layer": (
        f"CREATE VIEW endless AS {ENDLESS}",
        "PRAGMA foreign_keys = OFF",
        "UPDATE gpkg_contents SET table_name = 'endless'",
        "UPDATE gpkg_geometry_columns SET table_name = 'endless'",
    ),
    "list": (
        "ALTER TABLE gpkg_contents RENAME TO kept",
        "CREATE VIEW gpkg_contents AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT kept.* FROM kept, n",
    ),
    "unlisted": (f"CREATE VIEW endless AS {ENDLESS}", "DELETE FROM gpkg_contents"),
    "computed": (
        "ALTER TABLE site ADD COLUMN kind TEXT GENERATED ALWAYS AS"
        " (printf('%.*c', 40000, 'a') LIKE '%a%a%a%a%a%a%a%a%a%a%b') VIRTUAL",
    ),
    "extensions": (f"CREATE VIEW gpkg_extensions2 AS {ENDLESS}", f"CREATE VIEW gpkg_metadata AS {ENDLESS}"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_area_whose_layer_is_an_endless_view_is_refused(tmp_path: Path, kind: str) -> None:
    path = package(tmp_path / "a.gpkg", *HOSTILE[kind])
    script = f"from pathlib import Path; from {read_polygons_file.__module__} import read_polygons_file as read"
    call = [sys.executable, "-c", f"{script}; read(Path({str(path)!r}))"]
    # In a process of its own, as GDAL cannot be stopped.
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
    assert "a view, a table of another file" in done.stderr


def test_a_table_is_read_beside_a_view_that_is_no_layer(tmp_path: Path) -> None:
    path = package(tmp_path / "a.gpkg", "CREATE VIEW mine AS SELECT * FROM site")
    assert len(read_polygons_file(path).geometries) == 1
    with pytest.raises(InputError, match="'mine', a view"):
        require_tables(path, no_views=True)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_text("<OGRVRTDataSource/>")
    with pytest.raises(InputError, match="is no GeoPackage"):
        require_tables(tmp_path / "a.gpkg")
    require_tables(tmp_path / "missing.gpkg")


def test_tiles_of_pictures_that_are_an_endless_view_are_refused_and_looked_up_ones_read(tmp_path: Path) -> None:
    """MBTiles lists no tables; of the same picture twice it may keep one, behind a view."""
    kept = "CREATE TABLE map(z, i); CREATE TABLE images(i, tile_data); CREATE TABLE metadata(name, value);"
    views = {
        "looked_up": "SELECT map.z AS zoom_level, images.tile_data FROM map JOIN images ON images.i = map.i",
        "endless": ENDLESS,
        "within": "SELECT fid FROM (SELECT 1 AS fid) WHERE fid = randomblob(1)",
    }
    for name, view in views.items():
        with closing(sqlite3.connect(tmp_path / name)) as database:
            database.executescript(f"{kept} CREATE VIEW tiles AS {view}")
    require_tables(tmp_path / "looked_up")
    for name in ("endless", "within"):
        with pytest.raises(InputError, match="holds 'tiles', a view"):
            require_tables(tmp_path / name)
