"""Tracks by places on built cases: what ends a track, what begins one, what hides a box."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from box_rows import DAYS, anchors, day_of, near_origin, rows_of

from changedet.arrays import Bools
from changedet.stages.series.site_boxes import tracked_boxes
from changedet.stages.tracks.by_place import fitting_tables, rows_on_sides
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.kernels.detector_tables import HARD_TABLES, TABLES
from changedet.stages.tracks.kernels.emissions import MOBILE, DetectorTables
from changedet.stages.tracks.kernels.site_model import Rates
from changedet.stages.tracks.observations import PlaceObservations, observe_places, stretches
from changedet.stages.tracks.stage import track
from changedet.stages.tracks.visibility import GivenVisibility


@pytest.mark.parametrize("standing", [(6, 36), (5, 17, 37), (37, 17, 5), (5, 6, 17, 37)])
def test_follow_places_does_not_take_few_dates_of_a_site_that_grows_or_empties_for_blind(standing):
    boxes = [(day, 3.0 * (k % 12), 20.0 * (k // 12)) for day, n in enumerate(standing) for k in range(n)]
    found = track(rows_of(*boxes, confidence=0.99), DAYS[: len(standing)], detector="learned")
    counted = tracked_boxes(found)
    told = [counted.standing(t, np.ones(len(counted.weight))).expected for t in range(len(standing))]
    np.testing.assert_allclose(told, standing, rtol=0.1, atol=0.7)


def test_follow_places_dates_the_departure_by_a_look_at_the_empty_spot_between_two_colours():
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


def test_follow_places_knows_of_the_empty_spot_between_two_boxes():
    first = [(d, 0, 0) for d in (0, 1, 2, 3)]
    for color, full in (("#963228", True), ("#28467f", False)):
        second = [(d, 0, 0, {"color": color}) for d in (5, 6, 7)]
        found = track(rows_of(*anchors(), *first, *second), DAYS, detector="learned")
        place = int(found.places.geometry.y.argmin())
        assert (found.place_presence[place, 4] > 0.5) == full
        assert found.place_presence[place, [0, 3, 5, 7]].min() > 0.9


def test_follow_places_ends_a_box_on_the_first_clear_look_without_it():
    found = near_origin(track(rows_of(*anchors(), *[(d, 0, 0) for d in (2, 3, 4)]), DAYS))
    assert len(found) == 1
    row = found.iloc[0]
    assert [day_of(row[c]) for c in ("first_seen", "last_seen", "not_after", "not_before")] == [2, 4, 5, 1]


def test_follow_places_neither_ends_nor_begins_what_is_hidden():
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


def test_follow_places_is_uncertain_where_hidden_and_certain_where_seen():
    looks = GivenVisibility(DAYS, lambda i, p: (p[:, 1] > 6_000_100) | (i < 4))
    result = track(rows_of(*anchors(), *[(d, 0, 0) for d in range(4)]), looks)
    k = int(near_origin(result)["track_id"].iloc[0]) - 1
    presence = result.presence[k]
    assert (presence[:4] > 0.95).all()
    assert (np.diff(presence[3:]) < 0).all()
    assert 0.5 < presence[-1] < 0.95


def test_follow_places_goes_on_after_one_missed_look_and_weak_rows_help():
    whole = near_origin(track(rows_of(*anchors(), *[(d, 0, 0) for d in (0, 1, 2, 4, 5, 6, 7)]), DAYS))
    assert len(whole) == 1
    weak = {"confidence": 0.2, "counted": False}
    boxes = [(0, 0, 0), (1, 0, 0), *[(d, 0, 0, weak) for d in (2, 3, 4, 5)], (6, 0, 0), (7, 0, 0)]
    assert len(near_origin(track(rows_of(*anchors(), *boxes), DAYS))) == 1
    without = [box for box in boxes if len(box) == 3]
    assert len(near_origin(track(rows_of(*anchors(), *without), DAYS))) == 2


def test_follow_places_ends_one_track_and_begins_another_where_a_box_moves():
    found = near_origin(track(rows_of(*anchors(), *[(d, 0 if d < 4 else 5, 0) for d in range(8)]), DAYS))
    assert [day_of(t) for t in found["not_after"]] == [4, None]
    assert [day_of(t) for t in found["first_seen"]] == [0, 4]
    assert [day_of(t) for t in found["not_before"]] == [None, 3]


def test_follow_places_begins_another_track_for_another_size():
    boxes = [(d, 0, 0, {"kind": "20ft" if d < 4 else "40ft"}) for d in range(8)]
    found = near_origin(track(rows_of(*anchors(), *boxes), DAYS))
    assert list(found["kind"]) == ["20ft", "40ft"]
    assert day_of(found["not_after"].iloc[0]) == 4
    assert day_of(found["not_before"].iloc[1]) == 3


def test_follow_places_makes_no_box_of_one_date_with_a_longer_one():
    boxes = [(d, 0, 3.1 * s) for d in range(8) if d != 4 for s in (-1, 1)] + [(4, 0, 0, {"kind": "40ft"})]
    result = track(rows_of(*anchors(), *boxes), DAYS)
    assert list(near_origin(result)["kind"]) == ["20ft", "20ft"]
    here = result.places.geometry.y.to_numpy() < 6_000_050
    assert result.place_presence[here, 4].sum() == pytest.approx(2, abs=0.3)


def test_follow_places_begins_another_track_for_another_colour_on_strong_evidence():
    boxes = [(d, 0, 0, {"color": "#963228" if d < 4 else "#28467f"}) for d in range(8)]
    found = near_origin(track(rows_of(*anchors(), *boxes), DAYS))
    assert list(found["color"]) == ["#963228", "#28467f"]
    assert [day_of(t) for t in found["not_after"]] == [4, None]
    assert [day_of(t) for t in found["not_before"]] == [None, 3]


def test_follow_places_takes_one_odd_colour_or_a_date_of_another_tint_for_no_replacement():
    odd = [(d, 0, 0, {"color": "#28467f" if d == 3 else "#963228"}) for d in range(8)]
    assert len(near_origin(track(rows_of(*anchors(), *odd), DAYS))) == 1
    tinted = [(d, 30.0 * i, 0, {"color": "#963228" if d < 4 else "#b45a50"}) for i in range(9) for d in range(8)]
    assert len(track(rows_of(*tinted), DAYS).tracks) == 9


def test_follow_places_keeps_the_box_below_another_until_that_leaves():
    top = {"tiers": 2, "color": "#28467f"}
    boxes = [(d, 0, 0, top if d in (3, 4) else {"tiers": 1}) for d in range(8)]
    result = track(rows_of(*anchors(), *boxes), DAYS)
    below, above = near_origin(result).itertuples()
    assert (day_of(below.first_seen), day_of(below.last_seen), day_of(below.not_after)) == (0, 7, None)
    assert (day_of(above.first_seen), day_of(above.last_seen)) == (3, 4)
    assert (day_of(above.not_before), day_of(above.not_after)) == (2, 5)
    assert (result.presence[below.track_id - 1, 3:5] == 0).all()


def test_follow_places_keeps_two_boxes_below_a_longer_one():
    boxes = [(d, 0, 3.1 * s, {"tiers": 1}) for d in range(4) for s in (-1, 1)]
    boxes += [(d, 0, 0, {"kind": "40ft", "tiers": 2}) for d in range(4, 8)]
    found = near_origin(track(rows_of(*anchors(), *boxes), DAYS))
    below = found[found["kind"] == "20ft"]
    assert len(below) == 2
    assert below["not_after"].isna().all()
    flat = [box if len(box) < 4 or "kind" not in box[3] else (*box[:3], {"kind": "40ft"}) for box in boxes]
    replaced_ = near_origin(track(rows_of(*anchors(), *flat), DAYS))
    assert [day_of(t) for t in replaced_[replaced_["kind"] == "20ft"]["not_after"]] == [4, 4]


def test_follow_places_does_not_split_a_stack_by_a_single_wrong_height():
    boxes = [(d, 0, 0, {"tiers": 2 if d == 3 else 1}) for d in range(8)]
    assert len(near_origin(track(rows_of(*anchors(), *boxes), DAYS))) == 1


class Snowy(GivenVisibility):
    """Snow lies in patches on the place near the origin, on some dates."""

    days = (3, 4, 5)

    def snowed(self, i, points):
        return (points[:, 1] < 6_000_100) & (i in self.days)


def test_follow_places_takes_no_box_under_snow_for_another():
    rows = [(d, 0, 0, {"color": "#f0f0f2" if d in Snowy.days else "#963228"}) for d in range(8)]
    every = rows_of(*anchors(), *rows)
    assert len(near_origin(track(every, DAYS, detector="learned"))) > 1
    found = near_origin(track(every, Snowy(DAYS), detector="learned"))
    assert [[day_of(row[c]) for c in ("first_seen", "last_seen")] for _, row in found.iterrows()] == [[0, 7]]
    assert found["color"].tolist() == ["#963228"]


class Cloudy(GivenVisibility):
    """Clouds end some metres west of the places near the origin, on two dates."""

    days = (3, 4)

    def clouded(self, i, points):
        return (points[:, 0] < 499_985) & (points[:, 1] < 6_000_100) & (i in self.days)


def _row_by_a_cloud(*colors):
    """Boxes side by side near the origin that are gone from the sixth look on, in the colour of each look."""
    return [(d, 2.6 * k, 0, {"color": color}) for k in range(5) for d, color in enumerate(colors)]


def test_follow_places_takes_no_box_at_the_rim_of_a_cloud_for_another():
    every = rows_of(*anchors(), *_row_by_a_cloud(*["#963228"] * 3, *["#a26b68"] * 2))
    assert len(near_origin(track(every, DAYS, detector="learned"))) == 10
    found = near_origin(track(every, Cloudy(DAYS), detector="learned"))
    assert [[day_of(row[c]) for c in ("first_seen", "last_seen", "not_after")] for _, row in found.iterrows()] == [
        [0, 4, 5]
    ] * 5
    assert found["color"].tolist() == ["#963228"] * 5


def test_follow_places_tells_another_hue_at_the_rim_of_a_cloud_and_any_colour_where_the_light_is_even():
    every = rows_of(*anchors(), *_row_by_a_cloud(*["#963228"] * 3, *["#5a86a4"] * 2))
    assert len(near_origin(track(every, Cloudy(DAYS), detector="learned"))) == 10
    one = [row for row in _row_by_a_cloud(*["#963228"] * 5) if row[1] > 0]
    paler = [(d, 0, 0, {"color": "#963228" if d < 3 else "#a26b68"}) for d in range(5)]
    found = near_origin(track(rows_of(*anchors(), *one, *paler), Cloudy(DAYS), detector="learned"))
    assert len(found) == 6


USUAL, HARD = TABLES["learned"], HARD_TABLES["learned"]


def _places(tables: DetectorTables, dates: int, full: Bools | None = None) -> PlaceObservations:
    """Two hundred places of boxes of which a few leave, with scores by the tables; no clutter."""
    rng = np.random.default_rng(11)
    kind = rng.choice(MOBILE, 200, p=tables.weight[:MOBILE] / tables.weight[:MOBILE].sum())
    if full is None:
        full = np.arange(dates) < rng.choice([dates, dates - 1, 1], 200, p=[0.8, 0.1, 0.1])[:, None]
    shares = np.where(full[..., None], tables.emission[kind][:, None], tables.absent)
    bins = (rng.random(full.shape)[..., None] > shares.cumsum(axis=2)).sum(axis=2).clip(0, 5)
    shown, none = np.ones(bins.shape, bool), np.zeros(0, np.int64)
    counted, nowhere = (bins > 2).sum(1).astype(float), np.zeros((dates, 2))
    return PlaceObservations(
        np.arange(200),
        bins,
        shown,
        shown,
        counted,
        np.full(bins.shape, 2),
        ~shown,
        ~shown,
        (none, none),
        nowhere,
        nowhere,
        None,
    )


@pytest.mark.parametrize(
    ("site", "dates", "wanted"), [(USUAL, 5, USUAL), (HARD, 5, HARD), (HARD, 2, USUAL), (USUAL, 3, USUAL)]
)
def test_fitting_tables_are_those_that_the_rows_of_a_site_fit(site, dates, wanted):
    rates = Rates(0.08, 0.03, 1.0 - USUAL.precision, 0.5)
    given, tables = fitting_tables(_places(site, dates), rates, USUAL, HARD)
    assert (tables is HARD) == (wanted is HARD)
    assert given.false_share == pytest.approx(1.0 - HARD.container_precision if wanted is HARD else rates.false_share)


@pytest.mark.parametrize("site", [USUAL, HARD])
def test_fitting_tables_of_dozens_of_looks_are_those_of_the_boxes_not_of_the_empty_ground(site):
    # Each place holds a box on one look in six; on empty ground rows are as seldom as on usual sites.
    dates = 24
    full = np.arange(dates) // 4 == np.random.default_rng(3).integers(0, 6, 200)[:, None]
    rates = Rates(0.08, 0.03, 1.0 - USUAL.precision, 0.5)
    tables = fitting_tables(_places(site._replace(absent=USUAL.absent), dates, full), rates, USUAL, HARD)[1]
    assert (tables is HARD) == (site is HARD)


def test_stretches_are_of_five_looks_and_more_and_one_of_fewer_than_ten():
    lengths = [[part.stop - part.start for part in stretches(dates)] for dates in (1, 4, 9, 10, 24)]
    assert lengths == [[1], [4], [9], [5, 5], [6, 6, 6, 6]]


def test_fitting_tables_hold_rows_of_other_kinds_for_no_clutter():
    rates = Rates(0.08, 0.03, 1.0 - USUAL.precision, 0.5)
    shares = [
        fitting_tables(_places(HARD, 5), rates, USUAL, HARD._replace(container_precision=p))[0] for p in (0.9, 0.99)
    ]
    assert [own.false_share for own in shares] == pytest.approx([0.1, 0.01])


def test_fitting_tables_leave_clutter_out_where_the_rows_are_all_true():
    given, tables = fitting_tables(_places(HARD, 5), Rates(0.08, 0.03, 0.0, 0.5), USUAL, HARD)
    assert tables is HARD
    assert given.false_share == 0.0


def test_fitting_tables_do_not_take_neighbours_against_the_scores():
    rates, places = Rates(0.08, 0.03, 1.0 - USUAL.precision, 0.5), _places(USUAL, 5)
    usual = USUAL._replace(neighbours=np.array([[0.5, 0.499, 0.001]] * 2))
    assert fitting_tables(places, rates, usual, HARD)[1] is usual
    hard = _places(HARD, 5)
    assert fitting_tables(hard, rates, usual, HARD)[1] is HARD


SCORES = (None, 0.15, 0.35, 0.65, 0.9, 0.99)
"""A score in each bin."""


@pytest.mark.parametrize(("tables", "often"), [(USUAL, False), (HARD, True), (None, False)])
def test_follow_places_says_whether_boxes_are_often_missed(tables, often):
    bins = np.full((60, 8), 5) if tables is None else _places(tables, 8).bins[:60]
    rows = [
        (d, 8.0 * (k % 10), 20.0 * (k // 10), {"confidence": SCORES[b], "counted": b > 2})
        for (k, d), b in np.ndenumerate(bins)
        if b
    ]
    assert track(rows_of(*rows), DAYS, detector="learned").often_missed == often


@pytest.mark.parametrize(("across", "ends"), [(1.9, False), (3.0, True)])
def test_no_box_is_told_gone_from_beneath_the_row_of_another(across, ends):
    """Two boxes side by side; on the second look one row is left, which lies upon the first or beside it."""
    given = rows_of(*[row for row in anchors() if row[0] < 2], (0, 0, 0), (0, 3.0, 0), (1, across, 0))
    found = near_origin(track(given, GivenVisibility(list(DAYS[:2])), detector="learned"))
    assert len(found) == 2
    first = found.loc[found.geometry.x.idxmin()]
    assert (day_of(first["not_after"]) == 1) == ends


def test_observe_places_takes_places_side_by_side_for_two_though_different_looks_show_them():
    # Looks lie 1.1 m east and west in turn; one box is shown by the eastern ones, its neighbour by the western ones.
    aside = [1.1 if day % 2 == 0 else -1.1 for day in range(6)] + [0.0]
    steady = [(day, east + aside[day], north) for day, east, north in anchors(6) if day < 7]
    in_turns = [(day, aside[day] + (0.0 if day % 2 == 0 else 2.6), 0.0) for day in range(6)]
    looks = GivenVisibility(DAYS[:7])
    rows = rows_of(*steady, *in_turns, (6, 0.0, 0.0), (6, 2.6, 0.0))
    found = observe_places(Detections.of(rows, looks), looks, 2.0)
    assert len(found.bins) == 8
    assert [len(part) for part in found.pairs] == [0, 0]


def test_rows_on_sides_are_places_without_any_other_row():
    bins = np.array([[3, 0, 0], [3, 0, 4], [3, 0, 4], [0, 0, 0]])
    on_sides = np.array([[True, False, False], [True, False, False], [True, False, True], [True, False, False]])
    assert rows_on_sides(bins, on_sides).tolist() == [True, False, True, False]
