"""Parts of zones: each adds its own figures, layers and records, and none where no zone calls for it."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.railcars import Count, Railcars
from changedet.pipeline.vehicles import Waiting
from changedet.pipeline.zone_parts import ZoneParts

DAY = dt.date(2024, 5, 1)
CONTAINERS = vector_layers.empty("containers", "EPSG:32636")


def test_zone_parts_add_nothing_where_no_zone_calls_for_them() -> None:
    table = pd.DataFrame({"date": pd.to_datetime([DAY]), "zone": [""]})
    none = ZoneParts(None, None, None)
    assert none.with_columns(table, {"": None}) is table
    assert none.layers(CONTAINERS) == {"ships": None, "railcars": None}
    assert none.unavailable() == none.records([DAY], None, 1.0) == {}


def test_zone_parts_add_what_was_found() -> None:
    table = pd.DataFrame({"date": pd.to_datetime([DAY] * 2), "zone": ["siding", "gate"]})
    cars = Railcars(vector_layers.empty("railcars", "EPSG:32636"), {(DAY, "siding"): Count(3, 2, 4)})
    parts = ZoneParts(None, cars, {(DAY, "gate"): Waiting(5, 3.0, 7.0, 40.0)})
    shown = parts.with_columns(table, {"": None})
    assert shown["railcars"].tolist()[0] == 3
    assert shown["vehicles"].tolist()[1] == 5
    assert parts.layers(CONTAINERS)["railcars"] is cars.layer
    assert set(parts.records([DAY], None, 1.0)) == {"railcars", "vehicles"}
    coarse = ZoneParts(None, Railcars(cars.layer, reasons={(DAY, "siding"): "too coarse"}), None)
    assert coarse.unavailable() == {"railcars": "too coarse"}
