"""The series: figures and their intervals on simulated boxes, totals, onset on built series."""

from __future__ import annotations

import datetime as dt
import importlib.util
import itertools
import sys
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from changedet.errors import MethodError
from changedet.kernels import series as kernel
from changedet.results import _seen_beyond
from changedet.series import (
    COLUMNS,
    STAGE,
    Estimate,
    LookFacts,
    changed_area_interval,
    onset,
    onsets,
    timeseries,
    totals,
)
from changedet.series.table import counted_boxes
from changedet.tracks import track


def _load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


bs = _load("box_series")


def followed(series, rows=None):
    """Tracks of the imitated detector; its counts were not calibrated."""
    rows = series.detections if rows is None else rows
    tracks = track(rows, series.dates, clear=series.clear, detector="imitated")
    return replace(tracks, calibration=kernel.PLAIN)


def figures(seed, zones=None, **kind):
    series = bs.simulate(seed, **kind)
    tracks = followed(series)
    return series, tracks, timeseries([LookFacts(date) for date in series.dates], tracks, zones)


def standing(series):
    return np.array([series.standing(i).sum() for i in range(len(series.dates))])


# ---- the table


def test_columns_are_the_contracts_in_order():
    contract = """date, zone, scene, gsd_m, valid_fraction, containers, containers_expected, containers_low,
    containers_high, other_boxes, teu, teu_low, teu_high, arrivals, arrivals_low, arrivals_high, departures,
    departures_low, departures_high, changed_area_m2, changed_area_low_m2, changed_area_high_m2, footprint_area_m2,
    footprint_low_m2, footprint_high_m2, shift_east_m, shift_north_m"""
    _, _, table = figures(1, dates=3, blocks=2)
    assert tuple(table.columns) == COLUMNS == tuple(name.strip() for name in contract.split(","))


def test_counts_are_those_of_the_counted_rows_and_of_the_tracks():
    series, tracks, table = figures(2)
    rows = tracks.detections[tracks.detections["counted"]]
    by_date = rows.groupby(rows["date"].dt.date)["kind"]
    assert list(table["containers"]) == list(by_date.apply(lambda k: k.isin(["20ft", "40ft", "45ft"]).sum()))
    weights = {"20ft": 1, "40ft": 2, "45ft": 2, "other": 0}
    assert list(table["teu"]) == list(by_date.apply(lambda k: k.map(weights).sum()))
    boxes = tracks.tracks
    arrived = boxes[boxes["not_before"].notna()]["first_seen"].dt.date.value_counts()
    left = boxes["not_after"].dropna().dt.date.value_counts()
    dates = series.dates[1:]
    assert list(table["arrivals"][1:]) == [arrived.get(date, 0) for date in dates]
    assert list(table["departures"][1:]) == [left.get(date, 0) for date in dates]
    assert table.loc[0, ["arrivals", "arrivals_low", "departures", "departures_high"]].isna().all()
    for name, low, high in (
        ("containers_expected", "containers_low", "containers_high"),
        ("teu", "teu_low", "teu_high"),
    ):
        assert ((table[low] <= table[name]) & (table[name] <= table[high])).all()
    assert ((table["arrivals_low"] <= table["arrivals"]) & (table["arrivals"] <= table["arrivals_high"]))[1:].all()


def test_zones_that_part_the_site_add_up():
    west = shapely.box(bs.ORIGIN[0] - 1e4, bs.ORIGIN[1] - 1e4, bs.ORIGIN[0] + 70, bs.ORIGIN[1] + 1e4)
    east = shapely.box(bs.ORIGIN[0] + 70, bs.ORIGIN[1] - 1e4, bs.ORIGIN[0] + 1e4, bs.ORIGIN[1] + 1e4)
    zones = gpd.GeoDataFrame({"name": ["west", "east"]}, geometry=[west, east], crs=bs.CRS)
    _, _, table = figures(3, zones.to_crs("EPSG:4326"))
    parts = table.pivot_table(index="date", columns="zone", values=["containers", "containers_expected", "arrivals"])
    assert list(table["zone"][:3]) == ["", "west", "east"]
    for name in ("containers", "containers_expected", "arrivals"):
        both = (parts[name]["west"] + parts[name]["east"]).astype(float)
        assert np.allclose(both, parts[name][""].astype(float), equal_nan=True)
        assert (parts[name]["west"] > 0).any()


