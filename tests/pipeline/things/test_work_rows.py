"""Rows of works: states in words, dates as intervals between looks, counts with bounds, reasons."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import box

from changedet.pipeline.other_things import OtherThings
from changedet.pipeline.things.kernels import work_states
from changedet.pipeline.things.kernels.work_states import EMPTY, FILLED, IN_USE, ROOFED
from changedet.pipeline.things.thing_states import Thing
from changedet.pipeline.things.work_rows import count_works, state_names, works_layer, works_record
from changedet.pipeline.things.works import Works

CRS = "EPSG:32636"
DAYS = [dt.date(2024, month, 1) for month in (1, 2, 3, 4, 5)]
AREA = box(500_000, 4_000_000, 500_030, 4_000_030)


def thing(first: int, states: list[int], shown: list[bool] | None = None, at: float = 0.0) -> Thing:
    likelihood = np.full((len(states), work_states.STATES), 0.001)
    likelihood[np.arange(len(states)), states] = 1
    seen = np.ones(len(states), bool) if shown is None else np.array(shown)
    shape = box(500_000 + at, 4_000_000, 500_020 + at, 4_000_020)
    return Thing(shape, first, work_states.read(likelihood), seen, np.zeros(len(states)), 0.0, "pit")


def works() -> Works:
    return Works([thing(1, [EMPTY, IN_USE, EMPTY, FILLED]), thing(3, [ROOFED, ROOFED], at=100)], DAYS, DAYS[1])


def test_states_in_words() -> None:
    assert state_names(works().things[0]) == ["dug", "in use", "emptied", "filled"]
    assert state_names(works().things[1]) == ["covered", "covered"]


def test_rows_have_the_gap_in_which_each_state_began() -> None:
    zones = gpd.GeoDataFrame({"name": ["north"], "kind": [None]}, geometry=[AREA], crs=CRS)
    layer = works_layer(works(), zones, CRS)
    assert layer is not None
    assert len(layer) == 6
    second, last = layer.iloc[1], layer.iloc[3]
    assert (second["since_after"], second["since_by"]) == ("2024-02-01", "2024-03-01")
    assert (last["made_after"], last["made_by"], last["since_by"]) == ("2024-01-01", "2024-02-01", "2024-05-01")
    assert layer["zone"].fillna("").tolist() == ["north"] * 4 + [""] * 2
    assert layer["area_m2"].round(-1).eq(400).all()
    assert len(works_layer(Works(days=DAYS, reason="radar"), None, CRS)) == 0


def test_a_look_that_does_not_show_a_work_names_no_state_and_widens_the_gap() -> None:
    layer = works_layer(Works([thing(1, [EMPTY, EMPTY, IN_USE], [True, False, True])], DAYS[:4], DAYS[1]), None, CRS)
    assert layer is not None
    assert layer["state"].fillna("").tolist() == ["dug", "", "in use"]
    assert layer["since_after"].iloc[2] == "2024-02-01"


def test_counts_with_bounds_by_date_and_zone() -> None:
    rows = [(day, zone) for day in DAYS for zone in ("", "north")]
    table = pd.DataFrame({"date": pd.to_datetime([str(day) for day, _ in rows]), "zone": [zone for _, zone in rows]})
    found = OtherThings(works=works()).with_figures(table, {"": None, "north": AREA})
    whole = found[found["zone"] == ""]
    assert np.isnan(whole["works"].iloc[0])
    assert whole["works"].tolist()[1:] == [1, 1, 2, 2]
    assert whole["works_in_use"].tolist()[1:] == [0, 1, 0, 0]
    assert found[found["zone"] == "north"]["works"].tolist()[1:] == [1, 1, 1, 1]
    assert (whole["works_low"] <= whole["works"])[1:].all()
    assert (whole["works_high"] > whole["works"])[1:].all()


def test_works_that_a_date_does_not_show_are_not_said_to_be_idle() -> None:
    hidden = Works([thing(1, [EMPTY, IN_USE], [True, False])], DAYS[:3], DAYS[1])
    number, low, high, *use = count_works(hidden, DAYS[2], None)
    assert low <= number <= high
    assert np.isnan(use).all()


def test_bounds_of_those_in_use_allow_for_a_site_misread_one_way() -> None:
    busy = Works([thing(1, [IN_USE, IN_USE], at=30.0 * k) for k in range(12)], DAYS[:3], DAYS[1])
    idle = Works([thing(1, [EMPTY, EMPTY], at=30.0 * k) for k in range(12)], DAYS[:3], DAYS[1])
    assert count_works(busy, DAYS[1], None)[4] <= 6
    assert count_works(idle, DAYS[1], None)[5] >= 4


def test_reasons_and_records() -> None:
    none = Works(days=DAYS, reason="radar")
    assert OtherThings(works=none).reasons() == {"works": "radar", "works_in_use": "radar"}
    assert OtherThings(works=works()).reasons() == {}
    assert np.isnan(count_works(none, DAYS[1], None)).all()
    assert works_record(none) is None
    assert works_record(works())["2024-04-01"] == {  # type: ignore[index]
        "dug": 0, "in use": 0, "emptied": 1, "covered": 1, "filled": 0,
    }  # fmt: skip


def test_a_coarse_look_before_a_work_does_not_show_that_it_was_not_there() -> None:
    works = Works([thing(2, [EMPTY, EMPTY])], DAYS[:4], DAYS[1], frozenset(DAYS[1:2]))
    layer = works_layer(works, None, CRS)
    assert set(layer["made_after"]) == {str(DAYS[0])}
    assert set(layer["since_after"]) == {str(DAYS[0])}
    assert set(layer["made_by"]) == {str(DAYS[2])}
