"""Boxes of many polygons: those of each are what they are of it alone."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import shapely
from box_rows import followed

from changedet.stages.series.site_boxes import SiteBoxes, tracked_boxes
from scenarios import box_series as bs


def test_site_boxes_are_of_all_polygons_together_those_of_the_site() -> None:
    tracks = followed(bs.simulate(5, change=0.3))
    site = SiteBoxes(tracks)
    whole = site.within()
    west, south, east, north = shapely.total_bounds(tracks.places.geometry.to_numpy())
    middle = (west + east) / 2 + 0.01
    halves = [
        site.within(shapely.box(*ends))
        for ends in ((west - 50, south - 50, middle, north + 50), (middle, south - 50, east + 50, north + 50))
    ]
    for name in ("row_date", "arrived", "left", "present", "weight"):
        assert sum(len(getattr(half, name)) for half in halves) == len(getattr(whole, name)), name
    assert 0 < len(halves[0].present) < len(whole.present)


def test_tracked_boxes_are_those_of_site_boxes() -> None:
    tracks = followed(bs.simulate(6, change=0.3))
    area = tracks.places.geometry.iloc[0].buffer(40)
    one, other = tracked_boxes(tracks, area), SiteBoxes(tracks).within(area)
    for field in fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), field.name)
    assert len(one.present) > 0


def test_site_boxes_of_a_polygon_without_any_are_none() -> None:
    found = SiteBoxes(followed(bs.simulate(6, change=0.3))).within(shapely.box(-9e6, -9e6, -8e6, -8e6))
    assert len(found.present) == len(found.row_date) == len(found.arrived) == 0
    assert found.blind.shape == (found.present.shape[1],)