def test_what_cannot_be_had_is_empty_and_never_zero():
    series = bs.simulate(4, dates=4, blocks=2)
    coarse, blind = series.dates[1], series.dates[2]
    rows = series.detections[~series.detections["date"].dt.date.isin([coarse, blind])]
    tracks = track(rows, series.dates, clear=lambda i, p: np.full(len(p), i in (0, 3)))
    looks = [LookFacts(d, counts_possible=d != coarse, valid_fraction={"": float(d != blind)}) for d in series.dates]
    table = timeseries(looks, tracks).set_index("date")
    counts = [name for name in COLUMNS if name.startswith(("cont", "other", "teu", "arr", "dep"))]
    assert table.loc[pd.Timestamp(coarse), counts].isna().all()
    assert table.loc[pd.Timestamp(blind), ["containers", "other_boxes", "teu", "arrivals", "departures"]].isna().all()
    assert table.loc[pd.Timestamp(blind), "containers_expected"] > 0
    assert (
        table[[name for name in COLUMNS if "area" in name or "footprint" in name or "shift" in name]]
        .isna()
        .all(axis=None)
    )
    nothing = timeseries(looks, None)
    assert nothing[counts].isna().all(axis=None)
    assert nothing.dtypes.equals(table.reset_index()[list(COLUMNS)].dtypes)


def test_facts_of_a_date_come_through_and_dates_are_sorted():
    later = LookFacts(
        dt.date(2024, 2, 1), "b.tif", 0.5, 1.25, -0.5, {"": 0.9}, {"": Estimate(10, 5, 30)}, {"": Estimate(99, 80, 120)}
    )
    table = timeseries([later, LookFacts(dt.date(2024, 1, 1), "a.tif", 0.6, 0.0, 0.0)], None)
    assert list(table["scene"]) == ["a.tif", "b.tif"]
    found = table.loc[1, ["gsd_m", "valid_fraction", "changed_area_low_m2", "footprint_high_m2", "shift_north_m"]]
    assert list(found) == [0.5, 0.9, 5, 120, -0.5]
    assert pd.isna(table.loc[0, "changed_area_m2"])
    assert table["date"].to_csv(index=False).splitlines()[1] == "2024-01-01"


def test_a_hidden_date_has_a_wider_interval_about_a_count_that_is_not_lost():
    for hidden, wider in ((6, 0.97), (9, 1.2)):
        series = bs.simulate(5, change=0.0)
        series.clouds[hidden] = np.array([[*(bs.ORIGIN + 100), 500.0]])
        rows = series.detections[series.detections["date"].dt.date != series.dates[hidden]]
        tracks = followed(series, rows)
        table = timeseries([LookFacts(date) for date in series.dates], tracks)
        width = table["containers_high"] - table["containers_low"]
        assert width[hidden] > wider * width.drop(hidden).max()
        low, high = table["containers_low"][hidden], table["containers_high"][hidden]
        assert low <= standing(series)[hidden] <= high


def test_ground_that_no_look_shows_any_more_widens_an_interval_upwards_alone():
    counted = counted_boxes(followed(bs.simulate(5, change=0.0)))
    date, ground = counted.present.shape[1] - 1, np.ones((100, counted.present.shape[1]), bool)
    weight = np.ones(len(counted.weight))
    shown = replace(counted, ground_shown=ground).standing(date, weight)
    assert shown.above == shown.spread
    ground[:3, date] = False
    little = replace(counted, ground_shown=ground).standing(date, weight)
    assert little.spread == shown.spread < little.above < 1.5 * shown.spread
    ground[:30, date] = False
    much = replace(counted, ground_shown=ground).standing(date, weight)
    assert much.spread == shown.spread
    assert much.above > 1.5 * little.above


