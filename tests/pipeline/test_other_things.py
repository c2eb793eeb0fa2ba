"""Ships, railcars, vehicles, works, cells and halls: each brings its layer, columns and reason, and none nothing."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
from shapely import box

from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.other_things import OtherThings
from changedet.pipeline.things.buildings import Buildings
from changedet.pipeline.things.cells import Cells
from changedet.pipeline.things.kernels import work_states
from changedet.pipeline.things.railcars import Count, Railcars
from changedet.pipeline.things.thing_states import Thing
from changedet.pipeline.things.vehicles import Waiting
from changedet.pipeline.things.works import Works

CRS = "EPSG:32636"
CONTAINERS = vector_layers.empty("containers", CRS)
CARS = vector_layers.empty("railcars", CRS)
DAYS = [dt.date(2024, 1, 1), dt.date(2024, 2, 1)]
DAY = DAYS[0]
TABLE = pd.DataFrame({"date": pd.to_datetime([str(day) for day in DAYS]), "zone": ["", ""]})


def thing(first: int) -> Thing:
    looks = len(DAYS) - first
    reading = work_states.read(np.tile([0.01, 1, 0.01, 0.01], (looks, 1)))
    return Thing(box(500_000, 4_000_000, 500_010, 4_000_010), first, reading, np.ones(looks, bool), np.zeros(looks))


def test_nothing_is_added_where_nothing_asks_for_it() -> None:
    none = OtherThings()
    assert none.with_figures(TABLE, {}) is TABLE
    assert none.reasons() == none.records([DAY], None, 1.0) == {}
    assert set(none.layers(CONTAINERS, None, CRS).values()) == {None}


def test_each_brings_its_own() -> None:
    both = OtherThings(works=Works([thing(1)], DAYS, DAYS[1]), cells=Cells(["a"], [thing(0)], DAYS))
    table = both.with_figures(TABLE, {"": None})
    assert table["works_in_use"].tolist()[1:] == [1]
    assert table["share_in_use"].tolist() == [1, 1]
    layers = both.layers(CONTAINERS, None, CRS)
    assert {name: len(layer) for name, layer in layers.items() if layer is not None} == {"works": 1, "cells": 2}
    assert set(both.records(DAYS, None, 1.0)) == {"works", "cells"}


def test_figures_and_records_of_zones() -> None:
    table = pd.DataFrame({"date": pd.to_datetime([DAY] * 2), "zone": ["siding", "gate"]})
    cars = Railcars(CARS, {(DAY, "siding"): Count(3, 2, 4)})
    found = OtherThings(railcars=cars, vehicles={(DAY, "gate"): Waiting(5, 3.0, 7.0, 40.0)})
    shown = found.with_figures(table, {"": None})
    assert shown["railcars"].tolist()[0] == 3
    assert shown["vehicles"].tolist()[1] == 5
    assert found.layers(CONTAINERS, None, CRS)["railcars"] is CARS
    assert set(found.records([DAY], None, 1.0)) == {"railcars", "vehicles"}


def test_looks_that_are_too_coarse_are_named_and_have_no_figure() -> None:
    days = [DAY, dt.date(2024, 1, 15), DAYS[1]]
    found = OtherThings(
        works=Works([], days, days[0], frozenset(days[1:2])),
        cells=Cells(["a"], [], days, "radar"),
        buildings=Buildings(days=days, coarse=frozenset(days[1:2])),
    )
    looks = [SimpleNamespace(date=day, gsd_m=gsd_m) for day, gsd_m in zip(days, (0.5, 3.0, 0.8), strict=True)]
    assert found.blind_looks(looks) == [  # type: ignore[arg-type]
        "2024-01-15: its pixels of 3 m are too coarse to show works, buildings"
    ]
    table = pd.DataFrame({"date": pd.to_datetime([str(day) for day in days]), "zone": "", "valid_fraction": 1.0})
    shown = found.with_figures(table, {"": None})
    assert shown["buildings"].isna().tolist() == [False, True, False]
    assert shown["works"].isna().tolist() == [False, True, False]


def test_what_cannot_be_read_has_a_reason_and_no_record() -> None:
    found = OtherThings(
        railcars=Railcars(CARS, reasons={(DAY, "siding"): "too coarse"}),
        works=Works(days=DAYS, reason="radar"),
        cells=Cells(["a"], [], DAYS, "radar"),
    )
    assert found.reasons() == {
        "railcars": "too coarse", "works": "radar", "works_in_use": "radar", "share_in_use": "radar",
    }  # fmt: skip
    assert set(found.records(DAYS, None, 1.0)) == {"railcars"}
