"""Totals of the time series."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from box_rows import figures

from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.stages.series.area_rows import rows_of_site
from changedet.stages.series.estimates import Estimate
from changedet.stages.series.table import DateMeasurements, timeseries
from changedet.stages.series.totals import EVENTS, SHARED_EXCESS, STAYED_ALIKE, DatedFigure, totals


def test_totals_are_first_last_peak_and_change():
    dates = [dt.date(2024, month, 1) for month in (1, 2, 3, 4)]
    areas = [None, Estimate(10, 5, 20), Estimate(90, 60, 150), Estimate(40, 30, 60)]
    looks = [DateMeasurements(d, changed_area_m2={"": a} if a else {}) for d, a in zip(dates, areas, strict=True)]
    result = totals(rows_of_site(timeseries(looks, None)))
    changed = result["changed_area_m2"]
    assert changed["first"] == {"value": 10, "low": 5, "high": 20, "date": "2024-02-01"}
    assert changed["peak"]["value"] == 90
    assert changed["net_change"]["value"] == 30
    assert changed["net_change"]["low"] == pytest.approx(30 - np.hypot(10, 10))
    assert result["containers"] == {"first": None, "last": None, "peak": None, "net_change": None}
    assert result["arrivals"] is None


def test_totals_of_arrivals_less_departures_account_for_the_net_change():
    _, _, table = figures(6, growth_from=5)
    result = totals(rows_of_site(table))
    flow = result["arrivals"]["value"] - result["departures"]["value"]
    net = result["containers"]["net_change"]
    assert flow == pytest.approx(net["value"], abs=0.1 * result["containers"]["last"]["value"])
    assert net["low"] <= flow <= net["high"]


def counted(counts: list[list[float]], came: float, left: float) -> pd.DataFrame:
    table = pd.DataFrame({"date": pd.to_datetime(["2024-01-01", "2024-02-01"], utc=True), "zone": ""})
    for columns in FIGURE_COLUMNS.values():
        table[list(columns)] = np.nan
    table[list(FIGURE_COLUMNS["containers"])] = counts
    table[list(FIGURE_COLUMNS["arrivals"])] = [[np.nan] * 3, [came, 0.0, came + 9.0]]
    table[list(FIGURE_COLUMNS["departures"])] = [[np.nan] * 3, [left, 0.0, left + 9.0]]
    return table


def change(counts: list[list[float]], came: float, left: float) -> DatedFigure:
    found = totals(rows_of_site(counted(counts, came, left)))["containers"]["net_change"]
    assert found is not None
    return found


def test_what_stays_is_miscounted_alike_and_says_nothing_of_the_change() -> None:
    still = [[100.0, 80.0, 130.0], [100.0, 80.0, 130.0]]
    net = change(still, 0.0, 0.0)
    own = np.sqrt(1 - STAYED_ALIKE) * np.hypot(20, 30)
    assert (net["low"], net["value"], net["high"]) == pytest.approx((-own, 0.0, own))
    exchanged = change(still, 100.0, 100.0)
    assert exchanged["high"] == pytest.approx(np.hypot(20, 30)), "other boxes err apart"
    unknown = change(still, np.nan, np.nan)
    assert unknown["high"] == exchanged["high"]


def test_looks_that_differ_in_doubt_leave_the_difference_open() -> None:
    net = totals(rows_of_site(counted([[100.0, 80.0, 130.0], [100.0, 95.0, 105.0]], 0.0, 0.0)))["containers"][
        "net_change"
    ]
    assert net["high"] >= np.sqrt(STAYED_ALIKE) * 15
    assert net["low"] <= -np.sqrt(STAYED_ALIKE) * 25
    grown = totals(rows_of_site(counted([[50.0, 45.0, 55.0], [100.0, 90.0, 120.0]], 50.0, 0.0)))["containers"][
        "net_change"
    ]
    assert 20 * np.sqrt(0.5) < grown["high"] - 50 < np.hypot(20, 5)


def test_totals_of_arrivals_are_no_fewer_than_what_more_stands_there() -> None:
    dates = pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"])
    table = pd.DataFrame({"date": dates, "zone": ""})
    for columns in FIGURE_COLUMNS.values():
        table[list(columns)] = np.nan
    table[list(FIGURE_COLUMNS["containers"])] = [[10.0, 8.0, 12.0], [50.0, 46.0, 54.0], [90.0, 85.0, 95.0]]
    for event in (FIGURE_COLUMNS[name] for name in EVENTS):
        table[list(event)] = [[np.nan] * 3, [45.0, 5.0, 60.0], [45.0, 5.0, 60.0]]
    result = totals(rows_of_site(table))
    assert result["arrivals"]["low"] == pytest.approx(80 - np.hypot(5, 2))
    assert result["departures"]["low"] < 40
    table[list(FIGURE_COLUMNS["arrivals"])] /= 2
    assert totals(rows_of_site(table))["arrivals"]["low"] == 45, "no bound lies above the figure itself"


def test_a_sum_of_events_that_may_all_be_broken_tracks_has_no_lower_bound() -> None:
    dates = pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"])
    table = pd.DataFrame({"date": dates, "zone": ""})
    for columns in FIGURE_COLUMNS.values():
        table[list(columns)] = np.nan
    table[list(FIGURE_COLUMNS["departures"])] = [[np.nan] * 3, [0.8, 0.0, 3.0], [0.9, 0.0, 3.1], [1.5, 0.0, 3.4]]
    table[list(FIGURE_COLUMNS["arrivals"])] = [[np.nan] * 3, [10.0, 8.0, 13.0], [10.0, 8.0, 13.0], [10.0, 8.0, 13.0]]
    result = totals(rows_of_site(table))
    assert result["departures"]["low"] == 0
    assert result["departures"]["high"] == pytest.approx(3.2 + np.sqrt(2.2**2 + 2.2**2 + 1.9**2))
    assert result["arrivals"]["low"] == pytest.approx(30 - np.hypot(np.sqrt(3) * 2, SHARED_EXCESS * 30))
    table.loc[3, "departures_low"] = 0.5
    assert totals(rows_of_site(table))["departures"]["low"] == 0.5, "no fewer left than on one date"


def test_nothing_is_sure_to_have_come_where_none_is_sure_to_stand_on_any_look() -> None:
    table = pd.concat([counted([[22.0, 0.0, 29.0], [28.0, 0.0, 37.0]], 10.0, 10.0)] * 4, ignore_index=True)
    table["date"] = pd.date_range("2024-01-01", periods=len(table), freq="30D", tz="UTC")
    came = table["arrivals_expected"].notna()
    table.loc[came, ["arrivals_high", "departures_high"]] = 15.0
    table.loc[~came, [*FIGURE_COLUMNS["arrivals"]]] = [10.0, 0.0, 15.0]
    found = totals(rows_of_site(table))
    assert found["arrivals"]["low"] == found["departures"]["low"] == 0.0
    table.loc[3, "containers_low"] = 1.0
    assert totals(rows_of_site(table))["arrivals"]["low"] > 20.0
