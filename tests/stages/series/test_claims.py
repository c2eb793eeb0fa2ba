"""Claims of made-up tables: which are made, and what many looked-for ones cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.stages.series.area_rows import rows_of_site
from changedet.stages.series.claims import AT_LEAST, CONFIDENCE, RECORD, SIDE, Claim, find_claims
from changedet.stages.series.totals import EVENTS, between_shown, totals

DAYS = pd.to_datetime(["2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01"])


def rows(counts: list[float], half: float, zone: str = "") -> pd.DataFrame:
    table = pd.DataFrame({"date": DAYS[: len(counts)], "zone": zone})
    for columns in FIGURE_COLUMNS.values():
        table[list(columns)] = np.nan
    for name, shift in zip(FIGURE_COLUMNS["containers"], (0, -half, half), strict=True):
        table[name] = np.array(counts) + shift
    return table


def test_a_value_far_above_all_others_is_a_record_with_its_rows() -> None:
    record, least = find_claims(rows([40, 42, 90, 60], 8), None)
    assert (record.kind, record.about, record.date, record.value) == (RECORD, "containers", "2023-03-01", 90)
    assert (record.low, record.high, record.sought) == (82, 98, 1)
    assert record.probability == record.alone > 0.99
    assert record.to_json()["rows"] == {
        "dates": [str(day.date()) for day in DAYS], "zone": "", "columns": list(FIGURE_COLUMNS["containers"]),
    }  # fmt: skip
    assert (least.kind, least.date, least.value) == (AT_LEAST, "2023-04-01", 52), (
        "no more than its interval's lower end"
    )
    assert least.alone == SIDE


@pytest.mark.parametrize(("value", "half"), [(66_755_042.4, 66_470_668.5), (523_518.5, 380_051.8)])
def test_no_bound_lies_above_the_interval_where_nothing_else_was_sought(value: float, half: float) -> None:
    (least,) = (one for one in find_claims(rows([value] * 4, half), None) if one.kind == AT_LEAST)
    assert value - half - 1 <= least.value <= value - half


def test_the_same_record_among_many_zones_is_none() -> None:
    alone = find_claims(rows([40, 42, 60, 48], 8, "yard"), None)
    assert [one.kind for one in alone] == [RECORD, AT_LEAST]
    assert CONFIDENCE <= alone[0].alone < 0.999
    others = [rows([5, 5, 5, 5], 3, f"zone {k}") for k in range(40)]
    many = find_claims(pd.concat([rows([40, 42, 60, 48], 8, "yard"), *others]), None)
    assert [one for one in many if one.kind == RECORD] == []
    bound = next(one for one in many if one.zone == "yard")
    assert bound.sought == 41
    # It is lower, as with forty-one bounds one is wrong more easily.
    assert bound.value < alone[1].value
    assert bound.alone == pytest.approx(1 - 0.05 / 41)


def test_a_quiet_series_two_looks_and_unknown_figures_make_no_record() -> None:
    assert [one.kind for one in find_claims(rows([40, 42, 41, 43], 8), None)] == [AT_LEAST]
    assert [one.kind for one in find_claims(rows([10, 90], 8), None)] == [AT_LEAST]
    assert find_claims(rows([np.nan] * 4, 0), None) == []
    assert find_claims(rows([0.4, 0.2, 0.1, 0.3], 0.2), None) == []


def test_records_of_series_without_any_growth_are_rarely_claimed() -> None:
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(400):
        counts = 50 + rng.normal(0, 8 / 1.96, 4)
        wrong += any(one.kind == RECORD for one in find_claims(rows([*counts], 8), None))
    # Where all dates have as many boxes, any record is false.
    assert wrong <= 0.05 * 400


def at_least_of(table: pd.DataFrame, overlapping: set[frozenset[str]] | None) -> dict[str, Claim]:
    found = {one.zone: one for one in find_claims(table, overlapping) if one.kind == AT_LEAST}
    assert {one.about for one in found.values()} == {"containers"}
    return found


def test_the_site_is_bounded_by_its_zones_where_these_say_more() -> None:
    zones = [rows([40, 41, 40, 41], 4, "a"), rows([30, 31, 30, 31], 3, "b")]
    table = pd.concat([rows([80, 82, 81, 82], 60), *zones])
    own = {zone: at_least_of(pd.concat([table[table["zone"] == zone]]), None)[zone] for zone in ("a", "b")}
    apart = at_least_of(table, set())
    assert apart[""].value == apart["a"].value + apart["b"].value
    assert apart[""].zones == ("a", "b")
    assert (apart[""].probability, apart[""].alone) == (CONFIDENCE, pytest.approx(1 - 2 * 0.05 / 3))
    assert apart[""].to_json()["rows"]["zones"] == ["a", "b"]
    assert apart["a"].value <= own["a"].value
    assert "zones" not in apart["a"].to_json()["rows"]
    for overlapping in ({frozenset(("a", "b"))}, None):
        found = at_least_of(table, overlapping)
        assert (found[""].value, found[""].zones) == (found["a"].value, ("a",))
    sure = at_least_of(pd.concat([rows([80, 82, 81, 82], 2), *zones]), set())
    assert sure[""].value > apart[""].value
    assert sure[""].zones == ()


def test_what_a_zone_shows_on_another_date_bounds_no_site() -> None:
    site, zone = rows([80, 82, 81, 82], 90), rows([40, 41, 40], 4, "a")
    assert at_least_of(pd.concat([site, zone]), set()).keys() == {"a"}
    assert at_least_of(pd.concat([site[:3], zone]), set()).keys() == {"", "a"}


def test_arrivals_of_zones_add_up_on_the_dates_of_the_site() -> None:
    table = pd.concat(
        [rows([np.nan] * 4, 0), rows([np.nan] * 4, 0, "a"), rows([np.nan] * 4, 0, "b")], ignore_index=True
    )
    for zone, value, half in (("", 9.0, 8.0), ("a", 6.0, 1.0), ("b", 3.0, 0.5)):
        for name, shift in zip(FIGURE_COLUMNS["arrivals"], (0, -half, half), strict=True):
            table.loc[(table["zone"] == zone) & (table["date"] > DAYS[0]), name] = value + shift
    found = {one.zone: one for one in find_claims(table, set()) if one.about == "arrivals"}
    assert found[""].value == found["a"].value + found["b"].value
    table.loc[(table["zone"] == "") & (table["date"] == DAYS[2]), list(FIGURE_COLUMNS["arrivals"])] = np.nan
    found = {one.zone: one for one in find_claims(table, set()) if one.about == "arrivals"}
    assert found[""].zones == ()


def test_no_fewer_came_than_what_more_stands_there_in_the_end() -> None:
    table = rows([10, 40, 70, 100], 5)
    for name, value in zip(FIGURE_COLUMNS["arrivals"], (45.0, 10.0, 80.0), strict=True):
        table.loc[table["date"] > DAYS[0], name] = value
    for name, value in zip(FIGURE_COLUMNS["departures"], (1.0, 0.0, 3.0), strict=True):
        table.loc[table["date"] > DAYS[0], name] = value
    (came,) = (one for one in find_claims(table, None) if one.about == "arrivals")
    assert 75 <= came.value < 90
    assert came.to_json()["rows"] == {
        "dates": ["2023-01-01", "2023-04-01"], "zone": "", "columns": list(FIGURE_COLUMNS["containers"]),
    }  # fmt: skip
    assert came.sought == 5
    assert not [one for one in find_claims(table, None) if one.about == "departures"]


def test_what_clear_looks_prove_stays_proved_under_a_cloud() -> None:
    """A last look that hides half of the boxes takes nothing back of what came before it, nor does a first one."""
    clear = rows([0, 20, 40, 60], 6).assign(valid_fraction=1.0)
    table = clear.assign(valid_fraction=[1.0, 1.0, 1.0, 0.5])
    table.loc[3, list(FIGURE_COLUMNS["containers"])] = [60.0, 5.0, 200.0]
    for name, value in zip(FIGURE_COLUMNS["arrivals"], (20.0, 1.0, 50.0), strict=True):
        clear[name] = table[name] = [np.nan, value, value, value]
    bounds = {one.about: one for one in find_claims(table, None) if one.kind == AT_LEAST}
    assert (bounds["containers"].date, bounds["arrivals"].date) == ("2023-03-01", "2023-03-01")
    assert 30 <= bounds["containers"].value <= 34
    assert 28 <= bounds["arrivals"].value <= 34
    arrivals = totals(rows_of_site(table))["arrivals"]
    assert arrivals["low"] == pytest.approx(40 - np.hypot(6, 6))
    first = table.iloc[::-1].assign(date=table["date"].to_numpy())
    assert len(between_shown(rows_of_site(first))) == 3
    for alike in (clear, clear.assign(valid_fraction=0.5)):
        assert len(between_shown(rows_of_site(alike))) == 4


def test_what_less_stands_there_in_the_end_left() -> None:
    table = rows([100, 70, 40, 10], 5)
    for event in (FIGURE_COLUMNS[name] for name in EVENTS):
        for name, value in zip(event, (10.0, 0.0, 50.0), strict=True):
            table.loc[table["date"] > DAYS[0], name] = value
    found = {one.about: one for one in find_claims(table, None) if one.kind == AT_LEAST}
    assert 75 <= found["departures"].value < 90
    assert found["departures"].rests_on == "containers"
    assert "arrivals" not in found
