"""Tracks: the chain against enumeration, the contract's rules on built cases, accuracy on simulated series."""

from __future__ import annotations

import datetime as dt
import itertools

import box_series as bs
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changedet.errors import MethodError
from changedet.kernels.colour import linear_rgb
from changedet.stages.series.counts import tracked_boxes
from changedet.stages.tracks.kernels.assignment import greedy_assign, optimal_assign
from changedet.stages.tracks.kernels.box_matching import match, vote_shift
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.colour_casts import colours_without_casts
from changedet.stages.tracks.kernels.colour_changepoints import changepoints, colour_costs
from changedet.stages.tracks.kernels.detector_tables import TABLES, calibration
from changedet.stages.tracks.kernels.emissions import emissions, tilted
from changedet.stages.tracks.kernels.gaps import LEAST_GAP_EVIDENCE, gap_evidence, longest_gap, split_at_gaps
from changedet.stages.tracks.kernels.markov import forward_backward, given_ever_present, viterbi
from changedet.stages.tracks.kernels.presence_hmm import PlaceLooks, infer_presence
from changedet.stages.tracks.kernels.relief_displacement import heights_and_displacements
from changedet.stages.tracks.kernels.site_model import Rates, clutter_log_odds
from changedet.stages.tracks.kernels.stacking import (
    BOX_HEIGHT,
    REPLACED,
    SET_ON_TOP,
    UNCOVERED,
    explain_new_tops,
    height_steps,
    stack_of,
)
from changedet.stages.tracks.kernels.stretches import Surfaces, presence_runs
from changedet.stages.tracks.stage import STAGE, track
from changedet.stages.tracks.visibility import GivenVisibility

DAYS = [dt.date(2023, 1, 10) + dt.timedelta(30 * i) for i in range(8)]


def rows_of(*boxes, **same):
    """Detections from (date index, east, north) with keyword defaults; a fourth item overrides some columns."""
    records = []
    for day, east, north, *own in boxes:
        record = {
            "kind": "20ft",
            "angle_deg": 0.0,
            "confidence": 0.9,
            "counted": True,
            "color": "#963228",
            "tiers": None,
        }
        record |= same | (own[0] if own else {})
        record |= {"date": DAYS[day], "x": 500_000.0 + east, "y": 6_000_000.0 + north, "width_m": 2.44}
        record.setdefault("length_m", bs.LENGTHS[record["kind"]])
        records.append(record)
    columns = ["date", "x", "y", "length_m", "width_m", "angle_deg", "kind", "confidence", "counted", "color", "tiers"]
    table = pd.DataFrame(records, columns=columns)
    table["date"] = pd.to_datetime(table["date"], utc=True).astype("datetime64[ms, UTC]")
    table["object_id"] = np.arange(1, len(table) + 1)
    return gpd.GeoDataFrame(table, geometry=bs.rectangles(table), crs=bs.CRS)


def anchors(count=8):
    """Boxes that never change, so that the site has a stable frame."""
    return [(day, 30.0 * i, 200.0) for i in range(1, count + 1) for day in range(len(DAYS))]


def near_origin(tracks):
    table = tracks.tracks
    return table[(table.geometry.x < 500_015) & (table.geometry.y < 6_000_050)].reset_index(drop=True)


def day_of(stamp):
    return None if pd.isna(stamp) else DAYS.index(stamp.date())


# ---- the chain against enumeration


def test_posteriors_equal_those_of_all_histories_enumerated():
    rng = np.random.default_rng(1)
    absent, present = rng.uniform(0.01, 1, (3, 5)), rng.uniform(0.01, 1, (3, 5))
    birth, death, start = rng.uniform(0.02, 0.5, 4), rng.uniform(0.02, 0.5, 4), 0.6
    read = forward_backward(absent, present, birth, death, start)
    best = viterbi(absent, present, birth, death, start)
    for n in range(3):
        weights = {}
        for path in itertools.product((0, 1), repeat=5):
            p = start if path[0] else 1 - start
            for t, state in enumerate(path):
                p *= present[n, t] if state else absent[n, t]
                if t:
                    change = birth[t - 1] if not path[t - 1] else death[t - 1]
                    p *= change if path[t - 1] != state else 1 - change
            weights[path] = p
        total = sum(weights.values())
        assert read.log_likelihood[n] == pytest.approx(np.log(total))
        for t in range(5):
            assert read.present[n, t] == pytest.approx(sum(p for path, p in weights.items() if path[t]) / total)
        for t in range(4):
            births = sum(p for path, p in weights.items() if not path[t] and path[t + 1]) / total
            deaths = sum(p for path, p in weights.items() if path[t] and not path[t + 1]) / total
            assert (read.births[n, t], read.deaths[n, t]) == (pytest.approx(births), pytest.approx(deaths))
        # A place is one because a box stood there once.
        never, once = weights.pop((0,) * 5), total
        assert tuple(best[n].astype(int)) == max(weights, key=weights.get)
        held = given_ever_present(read, absent, birth, start)
        assert held.present[n] == pytest.approx(read.present[n] * once / (once - never))
        empty = (1 - start) * np.prod(1 - birth)
        assert held.log_likelihood[n] == pytest.approx(np.log((once - never) / (1 - empty)))


