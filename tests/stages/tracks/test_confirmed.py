"""Weak rows that the series confirms, as columns of the followed rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from changedet.stages.tracks.confirmed import SURE, with_confirmed
from changedet.stages.tracks.stage import track
from scenarios import box_series as bs


def _weak_on_one_date(kind: str | None = None):
    """A series whose every box but one is counted on all dates; that one is weak on the second."""
    series = bs.simulate(9, dates=5, blocks=2)
    followed = track(series.detections, series.dates, clear=series.clear, detector="learned")
    surest = int(np.argmax(followed.presence.min(axis=1) * followed.seen.all(axis=1)))
    long = followed.tracks["track_id"].iloc[surest]
    rows = followed.detections.assign(counted=True)
    chosen = np.flatnonzero((rows["track_id"] == long).fillna(False).to_numpy(bool))[1]
    given = series.detections.assign(counted=True)
    given.iloc[chosen, given.columns.get_loc("counted")] = False
    given.iloc[chosen, given.columns.get_loc("confidence")] = 0.45
    if kind is not None:
        given.iloc[chosen, given.columns.get_loc("kind")] = kind
    return series, given, chosen


def test_a_box_that_other_dates_show_is_confirmed_with_its_probability():
    series, given, chosen = _weak_on_one_date()
    rows = track(given, series.dates, clear=series.clear, detector="learned").detections
    assert np.flatnonzero(rows["confirmed"].notna()).tolist() == [chosen]
    assert SURE <= rows["confirmed"].iloc[chosen] < 1.0
    # Its own look stays as it was: how far counts can be trusted is read from it.
    assert rows["confidence"].iloc[chosen] == 0.45
    assert not rows["counted"].iloc[chosen]


def test_a_confirmed_box_that_looked_like_none_is_of_its_tracks_kind():
    series, given, chosen = _weak_on_one_date("other")
    found = track(given, series.dates, clear=series.clear, detector="learned")
    row = found.detections.iloc[chosen]
    assert row["kind"] == "other"
    assert row["listed_kind"] == found.tracks.set_index("track_id")["kind"][row["track_id"]] != "other"


@pytest.mark.parametrize(("odd", "usual"), [("other", "container"), ("container", "other")])
def test_what_stands_at_a_place_is_listed_as_what_all_dates_show_there(odd: str, usual: str):
    """A bus in odd light is no container on one date, nor is a box that shade cuts something else."""
    series = bs.simulate(9, dates=5, blocks=2)
    followed = track(series.detections, series.dates, clear=series.clear, detector="learned")
    surest = int(np.argmax(followed.presence.min(axis=1) * followed.seen.all(axis=1)))
    long = followed.detections["track_id"] == followed.tracks["track_id"].iloc[surest]
    own = np.flatnonzero(long.fillna(False).to_numpy(bool))
    size = series.detections["kind"].iloc[own[0]]
    named = {"other": "other", "container": size}
    kinds = series.detections["kind"].to_numpy(object).copy()
    kinds[own], kinds[own[1]] = named[usual], named[odd]
    given = series.detections.assign(kind=kinds, counted=True)
    found = track(given, series.dates, clear=series.clear, detector="learned")
    assert found.detections["kind"].equals(given["kind"])
    assert set(found.detections["listed_kind"].iloc[own]) == {named[usual]}
    ids = set(found.detections["track_id"].iloc[own])
    assert set(found.tracks.set_index("track_id")["kind"].loc[sorted(ids)]) == {named[usual]}


def _loose(boxes: Sequence[tuple[int, float, float, str]], dates: int, confidence: float = 0.95) -> list[str | None]:
    """As what rows (date, x, length, kind) are listed whose 20ft boxes are of no track."""
    days = [dt.date(2024, 1 + k, 1) for k in range(dates)]
    table = [
        (
            pd.Timestamp(days[k], tz="UTC"),
            m,
            2.44,
            0.0,
            confidence,
            kind,
            "#a03020",
            shapely.box(x - 1.2, -m / 2, x + 1.2, m / 2),
        )
        for k, x, m, kind in boxes
    ]
    columns = ["date", "length_m", "width_m", "angle_deg", "confidence", "kind", "color", "geometry"]
    given = gpd.GeoDataFrame(pd.DataFrame(table, columns=columns), geometry="geometry", crs="EPSG:32633")
    followed = track(given, days, detector="learned", method="nearest")
    ids = followed.detections["track_id"].mask(given["kind"] == "20ft")
    loose = followed.detections.assign(track_id=ids)
    kinds = with_confirmed(replace(followed, detections=loose), "learned").detections["listed_kind"]
    return [None if pd.isna(kind) else kind for kind in kinds]


def test_a_box_of_no_track_upon_something_else_is_a_part_of_that():
    """The half of a bus that a roof's shade leaves in the sun looks like a box of 20 feet on that date alone."""
    buses = [(k, x, 12.2, "other") for k in (0, 1, 2) for x in (0.0, 4.0, 8.0) if (k, x) != (2, 8.0)]
    assert _loose([*buses, (2, 8.3, 6.06, "20ft")], dates=3) == ["other"] * 9


def test_a_box_of_no_track_is_listed_where_another_date_shows_it_too():
    others = [(k, 0.0, 12.2, "other") for k in (0, 1, 2)]
    lone, again = (1, 40.0, 6.06, "20ft"), [(k, 60.0 + k, 6.06, "20ft") for k in (0, 1)]
    assert _loose([*others, lone, *again], dates=3) == ["other"] * 3 + [None, "20ft", "20ft"]
    # what left after the first look or came with the last is shown by one alone
    for date in (0, 2):
        assert _loose([*others, (date, 40.0, 6.06, "20ft"), *again], dates=3)[3] == "20ft"
        assert _loose([*others, (date, 40.0, 6.06, "20ft"), *again], dates=3, confidence=0.85)[3] is None
    # of two dates each shows what came or left by itself
    assert _loose([*others[:2], lone, *again], dates=2) == ["other"] * 2 + ["20ft"] * 3


@pytest.mark.parametrize("detector", ["classical", "nobody's"])
def test_rows_of_a_detector_without_a_fit_are_never_confirmed(detector: str):
    series, given, _ = _weak_on_one_date()
    followed = track(given, series.dates, clear=series.clear, detector="learned")
    rows = with_confirmed(followed, detector).detections
    assert not rows["confirmed"].notna().any()
    assert rows["listed_kind"][~rows["counted"]].isna().all()


def test_a_series_without_a_row_has_the_columns():
    series, given, _ = _weak_on_one_date()
    rows = track(given[:0], series.dates, clear=series.clear, detector="learned").detections
    assert {"confirmed", "listed_kind"} <= set(rows.columns)
