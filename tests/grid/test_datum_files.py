"""Coordinate reference systems that name files, which PROJ would open wherever they lie."""

from __future__ import annotations

import json
import os
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pyproj
import pytest
import shapely

from changedet.errors import InputError
from changedet.grid.areas import Area, read_areas
from changedet.grid.datum_files import foreign_datum_file, foreign_in_crs

UTM = "+proj=utm +zone=33 +ellps=intl +units=m +no_defs"
FOREIGN = ["/etc/passwd", "./here.gsb", "@/etc/passwd", "ntv2.gsb,/dev/stdin", "https://example.org/shifts.tif"]
OWN = ["@null", "rdtrans2018.gsb", "us_noaa_conus.tif,@ca_nrc_ntv2_0.tif"]


@pytest.mark.parametrize("shift", ["nadgrids", "geoidgrids"])
@pytest.mark.parametrize("named", FOREIGN)
def test_foreign_datum_file_names_what_lies_elsewhere(shift: str, named: str) -> None:
    text = f"{UTM} +{shift}={named}"
    found = foreign_datum_file(text)
    assert found
    assert found in named
    assert foreign_in_crs(pyproj.CRS(text)) == found


@pytest.mark.parametrize("named", OWN)
def test_foreign_datum_file_knows_those_that_come_with_proj(named: str) -> None:
    assert foreign_in_crs(pyproj.CRS(f"{UTM} +nadgrids={named}")) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('DATUM["x",EXTENSION["PROJ4_GRIDS" , "/a b"]]', "/a b"),
        ("DATUM[&quot;x&quot;,EXTENSION[&quot;PROJ4_GRIDS&quot;,&quot;&#47;a&quot;]]", "/a"),
        (json.dumps({"name": 'EXTENSION["PROJ4_GRIDS","/a"]'}), "/a"),
        ('{"name": "+proj=utm +\\u006eadgrids=\\/a"}', "/a"),
        ("+init=/a:1", "/a:1"),
        ("+init=epsg:32633", None),
    ],
)
def test_foreign_datum_file_reads_what_is_escaped(text: str, found: str | None) -> None:
    assert foreign_datum_file(text) == found


def _wkt(folder: Path) -> str:
    # A pipe that nobody writes into: whoever opens it waits without end.
    os.mkfifo(folder / "pipe")
    datum = f'DATUM["d",SPHEROID["s",6378388,297],EXTENSION["PROJ4_GRIDS","{folder}/pipe"]]'
    return f'GEOGCS["g",{datum},PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]]'


def _refused(path: Path) -> None:
    with pytest.raises(InputError, match=r"its CRS names the file '/.*'; save it with one by a code"):
        read_areas(Area(path=str(path)))


def test_areas_whose_crs_names_a_file_are_refused_before_that_is_opened(tmp_path: Path) -> None:
    wkt = _wkt(tmp_path)
    drawn = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326")
    drawn.to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").rename(tmp_path / "a.PRJ")
    (tmp_path / "a.PRJ").write_text(wkt)
    _refused(tmp_path / "a.shp")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("a.shp", "a.shx", "a.dbf"):
            archive.write(tmp_path / name, name)
        archive.write(tmp_path / "a.PRJ", "a.prj")
    _refused(tmp_path / "a.zip")
    drawn.to_file(tmp_path / "a.gpkg")
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as database:
        database.execute("UPDATE gpkg_spatial_ref_sys SET definition = ?", (wkt,))
        database.commit()
    _refused(tmp_path / "a.gpkg")
    shape = shapely.geometry.mapping(shapely.box(0, 0, 1, 1))
    named = {"type": "name", "properties": {"name": wkt}}
    (tmp_path / "a.geojson").write_text(
        json.dumps({"type": "Feature", "properties": {}, "geometry": shape, "crs": named})
    )
    _refused(tmp_path / "a.geojson")