def test_what_a_hidden_stretch_holds_is_summed_over_its_dates():
    """Full, hidden for five dates, then a look that half speaks for a box: it left on any of six dates, or stayed."""
    present, absent = np.ones((2, 7)), np.ones((2, 7))
    present[:, 0], absent[:, 0] = 0.9, 0.001
    present[0, 6], absent[0, 6] = 0.1, 0.9
    present[1, 6], absent[1, 6] = 0.3, 0.9
    path = viterbi(absent, present, np.full(6, 0.01), np.full(6, 0.04), 0.6)
    gone = 1 - (1 - 0.04) ** 6
    assert 0.9 * 0.04 < 0.1 * (1 - 0.04) ** 6 < 0.9 * gone < 0.3 * (1 - gone)
    assert path.tolist() == [[True] * 6 + [False], [True] * 7]


def test_a_hidden_first_date_is_as_the_first_that_shows():
    present, absent = np.ones((2, 4)), np.ones((2, 4))
    present[:, 2:], absent[0, 2:] = 0.9, 0.1
    present[1, 2], absent[1, 2], absent[1, 3] = 0.1, 0.9, 0.1
    path = viterbi(absent, present, np.full(3, 0.1), np.full(3, 0.1), 0.5)
    assert path.tolist() == [[True] * 4, [False] * 3 + [True]]


@pytest.mark.parametrize("detector", ["classical", "learned"])
def test_fitted_tables_are_distributions_that_order_scores_as_presence_does(detector):
    tables = TABLES[detector]
    assert np.allclose(tables.emission.sum(1), 1, atol=0.002)
    assert tables.absent.sum() == pytest.approx(1, abs=0.002)
    assert np.allclose(tables.shade.sum(1), 1, atol=0.002)
    assert tables.shade[1, 4] > 3 * tables.shade[0, 4]
    assert tables.emission[0, 5] > 30 * tables.absent[5]
    assert tables.emission[0, 0] < 0.1 * tables.absent[0]
    assert tables.neighbours[0, 0] < 0.5 * tables.neighbours[1, 0]
    assert tables.neighbours[0, 2] > tables.neighbours[1, 2]
    assert calibration(detector, 0.5).scale == pytest.approx(1.0, abs=0.3)
    assert calibration(detector, float("nan")) == calibration(detector, 0.5)


def test_the_calibration_is_that_of_the_nearest_resolution_and_never_narrower_than_at_half_a_metre():
    assert calibration("learned", 1.2) == calibration("learned", 1.0) != calibration("learned", 0.5)
    assert calibration("learned", 0.55) == calibration("learned", 0.5)
    for size in (0.3, 0.75, 1.0):
        own, usual = calibration("learned", size), calibration("learned", 0.5)
        assert min(own.boxes[0] - usual.boxes[0], own.boxes[1] - usual.boxes[1]) >= 0
    assert calibration("no such detector", 0.5).scale == 1.0


def test_a_tilted_table_is_a_distribution_and_no_tilt_changes_nothing():
    table = TABLES["learned"].emission[0]
    by_date = tilted(table, np.array([-2.0, 0.0, 2.0]))
    assert np.allclose(by_date.sum(1), 1)
    assert np.allclose(by_date[1], table / table.sum())
    assert by_date[0, 0] > by_date[1, 0] > by_date[2, 0]


