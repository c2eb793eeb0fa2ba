"""A made-up site whose detector is far too sure, and its labels as a careful person would give them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from affine import Affine
from scipy.special import expit, logit

from changedet.assess.tiles_to_label import draw_labels
from changedet.grid import Grid
from changedet.outputs.gpkg.labels import LABELS, TILES
from changedet.pipeline.finished import open_run

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=30 * k) for k in range(3)]


SIDE_PX = 800


GRID = Grid("EPSG:32633", Affine(0.5, 0, 400000, 0, -0.5, 5600400), (SIDE_PX, SIDE_PX))


SLOPE, OFFSET = 1.0, -2.0
"""What the made-up detector's confidences have to be put through to be true."""


def too_sure_boxes(rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Spots of a made-up detector that is far too sure, and which of them hold a box."""
    x, y = np.meshgrid(np.arange(12.0, 390, 9.5), np.arange(12.0, 390, 24))
    confidence = rng.uniform(0.12, 0.98, x.size)
    true = rng.uniform(size=x.size) < expit(SLOPE * logit(confidence) + OFFSET)
    n = x.size
    table = pd.DataFrame({"x_px": 2 * x.ravel(), "y_px": 2 * y.ravel(), "length_m": 6.06, "width_m": 2.44})
    table = table.assign(angle_deg=0.0, confidence=confidence, kind="20ft", color="#7d3b33", tiers=None, inferred=False)
    assert len(table) == n
    return table.assign(counted=confidence >= 0.5), true


def label(run: Path, path: Path, tiles: int = 24, seed: int = 0) -> None:
    """Draw tiles and fill them as a careful person would."""
    draw_labels(open_run(run), path, tiles=tiles, seed=seed)
    squares = pyogrio.read_dataframe(path, layer=TILES)
    truth = pyogrio.read_dataframe(run / "truth.gpkg")
    own = [
        truth[(truth["date"] == f"{row.date:%Y-%m-%d}") & truth.geometry.centroid.within(row.geometry)]
        for row in squares.itertuples()
    ]
    drawn = gpd.GeoDataFrame(pd.concat(own)[["date", "geometry"]], crs=GRID.crs)
    write(path, squares.assign(labelled=True), drawn.assign(kind="20ft"))


def write(path: Path, tiles: gpd.GeoDataFrame, labels: gpd.GeoDataFrame) -> None:
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(tiles, path, layer=TILES, driver="GPKG")
    pyogrio.write_dataframe(labels, path, layer=LABELS, driver="GPKG", append=True)
