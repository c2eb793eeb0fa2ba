"""Vector files that lead elsewhere, or are none."""

from __future__ import annotations

import http.server
import json
import os
import struct
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely
from small_areas import GEOJSON

from changedet.errors import InputError
from changedet.grid import vector_files
from changedet.grid.areas import Area, read_areas
from changedet.grid.vector_files import offline

POINTERS = {
    "layer.vrt": '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>inner.geojson</SrcDataSource></OGRVRTLayer>'
    "</OGRVRTDataSource>",
    "run.gdalg.json": '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read inner.geojson"}',
    "service.xml": "<OGRWFSDataSource><URL>http://127.0.0.1:1/wfs</URL></OGRWFSDataSource>",
    "linked.geojson": json.dumps(GEOJSON | {"crs": {"type": "link", "properties": {"href": "http://127.0.0.1:1/"}}}),
}

LINK = {"type": "link", "properties": {"href": "http://127.0.0.1:1/"}}
FEATURE = GEOJSON["features"][0]
LINKED = FEATURE | {"geometry": FEATURE["geometry"] | {"crs": LINK}}
POINTERS |= {
    "geometry.geojson": json.dumps(GEOJSON | {"features": [FEATURE, LINKED]}),
    "lines.geojsonl": f"{json.dumps(FEATURE)}\n{json.dumps(LINKED)}\n",
    "sequence.geojsons": f"\x1e{json.dumps(FEATURE)}\n\x1e{json.dumps(LINKED)}\n",
    "script.geojson": f"loadGeoJSON({json.dumps(GEOJSON | {'crs': LINK})});",
    "list.geojson": json.dumps(GEOJSON | {"crs": {"type": ["link"]}}),
    "twice.geojson": f'{{"crs": {json.dumps(LINK)}, {json.dumps(GEOJSON)[1:-1]}, "crs": null}}',
}


@pytest.mark.parametrize("name", POINTERS)
@pytest.mark.parametrize("zipped", [False, True])
def test_read_polygons_file_that_leads_elsewhere_is_refused(
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


def test_read_polygons_file_of_another_kind_without_gdals_advice(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.geojson").write_text("<html>")
    with pytest.raises(InputError, match="cannot be read as a vector file") as caught:
        read_areas(Area(path=str(tmp_path / "a.geojson")))
    assert "DRIVER" not in str(caught.value)


@pytest.mark.parametrize(("files", "message"), [(3, "more than 2 MB"), (9, "unpacks to more than 8 MB")])
def test_read_polygons_file_an_archive_that_unpacks_to_gigabytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, message: str
) -> None:
    """Of JSON all is read, as it may name a CRS at its end: of all files together no more than one may hold."""
    monkeypatch.setattr(vector_files, "MAX_JSON_BYTES", 2 << 20)
    monkeypatch.setattr(vector_files, "MAX_UNPACKED_BYTES", 8 << 20)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(files):
            archive.writestr(f"{number}.json", b'{"type": 1}' + b" " * (1 << 20))
    with pytest.raises(InputError, match=message):
        read_areas(Area(path=str(tmp_path / "a.zip")))


def test_read_polygons_file_zipped_geojson(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.geojson", json.dumps(GEOJSON))
    assert len(read_areas(Area(path=str(tmp_path / "a.zip"))).geometries) == len(GEOJSON["features"])


def test_read_polygons_file_lines_of_geojson(tmp_path: Path) -> None:
    (tmp_path / "a.geojsonl").write_text("".join(json.dumps(one) + "\n" for one in GEOJSON["features"]))
    assert len(read_areas(Area(path=str(tmp_path / "a.geojsonl"))).geometries) == len(GEOJSON["features"])


@pytest.mark.parametrize("named", [True, False])
def test_read_polygons_file_of_another_planet_is_refused_in_a_line(tmp_path: Path, named: bool) -> None:
    moon = {"type": "name", "properties": {"name": "IAU_2015:30100"}}
    (tmp_path / "a.geojson").write_text(json.dumps(GEOJSON | {"crs": moon}))
    with pytest.raises(
        InputError, match=r"a\.geojson': its CRS is of another celestial body; save it with one of Earth"
    ):
        read_areas(Area(path=str(tmp_path / "a.geojson")), "EPSG:32633", named=named)


def test_read_polygons_file_does_not_repeat_a_long_value(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text(json.dumps(GEOJSON).replace('"north"', "1" * 400))
    with pytest.raises(InputError) as caught:
        read_areas(Area(path=str(tmp_path / "a.geojson")))
    assert len(str(caught.value)) < 300 + len(str(tmp_path))


def test_gdal_itself_asks_no_host_for_a_vector_file(tmp_path: Path) -> None:
    # Past the look at the words: whatever a kind of file names, no request leaves.
    asked: list[str] = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        link = {"type": "link", "properties": {"href": f"http://127.0.0.1:{server.server_address[1]}/crs"}}
        (tmp_path / "a.geojson").write_text(json.dumps(GEOJSON | {"crs": link}))
        with offline(), suppress(Exception):
            pyogrio.raw.read(tmp_path / "a.geojson")
        assert asked == []
        with suppress(Exception):
            pyogrio.raw.read(tmp_path / "a.geojson")
        server.shutdown()
    assert asked == ["/crs"]


def test_a_pipe_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.geojson")
    with pytest.raises(InputError, match="no regular file"):
        read_areas(Area(path=str(tmp_path / "a.geojson")))


def test_read_polygons_file_a_shapefile_that_says_it_has_millions_of_shapes(tmp_path: Path) -> None:
    """Files of holes take no room on a disk, and travel as small archives."""
    path, number = tmp_path / "a.shp", 2_000_000
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326").to_file(path)
    index = 100 + 8 * number
    with path.with_suffix(".shx").open("r+b") as out:
        out.seek(24)
        out.write(struct.pack(">i", index // 2))
        out.truncate(index)
    with path.with_suffix(".dbf").open("r+b") as out:
        header, row = struct.unpack("<HH", out.read(12)[8:])
        out.seek(4)
        out.write(struct.pack("<I", number))
        out.truncate(header + row * number)
    with pytest.raises(InputError, match="it says that it has 2000000 shapes"):
        read_areas(Area(path=str(path)))
