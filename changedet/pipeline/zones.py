"""Zones: how full they are, and which trains stand on those that are sidings."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Floats, Ints
from changedet.grid.zones import SIDING, of_kind
from changedet.kernels.containers import TEU_OF_KIND
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.things.kernels import sidings
from changedet.pipeline.things.vehicles import placed

LEAST_BOXES: Final = 3
"""A train has as many: two in a line are as often trailers behind one another."""


def with_occupancy(table: pd.DataFrame, zones: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Add to the time series how full its zones are.

    Parameters
    ----------
    table : DataFrame
        The time series.
    zones : GeoDataFrame or None
        With ``capacity``, containers, where any is given.

    Returns
    -------
    DataFrame
        With ``capacity`` and ``occupancy, occupancy_low, occupancy_high``: expected containers over capacity. The table
        itself where no zone has one.
    """
    if zones is None or "capacity" not in zones or zones["capacity"].isna().all():
        return table
    room = table["zone"].map(dict(zip(zones["name"], zones["capacity"], strict=True))).astype("float64")
    shares = {
        "occupancy": table["containers_expected"] / room,
        "occupancy_low": table["containers_low"] / room,
        "occupancy_high": table["containers_high"] / room,
    }
    return table.assign(capacity=room, **shares)


def trains_on_sidings(
    containers: gpd.GeoDataFrame, zones: gpd.GeoDataFrame | None, unit: float
) -> gpd.GeoDataFrame | None:
    """Read the trains on sidings, one row a date and train.

    Parameters
    ----------
    containers : GeoDataFrame
        The layer ``containers``.
    zones : GeoDataFrame or None
        Those of kind ``siding`` are read.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    GeoDataFrame or None
        ``date, zone, train_id`` (from 1 on each date), ``boxes, teu, wagons_low, wagons_high`` (with a box),
        ``empty_low, empty_high`` (between the first and the last box; those beyond are not seen), ``length_m`` (from
        the first box's end to the last's), ``sequence``: each box's kind and colour in order from the west (from the
        south where the siding runs north), with the empty wagons between them, geometry: the line through the boxes.
        None where no zone is a siding.
    """
    own = of_kind(zones, SIDING)
    if own is None:
        return None
    boxes = containers[containers["kind"].isin(TEU_OF_KIND)]
    rows: list[dict[str, object]] = []
    for day, of_day in boxes.groupby("date", sort=True):
        number = 0
        for siding in own.itertuples():
            inside = of_day[shapely.intersects(siding.geometry, of_day.geometry.centroid.to_numpy())]
            for train in _lines(inside, siding.geometry, unit):
                number += 1
                rows.append({"date": day, "zone": siding.name, "train_id": number, **train})
    if not rows:
        return vector_layers.empty("trains", containers.crs)
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=containers.crs)


def _lines(boxes: gpd.GeoDataFrame, siding: BaseGeometry, unit: float) -> list[dict[str, object]]:
    """The trains among the boxes of a siding on one date, those further left of its direction first."""
    laid = placed(boxes, unit)
    found = [line for line in sidings.lines_of_boxes(laid, _heading(siding)) if len(line) >= LEAST_BOXES]
    left = np.array([-np.sin(_heading(siding)), np.cos(_heading(siding))])
    found.sort(key=lambda line: -float(laid[line][:, :2].mean(0) @ left))
    return [_train(boxes, laid, line, unit) for line in found]


def _heading(siding: BaseGeometry) -> float:
    """Direction of a siding's long side, counterclockwise from x; towards the east, or the north where it runs so."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(siding))
    sides = np.diff(corners[:3], axis=0)
    long = sides[np.argmax(np.hypot(*sides.T))]
    angle = float(np.arctan2(long[1], long[0]))
    return angle + np.pi if np.cos(angle) < -1e-6 or (abs(np.cos(angle)) <= 1e-6 and np.sin(angle) < 0) else angle


def _train(boxes: gpd.GeoDataFrame, placed: Floats, line: Ints, unit: float) -> dict[str, object]:
    own = boxes.iloc[line]
    spaces = sidings.gaps_m(placed, line)
    empty = [sidings.empty_wagons(float(space)) for space in spaces]
    low, high = sidings.loaded_wagons(placed, line)
    words = [f"{kind} {color}" for kind, color in zip(own["kind"], own["color"], strict=True)]
    for k in range(len(empty) - 1, -1, -1):
        if empty[k].high:
            span = str(empty[k].high) if empty[k].low == empty[k].high else f"{empty[k].low}-{empty[k].high}"
            words.insert(k + 1, f"({span} empty)")
    return {
        "boxes": len(line),
        "teu": sum(TEU_OF_KIND[kind] for kind in own["kind"]),
        "wagons_low": low,
        "wagons_high": high,
        "empty_low": sum(gap.low for gap in empty),
        "empty_high": sum(gap.high for gap in empty),
        "length_m": float(placed[line, 2].sum() + spaces.sum()),
        "sequence": ", ".join(words),
        "geometry": shapely.LineString(placed[line, :2] * unit),
    }
