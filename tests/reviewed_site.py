"""A made-up site with false and missed boxes, and what a person says of them in QGIS."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
import shapely.affinity
from affine import Affine

from changedet.grid import Grid
from changedet.outputs.gpkg import vector_layers

DAYS = [dt.date(2023, 3, 1) + dt.timedelta(days=30 * k) for k in range(5)]


GRID = Grid("EPSG:32633", Affine(0.5, 0, 400000, 0, -0.5, 5600120), (240, 240))


TRUE = [(10.0 + 8 * (i % 10), 15.0 + 20 * (i // 10)) for i in range(20)]
"""Twenty boxes of 20 feet that stand there on every date: metres from the north-west corner."""


FALSE = [(20.0 + 9 * k, 90.0) for k in range(8)]
"""Eight that the detector saw on the last date alone, and nobody else did."""


MISSED = TRUE[15:]
"""Five that the detector did not find on the last date."""


CLOUDY = (100.0, 100.0)


def pixels(spots: list[tuple[float, float]], confidence: float, counted: bool = True) -> pd.DataFrame:
    n = len(spots)
    return pd.DataFrame(
        {
            "x_px": [2 * x for x, _ in spots],
            "y_px": [2 * y for _, y in spots],
            "length_m": [6.06] * n,
            "width_m": [2.44] * n,
            "angle_deg": [0.0] * n,
            "confidence": [confidence] * n,
            "kind": ["20ft"] * n,
            "color": ["#7d3b33"] * n,
            "tiers": [None] * n,
            "inferred": [False] * n,
            "counted": [counted] * n,
        }
    )


def judge(run: Path, verdict: str | None, chosen: pd.Series) -> None:
    path = run / "review.gpkg"
    rows = pyogrio.read_dataframe(path, layer="containers", fid_as_index=True)
    with closing(sqlite3.connect(path)) as database:
        # Triggers of the spatial index need functions that only GDAL has.
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        for fid in rows.index[chosen(rows)]:
            database.execute("UPDATE containers SET verdict = ? WHERE fid = ?", (verdict, int(fid)))
        database.commit()


def draw(run: Path, spots: list[tuple[float, float]], date: object = str(DAYS[-1]), kind: str | None = None) -> None:
    shapes = [
        shapely.box(400000 + x - 1.22, 5600120 - y - 3.03, 400000 + x + 1.22, 5600120 - y + 3.03) for x, y in spots
    ]
    frame = gpd.GeoDataFrame({"date": [date] * len(spots), "kind": [kind] * len(spots)}, geometry=shapes, crs=GRID.crs)
    pyogrio.write_dataframe(frame, run / "review.gpkg", layer="added", append=True)


def on_last(rows: gpd.GeoDataFrame) -> np.ndarray:
    return (rows["date"].dt.date == DAYS[-1]).to_numpy()


def false_ones(rows: gpd.GeoDataFrame) -> np.ndarray:
    return on_last(rows) & (rows.geometry.centroid.y < 5600040).to_numpy()


def true_ones(rows: gpd.GeoDataFrame) -> np.ndarray:
    return ~false_ones(rows)


def another_count(run: Path) -> None:
    layers = {
        name: vector_layers.read_objects(run / "objects.gpkg", name) for name in ("containers", "tracks", "zones")
    }
    layers["containers"] = layers["containers"].assign(confidence=0.5)
    vector_layers.write_objects(run / "objects.gpkg", layers, GRID.crs)
