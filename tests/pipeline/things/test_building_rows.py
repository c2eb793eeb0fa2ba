"""Rows of halls: dates as gaps between looks that show them, areas with their error, counts with bounds, reasons."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from changedet.pipeline.other_things import OtherThings
from changedet.pipeline.things.building_rows import (
    LEAST_SEEN,
    buildings_layer,
    buildings_record,
    count_buildings,
)
from changedet.pipeline.things.buildings import Buildings, Hall
from changedet.pipeline.things.kernels.hall_presence import AREA_EXCESS

CRS = "EPSG:32636"
DAYS = [dt.date(2024, month, 1) for month in (1, 2, 3, 4)]
AREA = box(499_990, 3_999_990, 500_050, 4_000_050)
ALL = np.ones(4, bool)


def hall(stands: list[float], shown: list[bool] | None = None, at: float = 0.0) -> Hall:
    shape = box(500_000 + at, 4_000_000, 500_020 + at, 4_000_030)
    return Hall(shape, 0.97, np.array(stands), ALL if shown is None else np.array(shown))


def buildings() -> Buildings:
    old, new = hall([0.99] * 4), hall([0.01, 0.01, 0.99, 0.99], at=100)
    gone = hall([0.99, 0.99, 0.9, 0.01], [True, True, False, True], at=200)
    return Buildings([old, new, gone], DAYS)


def test_gaps_between_the_looks_that_show_a_hall() -> None:
    zones = gpd.GeoDataFrame({"name": ["north"], "kind": [None]}, geometry=[AREA], crs=CRS)
    layer = buildings_layer(buildings(), zones, CRS)
    assert layer is not None
    assert layer["stood_before"].tolist() == [True, False, True]
    assert layer["first_seen"].tolist() == ["2024-01-01", "2024-03-01", "2024-01-01"]
    assert layer["not_before"].fillna("").tolist() == ["", "2024-02-01", ""]
    assert layer["last_seen"].tolist() == ["2024-04-01", "2024-04-01", "2024-02-01"]
    assert layer["not_after"].fillna("").tolist() == ["", "", "2024-04-01"]
    assert layer["zone"].tolist()[0] == "north"
    assert layer["area_m2"].tolist() == pytest.approx([600 * np.exp(-AREA_EXCESS)] * 3, rel=0.01)
    assert (layer["area_low_m2"] < layer["area_m2"]).all()
    assert (layer["area_high_m2"] > layer["area_m2"]).all()


def test_none_found() -> None:
    assert len(buildings_layer(Buildings(days=DAYS), None, CRS)) == 0


def test_counts_of_the_site_and_of_a_zone() -> None:
    table = pd.DataFrame({"date": pd.to_datetime([str(day) for day in DAYS] * 2), "zone": [""] * 4 + ["north"] * 4})
    table["valid_fraction"] = [1.0, 1, 1, 1, 1, 0, 1, 1]
    found = OtherThings(buildings=buildings()).with_figures(table, {"": None, "north": AREA})
    assert found["buildings"].tolist() == [2, 2, 3, 2, 1, 1, 1, 1]
    assert (found["buildings_low"] <= found["buildings"]).all()
    assert (found["buildings_high"] >= found["buildings"]).all()


def test_a_date_that_hides_the_halls_counts_none() -> None:
    hidden = [hall([0.9] * 4, [False, True, True, True], at=100 * k) for k in range(2)]
    assert LEAST_SEEN > 0
    assert np.isnan(count_buildings(Buildings(hidden, DAYS), DAYS[0], None, 1.0)).all()
    assert count_buildings(Buildings(hidden, DAYS), DAYS[1], None, 1.0)[0] == 2


def test_a_date_that_hides_the_ground_has_no_figure_where_no_hall_is_listed() -> None:
    bare = Buildings(days=DAYS)
    assert np.isnan(count_buildings(bare, DAYS[0], None, 0.1)).all()
    assert np.isnan(count_buildings(bare, DAYS[0], None, float("nan"))).all()
    assert count_buildings(bare, DAYS[0], None, 0.9) == (0, 0, 1)


def test_reasons_and_records() -> None:
    none = Buildings(days=DAYS, reason="radar")
    assert OtherThings(buildings=none).reasons() == {"buildings": "radar"}
    assert OtherThings(buildings=buildings()).reasons() == {}
    assert np.isnan(count_buildings(none, DAYS[0], None, 1.0)).all()
    assert buildings_record(none) is None
    assert buildings_record(buildings()) == {"stood_before": 2, "built": 1, "gone": 1}
