"""Vehicles at gates and on roads: counted by zone and in all, empty where a date does not tell."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from mercator import mercator_grid
from shapely import box

from changedet.pipeline.other_things import OtherThings
from changedet.pipeline.things.vehicles import find_vehicles, vehicle_records
from changedet.stages.series.table import DateMeasurements

CRS = "EPSG:32636"
FIRST, SECOND = dt.date(2024, 5, 1), dt.date(2024, 6, 1)


def zones(kind: str = "gate") -> gpd.GeoDataFrame:
    """A gate, a road across it, a yard."""
    shapes = [box(0, 0, 100, 20), box(50, 0, 70, 60), box(0, 100, 100, 200)]
    columns = {"name": ["gate", "road", "yard"], "kind": [kind, "road" if kind == "gate" else kind, None]}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def containers() -> gpd.GeoDataFrame:
    """Two trailers in a queue at the gate, one of them on the road too; a box in the yard."""
    shapes = [box(20, 5, 32, 7.5), box(54, 5, 66, 7.5), box(20, 150, 32, 152.5)]
    columns = {"date": ["2024-05-01"] * 3, "kind": ["other", "other", "40ft"], "length_m": [12.0] * 3}
    return gpd.GeoDataFrame(columns | {"width_m": [2.5] * 3, "angle_deg": [90.0] * 3}, geometry=shapes, crs=CRS)


def looks() -> list[DateMeasurements]:
    """A clear date, and one on which the road is hidden."""
    clear = {"gate": 1.0, "road": 1.0, "yard": 1.0, "": 1.0}
    return [
        DateMeasurements(FIRST, valid_fraction=clear),
        DateMeasurements(SECOND, valid_fraction=clear | {"road": 0.2}),
    ]


def test_find_vehicles_counts_by_zone_and_once_in_all() -> None:
    found = find_vehicles(containers(), zones(), looks(), 1.0)
    assert found is not None
    numbers = {key: None if one is None else one.number for key, one in found.items()}
    assert numbers == {
        (FIRST, "gate"): 2, (FIRST, "road"): 1, (FIRST, ""): 2,
        (SECOND, "gate"): 0, (SECOND, "road"): None, (SECOND, ""): None,
    }  # fmt: skip
    gate = found[FIRST, "gate"]
    assert gate is not None
    assert gate.queue_m == 0.0  # 22 m lie between them
    assert find_vehicles(containers(), zones("siding"), looks(), 1.0) is None
    assert find_vehicles(containers(), None, looks(), 1.0) is None


def test_a_look_whose_counts_are_refused_says_nothing() -> None:
    first, second = looks()
    found = find_vehicles(containers(), zones(), [replace(first, is_refused=True), second], 1.0)
    assert found is not None
    assert found[FIRST, "gate"] is None
    assert found[SECOND, "gate"] is not None


def test_figures_and_records_tell_the_same() -> None:
    found = find_vehicles(containers(), zones(), looks(), 1.0)
    assert found is not None
    table = pd.DataFrame({"date": pd.to_datetime([FIRST, FIRST, SECOND]), "zone": ["gate", "yard", "road"]})
    shown = OtherThings(vehicles=found).with_figures(table, {})
    assert shown["vehicles"].tolist()[0] == 2
    assert shown["vehicles_low"][0] <= 2 <= shown["vehicles_high"][0]
    assert np.isnan(shown["vehicles"].to_numpy()[1:]).all()
    records = vehicle_records(found)
    assert set(records) == {"gate", "road"}
    assert records["road"]["2024-06-01"] is None  # type: ignore[index,call-overload]


def test_a_queue_is_as_long_on_the_ground_in_web_mercator() -> None:
    unit = mercator_grid(100, 100).ground_metre
    waiting, gates = containers(), zones()
    waiting.geometry = [box(20, 5, 32, 7.5), box(36, 5, 48, 7.5), box(52, 5, 64, 7.5)]
    for frame in (waiting, gates):
        frame.geometry = frame.geometry.affine_transform([unit, 0, 0, unit, 0, 0])
    found = find_vehicles(waiting.assign(kind="other"), gates, looks(), unit)
    assert found is not None
    gate = found[FIRST, "gate"]
    assert gate is not None
    assert (gate.number, gate.queue_m) == (3, pytest.approx(44, abs=0.1))
