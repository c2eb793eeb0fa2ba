"""Onsets from the time series."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from box_rows import DAYS, followed, rows_of

from changedet.kernels.containers import BASE_OF_KIND_M2
from changedet.outputs.sentences.ground import REFUTED
from changedet.pipeline.rejected_boxes import without_tracks
from changedet.stages.series.estimates import Estimate
from changedet.stages.series.onsets import (
    BOXES_M2,
    CEILING_M2,
    FLOOR_M2,
    NONE_BUILT,
    UNSEEN_M2,
    find_onsets,
    find_zone_onsets,
)
from changedet.stages.series.site_boxes import tracked_boxes
from changedet.stages.series.stage import STAGE
from changedet.stages.series.table import DateMeasurements, timeseries
from changedet.stages.tracks.result import Ground
from changedet.stages.tracks.stage import track
from changedet.stages.tracks.visibility import GivenVisibility
from scenarios import box_series as bs


def test_find_onsets_dates_no_growth_of_containers_by_a_date_that_shows_nothing():
    series = bs.simulate(8, dates=8, blocks=4, growth_from=4)
    series.clouds[4] = np.array([[*(bs.ORIGIN + 100), 900.0]])
    rows = series.detections[series.detections["date"].dt.date != series.dates[4]]
    tracks = followed(series, rows)
    looks = [DateMeasurements(day, valid_fraction={"": float(i != 4)}) for i, day in enumerate(series.dates)]
    method = STAGE.get("staircase").function(None)
    for known in (tracks, None):
        found = find_onsets(timeseries(looks, tracks), method, series.dates[0], known)["containers"]
        assert (found.date, found.high) == (series.dates[5], series.dates[5])
        assert found.low == series.dates[3] + dt.timedelta(1)


def test_find_onsets_dates_growth_under_clouds_by_what_each_look_shows():
    right, held, false = [], [], 0
    method = STAGE.get("staircase").function(None)
    for seed in range(6500, 6512):
        for growth in (3, None):
            series = bs.simulate(seed, dates=7, blocks=4, cloud=0.8, change=0.04, growth_from=growth)
            tracks = followed(series)
            table = timeseries([DateMeasurements(day) for day in series.dates], tracks)
            found = find_onsets(table, method, series.dates[0], tracks)["containers"]
            if growth is None:
                false += found.date is not None
                continue
            right.append(found.date == series.dates[growth])
            held.append(found.date is not None and found.low <= series.dates[growth] <= found.high)
    assert sum(right) >= 10
    assert sum(held) >= 11
    assert false <= 1


def test_find_onsets_says_how_much_of_the_site_the_last_looks_show():
    looks = [dt.date(2023, month, 1) for month in range(1, 7)]
    method = STAGE.get("staircase").function(None)
    for seen, said in ((0.95, False), (0.31, True)):
        facts = [
            DateMeasurements(
                day, valid_fraction={"": 0.95 if i < 4 else seen}, footprint_m2={"": Estimate(900, 800, 990)}
            )
            for i, day in enumerate(looks)
        ]
        found = find_onsets(timeseries(facts, None), method, looks[0])["footprint"]
        assert found.date is None
        assert ("the last looks show 31% of the site at most" in found.reason) == said


def test_find_onsets_takes_the_reference_as_the_changed_areas_zero():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    areas = {i: Estimate(a, a * 0.7, a * 1.9) for i, a in enumerate([0, 30, 20, 2000, 2100, 2500, 2400]) if i}
    looks = [DateMeasurements(d, changed_area_m2={"": areas[i]} if i else {}) for i, d in enumerate(dates)]
    method = STAGE.get("staircase")
    found = find_onsets(timeseries(looks, None), method.function(None, **method.resolve({})), dates[0])
    assert found["changed_area"].date == dates[3]
    assert found["containers"].date is None


def test_find_onsets_says_that_looks_before_the_reference_do_not_count():
    dates = [dt.date(2023, month, 1) for month in range(1, 5)]
    looks = [
        DateMeasurements(d, valid_fraction={"": 1.0}, changed_area_m2={"": Estimate(20, 0, 60)} if i != 2 else {})
        for i, d in enumerate(dates)
    ]
    method = STAGE.get("staircase").function(None)
    reason = find_onsets(timeseries(looks, None), method, dates[2])["changed_area"].reason
    assert reason.startswith("2 clear looks are too few to tell growth")
    assert reason.endswith("; looks before the reference date do not count here")


def test_find_onsets_takes_exchanged_boxes_for_no_growth_and_a_pad_among_them_for_one():
    series = bs.simulate(7, dates=8, blocks=4, change=0.15)
    tracks = track(series.detections, GivenVisibility(series.dates, series.clear), detector="imitated")
    stands = tracks.presence > 0.5
    exchanged = 20.0 * (stands != stands[:, :1]).sum(0)
    assert exchanged[-1] > 600
    method = STAGE.get("staircase").function(None)
    for pad, boxes, date in ((0, None, True), (0, tracks, False), (6000, tracks, True)):
        areas = 0.6 * exchanged + pad * (np.arange(8) >= 4)
        looks = [
            DateMeasurements(day, changed_area_m2={"": Estimate(area, 0.6 * area, 1.9 * area)} if i else {})
            for i, (day, area) in enumerate(zip(series.dates, areas, strict=True))
        ]
        found = find_onsets(timeseries(looks, boxes), method, series.dates[0], boxes)["changed_area"]
        assert (found.date is not None) == date, found
        if pad:
            assert found.date == series.dates[4]
            assert "without what boxes cover" in found.reason


def test_find_onsets_takes_no_more_for_exchanged_than_is_marked_as_boxes() -> None:
    series = bs.simulate(7, dates=8, blocks=4, change=0.15)
    tracks = track(series.detections, GivenVisibility(series.dates, series.clear), detector="imitated")
    stands = tracks.presence > 0.5
    # Where a box stands in another's place, the ground beneath both is marked once.
    marked = 10.0 * (stands != stands[:, :1]).sum(0)
    areas = marked + 0.4 * marked[-1] * (np.arange(8) >= 4)
    looks = [
        DateMeasurements(
            day, valid_fraction={"": 1.0}, changed_area_m2={"": Estimate(area, 0.9 * area, 1.9 * area)} if i else {}
        )
        for i, (day, area) in enumerate(zip(series.dates, areas, strict=True))
    ]
    method = STAGE.get("staircase").function(None)
    table = timeseries(looks, tracks)
    assert find_onsets(table, method, series.dates[0], tracks)["changed_area"].date is None
    found = find_onsets(table.assign(**{BOXES_M2: marked}), method, series.dates[0], tracks)["changed_area"]
    assert found.date == series.dates[4], found
    all_boxes = [replace(look, changed_area_m2={k: Estimate(m, 0.9 * m, 1.9 * m) for k in look.changed_area_m2})
                 for look, m in zip(looks, marked, strict=True)]  # fmt: skip
    boxes = timeseries(all_boxes, tracks).assign(**{BOXES_M2: marked})
    assert find_onsets(boxes, method, series.dates[0], tracks)["changed_area"].date is None


def test_find_onsets_takes_no_box_for_exchanged_that_may_have_come_behind_a_cloud():
    series = bs.simulate(6, dates=8, blocks=4, growth_from=5)
    tracks = track(series.detections, GivenVisibility(series.dates, series.clear), detector="imitated")
    stands = tracks.presence > 0.5
    exchanged = tracks.tracks["kind"].map(BASE_OF_KIND_M2).fillna(0.0).to_numpy() @ (stands != stands[:, :1])
    assert exchanged[5] > exchanged[4] + 300
    # Another look shows nothing of it, and what came by the next one is as likely to stand there already.
    presence, clear = tracks.presence.copy(), tracks.place_clear.copy()
    presence[:, 4], clear[:, 4] = presence[:, 5], False
    clouded = replace(tracks, presence=presence, place_clear=clear)
    pad = 300.0 * (np.arange(8) >= 2)
    areas = pad + exchanged
    looks = [
        DateMeasurements(day, changed_area_m2={"": Estimate(area, 0.97 * area, 1.1 * area)} if i else {})
        for i, (day, area) in enumerate(zip(series.dates, areas, strict=True))
    ]
    method = STAGE.get("staircase").function(None)
    for boxes in (tracks, clouded):
        found = find_onsets(timeseries(looks, boxes), method, series.dates[0], boxes)["changed_area"]
        assert found.date == series.dates[2], found


def test_find_onsets_takes_no_box_for_exchanged_where_the_reference_hides_the_ground():
    """What no mask compares is in no changed area: a pad on the half that the first look shows has grown."""
    series = bs.simulate(6, dates=8, blocks=4, growth_from=5)
    tracks = track(series.detections, GivenVisibility(series.dates, series.clear), detector="imitated")
    xy = shapely.get_coordinates(tracks.tracks.geometry.centroid.to_numpy())
    middle = np.median(xy[:, 0])
    shown = np.ones((len(xy), 8), bool)
    shown[:, 0] = xy[:, 0] > middle
    half = replace(tracks, ground=Ground(xy, shown))
    stands = tracks.presence > 0.5
    bases = tracks.tracks["kind"].map(BASE_OF_KIND_M2).fillna(0.0).to_numpy()
    exchanged = (bases * shown[:, 0]) @ (stands != stands[:, :1])
    hidden = (bases * ~shown[:, 0]) @ (stands != stands[:, :1])
    pad = 300.0 * (np.arange(8) >= 2)
    assert hidden[-1] > pad[-1]
    looks = [
        DateMeasurements(day, changed_area_m2={"": Estimate(area, 0.97 * area, 1.1 * area)} if i else {})
        for i, (day, area) in enumerate(zip(series.dates, pad + exchanged, strict=True))
    ]
    method = STAGE.get("staircase").function(None)
    found = find_onsets(timeseries(looks, half), method, series.dates[0], half)["changed_area"]
    assert found.date == series.dates[2], found


def test_find_onsets_bounds_no_growth_by_a_look_that_shows_next_to_nothing():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    areas = [None, *(Estimate(0, 0, 60) for _ in range(2)), *(Estimate(a, 0.7 * a, 1.9 * a) for a in (3000,) * 4)]

    def began(share):
        looks = [
            DateMeasurements(
                day, valid_fraction={"": share if i == 2 else 1.0}, changed_area_m2={"": area} if i else {}
            )
            for i, (day, area) in enumerate(zip(dates, areas, strict=True))
        ]
        found = find_onsets(timeseries(looks, None), STAGE.get("staircase").function(None), dates[0])["changed_area"]
        assert found.date == dates[3]
        return found.low

    assert began(0.5) == dates[2] + dt.timedelta(days=1)
    assert began(0.0001) == dates[1] + dt.timedelta(days=1)


def test_find_onsets_does_not_date_growth_by_an_area_that_may_be_none():
    dates = [dt.date(2023, month, 1) for month in range(1, 7)]
    areas = [Estimate(104, 0, 259), *(Estimate(a, 0.7 * a, 1.9 * a) for a in (12215, 12283, 12313, 12292))]
    looks = [DateMeasurements(day, changed_area_m2={"": areas[i - 1]} if i else {}) for i, day in enumerate(dates)]
    found = find_onsets(timeseries(looks, None), STAGE.get("staircase").function(None), dates[0])["changed_area"]
    assert (found.date, found.shape) == (dates[2], "step")
    assert found.low <= dates[2] <= found.high


def test_find_onsets_weighs_a_changed_area_by_its_lower_bound():
    # A hall and its lot in colours alone: the mask may lack most of them, so upper bounds are wide; none is near 0.
    dates = [dt.date(2023, month, 1) for month in range(1, 7)]
    areas = [Estimate(0, 0, 60), Estimate(0, 0, 60)]
    areas += [Estimate(2335, 1285, 6952), Estimate(2457, 1372, 8878), Estimate(2769, 1594, 8277)]
    looks = [DateMeasurements(day, changed_area_m2={"": areas[i - 1]} if i else {}) for i, day in enumerate(dates)]
    method = STAGE.get("staircase").function(None)
    found = find_onsets(timeseries(looks, None), method, dates[0])["changed_area"]
    assert found.date == found.high == dates[3]
    assert found.probability > 0.95


def test_find_zone_onsets_date_the_zone_that_grew_and_no_other():
    series = bs.simulate(6, dates=8, blocks=4, growth_from=4)
    tracks = followed(series)
    x, y = np.array([[p.x, p.y] for p in tracks.tracks.geometry]).T
    came = (tracks.tracks["first_seen"].dt.date >= series.dates[4]).to_numpy()
    # Boxes of each track's own place: those that came, and those that stood there from the start.
    new, old = (
        shapely.union_all([shapely.Point(*p).buffer(0.5) for p in zip(x[side], y[side], strict=True)])
        for side in (came, ~came)
    )
    zones = gpd.GeoDataFrame({"name": ["new", "old"]}, geometry=[new, old.difference(new)], crs=tracks.tracks.crs)
    table = timeseries([DateMeasurements(day) for day in series.dates], tracks, zones)
    areas = dict(zip(zones["name"], zones.geometry, strict=True))
    found = find_zone_onsets(table, STAGE.get("staircase").function(None), tracks, areas)
    assert found["new"].date == series.dates[4]
    assert found["old"].date is None


def test_find_onsets_dates_no_built_ground_that_is_no_changed_ground():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    built = [Estimate(a, a * 0.95, a * 1.1) for a in (9000, 9100, 9050, 13000, 13200, 13100, 13300)]
    method = STAGE.get("staircase").function(None)

    def footprint_onset(changed, reference, compared=None):
        areas = {i: Estimate(a, a * 0.8, a * 1.3) for i, a in enumerate(changed) if a is not None}
        looks = [
            DateMeasurements(d, changed_area_m2={"": areas[i]} if i in areas else {}, footprint_m2={"": built[i]})
            for i, d in enumerate(dates)
        ]
        return find_onsets(timeseries(looks, None), method, dates[reference], compared=compared)["footprint"]

    assert footprint_onset([None, 20, 30, 4000, 4100, 4050, 4200], 0).date == dates[3]
    fields = footprint_onset([None, 20, 30, 25, 30, 20, 25], 0)
    assert fields.date is None
    assert str(dates[3]) in fields.reason
    assert fields.reason.endswith(REFUTED), "by which the sentences know it"
    # Nothing is known of change: most of what was gained is hidden on the reference, switched off, or before it.
    still = [None, 20, 30, 25, 30, 20, 25]
    assert footprint_onset(still, 0, lambda _: 0.1).date == dates[3]
    assert footprint_onset(still, 0, lambda _: 0.9).date is None
    assert footprint_onset([None] * 7, 0).date == dates[3]
    assert footprint_onset([4000, 4000, 4000, 20, None, 30, 25], 4).date == dates[3]


def test_find_onsets_bounds_a_change_by_looks_that_show_its_ground():
    """Two looks hide ground that the next one shows changed: it changed since the look before them."""
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    looks = [
        DateMeasurements(day, changed_area_m2={"": Estimate(a, 0.7 * a if a > 100 else 0.0, 1.9 * a + 60)} if i else {})
        for i, (day, a) in enumerate(zip(dates, (0, 0, 90, 100, 5600, 5600, 5500), strict=True))
    ]
    table, method = timeseries(looks, None), STAGE.get("staircase").function(None)
    plain = find_onsets(table, method, dates[0])["changed_area"]
    assert (plain.date, plain.low) == (dates[4], dates[3] + dt.timedelta(1))
    hidden = table.assign(**{UNSEEN_M2: [0.0, 0.0, 5500.0, 5500.0, 0.0, 0.0, 0.0]})
    found = find_onsets(hidden, method, dates[0])["changed_area"]
    assert (found.low, found.date, found.high) == (dates[1] + dt.timedelta(1), dates[4], dates[4])


def test_find_onsets_dates_no_footprint_whose_bounds_allow_for_none_on_every_look_since():
    dates = [dt.date(2023, month, 1) for month in range(1, 7)]
    built = [0.0, 0.0, 470.0, 2310.0, 3400.0, 3160.0]
    method, found = STAGE.get("staircase").function(None), {}
    for least in (0.0, 0.1):
        looks = [
            DateMeasurements(day, footprint_m2={"": Estimate(area, least * area, area + 600)})
            for day, area in zip(dates, built, strict=True)
        ]
        found[least] = find_onsets(timeseries(looks, None), method, dates[0])["footprint"]
    assert (found[0.0].date, found[0.0].reason) == (None, NONE_BUILT)
    assert found[0.1].date is not None


def test_find_onsets_dates_no_footprint_by_looks_that_hide_its_ground():
    """Two looks hide a yard, which their footprints have from later looks: it may have been laid after them."""
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    built = [6000.0, 6050.0, 11600.0, 11590.0, 11850.0, 11800.0, 11750.0]
    looks = [
        DateMeasurements(day, footprint_m2={"": Estimate(a, 0.9 * a, 1.1 * a)})
        for day, a in zip(dates, built, strict=True)
    ]
    table, method = timeseries(looks, None), STAGE.get("staircase").function(None)
    assert find_onsets(table, method, dates[0])["footprint"].date == dates[2]
    floor = [a - 5600.0 * (i in (2, 3)) for i, a in enumerate(built)]
    found = find_onsets(table.assign(**{FLOOR_M2: floor, CEILING_M2: built}), method, dates[0])["footprint"]
    assert (found.low, found.date, found.high) == (dates[1] + dt.timedelta(1), dates[4], dates[4])
    plain = table.assign(**{FLOOR_M2: built, CEILING_M2: built})
    assert find_onsets(plain, method, dates[0])["footprint"] == find_onsets(table, method, dates[0])["footprint"]


def test_find_onsets_dates_containers_by_a_look_that_shows_them():
    """Where a cloud hides the boxes that came on two looks, growth is dated by the third, and bounded by all."""
    series = bs.simulate(8, dates=8, blocks=4, growth_from=3)
    for hidden in (3, 4):
        series.clouds[hidden] = np.array([[*(bs.ORIGIN + 100), 900.0]])
    gone = series.detections["date"].dt.date.isin([series.dates[3], series.dates[4]])
    tracks = followed(series, series.detections[~gone])
    table = timeseries([DateMeasurements(day) for day in series.dates], tracks)
    found = find_onsets(table, STAGE.get("staircase").function(None), series.dates[0], tracks)["containers"]
    assert found.low <= series.dates[3] <= found.high
    assert found.date == series.dates[5]


def test_find_onsets_dates_few_boxes_beside_others_that_masks_reject():
    """Pieces of roofs that the first look alone takes for boxes do not hide that boxes came to empty ground later."""
    roofs = [(0, 2.6 * k, 60.0, {"confidence": 0.99, "color": "#d08080"}) for k in range(3)]
    boxes = [(day, 30.0 * k, 0.0) for k in range(6) for day in range(2, 5)]
    tracks = track(rows_of(*roofs, *boxes), DAYS[:5], detector="learned")
    is_roof = (tracks.tracks.geometry.y > 6_000_030.0).to_numpy(bool)
    assert is_roof.sum() == len(roofs)
    kept = without_tracks(tracks, is_roof)
    doubted = tracked_boxes(kept).doubted
    assert doubted[:, 0].sum() == len(roofs) == doubted.sum()
    table, method = timeseries([DateMeasurements(day) for day in DAYS[:5]], kept), STAGE.get("staircase").function(None)
    assert table["containers_expected"].iloc[0] > 2.0
    plain, found = (find_onsets(table, method, DAYS[0], own)["containers"] for own in (tracks, kept))
    assert plain.date is None
    assert found.low < found.date == found.high == DAYS[2]


def test_find_onsets_says_of_no_change_how_little_the_reference_shows():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    for share, words in ((0.7, "; the reference date shows 70% of the site"), (0.95, "")):
        looks = [
            DateMeasurements(
                day,
                valid_fraction={"": share if i == 0 else 1.0},
                changed_area_m2={"": Estimate(20, 0, 60)} if i else {},
            )
            for i, day in enumerate(dates)
        ]
        found = find_onsets(timeseries(looks, None), STAGE.get("staircase").function(None), dates[0])["changed_area"]
        assert found.reason.partition(" that is needed")[2] == words


def test_find_onsets_keeps_built_ground_where_the_last_look_hides_how_much_changed():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    built = [Estimate(a, a * 0.95, a * 1.1) for a in (9000, 9100, 9050, 13000, 13200, 13100, 13300)]
    changed = [None, 20, 30, 4000, 4100, 4050, 3900]
    looks = [
        DateMeasurements(
            day,
            changed_area_m2={"": Estimate(a, a * 0.8 if i < 6 else 0.0, a * 1.3)} if a else {},
            footprint_m2={"": built[i]},
        )
        for i, (day, a) in enumerate(zip(dates, changed, strict=True))
    ]
    found = find_onsets(timeseries(looks, None), STAGE.get("staircase").function(None), dates[0])
    assert found["changed_area"].date is None
    assert found["footprint"].date == dates[3]