def test_an_interval_reaches_up_to_the_boxes_that_are_seen_and_believed():
    series = bs.simulate(2)
    # An interval of no width, and an expectation too low: what clears every row that a track owns is the rule alone.
    tight = kernel.Calibration(0.5, (0.0, 0.0), (1.0, 1.0), (1.0, 1.0))
    tracks = replace(followed(series), calibration=tight)
    table = timeseries([LookFacts(date) for date in series.dates], tracks)
    rows = tracks.detections[tracks.detections["counted"] & (tracks.detections["kind"] != "other")]
    false = rows["track_id"].isna().groupby(rows["date"].dt.date).sum().to_numpy()
    assert false.any()
    assert (table["containers_expected"] < table["containers"]).all()
    assert list(table["containers"] - table["containers_high"]) == list(false)
    warned = _seen_beyond(table)
    assert len(warned) == (false > 0).sum()
    assert all("judges the rest false" in line for line in warned)


# ---- intervals, on seeds that no choice was made on


@pytest.mark.parametrize("kind", [{}, {"cloud": 0.6}, {"dates": 4}, {"blind": 0.1}], ids=str)
def test_intervals_of_counts_and_events_cover_the_truth(kind):
    inside, events = [], []
    for seed in range(4000, 4005):
        series, _, table = figures(seed, **kind)
        truth = standing(series)
        inside += list((table["containers_low"] <= truth) & (truth <= table["containers_high"]))
        for name in ("arrivals", "departures"):
            when = bs.true_events(series, name == "arrivals")[:, 2]
            number = np.array([(when == i).sum() for i in range(1, len(series.dates))])
            events += list((table[f"{name}_low"][1:] <= number) & (number <= table[f"{name}_high"][1:]))
    assert np.mean(inside) >= 0.95
    assert np.mean(events) >= 0.85


def test_expected_counts_beat_the_seen_ones():
    seen, expected = [], []
    for seed in range(4100, 4105):
        series, _, table = figures(seed, cloud=0.6)
        truth = standing(series)
        seen += list(np.abs(table["containers"].astype(float) - truth) / truth)
        expected += list(np.abs(table["containers_expected"] - truth) / truth)
    assert np.mean(expected) < 0.5 * np.mean(seen)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
@settings(max_examples=60, deadline=None)
def test_changed_area_lies_in_its_interval_and_within_what_was_seen(area, more):
    value, low, high = changed_area_interval(area, area + more)
    assert 0 <= low <= value <= high <= area + more + 1e-9


# ---- totals


def test_totals_are_first_last_peak_and_change():
    dates = [dt.date(2024, month, 1) for month in (1, 2, 3, 4)]
    areas = [None, Estimate(10, 5, 20), Estimate(90, 60, 150), Estimate(40, 30, 60)]
    looks = [LookFacts(d, changed_area_m2={"": a} if a else {}) for d, a in zip(dates, areas, strict=True)]
    result = totals(timeseries(looks, None))
    changed = result["changed_area_m2"]
    assert changed["first"] == {"value": 10, "low": 5, "high": 20, "date": "2024-02-01"}
    assert changed["peak"]["value"] == 90
    assert changed["net_change"]["value"] == 30
    assert changed["net_change"]["low"] == pytest.approx(30 - np.hypot(10, 10))
    assert result["containers"] == {"first": None, "last": None, "peak": None, "net_change": None}
    assert result["arrivals"] is None


def test_arrivals_less_departures_account_for_the_net_change():
    _, _, table = figures(6, growth_from=5)
    result = totals(table)
    flow = result["arrivals"]["value"] - result["departures"]["value"]
    net = result["containers"]["net_change"]
    assert flow == pytest.approx(net["value"], abs=0.1 * result["containers"]["last"]["value"])
    assert net["low"] <= flow <= net["high"]


# ---- onset


def brute_staircase(values):
    """The posterior by enumeration of all level paths on a small grid."""
    top = values.max()
    levels = np.linspace(max(0.0, values.min() - 2.0), 1.05 * top + 2.0, kernel.LEVELS)
    n, none, growth = len(values), 0.0, np.zeros(len(values))
    for phi in kernel.PHI:
        sd = np.sqrt(0.3 * levels + (phi * levels) ** 2 + 0.5)
        p = np.exp(-0.5 * ((values[:, None] - levels) / sd) ** 2) / sd
        none += 0.5 * np.prod(p, 0).mean()
        for base in range(len(levels) - 1):
            above = range(base + 1, len(levels))
            for k in range(1, n):
                for path in itertools.product(above, repeat=n - k):
                    q = 1 / len(above)
                    for a, b in itertools.pairwise(path):
                        up, down = len(levels) - 1 - a, a - base - 1
                        shares = {0: 0.6, 1: 0.32 if up else 0, -1: 0.08 if down else 0}
                        q *= shares[np.sign(b - a)] / {0: 1, 1: up, -1: down}[np.sign(b - a)] / sum(shares.values())
                    q *= np.prod(p[:k, base]) * np.prod([p[k + i, b] for i, b in enumerate(path)])
                    growth[k] += 0.5 / (n - 1) * q / len(levels)
    return growth / (none + growth.sum())


