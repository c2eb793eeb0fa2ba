"""A made-up run folder with rasters, layers and figures, for the tests of what shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine

from changedet.blocks import tiles
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.qgis.metadata import About, SceneSource
from changedet.outputs.qgis.project import write_project
from changedet.outputs.rasters.classes import RasterLayer, date_classes, days_since_1970
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.rasters.writing import RasterWriter
from changedet.outputs.report.data import ReportData
from changedet.outputs.report.pictures import overlay, quicklook

CRS = "EPSG:32651"


DATES = ["2023-06-04", "2023-07-04", "2023-08-04", "2023-10-04"]


SHAPE = (620, 700)


TRANSFORM = Affine(0.5, 0, 500_000, 0, -0.5, 3_000_000)


BANDS = ["blue", "green", "red", "nir"]


COLORS = ["#b5402f", "#2f5fb5", "#d0d0d0", "#2f8f4e", "#c98a2b"]


def paint(date: int, seed: int = 5) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """A yard with `3 + 6 * date` boxes in rows and a pad that grows; the last date has a corner without data."""
    rng = np.random.default_rng(seed)
    ground = 600 + 60 * rng.standard_normal(SHAPE)
    image = np.stack([ground * gain for gain in (0.8, 1.0, 1.1, 1.5)])
    image[:, 300 : 340 + 60 * date, 80:300] = np.array([1100, 1200, 1250, 1300])[:, None, None]
    boxes = []
    for i in range(3 + 6 * date):
        row, column = 60 + 30 * (i // 6), 320 + 40 * (i % 6)
        color = COLORS[i % len(COLORS)]
        red, green, blue = (6 * int(color[j : j + 2], 16) for j in (1, 3, 5))
        length = 12 if i % 3 else 24
        image[:, row : row + 5, column : column + length] = np.array([blue, green, red, 700])[:, None, None]
        corner = TRANSFORM @ (column, row)
        place = shapely.box(corner[0], corner[1] - 2.5, corner[0] + length / 2, corner[1])
        boxes.append({"object_id": 100 * date + i, "track_id": i, "color": color,
                      "kind": "40ft" if length == 24 else "20ft",
                      "length_m": length / 2, "width_m": 2.5, "angle_deg": 90.0, "confidence": 0.8,
                      "inferred": i % 7 == 6,
                      "geometry": place})  # fmt: skip
    if date == len(DATES) - 1:
        image[:, :60, :90] = np.nan
    return image.astype(np.float32), boxes


def write(path: Path, kind: Any, array: np.ndarray, dtype: str, nodata: float, date: str, **more: Any) -> None:
    bands = more.pop("bands", [more.pop("meaning", kind)])
    tags = {"DATE": date, **more.pop("tags", {})}
    with RasterWriter(path, crs=CRS, transform=TRANSFORM, shape=SHAPE, kind=kind, bands=bands, dtype=dtype,
                              nodata=nodata, tags=tags, description=f"{kind} of {date}", **more) as out:  # fmt: skip
        for window in tiles(SHAPE, 256):
            out.write(window, array[(..., *window.slices)])


def build_run(folder: Path) -> dict[str, Any]:
    """Fabricate a run: rasters, objects.gpkg, timeseries.csv and project.qgz."""
    first = paint(0)[0]
    earliest = np.zeros(SHAPE, np.int32)
    detections, changes, footprints, layers = [], [], [], []
    for i, date in enumerate(DATES):
        image, boxes = paint(i)
        write(folder / f"scenes/{date}.tif", "scene", image, "uint16", 0, date, bands=BANDS)
        layers.append(RasterLayer(folder / f"scenes/{date}.tif", "scene", date))
        detections += [{"date": date, "zone": "north", **box} for box in boxes]
        pad = shapely.box(500_040, 2_999_850 - 20 - 30 * i, 500_150, 2_999_850)
        footprints.append({"date": date, "area_m2": pad.area, "geometry": pad})
        if not i:
            continue
        score = np.abs(image - first).max(axis=0) / 60
        mask = np.where(np.isnan(score), 255, score > 3).astype(np.uint8)
        earliest[(mask == 1) & (earliest == 0)] = days_since_1970(date)
        write(folder / f"change/{date}_mask.tif", "mask", mask, "uint8", 255, date)
        tags = {"THRESHOLD": "3"}
        write(
            folder / f"change/{date}_score.tif",
            "score",
            score,
            "float32",
            np.nan,
            date,
            tags=tags,
            meaning="largest difference",
        )
        layers += [RasterLayer(folder / f"change/{date}_{kind}.tif", kind, date) for kind in ("mask", "score")]
        grown = shapely.box(500_040, 2_999_850 - 20 - 30 * i, 500_150, 2_999_830)
        changes.append({"date": date, "change_id": i, "area_m2": grown.area, "direction": "gain", "probability": 0.9,
                        "first_seen": DATES[1], "zone": "south", "geometry": grown})  # fmt: skip
    write(
        folder / "change/first_change.tif",
        "first_change",
        earliest,
        "int32",
        -1,
        "",
        classes=date_classes(DATES[1:]),
    )
    layers.append(RasterLayer(folder / "change/first_change.tif", "first_change", dates=tuple(DATES[1:])))
    found = gpd.GeoDataFrame(detections, crs=CRS)
    by_track = found.sort_values("date").groupby("track_id", as_index=False)
    ends = {"first_seen": ("date", "first"), "last_seen": ("date", "last")}
    tracks = by_track.agg(**ends, **{name: (name, "first") for name in ("kind", "color", "geometry")})
    tracks = gpd.GeoDataFrame(tracks, geometry=gpd.GeoSeries(tracks["geometry"]).centroid, crs=CRS)
    west, east = 500_000, 500_350
    halves = [shapely.box(west, 2_999_860, east, 3_000_000), shapely.box(west, 2_999_690, east, 2_999_860)]
    zones = gpd.GeoDataFrame({"name": ["north", "south"]}, geometry=halves, crs=CRS)
    made = {"containers": found, "tracks": tracks, "changes": gpd.GeoDataFrame(changes, crs=CRS),
            "footprint": gpd.GeoDataFrame(footprints, crs=CRS), "zones": zones}  # fmt: skip
    vector_layers.write_objects(folder / "objects.gpkg", made, CRS)
    extent = (west, 2_999_690, east, 3_000_000)
    write_project(
        folder / "project.qgz",
        title="Depot <North> & co",
        crs=CRS,
        extent=extent,
        dates=DATES,
        layers=layers,
        objects=folder / "objects.gpkg",
        about=about(folder),
    )
    return {"layers": layers, "extent": extent, "objects": made}


def about(folder: Path) -> About:
    """Whose pictures the made-up ones are."""
    credit = {"credit": "A & B", "licence": "CC BY 4.0", "sensor": "WV-3"}
    sources = [SceneSource(date, ((f"{date}.tif", f"ab{date}"),), **credit) for date in DATES]
    return About("Suzhou", DATES[0], tuple(sources), {str(folder / "objects.gpkg"): "c0ffee"})


def series() -> pd.DataFrame:
    """`timeseries.csv` of the made-up run: the third date without a count."""
    rows = []
    for i, date in enumerate(DATES):
        count, missing = 3 + 6 * i, i == 2
        row: dict[str, Any] = {
            "date": date,
            "zone": "",
            "scene": f"{date}.tif",
            "gsd_m": 0.5,
            "valid_fraction": 1 - 0.1 * i,
        }
        row |= {"containers": pd.NA if missing else count, "containers_expected": pd.NA if missing else count + 1.4}
        row |= {"containers_low": pd.NA if missing else count - 1, "containers_high": pd.NA if missing else count + 4}
        if i:
            row |= {"arrivals": 6, "arrivals_expected": 6.2, "arrivals_low": 4, "arrivals_high": 9}
            row |= {"departures": 1, "departures_expected": 0.9, "departures_low": 0}
            row |= {"departures_high": 3, "changed_area_m2": 3300.0 * i, "changed_area_low_m2": 2800.0 * i}
            row |= {"changed_area_high_m2": 4100.0 * i}
        row |= {"shift_east_m": 0.12 * i, "shift_north_m": -0.2 * i}
        rows += [row, {**row, "zone": "north"}]
    return pd.DataFrame(rows)


def summary() -> dict[str, Any]:
    def figure(value: float | None, low: float | None, high: float | None, date: str | None) -> dict[str, Any]:
        return {"value": value, "low": low, "high": high, "date": date}

    counts = {"first": figure(4.4, 2, 7, DATES[0]), "last": figure(22.4, 20, 25, DATES[-1])}
    counts |= {"peak": figure(22.4, 20, 25, DATES[-1]), "net_change": figure(18, 14, 22, None)}
    nothing = dict.fromkeys(("first", "last", "peak", "net_change"), figure(None, None, None, None))
    area = {"first": figure(3300, 2800, 4100, DATES[1]), "last": figure(9900, 8400, 12300, DATES[-1])}
    area |= {"peak": figure(9900, 8400, 12300, DATES[-1]), "net_change": figure(6600, -100, 9500, None)}
    moves = figure(18, 12, 27, None)
    totals = {"containers": counts, "teu": nothing, "changed_area_m2": area, "footprint_area_m2": nothing}
    none = {
        "date": None,
        "low": None,
        "high": None,
        "probability": 0.2,
        "reason": "the last two dates lie within the error",
    }
    found = {"date": DATES[1], "low": "2023-06-05", "high": DATES[1], "probability": 0.97, "reason": ""}
    return {
        "schema_version": 1,
        "site": {"id": "depot-north", "name": "Depot North"},
        "grid": {"crs": CRS, "resolution_m": 0.5, "shape": list(SHAPE)},
        "dates": DATES,
        "reference_date": DATES[0],
        "totals": {**totals, "arrivals": moves, "departures": figure(3, 0, 9, None)},
        "onset": {"containers": found, "changed_area": none, "footprint": none},
        "warnings": [],
    }


def report_data(folder: Path, name: str = "Depot North") -> ReportData:
    paths = [folder / f"scenes/{date}.tif" for date in DATES]
    stretch = scene_stretch(paths)
    return ReportData(
        summary=summary()
        | {
            "site": "depot-north",
            "name": name,
            "warnings": [f"scene 2023-08-04: clouds {name}"],
            "unavailable": {"footprint_area_m2": f"objects: none {name}", "teu": "no size class"},
        },
        timeseries=series(),
        scenes=[
            {"date": d, "file": f"{d}_{name}.tif", "gsd_m": 0.5, "sun_elevation_deg": 41.2, "sha256": ["ab12" * 16]}
            for d in DATES
        ],
        methods=[
            {
                "stage": "change",
                "method": "irmad",
                "reason": f"four bands {name}",
                "parameters": {"a_m": 2.0},
                "reference": "doi:1",
            }
        ],
        quicklooks={d: quicklook(p, 700, stretch) for d, p in zip(DATES, paths, strict=True)},
        overlays={d: overlay(folder / f"change/{d}_mask.tif", 700) for d in DATES[1:]},
        provenance={"version": "0.1.0", "name": name},
    )
