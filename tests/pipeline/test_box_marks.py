"""What the tracks of a series decide about each date, against any reference."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from mercator import NORTH, WEST, mercator_grid

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.pipeline.box_marks import box_marks, halo_px
from changedet.pipeline.kernels.box_decisions import ARRIVED, LEFT, MOVER, NONE, STAYED
from changedet.pipeline.settled_boxes import settled
from changedet.stages.tracks.stage import track

DAYS = tuple(dt.date(2024, month, 1) for month in (1, 2, 3, 4))
PLACES = {"stays": (0, 1, 2, 3), "comes": (2, 3), "leaves": (0, 1), "visits": (1, 2)}


def rows(kind="20ft", lean_m=0.0):
    """Boxes in a row, 8 m apart, each on its dates."""
    table = []
    for place, dates in enumerate(PLACES.values()):
        for i in dates:
            x, y = 500_000.0 + 8 * place, 5_400_000.0 + lean_m * i
            shape = shapely.box(x - 1.22, y - 3.03, x + 1.22, y + 3.03)
            table.append((pd.Timestamp(DAYS[i], tz="UTC"), 6.06, 2.44, 0.0, 0.97, kind, "#a03020", shape))
    columns = ["date", "length_m", "width_m", "angle_deg", "confidence", "kind", "color", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(table, columns=columns), geometry="geometry", crs="EPSG:32633")


def decisions(reference, kind="20ft", days=DAYS):
    """Decision by date and place."""
    found = rows(kind)
    tracks = track(found, DAYS, detector="learned", method="nearest")
    marks = box_marks(tracks, found.geometry.to_numpy(), reference, days, unit=1.0)
    names = list(PLACES)
    told = {}
    for day, own in marks.items():
        at = np.rint((shapely.get_x(shapely.centroid(own.bases)) - 500_000) / 8).astype(int)
        told[days.index(day)] = {names[k]: int(what) for k, what in zip(at, own.decision, strict=True)}
    return told


def test_box_marks_tell_what_came_left_and_stayed_since_the_reference():
    found = decisions(DAYS[0])
    assert sorted(found) == [1, 2, 3]
    assert found[1] == {"stays": STAYED, "leaves": STAYED, "visits": ARRIVED}
    assert found[2] == {"stays": STAYED, "comes": ARRIVED, "leaves": LEFT, "visits": ARRIVED}
    assert found[3] == {"stays": STAYED, "comes": ARRIVED, "leaves": LEFT}


def test_box_marks_of_dates_before_the_reference_turn_round():
    found = decisions(DAYS[3])
    assert found[0] == {"stays": STAYED, "comes": LEFT, "leaves": ARRIVED}
    assert found[2] == {"stays": STAYED, "comes": STAYED, "visits": ARRIVED}


def test_box_marks_mark_what_was_laid_bare_and_leave_what_another_hides():
    found = rows()
    tracks = track(found, DAYS, detector="learned", method="nearest")
    x = np.rint((shapely.get_x(tracks.tracks.geometry.to_numpy()) - 500_000) / 8).astype(int)
    names = np.array(list(PLACES), object)[x]
    presence, table = tracks.presence.copy(), tracks.tracks.copy()
    presence[names == "stays", 2] = 0.0
    presence[names == "comes", :2] = 0.0
    table.loc[names == "comes", "not_before"] = pd.NaT
    hidden = replace(tracks, presence=presence, tracks=table)
    told = {
        day: dict(zip(names[own.track], own.decision.tolist(), strict=True))
        for day, own in box_marks(hidden, found.geometry.to_numpy(), DAYS[0], DAYS, unit=1.0).items()
    }
    assert [told[day]["stays"] for day in DAYS[1:]] == [STAYED] * 3
    assert "comes" not in told[DAYS[1]]
    assert told[DAYS[2]]["comes"] == told[DAYS[3]]["comes"] == ARRIVED


def test_box_marks_of_trailers_are_movers():
    assert set(decisions(DAYS[0], "other")[3].values()) == {MOVER}


def test_box_marks_need_the_reference_among_the_counted_dates():
    found = rows()
    tracks = track(found, DAYS, detector="learned", method="nearest")
    assert box_marks(tracks, found.geometry.to_numpy(), dt.date(2020, 1, 1), unit=1.0) == {}


def test_a_date_too_coarse_to_count_has_what_stood_before_and_after_it():
    coarse = (dt.date(2023, 12, 15), dt.date(2024, 2, 15), dt.date(2024, 3, 15), dt.date(2024, 5, 1))
    found = decisions(DAYS[0], days=tuple(sorted((*DAYS, *coarse))))
    assert sorted(found) == [2, 3, 4, 5, 6]
    assert found[3] == {"stays": STAYED, "visits": ARRIVED}
    assert found[5] == {"stays": STAYED, "comes": ARRIVED, "leaves": LEFT}


def exchanged(*uncounted):
    """Places of boxes that came or left where another stood, by date; uncounted boxes are (place, date, confidence)."""
    found, names, told = rows(), list(PLACES), {}
    tracks = track(found, DAYS, detector="learned", method="nearest")
    for place, date, confidence in uncounted:
        row = tracks.detections.iloc[[0]].assign(date=pd.Timestamp(DAYS[date], tz="UTC"), confidence=confidence)
        row = row.assign(track_id=pd.NA).set_geometry(row.translate(8 * names.index(place)))
        tracks = replace(tracks, detections=pd.concat([tracks.detections, row], ignore_index=True))
    for day, own in box_marks(tracks, tracks.detections.geometry.to_numpy(), DAYS[0], DAYS, unit=1.0).items():
        at = np.rint((shapely.get_x(shapely.centroid(own.bases)) - 500_000) / 8).astype(int)
        told[DAYS.index(day)] = {names[k] for k, both in zip(at, own.exchanged, strict=True) if both}
    return told


def test_boxes_that_came_or_left_where_another_is_seen_on_the_other_date_are_exchanged():
    assert exchanged() == {1: set(), 2: set(), 3: set()}
    # below the confidence that counts, but most such boxes are true
    assert exchanged(("comes", 0, 0.4)) == {1: set(), 2: {"comes"}, 3: {"comes"}}
    assert exchanged(("leaves", 2, 0.4)) == {1: set(), 2: {"leaves"}, 3: set()}
    assert exchanged(("comes", 0, 0.2), ("leaves", 2, 0.2)) == {1: set(), 2: set(), 3: set()}


@pytest.mark.parametrize("left", [0, 7, 31])
def test_on_pixels_draws_the_same_in_every_window(left):
    found = rows()
    tracks = track(found, DAYS, detector="learned", method="nearest")
    marks = box_marks(tracks, found.geometry.to_numpy(), DAYS[0], unit=1.0)
    grid = Grid("EPSG:32633", Affine(0.5, 0, 499_980, 0, -0.5, 5_400_020), (80, 120))
    whole = marks[DAYS[2]].on_pixels(grid, Window(0, 0, 80, 120))
    window = Window(10, left, 50, 40)
    grown = window.grown(halo_px(grid))
    near = marks[DAYS[2]].within(grid.window_bounds(grown), 1.0)
    part = near.on_pixels(grid, window)
    for drawn, cut in zip(whole, part, strict=True):
        assert ((drawn[window.slices] > 0) == (cut > 0)).all()
    assert whole.arrived.any()
    assert whole.left.any()
    assert whole.still.any()


def test_swept_reaches_over_the_roof_that_the_picture_shows():
    found = rows()
    tracks = track(found, DAYS, detector="learned", method="nearest")
    roofs = shapely.transform(found.geometry.to_numpy(), lambda xy: np.add(xy, (0.0, 1.5)))
    marks = box_marks(tracks, roofs, DAYS[0], unit=1.0)[DAYS[3]]
    assert shapely.bounds(marks.swept)[:, 3] == pytest.approx(shapely.bounds(marks.bases)[:, 3] + 1.5)


def test_boxes_and_the_ground_around_them_are_as_large_on_the_ground_in_web_mercator():
    grid = mercator_grid(80, 160, pixel=0.5)
    unit, found = grid.ground_metre, rows()
    placed = shapely.transform(
        found.geometry.to_numpy(), lambda xy: (xy - (500_000, 5_400_000)) * unit + (WEST + 20, NORTH - 20)
    )
    found = gpd.GeoDataFrame(found.drop(columns="geometry"), geometry=placed, crs=grid.crs)
    marks = box_marks(track(found, DAYS, detector="learned", method="nearest"), placed, DAYS[0], unit=unit)[DAYS[3]]
    assert shapely.area(marks.bases) / unit**2 == pytest.approx(6.06 * 2.44, rel=0.01)
    drawn = marks.on_pixels(grid, Window(0, 0, *grid.shape))
    cell_m2 = grid.ground_resolution_m**2
    own, around = (np.bincount(part.ravel())[1:] * cell_m2 for part in (drawn.swept, drawn.around))
    assert own == pytest.approx(6.06 * 2.44, rel=0.15)
    assert around == pytest.approx(2 * (6.06 + 2.44) * 2.5 + np.pi * 2.5**2, rel=0.1)
    beside = grid.window_bounds(Window(20, 28, 40, 1))  # ends 1.9 m from the first box
    assert len(marks.within(beside, unit).bases) == 1
    assert len(marks.within(beside, 1.0).bases) == 0


def in_doubt(confidence, asks_pixels=True):
    """Marks of the last date, on which a further box is seen for the first time."""
    found = rows()
    first = found.iloc[[0]].assign(date=pd.Timestamp(DAYS[3], tz="UTC"), confidence=confidence)
    found = pd.concat([found, first.set_geometry(first.translate(40))], ignore_index=True)
    tracks = track(found, DAYS, detector="learned", method="nearest")
    roofs = found.geometry.to_numpy()
    return box_marks(tracks, roofs, DAYS[0], unit=1.0, asks_pixels=asks_pixels)[DAYS[3]]


def moved(marks, score):
    grid = Grid("EPSG:32633", Affine(0.5, 0, 499_980, 0, -0.5, 5_400_020), (80, 160))
    (found,) = settled([marks], np.full((1, *grid.shape), score, np.float32), grid, Window(0, 0, *grid.shape))
    assert (found.decision != NONE).all()
    at = np.rint((shapely.get_x(shapely.centroid(found.bases)) - 500_000) / 8).astype(int)
    return {int(k) for k, what in zip(at, found.decision, strict=True) if what == ARRIVED}


def test_a_box_that_one_look_shows_faintly_has_come_where_its_pixels_changed():
    assert moved(in_doubt(0.5), 0.05) == {1, 5}
    assert moved(in_doubt(0.5), 0.001) == {1}
    assert moved(in_doubt(0.97), 0.001) == {1, 5}


def test_boxes_are_as_the_tracks_have_them_where_no_pixels_are_asked():
    assert moved(in_doubt(0.5, asks_pixels=False), 0.001) == {1, 5}
