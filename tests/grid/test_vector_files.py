"""Vector files that lead elsewhere, or are none."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from small_areas import GEOJSON

from changedet.errors import InputError
from changedet.grid.areas import Area, read_areas

POINTERS = {
    "layer.vrt": '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>inner.geojson</SrcDataSource></OGRVRTLayer>'
    "</OGRVRTDataSource>",
    "run.gdalg.json": '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read inner.geojson"}',
    "service.xml": "<OGRWFSDataSource><URL>http://127.0.0.1:1/wfs</URL></OGRWFSDataSource>",
    "linked.geojson": json.dumps(GEOJSON | {"crs": {"type": "link", "properties": {"href": "http://127.0.0.1:1/"}}}),
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


def test_read_polygons_file_zipped_geojson(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.geojson", json.dumps(GEOJSON))
    assert len(read_areas(Area(path=str(tmp_path / "a.zip"))).geometries) == len(GEOJSON["features"])
