"""Boxes on the wagons of a train, laid out by hand."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely
import shapely.affinity

CRS = "EPSG:32633"
LENGTHS = {"20ft": 6.06, "40ft": 12.19}


def consist(loads: list[list[str] | None], wagon_m: float = 13.9) -> tuple[list[tuple[float, str]], float]:
    """Boxes' centres along a train of wagons, each with its boxes in its middle; and the train's length."""
    at, found = 0.0, []
    for load in loads:
        own = load or []
        start = at + (wagon_m - sum(LENGTHS[kind] for kind in own) - 0.1 * max(len(own) - 1, 0)) / 2
        for kind in own:
            found.append((start + LENGTHS[kind] / 2, kind))
            start += LENGTHS[kind] + 0.1
        at += wagon_m + 1.2
    return found, at


def placed(along: list[tuple[float, str]], v: float = 0.0, turn_deg: float = 0.0) -> gpd.GeoDataFrame:
    boxes = [shapely.box(u - LENGTHS[kind] / 2, v - 1.22, u + LENGTHS[kind] / 2, v + 1.22) for u, kind in along]
    shapes = [shapely.affinity.rotate(box, turn_deg, origin=(0, 0)) for box in boxes]
    return gpd.GeoDataFrame(
        {
            "date": pd.Timestamp("2024-05-01", tz="UTC"),
            "length_m": [LENGTHS[kind] for _, kind in along],
            "width_m": 2.44,
            "angle_deg": (90.0 - turn_deg) % 180.0,
            "kind": [kind for _, kind in along],
            "color": [f"#{40 + 5 * k:02x}2030" for k in range(len(along))],
        },
        geometry=shapes,
        crs=CRS,
    )