def test_a_date_that_shows_few_boxes_ends_none_of_them():
    """Low sun: on the last two dates two of three boxes are missed, scattered over the site."""
    rng = np.random.default_rng(4)
    bins = np.full((60, 8), 5)
    bins[rng.random(60) < 0.66, 7] = 0
    bins[rng.random(60) < 0.66, 6] = 0
    bins[:, 6:] = np.where((bins[:, 6:] == 5) & (rng.random((60, 2)) < 0.5), 2, bins[:, 6:])
    everywhere = np.ones((60, 8), bool)
    looks = PlaceLooks(bins, everywhere, everywhere, np.full(60, 8.0), np.zeros(60, int))
    uneven = TABLES["learned"]._replace(detectability_sd=1.2)
    read = infer_presence(looks, np.zeros((60, 8)), Rates(0.08, 0.03, 0.05, 0.3), uneven)
    assert read.model.detectability[6:].max() < read.model.detectability[:6].min() - 1
    assert read.path.mean() > 0.97


@pytest.mark.parametrize("standing", [(6, 36), (5, 17, 37), (37, 17, 5), (5, 6, 17, 37)])
def test_few_dates_of_a_site_that_grows_or_empties_are_not_taken_for_blind(standing):
    boxes = [(day, 3.0 * (k % 12), 20.0 * (k // 12)) for day, n in enumerate(standing) for k in range(n)]
    found = track(rows_of(*boxes, confidence=0.99), DAYS[: len(standing)], detector="learned")
    counted = tracked_boxes(found)
    told = [counted.standing(t, np.ones(len(counted.weight))).expected for t in range(len(standing))]
    np.testing.assert_allclose(told, standing, rtol=0.1, atol=0.7)


def test_a_place_never_looked_at_keeps_its_prior_and_tends_to_the_stationary_share():
    bins, observed = np.zeros((1, 60), np.int64), np.zeros((1, 60), bool)
    ones = emissions(bins, observed, TABLES["learned"].absent)
    read = forward_backward(ones, ones, np.full(59, 0.08), np.full(59, 0.04), 0.6)
    assert read.present[0, 0] == pytest.approx(0.6)
    assert read.present[0, -1] == pytest.approx(0.08 / 0.12, abs=1e-3)


def test_clutter_odds_hold_the_share_of_false_rows():
    rng = np.random.default_rng(2)
    real, clutter, rows = rng.normal(0, 2, 400), rng.normal(0, 2, 400), rng.integers(1, 9, 400).astype(float)
    odds = clutter_log_odds(real, clutter, rows, 0.2)
    share = (rows / (1 + np.exp(-(odds + clutter - real)))).sum() / rows.sum()
    assert share == pytest.approx(0.2, abs=1e-6)


@given(st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=6))
@settings(max_examples=50, deadline=None)
def test_runs_rebuild_the_path(path):
    path = np.array(path, bool)
    rebuilt = np.zeros_like(path)
    for row, first, last in zip(*presence_runs(path), strict=True):
        assert not rebuilt[row, max(first - 1, 0) : last + 2].any()
        rebuilt[row, first : last + 1] = True
    assert np.array_equal(rebuilt, path)


# ---- assignment


pair_lists = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9)), max_size=14)


@given(pair_lists)
@settings(max_examples=150, deadline=None)
def test_greedy_takes_the_cheapest_pairs_one_by_one(pairs):
    pairs = list({(i, j): (i, j, cost) for i, j, cost in pairs}.values())
    i, j, cost = (np.array(c, dtype) for c, dtype in zip(zip(*pairs, strict=True), (int, int, float), strict=True)) if pairs else (np.zeros(0, int), np.zeros(0, int), np.zeros(0))  # fmt: skip  # noqa: E501
    expected, taken = np.full(6, -1), set()
    for a, b, _ in sorted(pairs, key=lambda p: (p[2], p[0], p[1])):
        if expected[a] < 0 and b not in taken:
            expected[a] = b
            taken.add(b)
    assert np.array_equal(greedy_assign(i, j, cost, 6), expected)


@given(pair_lists)
@settings(max_examples=60, deadline=None)
def test_optimal_assignment_costs_what_the_best_of_all_costs(pairs):
    price = {(i, j): float(cost) for i, j, cost in pairs}
    if not price:
        return
    i, j = np.array(list(price)).T
    found = optimal_assign(i, j, np.array(list(price.values())), 6, 4.5)
    chosen = [(a, int(b)) for a, b in enumerate(found) if b >= 0]
    assert len({b for _, b in chosen}) == len(chosen)
    cost = sum(price[pair] for pair in chosen) + 4.5 * (6 - len(chosen))

    def best(row, taken):
        if row == 6:
            return 0.0
        options = [price[row, c] + best(row + 1, taken | {c}) for c in range(6) if (row, c) in price and c not in taken]
        return min([4.5 + best(row + 1, taken), *options])

    assert cost == pytest.approx(best(0, frozenset()))


