"""project.qgz: every layer, styled and dated; QGIS opens it."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from made_up_run import CRS, DATES, build_run
from viewers import OFFSCREEN, QGIS_PROBE, QGIS_PYTHON, qgis_checker

from changedet.outputs.gpkg.review import write_review
from changedet.outputs.gpkg.vector_layers import write_objects
from changedet.outputs.qgis.layouts import SHOWN_DAY
from changedet.outputs.qgis.metadata import About
from changedet.outputs.qgis.project import write_project


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
    tree = root.find("layer-tree-group")
    assert tree is not None
    assert sorted(str(node.get("id")) for node in tree.iter("layer-tree-layer")) == sorted(identifiers)
    for layer in layers:
        source = (layer.findtext("datasource") or "").split("|")[0]
        assert source.startswith("./")
        assert (folder / source).is_file()
        assert "Transverse Mercator" in (layer.findtext("srs/spatialrefsys/wkt") or "")
    groups = [group.get("name") for group in root.findall("layer-tree-group/layer-tree-group")]
    assert groups == ["Boxes", "Change", "Ground", "Scenes"]
    assert [node.get("name") for node in root.findall("layer-tree-group/layer-tree-layer")] == ["Zones"]
    scenes = root.findall("layer-tree-group/layer-tree-group[@name='Scenes']/layer-tree-layer")
    assert [scene.get("name") for scene in scenes] == [f"Scene {date}" for date in reversed(DATES)]


def test_write_project_time_runs_from_each_date_to_the_day_before_the_next(made_up_run: Any) -> None:
    root = project(made_up_run[0])
    assert root.findtext("ProjectTimeSettings/TemporalRange/end") == "2023-10-04T23:59:59Z"
    spans = {layer.findtext("layername"): layer.find("temporal/fixedRange") for layer in root.findall(".//maplayer")}
    july = spans["Mask 2023-07-04"]
    assert july is not None
    assert (july.findtext("start"), july.findtext("end")) == ("2023-07-04T00:00:00Z", "2023-08-03T23:59:59Z")
    time = root.find("ProjectTimeSettings")
    assert time is not None
    assert (time.get("timeStep"), time.get("timeStepUnit")) == ("1", "xxx"), "one frame for each scene's period"


def test_write_project_without_a_raster_of_each_date_steps_by_the_calendar(made_up_run: Any, tmp_path: Path) -> None:
    folder, made = made_up_run
    shutil.copy2(folder / "objects.gpkg", tmp_path)
    place = {"title": "x", "crs": CRS, "extent": made["extent"], "dates": DATES}
    write_project(tmp_path / "project.qgz", objects=tmp_path / "objects.gpkg", **place)
    time = project(tmp_path).find("ProjectTimeSettings")
    assert time is not None
    assert (time.get("timeStep"), time.get("timeStepUnit")) == ("1", "mon")


def test_write_project_leaves_out_layers_without_rows_and_takes_in_the_review(made_up_run: Any, tmp_path: Path) -> None:
    _, made = made_up_run
    write_objects(tmp_path / "objects.gpkg", {"zones": made["objects"]["zones"]}, CRS)
    write_review(tmp_path / "review.gpkg", made["objects"]["containers"], DATES, CRS)
    place = {"title": "x", "crs": CRS, "extent": made["extent"], "dates": DATES}
    files = {"objects": tmp_path / "objects.gpkg", "review": tmp_path / "review.gpkg"}
    write_project(tmp_path / "project.qgz", **files, **place)
    root = project(tmp_path)
    names = [layer.findtext("layername") for layer in root.findall(".//maplayer")]
    assert names == ["Boxes to add", "Boxes to judge", "Zones"]
    assert root.findall("visibility-presets/visibility-preset") == []
    assert root.findall("Layouts/Layout") == []


def test_write_project_legend_names_what_came_and_went_and_nothing_else(made_up_run: Any, tmp_path: Path) -> None:
    _, made = made_up_run
    changes = made["objects"]["changes"].assign(direction=["gain", "loss", "other"], kind=["paving", "box", None])
    write_objects(tmp_path / "objects.gpkg", {"changes": changes}, CRS)
    place = {"title": "x", "crs": CRS, "extent": made["extent"], "dates": DATES}
    write_project(tmp_path / "project.qgz", objects=tmp_path / "objects.gpkg", **place)
    renderer = project(tmp_path).find(".//maplayer/renderer-v2")
    assert renderer is not None
    labels = [one.get("label") for one in renderer.iter("category")]
    assert labels == ["ground laid bare or paved", "box left", "replaced, or not known"]
    fills = [option.get("value") for option in renderer.iter("Option") if option.get("name") == "color"]
    assert all(int(fill.split(",")[3]) < 60 for fill in fills if fill), "what lies below must be seen"
    lines = [option.get("value") for option in renderer.iter("Option") if option.get("name") == "outline_style"]
    assert lines == ["solid", "solid", "solid", "dash", "solid", "solid"], "each on a white casing"


def test_write_project_themes_and_layouts_show_boxes_change_and_ground(made_up_run: Any) -> None:
    root = project(made_up_run[0])
    presets = root.findall("visibility-presets/visibility-preset")
    assert [preset.get("name") for preset in presets] == ["Change", "Boxes", "Ground"]
    shown = {preset.get("name"): {layer.get("id") for layer in preset.findall("layer")} for preset in presets}
    scenes = {f"changedet_scene_{date.replace('-', '')}" for date in DATES}
    assert shown["Change"] == {"changedet_zones", "changedet_changes"} | scenes
    assert shown["Boxes"] == {"changedet_zones", "changedet_containers"} | scenes
    assert shown["Ground"] == {"changedet_zones", "changedet_footprint"} | scenes
    layouts = root.findall("Layouts/Layout")
    assert [layout.get("name") for layout in layouts] == ["Change (A4)", "Boxes (A4)", "Ground (A4)"]
    items = {item.get("id"): item for item in layouts[0].iter("LayoutItem")}
    assert set(items) == {"page", "title", "subtitle", "map", "legend", "north", "scale bar", "credit"}
    assert items["title"].get("labelText") == "Depot <North> & co, Suzhou"
    assert items["subtitle"].get("labelText") == f"Change on {SHOWN_DAY} since 4 June 2023"
    assert "Imagery: A & B (WV-3). Licence: CC BY 4.0." in str(items["credit"].get("labelText"))
    assert items["map"].get("temporalRangeBegin") == "2023-10-04T00:00:00Z"


def test_write_project_opens_on_the_look_that_is_shown(made_up_run: Any, tmp_path: Path) -> None:
    folder, made = made_up_run
    scenes = [layer for layer in made["layers"] if layer.kind == "scene"]
    for layer in scenes:
        shutil.copy2(layer.path, tmp_path)
    shutil.copy2(folder / "objects.gpkg", tmp_path)
    own = [replace(layer, path=tmp_path / layer.path.name) for layer in scenes]
    place = {"title": "x", "crs": CRS, "extent": made["extent"], "dates": DATES, "about": About(shown=DATES[2])}
    write_project(tmp_path / "project.qgz", layers=own, objects=tmp_path / "objects.gpkg", **place)
    root = project(tmp_path)
    tree = root.findall("layer-tree-group/layer-tree-group[@name='Scenes']/layer-tree-layer")
    assert [node.get("name") for node in tree] == [f"Scene {DATES[k]}" for k in (2, 3, 1, 0)]
    boxes = next(layer for layer in root.findall(".//maplayer") if layer.findtext("id") == "changedet_containers")
    assert f"to_date('{DATES[2]}')" in ET.tostring(boxes, encoding="unicode").replace("&apos;", "'")
    maps = [item for item in root.iter("LayoutItem") if item.get("id") == "map"]
    assert {item.get("temporalRangeBegin") for item in maps} == {f"{DATES[2]}T00:00:00Z"}


def test_write_project_layers_tell_their_sources_with_digests(made_up_run: Any) -> None:
    layers = {layer.findtext("layername"): layer for layer in project(made_up_run[0]).findall(".//maplayer")}
    mask = layers["Mask 2023-07-04"].find("resourceMetadata")
    assert mask is not None
    lines = [line.text for line in mask.findall("history")]
    assert lines[:2] == [f"{date}: {date}.tif, SHA-256 ab{date}, WV-3" for date in ("2023-06-04", "2023-07-04")]
    assert "since" in str(mask.findtext("abstract")) or "mask" in str(mask.findtext("abstract"))
    assert mask.findtext("license") == "CC BY 4.0"
    objects = layers["Boxes"].find("resourceMetadata")
    assert objects is not None
    assert objects.findtext("identifier") == "sha256:c0ffee"
    assert len(objects.findall("history")) == len(DATES) + 1


def test_tips_have_words_where_a_field_may_be_empty(made_up_run: Any) -> None:
    layers = {layer.findtext("layername"): layer for layer in project(made_up_run[0]).findall(".//maplayer")}
    for name in ("Boxes", "Boxes over time", "Came and went", "Footprint"):
        assert layers[name].findtext("mapTip")
        aliases = {one.get("field"): one.get("name") for one in layers[name].findall("aliases/alias")}
        assert all(words for field, words in aliases.items() if field != "fid"), name
    assert "'still there'" in str(layers["Boxes over time"].findtext("mapTip"))
    assert "gone by [%" not in str(layers["Boxes over time"].findtext("mapTip"))


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
    probe = [QGIS_PYTHON, "-c", QGIS_PROBE, made_up_run[0] / "project.qgz", tmp_path]
    said = subprocess.run(probe, capture_output=True, text=True, check=True, env=os.environ | OFFSCREEN).stdout
    assert f"frames {len(DATES)} layouts 3 exported 3 tips 0" in said
