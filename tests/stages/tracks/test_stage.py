"""Tracks: order, ids, types, errors, and accuracy on simulated series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from box_rows import DAYS, StraightDown, event_f1, found_events, rows_of, true_events
from hypothesis import given, settings
from hypothesis import strategies as st
from mercator import UNIT, from_mercator, in_mercator

from changedet.errors import MethodError
from changedet.stages.tracks.stage import STAGE, track
from changedet.stages.tracks.visibility import GivenVisibility
from scenarios import box_series as bs


def _signature(result):
    table = result.tracks.drop(columns="geometry").astype(str)
    rows = result.detections.sort_values("object_id")["track_id"].astype(str).to_list()
    return table, rows


@given(st.permutations(range(60)))
@settings(max_examples=5, deadline=None)
def test_track_is_the_same_in_any_order_of_rows(order):
    series = bs.simulate(7, dates=5, blocks=2)
    parts = np.array_split(np.arange(len(series.detections)), 60)
    shuffled = series.detections.iloc[np.concatenate([parts[k] for k in order])]
    first = track(series.detections, series.dates, clear=series.clear)
    second = track(shuffled, series.dates, clear=series.clear)
    assert _signature(first)[0].equals(_signature(second)[0])
    assert _signature(first)[1] == _signature(second)[1]
    assert np.array_equal(first.presence, second.presence)
    assert list(second.detections["object_id"]) == list(shuffled["object_id"])


@given(st.integers(-300, 300), st.integers(-300, 300))
@settings(max_examples=5, deadline=None)
def test_track_is_the_same_where_the_site_is_moved_by_whole_kilometres(east_km, north_km):
    series = bs.simulate(8, dates=5, blocks=2)
    offset = np.array([east_km, north_km]) * 1000.0
    moved = series.detections.set_geometry(series.detections.geometry.translate(*offset))
    first = track(series.detections, series.dates, clear=series.clear)
    second = track(moved, series.dates, clear=lambda i, p: series.clear(i, p - offset))
    assert _signature(first)[1] == _signature(second)[1]
    assert np.allclose(first.place_presence, second.place_presence, atol=1e-6)


class OnGrid(GivenVisibility):
    """Looks that know the scale of their grid."""

    ground_metre = UNIT


@pytest.mark.parametrize("method", sorted(STAGE.methods))
def test_track_is_the_same_in_web_mercator(method):
    series = bs.simulate(8, dates=5, blocks=2, cloud=0.4)
    origin = tuple(series.detections.total_bounds[:2])
    moved = in_mercator(series.detections, origin)
    first = track(series.detections, series.dates, clear=series.clear, method=method)
    for looks in (GivenVisibility, OnGrid):
        seen = looks(series.dates, lambda i, p: series.clear(i, from_mercator(p, origin)))
        second = track(moved, seen, method=method)
        assert second.ground_metre == UNIT
        assert _signature(first)[1] == _signature(second)[1]
        assert np.allclose(first.place_presence, second.place_presence, atol=1e-6)
        assert np.allclose(from_mercator(second.ground.xy, origin), first.ground.xy, atol=1e-6)
        for one, other in ((first.tracks, second.tracks), (first.places, second.places)):
            placed = from_mercator(shapely.get_coordinates(other.geometry), origin)
            assert np.allclose(placed, shapely.get_coordinates(one.geometry), atol=1e-6)


def test_track_ids_count_by_date_and_position_and_rows_agree_with_tracks():
    series = bs.simulate(9)
    result = track(series.detections, StraightDown(series.dates, series.clear))
    table = result.tracks
    assert list(table["track_id"]) == list(range(1, len(table) + 1))
    key = list(zip(table["first_seen"], table.geometry.x, strict=True))
    assert key == sorted(key)
    own = result.detections.dropna(subset="track_id")
    dates = own.groupby("track_id")["date"]
    assert (dates.min().to_numpy() == table["first_seen"].to_numpy()).all()
    assert (dates.max().to_numpy() == table["last_seen"].to_numpy()).all()
    assert not own.duplicated(["track_id", "date"]).any()
    assert (result.seen.sum(1) == own.groupby("track_id").size().to_numpy()).all()
    assert ((table["not_before"].isna()) | (table["not_before"] < table["first_seen"])).all()
    assert ((table["not_after"].isna()) | (table["not_after"] > table["last_seen"])).all()
    assert result.detections.drop(columns=["track_id", "confirmed", "listed_kind"]).equals(series.detections)


@pytest.mark.parametrize("method", sorted(STAGE.methods))
def test_track_of_no_row_is_an_empty_result_with_its_types(method):
    result = track(rows_of(), DAYS, method=method)
    assert len(result.tracks) == 0
    assert str(result.tracks["first_seen"].dtype) == "datetime64[ms, UTC]"
    assert result.presence.shape == (0, len(DAYS))
    assert str(result.detections["track_id"].dtype) == "Int64"


@pytest.mark.parametrize("method", sorted(STAGE.methods))
def test_track_of_one_date_gives_every_counted_row_a_track_without_bounds(method):
    series = bs.simulate(10, dates=1, clutter=0.0)
    result = track(series.detections, series.dates, method=method)
    assert len(result.tracks) == series.detections["counted"].sum()
    assert result.tracks[["not_after", "not_before"]].isna().all(axis=None)


def test_track_says_what_cannot_be_followed():
    rows = rows_of((0, 0, 0))
    for wrong, named in (([1, 2], "list"), (pd.DataFrame(rows.drop(columns="geometry")), "DataFrame")):
        with pytest.raises(TypeError, match=f"a {named}, expected a GeoDataFrame"):
            track(wrong, DAYS)
    with pytest.raises(MethodError, match="angle_deg"):
        track(rows.drop(columns="angle_deg"), DAYS)
    with pytest.raises(MethodError, match="2023-01-10, which is no look"):
        track(rows, DAYS[1:])
    with pytest.raises(MethodError, match="projected"):
        track(rows.set_crs("EPSG:4326", allow_override=True), DAYS)
    with pytest.raises(MethodError, match="did you mean 'nearest'"):
        track(rows, DAYS, method="nearst")
    for method in STAGE.methods:
        with pytest.raises(MethodError, match=r"tracks\.max_offset_m: 100000 m, expected at most 20"):
            track(rows, DAYS, method=method, max_offset_m=1e5)


def _accuracy(seeds, method, **kind):
    total, boxes = np.zeros((2, 3)), 0
    for seed in seeds:
        series = bs.simulate(seed, **kind)
        found = track(series.detections, series.dates, clear=series.clear, method=method, detector="imitated")
        for k, arrivals in enumerate((True, False)):
            total[k] += event_f1(true_events(series, arrivals), found_events(found, arrivals))
        boxes += sum(series.standing(i).sum() for i in range(1, len(series.dates)))
    f1 = 2 * total[:, 0] / np.maximum(2 * total[:, 0] + total[:, 1] + total[:, 2], 1)
    return f1, total[:, 1] / boxes * 100


def test_track_dates_arrivals_and_departures_right_on_simulated_series():
    f1, _ = _accuracy(range(2000, 2006), "hmm", cloud=0.4)
    plain, _ = _accuracy(range(2000, 2006), "nearest", cloud=0.4)
    assert (f1 > 0.7).all()
    assert (f1 > plain + 0.25).all()


def test_track_has_few_false_arrivals_on_quiet_sites():
    _, false = _accuracy(range(2100, 2106), "hmm", change=0.0)
    assert (false < 1.2).all()