def test_colours_tell_a_dense_row_from_itself_moved_by_one_pitch():
    rng = np.random.default_rng(3)
    n = 40
    xy = np.column_stack([np.arange(n) * 2.6, np.zeros(n)])
    places = Boxes(xy, np.full(n, 6.06), np.zeros(n), bs.PALETTE[rng.integers(0, 6, n)], np.ones(n), np.zeros(n))
    shift = np.array([1.4, -0.7])
    moved = places._replace(xy=xy - shift + rng.normal(0, 0.15, (n, 2)))
    assert np.abs(vote_shift(moved, places, 3.0) * (n + 4) / n - shift).max() < 0.15


def test_a_place_takes_the_rest_of_a_box_that_something_hides_and_no_short_box():
    whole = Boxes(np.zeros((1, 2)), np.array([12.2]), np.zeros(1), np.full((1, 3), 90.0), np.ones(1), np.zeros(1))
    half = whole._replace(xy=np.array([[0.0, 3.05]]), length=np.array([6.1]))
    assert match(half, whole, 2.0).tolist() == [-1]
    assert match(half._replace(cut=np.array([7.6])), whole, 2.0).tolist() == [0]
    # What is hidden lies beyond an end: it moves no box across, and makes none shorter.
    aside = half._replace(xy=np.array([[2.6, 3.05]]), cut=np.array([7.6]))
    assert match(aside, whole, 2.0).tolist() == [-1]
    longer = whole._replace(length=np.array([6.1])), whole._replace(cut=np.array([1.5]))
    assert match(longer[1], longer[0], 2.0).tolist() == [-1]


# ---- empty between two boxes


def test_the_longest_gap_is_the_run_that_speaks_most_for_an_empty_spot():
    rng = np.random.default_rng(5)
    for _ in range(50):
        evidence = rng.normal(0.5, 2, 6)
        sums = {(a, b): -evidence[a:b].sum() for a in range(6) for b in range(a + 1, 7)}
        best = max(sums, key=sums.get)
        assert longest_gap(evidence) == (best if sums[best] > LEAST_GAP_EVIDENCE else (0, 0))
    assert longest_gap(np.empty(0)) == (0, 0)


def test_a_look_at_the_empty_spot_dates_the_departure_where_colours_tell_two_boxes():
    first = [(d, 0, 0) for d in (0, 1, 2, 3)]
    second = [(d, 0, 0, {"color": "#28467f"}) for d in (5, 6, 7)]
    found = near_origin(track(rows_of(*anchors(), *first, *second), DAYS, detector="learned"))
    assert [[day_of(row[c]) for c in ("first_seen", "not_after", "not_before")] for _, row in found.iterrows()] == [
        [0, 4, None],
        [5, None, 4],
    ]
    hidden = GivenVisibility(DAYS, lambda i, p: (p[:, 1] > 6_000_100) | (i != 4))
    found = near_origin(track(rows_of(*anchors(), *first, *second), hidden, detector="learned"))
    assert [[day_of(row[c]) for c in ("first_seen", "not_after", "not_before")] for _, row in found.iterrows()] == [
        [0, 5, None],
        [5, None, 3],
    ]


def test_counts_know_of_the_empty_spot_between_two_boxes():
    first = [(d, 0, 0) for d in (0, 1, 2, 3)]
    for color, full in (("#963228", True), ("#28467f", False)):
        second = [(d, 0, 0, {"color": color}) for d in (5, 6, 7)]
        found = track(rows_of(*anchors(), *first, *second), DAYS, detector="learned")
        place = int(found.places.geometry.y.argmin())
        assert (found.place_presence[place, 4] > 0.5) == full
        assert found.place_presence[place, [0, 3, 5, 7]].min() > 0.9


