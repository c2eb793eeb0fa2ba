"""Cells: states in words, the share in use with bounds, what is not shown is not said."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from shapely import box

from changedet.pipeline.other_things import OtherThings
from changedet.pipeline.things.cells import Cells, cells_layer, cells_record, share_in_use, state_of
from changedet.pipeline.things.kernels import work_states
from changedet.pipeline.things.kernels.work_states import EMPTY, FILLED, IN_USE, ROOFED
from changedet.pipeline.things.thing_states import Thing

CRS = "EPSG:32636"
DAYS = [dt.date(2024, month, 1) for month in (1, 2, 3)]


def thing(states: list[int], share: float = 0.1, shown: list[bool] | None = None, at: float = 0.0) -> Thing:
    likelihood = np.full((len(states), work_states.STATES), 0.001)
    likelihood[np.arange(len(states)), states] = 1
    seen = np.ones(len(states), bool) if shown is None else np.array(shown)
    return Thing(box(at, 0, at + 10, 10), 0, work_states.read(likelihood), seen, np.full(len(states), share))


def cells() -> Cells:
    things = [thing([EMPTY, IN_USE, ROOFED]), thing([IN_USE] * 3, 0.6, at=50), thing([EMPTY, EMPTY, FILLED], at=90)]
    return Cells(["a", "b", "c"], things, DAYS)


def test_states_in_words() -> None:
    assert [[state_of(one, t) for t in range(3)] for one in cells().things] == [
        ["empty", "in use", "covered"], ["full"] * 3, ["empty", "empty", "covered"],
    ]  # fmt: skip
    assert state_of(thing([EMPTY, EMPTY], shown=[True, False]), 1) is None


def test_share_in_use_and_its_bounds() -> None:
    share, low, high = share_in_use(cells(), DAYS[1], None)
    assert share == 2 / 3
    assert 0 < low < share < high <= 1
    assert share_in_use(cells(), DAYS[1], box(40, -5, 70, 20))[0] == 1
    assert np.isnan(share_in_use(cells(), DAYS[1], box(400, 0, 500, 20))).all()
    hidden = Cells(["a"], [thing([EMPTY, EMPTY], shown=[True, False])], DAYS[:2])
    assert np.isnan(share_in_use(hidden, DAYS[1], None)).all()


def test_table_layer_and_record() -> None:
    table = pd.DataFrame({"date": pd.to_datetime([str(day) for day in DAYS]), "zone": [""] * 3})
    found = OtherThings(cells=cells()).with_figures(table, {"": None})
    assert found["share_in_use"].round(2).tolist() == [0.33, 0.67, 0.33]
    layer = cells_layer(cells(), CRS)
    assert layer["since_after"].fillna("").tolist()[:3] == ["", "2024-01-01", "2024-02-01"]
    assert layer["zone"].tolist() == [name for name in "abc" for _ in range(3)]
    assert cells_record(cells())["a"] == {  # type: ignore[index]
        "dates": {"2024-01-01": "empty", "2024-02-01": "in use", "2024-03-01": "covered"}
    }


def test_reasons() -> None:
    none = Cells(["a"], [], DAYS, "cells need pixels of 1.0 m")
    assert OtherThings(cells=none).reasons() == {"share_in_use": "cells need pixels of 1.0 m"}
    assert OtherThings(cells=cells()).reasons() == {}
    assert cells_record(none) is None
    layer = cells_layer(none, CRS)
    assert not len(layer)
    assert np.isnan(share_in_use(none, DAYS[0], None)).all()
