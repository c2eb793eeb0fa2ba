"""project.qgz: every layer, styled and dated; QGIS opens it."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from made_up_run import CRS, DATES, build_run
from viewers import QGIS_PYTHON, qgis_checker


def project(folder: Path) -> Any:
    with zipfile.ZipFile(folder / "project.qgz") as archive:
        assert archive.namelist() == ["project.qgs"]
        return ET.fromstring(archive.read("project.qgs"))


def test_write_project_names_every_layer_once_by_a_relative_path(made_up_run: Any) -> None:
    folder, made = made_up_run
    root = project(folder)
    layers = root.findall(".//maplayer")
    assert len(layers) == len(made["layers"]) + len(made["objects"])
    identifiers = [layer.findtext("id") or "" for layer in layers]
    assert len(set(identifiers)) == len(identifiers)
    assert min(map(len, identifiers)) >= 11, "QGIS hides layers of shorter ids"
    assert sorted(node.get("id") for node in root.findall(".//layer-tree-layer")) == sorted(identifiers)
    for layer in layers:
        source = (layer.findtext("datasource") or "").split("|")[0]
        assert source.startswith("./")
        assert (folder / source).is_file()
        assert "Transverse Mercator" in (layer.findtext("srs/spatialrefsys/wkt") or "")
    assert [group.get("name") for group in root.findall("layer-tree-group/layer-tree-group")] == [
        "Objects",
        "Change",
        "Scenes",
    ]
    scenes = root.findall("layer-tree-group/layer-tree-group[@name='Scenes']/layer-tree-layer")
    assert [scene.get("name") for scene in scenes] == [f"Scene {date}" for date in reversed(DATES)]


def test_write_project_time_runs_from_each_date_to_the_day_before_the_next(made_up_run: Any) -> None:
    root = project(made_up_run[0])
    assert root.findtext("ProjectTimeSettings/TemporalRange/end") == "2023-10-04T23:59:59Z"
    spans = {layer.findtext("layername"): layer.find("temporal/fixedRange") for layer in root.findall(".//maplayer")}
    july = spans["Mask 2023-07-04"]
    assert july is not None
    assert (july.findtext("start"), july.findtext("end")) == ("2023-07-04T00:00:00Z", "2023-08-03T23:59:59Z")


def test_write_project_styles_are_those_of_the_sidecars(made_up_run: Any) -> None:
    folder = made_up_run[0]
    layers = {layer.findtext("datasource"): layer for layer in project(folder).findall(".//maplayer")}
    for place in ("change/2023-07-04_mask", "change/2023-10-04_score", "change/first_change"):
        sidecar = ET.parse(folder / f"{place}.qml").getroot().find("pipe/rasterrenderer")
        inline = layers[f"./{place}.tif"].find("pipe/rasterrenderer")
        assert ET.tostring(sidecar) == ET.tostring(inline)


def test_write_project_bytes_are_repeatable(made_up_run: Any, tmp_path: Path) -> None:
    build_run(tmp_path)
    for name in ("project.qgz", "objects.gpkg", "change/2023-10-04_mask.tif", "scenes/2023-06-04.tif"):
        assert (tmp_path / name).read_bytes() == (made_up_run[0] / name).read_bytes(), name


@pytest.mark.slow
def test_write_project_qgis_opens_everything(made_up_run: Any, tmp_path: Path) -> None:
    checker = qgis_checker()
    words = ["--png", str(tmp_path), "--strict", "--require-project", "--require-temporal"]
    words += ["--expect-crs", CRS, "--frames", "9"]
    done = subprocess.run([QGIS_PYTHON, checker, made_up_run[0], *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "distinct_frames=4" in done.stdout, "each date should look different"
