"""Files of a series and their layout."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import yaml
from simulated_site import BGRN

from changedet.imagery.opening import open_scene
from changedet.simulate import make_world, render, simulate


def test_write_truth_schema(written: Path) -> None:
    package = written.parent / "truth" / "truth.gpkg"
    layers = dict(pyogrio.list_layers(package))
    assert set(layers) == {"containers", "tracks", "changed", "footprint"}
    boxes = gpd.read_file(package, layer="containers")
    assert {"date", "object_id", "length_m", "width_m", "angle_deg", "kind", "color", "tiers", "visible"} <= set(
        boxes.columns
    )
    for layer, column in (
        ("containers", "date"),
        ("tracks", "arrived"),
        ("tracks", "departed"),
        ("changed", "date"),
        ("footprint", "date"),
    ):
        info = pyogrio.read_info(package, layer=layer)
        assert dict(zip(info["fields"], info["dtypes"], strict=True))[column].startswith("datetime64")
    assert boxes["angle_deg"].between(0, 180, inclusive="left").all()
    assert set(boxes["kind"]) <= {"20ft", "40ft", "45ft"}
    series = pd.read_csv(package.with_name("truth.csv"))
    assert len(series) == 3
    assert {"containers", "teu", "changed_area_m2", "cloud_fraction", "onset_changed"} <= set(series.columns)


def test_write_truth_types_empty_layers(tmp_path: Path) -> None:
    folder = simulate(tmp_path, kind="decoys", dates=2, seed=1, gsd_m=1.0, size_m=100.0).parent
    for layer in ("containers", "tracks", "changed"):
        info = pyogrio.read_info(folder / "truth" / "truth.gpkg", layer=layer)
        assert info["features"] == 0
        assert any(str(kind).startswith("datetime64") for kind in info["dtypes"])


def test_write_scene_and_write_workflow(written: Path) -> None:
    plan = yaml.safe_load(written.read_text(encoding="utf-8"))
    assert plan["site"]["id"] == "growth-3"
    assert len(plan["scenes"]) == 3
    for scene in plan["scenes"]:
        assert {"azimuth_deg", "elevation_deg"} == set(scene["sun"])
        assert {"azimuth_deg", "off_nadir_deg"} == set(scene["view"])
        with rasterio.open(written.parent / scene["path"]) as source:
            assert source.descriptions == BGRN
            assert source.dtypes == ("uint16",) * 4
            assert source.nodata == 0
            assert source.crs.is_projected
            assert source.res == (1.0, 1.0)
            assert source.tags()["TIFFTAG_DATETIME"].startswith(scene["date"].strftime("%Y:%m:%d"))
            np.testing.assert_array_equal(
                source.read(), render(make_world("growth", 3, 3, 1.0, 160.0), plan["scenes"].index(scene)).image
            )
        opened = open_scene(written.parent / scene["path"], date=scene["date"])
        assert vars(opened.sun) == scene["sun"]
        assert vars(opened.view) == scene["view"]
    zones = gpd.read_file(written.parent / "zones.geojson")
    assert zones.crs.to_epsg() == 4326
    assert set(zones["name"]) == {"yard-a", "yard-b"}