def test_the_staircase_sums_what_enumeration_sums(monkeypatch):
    monkeypatch.setattr(kernel, "LEVELS", 6)
    for values in ([5.0, 6.0, 11.0, 12.0], [9.0, 8.0, 8.0, 10.0]):
        found = kernel.staircase(np.array(values), np.zeros(4)).change
        assert np.allclose(found, brute_staircase(np.array(values)), rtol=1e-6)


def noisy(rng, level):
    """Counts with Poisson-like noise, a miscount of each date and integer values."""
    level = np.asarray(level, float) * (1 + rng.normal(0, 0.04, len(level)))
    return np.maximum(0, np.rint(rng.normal(level, np.sqrt(0.3 * level + 0.3))))


def dates_of(rng, n):
    return [dt.date(2022, 1, 1) + dt.timedelta(int(d)) for d in np.cumsum(rng.integers(8, 60, n))]


def found_in(level_of, seeds):
    """Onsets of series whose level is made by ``level_of(rng, dates, base)``."""
    results = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        dates = dates_of(rng, int(rng.integers(6, 22)))
        level = level_of(rng, dates, rng.uniform(8, 150))
        results.append((onset(noisy(rng, level), None, None, dates), level, dates))
    return results


def step(rng, dates, base):
    begin = int(rng.integers(2, len(dates) - 1))
    return np.where(np.arange(len(dates)) < begin, base, base + max(8, base * rng.uniform(0.35, 1)))


def test_growth_at_once_is_dated_to_the_look():
    results = found_in(step, range(6000, 6100))
    exact = 0
    for found, level, dates in results:
        begin = int(np.argmax(level > level[0]))
        right = found.date == dates[begin] and found.low == dates[begin - 1] + dt.timedelta(1)
        exact += right and found.high == dates[begin]
    assert exact >= 90


def quiet(rng, dates, base):
    return np.full(len(dates), base)


def delivery(rng, dates, base):
    level = np.full(len(dates), base)
    begin = int(rng.integers(1, len(dates) - 3))
    level[begin : int(rng.integers(begin + 1, len(dates) - 1))] *= 1.6
    return level


def blip(rng, dates, base):
    level = np.full(len(dates), base)
    level[rng.integers(0, len(dates) - 1)] *= 2
    return level


def decline(rng, dates, base):
    return base * np.linspace(1, rng.uniform(0.2, 0.8), len(dates))


@pytest.mark.parametrize("shape", [quiet, delivery, blip, decline], ids=lambda f: f.__name__)
def test_what_is_no_lasting_growth_has_no_onset(shape):
    results = found_in(shape, range(6200, 6280))
    assert sum(found.date is not None for found, _, _ in results) <= 4
    assert all(found.reason for found, _, _ in results)


def test_a_seasonal_cycle_seen_twice_is_no_growth():
    false = 0
    for seed in range(6300, 6360):
        rng = np.random.default_rng(seed)
        days = np.cumsum(rng.integers(20, 40, 26))
        level = rng.uniform(20, 150) * (
            1 + rng.uniform(0.1, 0.4) * np.sin(2 * np.pi * days / 365 + rng.uniform(0, 6.28))
        )
        false += (
            onset(noisy(rng, level), None, None, [dt.date(2021, 1, 1) + dt.timedelta(int(d)) for d in days]).date
            is not None
        )
    assert false <= 3


def shapes_in(levels, seeds):
    """Shapes of onsets that were found for growth of levels by date."""
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        n, base = int(rng.integers(7, 13)), rng.uniform(20, 150)
        dates = [dt.date(2022, 1, 1) + dt.timedelta(int(d)) for d in np.cumsum(rng.integers(10, 60, n))]
        begin = int(rng.integers(2, n - 3))
        later = levels(np.linspace(0, 1, n - begin))
        found.append(onset(noisy(rng, base * np.r_[np.ones(begin), later]), None, None, dates))
    return [one.shape for one in found if one.date is not None]


