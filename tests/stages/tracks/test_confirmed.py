"""Weak rows that the series confirms, as columns of the followed rows."""

from __future__ import annotations

import numpy as np
import pytest

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
    assert row["confirmed_kind"] == found.tracks.set_index("track_id")["kind"][row["track_id"]] != "other"


@pytest.mark.parametrize("detector", ["classical", "nobody's"])
def test_rows_of_a_detector_without_a_fit_are_never_confirmed(detector: str):
    series, given, _ = _weak_on_one_date()
    followed = track(given, series.dates, clear=series.clear, detector="learned")
    rows = with_confirmed(followed, detector).detections
    assert not rows["confirmed"].notna().any()
    assert set(rows["confirmed_kind"]) == {None}


def test_a_series_without_a_row_has_the_columns():
    series, given, _ = _weak_on_one_date()
    rows = track(given[:0], series.dates, clear=series.clear, detector="learned").detections
    assert {"confirmed", "confirmed_kind"} <= set(rows.columns)