def test_gaps_part_a_stretch_twice():
    place, first, last = np.array([1]), np.array([0]), np.array([8])
    date = np.array([0, 1, 3, 4, 5, 7, 8])
    evidence = np.zeros((2, 9))
    evidence[1, [2, 6]] = -3.0
    cuts = np.array([1, 4]), np.array([2, 5])
    place, first, last, label, most = split_at_gaps(place, first, last, np.zeros(7, int), date, cuts, evidence, 0.05)
    assert (place.tolist(), first.tolist(), last.tolist()) == ([1, 1, 1], [0, 3, 7], [1, 5, 8])
    assert label.tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert np.argwhere(most < 1).tolist() == [[1, 2], [1, 6]]
    said = gap_evidence(np.ones(7, int), date, np.array([0, 7]), evidence)
    assert said.tolist() == [0, 0, 3, 0, 0, 3, 0]


# ---- the contract's rules


def test_a_box_that_leaves_ends_on_the_first_clear_look_without_it():
    found = near_origin(track(rows_of(*anchors(), *[(d, 0, 0) for d in (2, 3, 4)]), DAYS))
    assert len(found) == 1
    row = found.iloc[0]
    assert [day_of(row[c]) for c in ("first_seen", "last_seen", "not_after", "not_before")] == [2, 4, 5, 1]


def test_what_is_hidden_neither_ends_nor_begins():
    hidden = {1, 5, 6}
    looks = GivenVisibility(DAYS, lambda i, p: (p[:, 1] > 6_000_100) | (i not in hidden))
    rows = rows_of(*anchors(), *[(d, 0, 0) for d in (2, 3, 4)], confidence=0.99)
    result = track(rows, looks, detector="learned", caution=1.0)
    row = near_origin(result).iloc[0]
    # Clear looks at the place: 0, 2, 3, 4, 7.
    assert [day_of(row[c]) for c in ("first_seen", "last_seen", "not_after", "not_before")] == [2, 4, 7, 0]
    to_the_end = GivenVisibility(DAYS, lambda i, p: (p[:, 1] > 6_000_100) | (i in (2, 3, 4)))
    row = near_origin(track(rows, to_the_end)).iloc[0]
    assert row["not_after"] is pd.NaT or pd.isna(row["not_after"])
    assert pd.isna(row["not_before"])


def test_presence_is_uncertain_where_hidden_and_certain_where_seen():
    looks = GivenVisibility(DAYS, lambda i, p: (p[:, 1] > 6_000_100) | (i < 4))
    result = track(rows_of(*anchors(), *[(d, 0, 0) for d in range(4)]), looks)
    k = int(near_origin(result)["track_id"].iloc[0]) - 1
    presence = result.presence[k]
    assert (presence[:4] > 0.95).all()
    assert (np.diff(presence[3:]) < 0).all()
    assert 0.5 < presence[-1] < 0.95


def test_a_gap_of_one_missed_look_does_not_end_a_track_and_weak_rows_help():
    whole = near_origin(track(rows_of(*anchors(), *[(d, 0, 0) for d in (0, 1, 2, 4, 5, 6, 7)]), DAYS))
    assert len(whole) == 1
    weak = {"confidence": 0.2, "counted": False}
    boxes = [(0, 0, 0), (1, 0, 0), *[(d, 0, 0, weak) for d in (2, 3, 4, 5)], (6, 0, 0), (7, 0, 0)]
    assert len(near_origin(track(rows_of(*anchors(), *boxes), DAYS))) == 1
    without = [box for box in boxes if len(box) == 3]
    assert len(near_origin(track(rows_of(*anchors(), *without), DAYS))) == 2


def test_a_box_that_moves_ends_one_track_and_begins_another():
    found = near_origin(track(rows_of(*anchors(), *[(d, 0 if d < 4 else 5, 0) for d in range(8)]), DAYS))
    assert [day_of(t) for t in found["not_after"]] == [4, None]
    assert [day_of(t) for t in found["first_seen"]] == [0, 4]
    assert [day_of(t) for t in found["not_before"]] == [None, 3]


def test_another_size_is_another_track():
    boxes = [(d, 0, 0, {"kind": "20ft" if d < 4 else "40ft"}) for d in range(8)]
    found = near_origin(track(rows_of(*anchors(), *boxes), DAYS))
    assert list(found["kind"]) == ["20ft", "40ft"]
    assert day_of(found["not_after"].iloc[0]) == 4
    assert day_of(found["not_before"].iloc[1]) == 3


