"""Wagons of a train, bounded from the gaps between its boxes, against trains laid out by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.affinity
from hypothesis import given
from hypothesis import strategies as st

from changedet.pipeline.things.kernels import sidings

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


@given(st.lists(st.sampled_from([None, ("40ft",), ("20ft", "20ft"), ("20ft",)]), min_size=3, max_size=14))
def test_the_bounds_of_wagons_hold_whatever_the_load(loads: list[tuple[str, ...] | None]) -> None:
    along, _ = consist([list(load) if load else None for load in loads])
    boxes = np.array([[u, 0.0, LENGTHS[kind], 2.44, 0.0] for u, kind in along]).reshape(-1, 5)
    lines = sidings.lines_of_boxes(boxes, 0.0)
    assert sorted(np.concatenate(lines).tolist() if lines else []) == list(range(len(boxes)))
    wagon = [k for k, load in enumerate(loads) for _ in load or ()]
    for line in lines:
        own = [wagon[i] for i in line]
        assert own == sorted(own)
        low, high = sidings.loaded_wagons(boxes, line)
        assert low <= len(set(own)) <= high
        hidden = max(own) - min(own) + 1 - len(set(own))
        gaps = [sidings.empty_wagons(float(gap)) for gap in sidings.gaps_m(boxes, line)]
        assert sum(gap.low for gap in gaps) <= hidden <= sum(gap.high for gap in gaps)