def test_a_step_and_a_slope_are_told_apart():
    steps = shapes_in(lambda share: np.full(len(share), 2.0), range(6400, 6460))
    slopes = shapes_in(lambda share: 1.25 + 1.5 * share, range(6400, 6460))
    assert len(steps) >= 55
    assert len(slopes) >= 55
    assert steps.count("slope") <= 1
    assert slopes.count("step") <= 1
    assert steps.count("step") >= 0.6 * len(steps)
    assert slopes.count("slope") >= 0.8 * len(slopes)


def test_one_look_with_growth_does_not_tell_its_shape():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    found = onset([20, 21, 20, 19, 20, 20, 60], None, None, dates)
    assert found.shape is None
    assert onset([20] * 7, None, None, dates).shape is None


def test_looks_without_a_value_move_the_bounds_to_the_clear_ones():
    dates = [dt.date(2023, month, 1) for month in range(1, 10)]
    values = [20, 21, 20, np.nan, 99, 40, 41, 42, 40]
    clear = np.array([True] * 4 + [False] + [True] * 4)
    found = onset(values, None, None, dates, clear=clear)
    assert (found.low, found.date, found.high) == (dt.date(2023, 3, 2), dates[5], dates[5])
    order = np.random.default_rng(1).permutation(9)
    shuffled = onset(np.array(values)[order], None, None, [dates[i] for i in order], clear=clear[order])
    assert shuffled == found


def test_too_few_looks_have_no_onset_and_say_so():
    for values in ([], [3.0], [3.0, 9.0], [3.0, np.nan, 9.0]):
        found = onset(values, None, None, [dt.date(2023, 1, 1 + i) for i in range(len(values))])
        assert found.date is None
        assert "too few" in found.reason
        assert np.isnan(found.probability)


def test_a_value_of_no_certainty_neither_makes_nor_breaks_an_onset():
    dates = [dt.date(2023, month, 1) for month in range(1, 9)]
    values = np.array([20, 20, 21, 40, 41, 22, 40, 42.0])
    low, high = values - 4, values + 4
    assert onset(values, low, high, dates).date is None
    high[5] += 60
    low[5] -= 60
    assert onset(values, low, high, dates).date == dates[3]


def test_looks_that_cloud_leaves_unsure_do_not_date_a_growth():
    dates = [dt.date(2023, month, 1) for month in range(1, 9)]
    values = np.array([20, 20, 26, 31, 45, 50, 52, 55.0])
    low, high = values - 4, values + 4
    low[2:4], high[2:4] = values[2:4] - 20, values[2:4] + 20
    found = onset(values, low, high, dates)
    assert (found.low, found.date, found.high) == (dt.date(2023, 2, 2), dates[4], dates[4])


def test_a_wide_bound_does_not_keep_an_area_from_dating_a_growth_that_stands_out_of_it():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    values = np.array([11700, 12400, 19400, 20000, 20000, 19900, 20000.0])
    low, high = values - 3000, values + 3000
    low[2], high[2] = 9900, 21400
    found = onset(values, low, high, dates, unit=15.0)
    assert (found.low, found.date) == (dt.date(2023, 2, 2), dates[2])


def test_onsets_take_the_reference_as_the_changed_areas_zero():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    areas = {i: Estimate(a, a * 0.7, a * 1.9) for i, a in enumerate([0, 30, 20, 2000, 2100, 2500, 2400]) if i}
    looks = [LookFacts(d, changed_area_m2={"": areas[i]} if i else {}) for i, d in enumerate(dates)]
    method = STAGE.get("staircase")
    found = onsets(timeseries(looks, None), method.function(None, **method.resolve({})), dates[0])
    assert found["changed_area"].date == dates[3]
    assert found["containers"].date is None


def test_wrong_lengths_and_units_are_said():
    days = [dt.date(2023, 1, 1), dt.date(2023, 2, 1)]
    with pytest.raises(MethodError, match="2 dates, but values has 3"):
        onset([1, 2, 3], None, None, days)
    with pytest.raises(MethodError, match="unit"):
        onset([1, 2], None, None, days, unit=0)