def test_one_date_read_as_a_longer_box_is_no_box_of_its_own():
    boxes = [(d, 0, 3.1 * s) for d in range(8) if d != 4 for s in (-1, 1)] + [(4, 0, 0, {"kind": "40ft"})]
    result = track(rows_of(*anchors(), *boxes), DAYS)
    assert list(near_origin(result)["kind"]) == ["20ft", "20ft"]
    here = result.places.geometry.y.to_numpy() < 6_000_050
    assert result.place_presence[here, 4].sum() == pytest.approx(2, abs=0.3)


def test_another_colour_on_strong_evidence_is_another_track():
    boxes = [(d, 0, 0, {"color": "#963228" if d < 4 else "#28467f"}) for d in range(8)]
    found = near_origin(track(rows_of(*anchors(), *boxes), DAYS))
    assert list(found["color"]) == ["#963228", "#28467f"]
    assert [day_of(t) for t in found["not_after"]] == [4, None]
    assert [day_of(t) for t in found["not_before"]] == [None, 3]


def test_one_odd_colour_or_a_date_of_another_tint_is_no_replacement():
    odd = [(d, 0, 0, {"color": "#28467f" if d == 3 else "#963228"}) for d in range(8)]
    assert len(near_origin(track(rows_of(*anchors(), *odd), DAYS))) == 1
    tinted = [(d, 30.0 * i, 0, {"color": "#963228" if d < 4 else "#b45a50"}) for i in range(9) for d in range(8)]
    assert len(track(rows_of(*tinted), DAYS).tracks) == 9


