"""Zones: how full they are, and the trains on those that are sidings, against trains laid out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
import shapely.affinity
from affine import Affine
from laid_out_trains import CRS, consist, placed
from mercator import mercator_grid
from small_scenes import ground, write_scene, write_workflow

from changedet.grid import Grid
from changedet.grid.areas import Area, read_areas
from changedet.grid.zones import zone_table
from changedet.outputs.gpkg import layer_schema, vector_layers
from changedet.outputs.report.data import ReportData
from changedet.outputs.report.page import write_report
from changedet.pipeline.run import run
from changedet.pipeline.zones import trains_on_sidings, with_occupancy
from changedet.plan.site_areas import zones_of

LOADS: list[list[str] | None] = [["40ft"], ["20ft", "20ft"], None, ["40ft"], ["20ft"], ["40ft"]]


def siding(turn_deg: float = 0.0, kind: str = "siding") -> gpd.GeoDataFrame:
    shape = shapely.affinity.rotate(shapely.box(-60, -15, 500, 15), turn_deg, origin=(0, 0))
    return gpd.GeoDataFrame({"name": ["rail"], "kind": [kind], "capacity": [np.nan]}, geometry=[shape], crs=CRS)


@pytest.mark.parametrize("turn_deg", [0.0, 33.0, 89.0, 140.0])
def test_a_train_is_read_in_order_with_its_empty_wagons(turn_deg: float) -> None:
    along, _ = consist(LOADS)
    shuffled = placed(along, turn_deg=turn_deg).sample(frac=1, random_state=3)
    (row,) = trains_on_sidings(shuffled, siding(turn_deg), 1.0).to_dict("records")
    assert row["boxes"] == 6
    assert row["teu"] == 9
    assert row["wagons_low"] <= 5 <= row["wagons_high"]
    assert row["empty_low"] <= 1 <= row["empty_high"]
    colors = [part.split()[-1] for part in row["sequence"].split(", ") if "#" in part]
    ordered = [f"#{40 + 5 * k:02x}2030" for k in range(6)]
    # From the west: a siding turned past the north is read from its other end.
    assert colors == (ordered if turn_deg < 90 else ordered[::-1])
    assert row["sequence"].count("empty)") == 1
    assert row["geometry"].length == pytest.approx(along[-1][0] - along[0][0], abs=0.1)


def test_trains_on_parallel_tracks_and_far_apart_are_their_own() -> None:
    first, length = consist([["40ft"]] * 5)
    second, _ = consist([["20ft", "20ft"]] * 3)
    third = [(u + length + 60, kind) for u, kind in consist([["40ft"]] * 3)[0]]
    every = pd.concat([placed(first), placed(second, v=4.7), placed(third)], ignore_index=True)
    found = trains_on_sidings(gpd.GeoDataFrame(every, crs=CRS), siding(), 1.0)
    assert sorted(found["boxes"]) == [3, 5, 6]
    assert found["train_id"].tolist() == [1, 2, 3]
    assert found["boxes"].iloc[0] == 6  # the northern track comes first


def test_boxes_side_by_side_or_askew_are_no_train() -> None:
    row = gpd.GeoDataFrame(
        pd.concat([placed([(0.0, "40ft")], v=2.6 * k) for k in range(5)], ignore_index=True), crs=CRS
    )
    assert len(trains_on_sidings(row, siding(), 1.0)) == 0
    along, _ = consist([["40ft"]] * 4)
    turned = placed(along)
    turned["angle_deg"] = 120.0
    assert len(trains_on_sidings(turned, siding(), 1.0)) == 0


def test_yards_are_not_read_and_without_a_siding_there_is_no_layer() -> None:
    along, _ = consist(LOADS)
    assert trains_on_sidings(placed(along), siding(kind="yard"), 1.0) is None
    assert trains_on_sidings(placed(along), None, 1.0) is None
    assert trains_on_sidings(placed([]).assign(kind=[]), siding(), 1.0).columns.tolist() == [
        *layer_schema.SCHEMA["trains"],
        "geometry",
    ]


def test_occupancy_is_the_expected_count_over_the_zones_own_capacity(tmp_path: Path) -> None:
    path = tmp_path / "zones.geojson"
    shapes = {"a": (12, 50, None), "b": (13, None, "siding")}
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "capacity": room, "kind": kind},
            "geometry": shapely.geometry.mapping(shapely.box(x, 51, x + 0.5, 51.5)),
        }
        for name, (x, room, kind) in shapes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    zones = zone_table(read_areas(Area(path=str(path)), CRS, named=True))
    assert zones is not None
    assert zones["kind"].tolist() == [None, "siding"]
    table = pd.DataFrame({"zone": ["", "a", "b"], "containers_expected": [30.0, 20, 10]})
    table = table.assign(containers_low=[25.0, 15, 8], containers_high=[35.0, 25, 12])
    told = with_occupancy(table, zones).set_index("zone")
    assert told.loc["a", ["occupancy", "occupancy_low", "occupancy_high"]].tolist() == [0.4, 0.3, 0.5]
    assert told.loc[["", "b"], "occupancy"].isna().all()
    assert with_occupancy(table, zones.assign(capacity=np.nan)).equals(table)


def test_trains_are_written_read_and_shown(tmp_path: Path) -> None:
    along, _ = consist(LOADS)
    found = trains_on_sidings(placed(along), siding(), 1.0)
    vector_layers.write_objects(tmp_path / "objects.gpkg", {"trains": found}, CRS)
    again = vector_layers.read_objects(tmp_path / "objects.gpkg", "trains")
    assert again["sequence"].tolist() == found["sequence"].tolist()
    assert again.geometry.geom_type.tolist() == ["LineString"]
    table = pd.DataFrame({"date": ["2024-05-01"], "zone": [""]})
    write_report(
        tmp_path / "report.html",
        ReportData({"site": "a", "warnings": [], "dates": ["2024-05-01"]}, table, layers={"trains": again}),
    )
    text = (tmp_path / "report.html").read_text()
    assert text.count('fill="#282030"') == 1
    assert "stroke-dasharray" in text.split("Trains on sidings")[1]


def test_a_slip_of_a_zones_kind_is_told_and_kinds_of_ones_own_are_not(tmp_path: Path) -> None:
    path = tmp_path / "zones.geojson"
    kinds = ("sidng", "siding", "bunkers", None)
    features = [
        {
            "type": "Feature",
            "properties": {"name": f"zone {kind}", "kind": kind},
            "geometry": shapely.geometry.mapping(shapely.box(14.99 + 0.001 * k, 51, 14.9905 + 0.001 * k, 51.0005)),
        }
        for k, kind in enumerate(kinds)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    east, north = gpd.GeoSeries.from_xy([14.98], [51.01], crs=4326).to_crs(CRS).get_coordinates().iloc[0]
    grid = Grid(CRS, Affine(10, 0, east, 0, -10, north), (200, 200))
    warnings: list[str] = []
    workflow = SimpleNamespace(site=SimpleNamespace(zones=path))
    zones_of(workflow, grid, warnings)  # type: ignore[arg-type]
    assert warnings == ["zone 'zone sidng' is of kind 'sidng', which says nothing; did you mean 'siding'?"]


def test_nothing_is_counted_in_a_zone_outside_the_site_and_one_half_outside_is_named(tmp_path: Path) -> None:
    dates = ("2023-01-01", "2023-02-01")
    for day in dates:
        write_scene(tmp_path / f"{day}.tif", ground(96, 96), resolution_m=1.0)
    with rasterio.open(tmp_path / f"{dates[0]}.tif") as scene:
        west, south, east, north = scene.bounds
        crs = scene.crs
    middle = (west + east) / 2
    shapes = [
        shapely.box(west, south, middle, north),
        shapely.box(east + 50, south, east + 90, north),
        shapely.box(middle, south, 2 * east - middle, north),
    ]
    zones = gpd.GeoDataFrame({"name": ["inside", "outside", "half"]}, geometry=shapes, crs=crs)
    zones.to_file(tmp_path / "zones.gpkg")
    site = {"id": "site", "zones": "zones.gpkg"}
    finished = run(write_workflow(tmp_path, dates, site=site), out=str(tmp_path / "out"))
    table = finished.series.set_index("zone")
    counts = ["containers", "containers_expected", "containers_high", "teu", "arrivals", "departures_high"]
    assert table.loc["outside", counts].isna().to_numpy().all()
    assert (table.loc["outside", "valid_fraction"] == 0).all()
    assert table.loc[["inside", "half"], "containers_expected"].notna().all()
    about_zones = [words for words in finished.summary["warnings"] if words.startswith("zone")]
    assert about_zones == [
        "zone 'outside' lies outside the area of interest",
        "zone 'half' lies to 50% outside the area of interest; its figures are of the part inside",
    ]


def test_trains_are_as_long_on_the_ground_in_web_mercator() -> None:
    unit = mercator_grid(100, 100).ground_metre
    along, _ = consist([["40ft"], ["40ft"], None, ["40ft"]])
    boxes, zones = placed(along), siding()
    plain = trains_on_sidings(boxes, zones, 1.0)
    for frame in (boxes, zones):
        frame.geometry = frame.geometry.affine_transform([unit, 0, 0, unit, 0, 0])
    wide = trains_on_sidings(boxes, zones, unit)
    assert plain is not None
    assert wide is not None
    assert len(wide) == 1
    assert wide["length_m"].to_numpy() == pytest.approx(plain["length_m"].to_numpy())
    assert wide["sequence"].tolist() == plain["sequence"].tolist()
    assert wide.geometry.length.to_numpy() == pytest.approx(plain.geometry.length.to_numpy() * unit)
