"""The onset of built series: bounds, clouds, errors."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from changedet.errors import MethodError
from changedet.stages.series.stage import onset


def test_onset_bounds_move_to_the_clear_looks():
    dates = [dt.date(2023, month, 1) for month in range(1, 10)]
    values = [20, 21, 20, np.nan, 99, 40, 41, 42, 40]
    clear = np.array([True] * 4 + [False] + [True] * 4)
    found = onset(values, None, None, dates, clear=clear)
    assert (found.low, found.date, found.high) == (dt.date(2023, 3, 2), dates[5], dates[5])
    order = np.random.default_rng(1).permutation(9)
    shuffled = onset(np.array(values)[order], None, None, [dates[i] for i in order], clear=clear[order])
    assert shuffled == found


def test_onset_of_too_few_looks_is_none_and_says_so():
    for values in ([], [3.0], [3.0, 9.0], [3.0, np.nan, 9.0]):
        found = onset(values, None, None, [dt.date(2023, 1, 1 + i) for i in range(len(values))])
        assert found.date is None
        assert "too few" in found.reason
        assert np.isnan(found.probability)


def test_onset_is_neither_made_nor_broken_by_a_value_of_no_certainty():
    dates = [dt.date(2023, month, 1) for month in range(1, 9)]
    values = np.array([20, 20, 21, 40, 41, 22, 40, 42.0])
    low, high = values - 4, values + 4
    assert onset(values, low, high, dates).date is None
    high[5] += 60
    low[5] -= 60
    assert onset(values, low, high, dates).date == dates[3]


def test_onset_is_not_dated_by_looks_that_cloud_leaves_unsure():
    dates = [dt.date(2023, month, 1) for month in range(1, 9)]
    values = np.array([20, 20, 26, 31, 45, 50, 52, 55.0])
    low, high = values - 4, values + 4
    low[2:4], high[2:4] = values[2:4] - 20, values[2:4] + 20
    found = onset(values, low, high, dates)
    assert (found.low, found.date, found.high) == (dt.date(2023, 2, 2), dates[4], dates[4])


def test_onset_of_an_area_is_dated_where_growth_stands_out_of_a_wide_bound():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    values = np.array([11700, 12400, 19400, 20000, 20000, 19900, 20000.0])
    low, high = values - 3000, values + 3000
    low[2], high[2] = 9900, 21400
    found = onset(values, low, high, dates, unit=15.0)
    assert found.date == found.high == dates[2]
    assert found.low > dates[0]


def test_onset_is_neither_dated_nor_hidden_by_what_cloud_hides():
    dates = [dt.date(2023, month, 1) for month in range(1, 9)]
    values = np.array([20, 20, 26, 31, 45, 50, 52, 55.0])
    floor, ceiling = values.copy(), values.copy()
    floor[2:4], ceiling[2:4] = 8, 50
    found = onset(values, None, None, dates, floor=floor, ceiling=ceiling)
    assert (found.low, found.high) == (dt.date(2023, 2, 2), dates[4])
    assert found.low <= found.date <= found.high
    # A cloudy look whose floor shows the growth dates it.
    floor[3], ceiling[3] = 38, 60
    found = onset(values, None, None, dates, floor=floor, ceiling=ceiling)
    assert (found.date, found.high) == (dates[3], dates[3])
    # One whose ceiling is no higher than the level before shows that there is none yet.
    values[3], floor[3], ceiling[3] = 18, 5, 21
    found = onset(values, None, None, dates, floor=floor, ceiling=ceiling)
    assert (found.low, found.date, found.high) == (dt.date(2023, 4, 2), dates[4], dates[4])


def test_onset_under_cloud_to_the_end_needs_most_of_the_growth_to_stay():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    values = np.array([24, 24, 24, 24, 60, 38, 37.0])
    floor, ceiling = values.copy(), values.copy()
    floor[5:], ceiling[5:] = 5, 62
    found = onset(values, None, None, dates, floor=floor, ceiling=ceiling)
    assert found.date is None
    assert "hide whether the rest stays" in found.reason
    values[5:] = 52
    found = onset(values, None, None, dates, floor=floor, ceiling=ceiling)
    assert found.date == dates[4]
    assert "of the last two looks clouds hide a part" in found.reason
    floor[4], ceiling[4] = 20, 64
    assert onset(values, None, None, dates, floor=floor, ceiling=ceiling).date is None


def test_onset_is_none_for_a_delivery_of_which_most_left_again():
    dates = [dt.date(2023, month, 1) for month in range(1, 11)]
    found = onset([21, 21, 21, 21, 72, 73, 71, 28, 29, 30], None, None, dates)
    assert found.date is None
    assert "most of it left again" in found.reason
    assert onset([21, 21, 21, 21, 72, 73, 71, 45, 44, 45], None, None, dates).date == dates[4]


def test_onset_from_nothing_and_between_the_last_two_looks():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    found = onset([0, 0, 0, 0, 12, 14, 13], None, None, dates)
    assert (found.low, found.date, found.high) == (dt.date(2023, 4, 2), dates[4], dates[4])
    found = onset([20, 21, 20, 19, 20, 20, 60], None, None, dates)
    assert (found.low, found.date, found.high) == (dt.date(2023, 6, 2), dates[6], dates[6])
    for few in (3, 4):
        found = onset([20, 21, 20, 60][-few:], None, None, dates[:few])
        assert (found.date, found.high) == (dates[few - 1], dates[few - 1])
    assert onset([0] * 7, None, None, dates).date is None
    assert onset([40, 20, 21, 20], None, None, dates[:4]).date is None


def test_onset_says_wrong_lengths_and_units():
    days = [dt.date(2023, 1, 1), dt.date(2023, 2, 1)]
    with pytest.raises(MethodError, match="2 dates, but values has 3"):
        onset([1, 2, 3], None, None, days)
    with pytest.raises(MethodError, match="unit"):
        onset([1, 2], None, None, days, unit=0)
    day = dt.date(2023, 5, 1)
    for wrong in ("2. Mai", 45, None, pd.NaT, np.datetime64("NaT")):
        with pytest.raises(MethodError, match=r"a date is .*expected a datetime\.date or ISO text"):
            onset([1, 2], None, None, [day, wrong])  # type: ignore[list-item]
    with pytest.raises(MethodError, match="no dates; give dates="):
        onset(pd.Series([1, 2]))
    with pytest.raises(MethodError, match="values: expected one number a date"):
        onset(["many", "few"], dates=[day, day + dt.timedelta(1)])
    with pytest.raises(MethodError, match="2023-05-01 comes twice"):
        onset([1, 2], None, None, [day, day])
    with pytest.raises(MethodError, match="low bound lies above"):
        onset([1, 2], [0, 3], [2, 2], [day, day + dt.timedelta(1)])


def test_onset_takes_figures_and_dates_as_tables_hold_them():
    days = [dt.date(2023, month, 5) for month in range(1, 10)]
    values = [20, 21, None, 20, 19, 34, 36, 41, 40]
    expected = onset([np.nan if value is None else value for value in values], None, None, days)
    assert expected.date == days[5]
    text = [day.isoformat() for day in days]
    stamps = pd.to_datetime(text, utc=True)
    for dates in (text, stamps, pd.Series(stamps), pd.to_datetime(text), np.array(text, "datetime64[D]")):
        assert onset(values, dates=dates) == expected
    counts = pd.Series(values, index=stamps, dtype="Int64")
    bounds = pd.Series(values, index=stamps, dtype="float64")
    assert onset(counts) == expected
    assert onset(counts, bounds - 2, bounds + 2, clear=counts.notna()) == onset(values, bounds - 2, bounds + 2, days)
    # New York's evening is the next day in UTC.
    assert onset(counts, dates=(stamps - pd.Timedelta(hours=2)).tz_convert("America/New_York")) != expected


def test_onset_refuses_series_of_other_rows():
    days = pd.date_range("2023-01-01", periods=4)
    values = pd.Series([1.0, 2, 3, 4], index=days)
    with pytest.raises(MethodError, match="indexes of values and low differ"):
        onset(values, values.iloc[::-1], values)
