"""Tracks after the masks are written: what came or left is marked, what stayed is not, and clutter is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine

from benchmarks.judge_figures import Figures, agree
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.pipeline import all_dates
from changedet.pipeline.box_marks import BoxMarks, box_marks
from changedet.pipeline.kernels.box_decisions import ARRIVED, LEFT, STAYED, with_boxes
from changedet.pipeline.rejected_boxes import without_rejected, without_tracks
from changedet.pipeline.run import run
from changedet.pipeline.settled_boxes import settled
from changedet.simulate import simulate
from changedet.stages.tracks.result import Tracks
from changedet.stages.tracks.stage import track

DAYS = tuple(dt.date(2024, month, 1) for month in (1, 2, 3, 4))
GRID = Grid("EPSG:32633", Affine(0.5, 0, 499_990, 0, -0.5, 5_400_010), (40, 160))
WHOLE = Window(0, 0, *GRID.shape)
THRESHOLD = 0.5
SURE, FAINT = 0.97, 0.5
BOXES = {
    "faint at first": ((0,), FAINT),
    "stays": ((0, 1, 2, 3), SURE),
    "comes": ((2, 3), SURE),
    "faint in between": ((1,), FAINT),
    "faint at last": ((3,), FAINT),
    "leaves": ((0, 1), SURE),
}
"""Dates and confidence of boxes 10 m apart."""


def rows() -> gpd.GeoDataFrame:
    table = []
    for place, (dates, confidence) in enumerate(BOXES.values()):
        for i in dates:
            shape = shapely.box(500_000 + 10 * place - 1.22, 5_399_996.97, 500_000 + 10 * place + 1.22, 5_400_003.03)
            table.append((pd.Timestamp(DAYS[i], tz="UTC"), 6.06, 2.44, 0.0, confidence, "20ft", "#a03020", shape))
    columns = ["date", "length_m", "width_m", "angle_deg", "confidence", "kind", "color", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(table, columns=columns), geometry="geometry", crs=GRID.crs)


@pytest.fixture
def followed() -> Tracks:
    """Of the box that stays the third look is too weak to count, and no presence is sure."""
    found = track(rows(), DAYS, detector="learned", method="nearest")
    assert len(found.tracks) == len(BOXES)
    weak = found.detections["track_id"].eq(names(found).index("stays") + 1) & found.detections["date"].dt.month.eq(3)
    assert weak.sum() == 1
    presence = np.where(found.seen, 0.6, 0.4)
    return replace(found, detections=found.detections.assign(counted=~weak.to_numpy(bool)), presence=presence)


def marks_of(tracks: Tracks, reference: dt.date) -> dict[dt.date, BoxMarks]:
    return box_marks(tracks, tracks.detections.geometry.to_numpy(), reference, DAYS, unit=1.0, asks_pixels=True)


def masks(folder, marks, changed=()):
    """Masks of ground on which nothing changed but at some places."""
    score = np.full(GRID.shape, 0.001, np.float32)
    for place in changed:
        score[:, 20 * place : 20 * (place + 1) + 10] = 0.4
    score[:, -10:] = np.nan
    deciding = settled(list(marks.values()), np.broadcast_to(score, (len(marks), *score.shape)), GRID, WHOLE)
    for day, own in zip(marks, deciding, strict=True):
        drawn = with_boxes(score, THRESHOLD, own.on_pixels(GRID, WHOLE), own.decision, own.probability).score
        values = np.where(np.isnan(drawn), 255, drawn > THRESHOLD).astype(np.uint8)
        about = {"driver": "GTiff", "count": 1, "dtype": "uint8", "nodata": 255, "crs": GRID.crs}
        height, width = GRID.shape
        with rasterio.open(
            folder / f"{day}.tif", "w", height=height, width=width, transform=GRID.transform, **about
        ) as out:
            out.write(values, 1)
        yield day, folder / f"{day}.tif"


def names(tracks: Tracks) -> list[str]:
    at = np.rint((shapely.get_x(tracks.tracks.geometry.to_numpy()) - 500_000) / 10).astype(int)
    return [list(BOXES)[k] for k in at]


def told(tracks: Tracks, reference: dt.date, paths) -> Iterator[tuple[bool, float]]:
    """Of all boxes that tracks say moved or stayed: whether they moved, and the share of the base that is marked."""
    for day, own in marks_of(tracks, reference).items():
        with rasterio.open(paths[day]) as mask:
            marked = mask.read(1) == 1
        for base, decision in zip(own.bases, own.decision, strict=True):
            if decision in (ARRIVED, LEFT, STAYED):
                yield decision != STAYED, float(marked[GRID.burn([(base, 1)], WHOLE) > 0].mean())


@pytest.mark.parametrize("reference", DAYS)
def test_tracks_and_masks_agree_whatever_the_pixels_say_of_boxes_in_doubt(tmp_path, followed, reference):
    for changed in ((), (0,), (1,), (3,), (4,), (0, 1, 3, 4)):
        marks = marks_of(followed, reference)
        paths = dict(masks(tmp_path, marks, changed))
        left = without_rejected(followed, marks, paths, GRID)
        shares = list(told(left, reference, paths))
        assert {moved for moved, _ in shares} == {True, False}
        assert all(share == moved for moved, share in shares)
        assert {"stays", "comes", "leaves"} <= set(names(left))


def test_boxes_that_one_look_shows_and_pixels_reject_are_clutter(tmp_path, followed):
    marks = marks_of(followed, DAYS[0])
    # the box of the first look is gone on three dates; its pixels decide on each
    assert sum(int((own.in_doubt & (own.decision == LEFT)).sum()) for own in marks.values()) == 3
    left = without_rejected(followed, marks, dict(masks(tmp_path, marks, changed=(3,))), GRID)
    assert sorted(names(left)) == sorted(["stays", "comes", "faint in between", "leaves"])


def test_a_box_that_the_pixels_of_one_date_reject_decides_on_no_date(followed):
    own = list(marks_of(followed, DAYS[0]).values())
    scores = np.full((3, *GRID.shape), 0.4, np.float32)
    everywhere = settled(own, scores, GRID, WHOLE)
    scores[1] = 0.001
    found = settled(own, scores, GRID, WHOLE)
    first = names(followed).index("faint at first")
    for before, after, here in zip(own, everywhere, found, strict=True):
        assert first in before.track
        assert first in after.track
        assert first not in here.track
    # what the other dates alone show is as they show it
    assert found[2].track.tolist() == [k for k in everywhere[2].track if k != first]


def test_boxes_that_no_pixel_shows_are_kept(tmp_path, followed):
    marks = marks_of(followed, DAYS[0])
    paths = dict(masks(tmp_path, marks))
    for path in paths.values():
        with rasterio.open(path, "r+") as mask:
            mask.write(np.full(GRID.shape, 255, np.uint8), 1)
    assert without_rejected(followed, marks, paths, GRID) is followed


def test_without_tracks_leaves_rows_and_places_and_counts_ids_from_one(followed):
    rows_before = followed.detections
    confirmed = followed.detections.assign(confirmed=0.9, listed_kind="20ft")
    followed = replace(followed, detections=confirmed)
    dropped = np.array([name.startswith("faint") for name in names(followed)])
    left = without_tracks(followed, dropped)
    assert left.tracks["track_id"].tolist() == [1, 2, 3]
    assert names(left) == [name for name in names(followed) if not name.startswith("faint")]
    assert (left.presence == followed.presence[~dropped]).all()
    assert (left.seen == followed.seen[~dropped]).all()
    assert left.places is followed.places
    assert left.place_presence is followed.place_presence
    assert left.tracks.dtypes.equals(followed.tracks.dtypes)
    assert left.detections.dtypes.equals(confirmed.dtypes)
    of = dict(zip(left.tracks["track_id"], names(left), strict=True))
    at = np.rint((shapely.get_x(shapely.centroid(rows_before.geometry.to_numpy())) - 500_000) / 10).astype(int)
    for place, number, sure, kind in zip(
        at, *(left.detections[name] for name in ("track_id", "confirmed", "listed_kind")), strict=True
    ):
        name = list(BOXES)[place]
        is_clutter = name.startswith("faint")
        assert pd.isna(number) if is_clutter else of[number] == name
        assert (np.isnan(sure), pd.isna(kind)) == (is_clutter, is_clutter)
    assert left.rejected is not None
    assert left.rejected["track_id"].tolist() == followed.tracks["track_id"][dropped].tolist()
    assert without_tracks(followed, np.zeros(len(dropped), bool)) is followed


@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
def test_a_run_and_its_resume_have_the_same_tracks_which_its_masks_do_not_contradict(tmp_path, monkeypatch):
    """A train on sidings, of which one faint box is seen once, on ground that did not change."""
    counts = []

    def noted(tracks, *rest):
        left = without_rejected(tracks, *rest)
        counts.append((len(tracks.tracks), len(left.tracks)))
        return left

    monkeypatch.setattr(all_dates, "without_rejected", noted)
    simulate(tmp_path, kind="trains", seed=8, dates=4, size_m=96.0)
    (workflow,) = tmp_path.glob("*.yaml")
    done = run(workflow, out=str(tmp_path / "out"))
    tracks, boxes, series = done.tracks, done.containers, done.series
    assert len(tracks) == counts[0][1] < counts[0][0]
    assert tracks["track_id"].tolist() == list(range(1, len(tracks) + 1))
    assert set(boxes["track_id"].dropna()) <= set(tracks["track_id"])
    made = Figures()
    agree(made, done)
    assert made.moved_marked == made.moved > 0
    assert made.stayed_marked == 0 < made.stayed
    again = run(workflow, out=str(tmp_path / "out"))
    assert counts[1] == counts[0]
    assert again.tracks.equals(tracks)
    assert again.containers.equals(boxes)
    assert again.series.equals(series)