def test_a_date_stretched_between_other_ends_is_levelled_in_linear_light():
    """Clouds raise the bright end of date 3; every other place changes its box there."""
    rng = np.random.default_rng(8)
    places, dates = 40, 6
    light = np.repeat(rng.uniform(0.05, 0.6, (places, 1, 3)), dates, 1)
    light[::2, 3:] = rng.uniform(0.05, 0.6, (places // 2, 1, 3))
    shown = light.copy()
    shown[:, 3] = 0.02 + 0.4 * light[:, 3]
    srgb = 255 * (1.055 * shown.reshape(-1, 3) ** (1 / 2.4) - 0.055)
    n = places * dates
    nothing = np.zeros((n, 2))
    rows = Surfaces(
        np.tile(np.arange(dates), places),
        srgb,
        np.ones(n, bool),
        np.zeros(n, bool),
        np.full(n, np.nan),
        nothing,
        nothing,
    )
    levelled = colours_without_casts(rows, np.repeat(np.arange(places), dates)).reshape(places, dates, 3)
    assert np.abs(levelled[1::2, 3] / levelled[1::2, 2] - 1).max() < 0.1
    assert np.abs(levelled[:, 1] - light[:, 1]).max() < 0.02


def test_a_box_on_top_hides_the_one_below_until_it_leaves():
    top = {"tiers": 2, "color": "#28467f"}
    boxes = [(d, 0, 0, top if d in (3, 4) else {"tiers": 1}) for d in range(8)]
    result = track(rows_of(*anchors(), *boxes), DAYS)
    below, above = near_origin(result).itertuples()
    assert (day_of(below.first_seen), day_of(below.last_seen), day_of(below.not_after)) == (0, 7, None)
    assert (day_of(above.first_seen), day_of(above.last_seen)) == (3, 4)
    assert (day_of(above.not_before), day_of(above.not_after)) == (2, 5)
    assert (result.presence[below.track_id - 1, 3:5] == 0).all()


def test_a_longer_box_on_top_of_two_hides_them():
    boxes = [(d, 0, 3.1 * s, {"tiers": 1}) for d in range(4) for s in (-1, 1)]
    boxes += [(d, 0, 0, {"kind": "40ft", "tiers": 2}) for d in range(4, 8)]
    found = near_origin(track(rows_of(*anchors(), *boxes), DAYS))
    below = found[found["kind"] == "20ft"]
    assert len(below) == 2
    assert below["not_after"].isna().all()
    flat = [box if len(box) < 4 or "kind" not in box[3] else (*box[:3], {"kind": "40ft"}) for box in boxes]
    replaced_ = near_origin(track(rows_of(*anchors(), *flat), DAYS))
    assert [day_of(t) for t in replaced_[replaced_["kind"] == "20ft"]["not_after"]] == [4, 4]


def test_tops_of_stacks_are_not_split_by_a_single_height_read_wrongly():
    boxes = [(d, 0, 0, {"tiers": 2 if d == 3 else 1}) for d in range(8)]
    assert len(near_origin(track(rows_of(*anchors(), *boxes), DAYS))) == 1


def linear(rgb):
    return linear_rgb(np.clip(np.asarray(rgb, float), 0, 255) / 255)


def segments(rgb, price=8.0):
    return changepoints(colour_costs(linear(rgb)), price)


def test_colours_cut_where_the_box_was_planted_and_nowhere_else():
    rng = np.random.default_rng(5)
    rgb = np.concatenate([rng.normal((150, 50, 40), 2, (4, 3)), rng.normal((40, 70, 130), 2, (3, 3))])
    assert segments(rgb) == [0, 4]
    assert segments(rng.normal((150, 50, 40), 2, (7, 3))) == [0]


def test_a_box_in_shade_keeps_its_identity():
    """Linear light down to a quarter and bluer, as it was measured on rows behind a building."""
    lit = np.array([184.0, 109.0, 105.0])
    shaded = (89.0, 62.0, 64.0)
    assert segments([lit] * 5 + [shaded] * 2) == [0]
    assert segments([lit] * 5 + [(40, 70, 130)] * 2) == [0, 5]


@given(st.lists(st.lists(st.floats(0, 12), min_size=6, max_size=6), min_size=6, max_size=6), st.floats(0.5, 10))
@settings(max_examples=40, deadline=None)
def test_the_partition_is_the_cheapest_of_all(costs, price):
    table = np.array(costs)

    def total(starts):
        ends = [*starts[1:], 6]
        parts = [table[a:b, a:b].sum(0).min() for a, b in zip(starts, ends, strict=True)]
        return sum(parts) + price * (len(starts) - 1)

    every = [[0, *(k for k in range(1, 6) if mask >> (k - 1) & 1)] for mask in range(32)]
    assert total(changepoints(table, price)) == pytest.approx(min(map(total, every)))


def test_a_colour_that_returns_was_under_the_box_upon_it():
    a, b, c = (150, 50, 40), (40, 70, 130), (170, 170, 165)

    def pile(colors, starts, top):
        return stack_of(colour_costs(linear(colors)), starts, np.full(2, top))

    upon = pile([a, a, b, b, a, a], [0, 2, 4], REPLACED)
    assert (upon.shown.tolist(), upon.below.tolist(), upon.end.tolist()) == ([0, 1, 0], [-1, 0], [3, 2])
    swapped = pile([a, a, b, b, c, c], [0, 2, 4], REPLACED)
    assert (swapped.shown.tolist(), swapped.below.tolist(), swapped.end.tolist()) == (
        [0, 1, 2],
        [-1, -1, -1],
        [1, 2, 3],
    )
    piled = pile([a, a, b, b, c, c], [0, 2, 4], SET_ON_TOP)
    assert (piled.below.tolist(), piled.end.tolist()) == ([-1, 0, 1], [3, 3, 3])
    assert pile([a, a, b, b, c, c], [0, 2, 4], UNCOVERED).uncovered.tolist() == [False, True, True]


def leaning(levels, dates=8, seed=3):
    """Where boxes appear, about the feet of their stacks, with each row's date and lean: (n, 2), (n,), (n, 2)."""
    rng = np.random.default_rng(seed)
    lean = rng.normal(0, 0.5, (dates, 2))
    place, date = (part.ravel() for part in np.indices(levels.shape))
    return levels[place, date, None] * lean[date] + rng.normal(0, 0.08, (len(date), 2)), date, lean


def test_heights_are_read_from_the_lean_of_the_tops():
    height = np.repeat([0.0, 0.0, 0.0, 1.0, 2.0, -0.5], 8).reshape(6, 8)
    xy, date, lean = leaning(np.vstack([height] * 5))
    place = np.repeat(np.arange(30), 8)
    centre = np.column_stack([np.bincount(place, c) / 8 for c in xy.T])
    found, tilt = heights_and_displacements(xy - centre[place], date, place, np.median(lean, 0) - lean, 30)
    assert np.abs(found - np.tile(height[:, 0], 5)).max() < 0.25
    assert np.corrcoef((tilt - tilt.mean(0)).ravel(), (lean - lean.mean(0)).ravel())[0, 1] > 0.98


@pytest.mark.parametrize(("before", "after", "meaning"), [(1, 2, SET_ON_TOP), (2, 1, UNCOVERED), (1, 1, REPLACED)])
def test_a_step_in_height_tells_what_a_new_top_means(before, after, meaning):
    """In units of the usual stack's height over which the lean is scaled; the looks of a site that changes much."""
    levels = BOX_HEIGHT * np.repeat([[before] * 4 + [after] * 4], 1, axis=0)
    xy, date, lean = leaning(levels)
    step, error = height_steps(xy, lean[date], np.repeat([0, 1], 4))
    assert explain_new_tops(step, error, np.full(1, np.nan), 20.0, 20.0, 0.2).tolist() == [meaning]


# ---- ids, order, place


def _signature(result):
    table = result.tracks.drop(columns="geometry").astype(str)
    rows = result.detections.sort_values("object_id")["track_id"].astype(str).to_list()
    return table, rows


@given(st.permutations(range(60)))
@settings(max_examples=5, deadline=None)
def test_the_order_of_rows_changes_nothing(order):
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
def test_moving_the_site_by_whole_kilometres_changes_nothing(east_km, north_km):
    series = bs.simulate(8, dates=5, blocks=2)
    offset = np.array([east_km, north_km]) * 1000.0
    moved = series.detections.set_geometry(series.detections.geometry.translate(*offset))
    first = track(series.detections, series.dates, clear=series.clear)
    second = track(moved, series.dates, clear=lambda i, p: series.clear(i, p - offset))
    assert _signature(first)[1] == _signature(second)[1]
    assert np.allclose(first.place_presence, second.place_presence, atol=1e-6)


def test_ids_count_by_date_and_position_and_rows_agree_with_tracks():
    series = bs.simulate(9)
    result = track(series.detections, series.dates, clear=series.clear)
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
    assert result.detections.drop(columns="track_id").equals(series.detections)


@pytest.mark.parametrize("method", sorted(STAGE.methods))
def test_no_row_at_all_is_an_empty_result_with_its_types(method):
    result = track(rows_of(), DAYS, method=method)
    assert len(result.tracks) == 0
    assert str(result.tracks["first_seen"].dtype) == "datetime64[ms, UTC]"
    assert result.presence.shape == (0, len(DAYS))
    assert str(result.detections["track_id"].dtype) == "Int64"


@pytest.mark.parametrize("method", sorted(STAGE.methods))
def test_one_date_gives_every_counted_row_a_track_without_bounds(method):
    series = bs.simulate(10, dates=1, clutter=0.0)
    result = track(series.detections, series.dates, method=method)
    assert len(result.tracks) == series.detections["counted"].sum()
    assert result.tracks[["not_after", "not_before"]].isna().all(axis=None)


def test_what_cannot_be_tracked_is_said():
    rows = rows_of((0, 0, 0))
    with pytest.raises(MethodError, match="angle_deg"):
        track(rows.drop(columns="angle_deg"), DAYS)
    with pytest.raises(MethodError, match="2023-01-10, which is no look"):
        track(rows, DAYS[1:])
    with pytest.raises(MethodError, match="projected"):
        track(rows.set_crs("EPSG:4326", allow_override=True), DAYS)
    with pytest.raises(MethodError, match="did you mean 'nearest'"):
        track(rows, DAYS, method="nearst")


# ---- accuracy, on seeds that no choice was made on


def _accuracy(seeds, method, **kind):
    total, boxes = np.zeros((2, 3)), 0
    for seed in seeds:
        series = bs.simulate(seed, **kind)
        found = track(series.detections, series.dates, clear=series.clear, method=method, detector="imitated")
        for k, arrivals in enumerate((True, False)):
            total[k] += bs.event_f1(bs.true_events(series, arrivals), bs.found_events(found, arrivals))
        boxes += sum(series.standing(i).sum() for i in range(1, len(series.dates)))
    f1 = 2 * total[:, 0] / np.maximum(2 * total[:, 0] + total[:, 1] + total[:, 2], 1)
    return f1, total[:, 1] / boxes * 100


def test_arrivals_and_departures_are_dated_right_on_simulated_series():
    f1, _ = _accuracy(range(2000, 2006), "hmm", cloud=0.4)
    plain, _ = _accuracy(range(2000, 2006), "nearest", cloud=0.4)
    assert (f1 > 0.7).all()
    assert (f1 > plain + 0.25).all()


def test_quiet_sites_have_few_false_arrivals():
    _, false = _accuracy(range(2100, 2106), "hmm", change=0.0)
    assert (false < 1.2).all()
