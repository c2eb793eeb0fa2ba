"""Boxes and tracks on the ground, from views that show their roofs aside."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from mercator import from_mercator, in_mercator

from changedet.kernels.containers import HEIGHT_M
from changedet.stages.tracks.stage import track
from changedet.stages.tracks.visibility import GivenVisibility

DAYS = tuple(dt.date(2024, month, 1) for month in (1, 2, 3, 4))
VIEWS = ((0.0, 0.2), (0.15, -0.1), (-0.15, -0.1), None)


class Views(GivenVisibility):
    """Dates that look from aside, but for the last, of which nothing is known."""

    def relief_displacement(self, i):
        return VIEWS[i]


def rows(tiers=1):
    """Stacks in a row, 10 m apart, as each date shows their roofs."""
    table = []
    for i, day in enumerate(DAYS):
        east, north = VIEWS[i] or (0.0, 0.0)
        for k in range(12):
            x, y = 500_000 + 10 * k + HEIGHT_M * tiers * east, 5_400_000 + HEIGHT_M * tiers * north
            shape = shapely.box(x - 1.22, y - 3.03, x + 1.22, y + 3.03)
            table.append((pd.Timestamp(day, tz="UTC"), 6.06, 2.44, 0.0, 0.99, "20ft", "#a03020", shape))
    columns = ["date", "length_m", "width_m", "angle_deg", "confidence", "kind", "color", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(table, columns=columns), geometry="geometry", crs="EPSG:32633")


def centres(table):
    return shapely.get_coordinates(shapely.centroid(table.geometry.to_numpy()))


@pytest.mark.parametrize("method", ["hmm", "nearest"])
def test_track_puts_boxes_and_tracks_on_their_bases(method):
    found = track(rows(), Views(DAYS), detector="learned", method=method)
    assert len(found.tracks) == 12
    bases = np.column_stack([500_000 + 10 * np.arange(12), np.full(12, 5_400_000)])
    order = np.argsort(centres(found.tracks)[:, 0])
    assert np.abs(centres(found.tracks)[order] - bases).max() < 0.15
    assert np.abs(centres(found.detections) - np.tile(bases, (4, 1))).max() < 0.3
    assert shapely.area(found.detections.geometry.to_numpy()) == pytest.approx(6.06 * 2.44)


@pytest.mark.parametrize("method", ["hmm", "nearest"])
def test_track_puts_boxes_on_their_bases_in_web_mercator(method):
    origin = 500_000.0, 5_400_000.0
    plain = track(rows(), Views(DAYS), detector="learned", method=method)
    found = track(in_mercator(rows(), origin), Views(DAYS), detector="learned", method=method)
    for name in ("detections", "tracks"):
        placed = from_mercator(centres(getattr(found, name)), origin)
        np.testing.assert_allclose(placed, centres(getattr(plain, name)), atol=1e-3)


def apart(table, bases):
    """Distances of boxes from their bases beside the displacement that all share, which roofs alone do not show."""
    off = centres(table) - bases
    return np.hypot(*(off - np.median(off, axis=0)).T)


def test_track_learns_views_that_are_not_given_from_the_boxes():
    given, bases = rows(tiers=2), np.tile([(500_000 + 10 * k, 5_400_000) for k in range(12)], (4, 1))
    found = track(given, DAYS, detector="learned")
    assert apart(found.detections, bases).max() < 0.25 < 0.8 < apart(given, bases).max()
    again = track(given, Views(DAYS), detector="learned")
    assert again.tracks[["first_seen", "last_seen", "kind"]].equals(found.tracks[["first_seen", "last_seen", "kind"]])


def test_track_leaves_boxes_of_one_look_where_they_are_without_a_view():
    given = rows()[:12]
    found = track(given, DAYS[:1], detector="learned")
    assert (centres(found.detections) == centres(given)).all()


class Opposed(GivenVisibility):
    """Dates whose azimuths point the other way."""

    def relief_displacement(self, i):
        east, north = (VIEWS[i] or (0.0, 0.0)) if i < 3 else (0.0, 0.0)
        return -east, -north


def test_track_turns_views_round_that_the_boxes_lean_against():
    given, bases = rows(tiers=2), np.tile([(500_000 + 10 * k, 5_400_000) for k in range(12)], (4, 1))
    found = track(given, Opposed(DAYS), detector="learned")
    assert found.views.opposed
    assert np.abs(centres(found.detections) - bases).max() < 0.3
    assert not track(given, Views(DAYS), detector="learned").views.opposed


class Oblique(GivenVisibility):
    """Dates of which two look from 22 degrees off nadir, from opposite sides."""

    def relief_displacement(self, i):
        return ((-0.31, -0.27), (0.0, 0.05), (0.33, -0.27), (0.08, 0.0))[i]


def test_track_follows_stacks_that_lean_by_more_than_a_row():
    looks, rng = Oblique(DAYS), np.random.default_rng(5)
    tiers = rng.choice([1, 2, 3, 4], 72, p=[0.45, 0.3, 0.13, 0.12])
    paints = [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in rng.integers(40, 220, (72, 3))]
    bases = np.array([(500_000 + 2.7 * (k % 12), 5_400_000 + 14.0 * (k // 12)) for k in range(72)])
    table = []
    for i, day in enumerate(DAYS):
        roofs = bases + HEIGHT_M * tiers[:, None] * looks.relief_displacement(i) + rng.normal(0, 0.12, bases.shape)
        for (x, y), paint in zip(roofs, paints, strict=True):
            shape = shapely.box(x - 1.22, y - 6.1, x + 1.22, y + 6.1)
            table.append((pd.Timestamp(day, tz="UTC"), 12.2, 2.44, 0.0, 0.97, "40ft", paint, shape))
    columns = ["date", "length_m", "width_m", "angle_deg", "confidence", "kind", "color", "geometry"]
    frame = gpd.GeoDataFrame(pd.DataFrame(table, columns=columns), geometry="geometry", crs="EPSG:32633")
    found = track(frame, looks, detector="learned")
    assert len(found.tracks) == 72
    assert found.tracks["not_after"].isna().all()
    off = np.hypot(*(centres(found.detections) - np.tile(bases, (4, 1))).T)
    assert np.quantile(off, 0.95) < 0.5
