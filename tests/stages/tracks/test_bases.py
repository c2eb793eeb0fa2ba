"""Boxes and tracks on the ground, from views that show their roofs aside."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

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


def test_track_leaves_boxes_where_they_are_without_views():
    given = rows()
    found = track(given, DAYS, detector="learned")
    assert (centres(found.detections) == centres(given)).all()
    again = track(given, Views(DAYS), detector="learned")
    assert again.tracks[["first_seen", "last_seen", "kind"]].equals(found.tracks[["first_seen", "last_seen", "kind"]])


class Opposed(GivenVisibility):
    """Dates whose azimuths point the other way."""

    def relief_displacement(self, i):
        east, north = (VIEWS[i] or (0.0, 0.0)) if i < 3 else (0.0, 0.0)
        return -east, -north


def test_track_leaves_out_views_that_the_boxes_lean_against():
    given = rows(tiers=2)
    found = track(given, Opposed(DAYS), detector="learned")
    assert found.views_opposed
    assert (centres(found.detections) == centres(given)).all()
    assert not track(given, Views(DAYS), detector="learned").views_opposed
