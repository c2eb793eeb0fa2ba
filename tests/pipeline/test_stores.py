"""Works and cells together: none of both leaves everything as it is; each brings its layer, columns and reason."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from shapely import box

from changedet.pipeline.cells import Cells
from changedet.pipeline.kernels import work_states
from changedet.pipeline.stores import Stores
from changedet.pipeline.thing_states import Thing
from changedet.pipeline.works import Works

CRS = "EPSG:32636"
DAYS = [dt.date(2024, 1, 1), dt.date(2024, 2, 1)]
TABLE = pd.DataFrame({"date": pd.to_datetime([str(day) for day in DAYS]), "zone": ["", ""]})


def thing(first: int) -> Thing:
    looks = len(DAYS) - first
    reading = work_states.read(np.tile([0.01, 1, 0.01, 0.01], (looks, 1)))
    return Thing(box(500_000, 4_000_000, 500_010, 4_000_010), first, reading, np.ones(looks, bool), np.zeros(looks))


def test_without_any_nothing_is_added() -> None:
    none = Stores(None, None)
    assert none.with_figures(TABLE, {}) is TABLE
    assert (none.reasons(), none.records()) == ({}, {})
    assert none.layers(None, CRS) == {"works": None, "cells": None, "buildings": None}


def test_each_brings_its_own() -> None:
    both = Stores(Works([thing(1)], DAYS, DAYS[1]), Cells(["a"], [thing(0)], DAYS))
    table = both.with_figures(TABLE, {"": None})
    assert table["works_in_use"].tolist()[1:] == [1]
    assert table["share_in_use"].tolist() == [1, 1]
    assert {name: len(layer) for name, layer in both.layers(None, CRS).items() if layer is not None} == {
        "works": 1, "cells": 2,
    }  # fmt: skip
    assert set(both.records()) == {"works", "cells"}
    unreadable = Stores(Works(days=DAYS, reason="radar"), Cells(["a"], [], DAYS, "radar"))
    assert set(unreadable.reasons()) == {"works", "works_in_use", "share_in_use"}
    assert unreadable.records() == {}
