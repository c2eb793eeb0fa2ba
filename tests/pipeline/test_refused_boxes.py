"""Bounds of changed areas where boxes are marked on looks that are refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import geopandas as gpd
import pytest

from changedet.kernels.intervals import MaskShares
from changedet.pipeline.refused_boxes import with_refused_boxes
from changedet.stages.series.estimates import Estimate
from changedet.stages.series.table import DateMeasurements

DAYS = [dt.date(2023, month, 1) for month in (1, 3, 5)]
AREA = Estimate(700.0, 500.0, 1900.0)
SHARES = MaskShares(0.5, 1.25)


def looks(refused: int) -> list[DateMeasurements]:
    """A reference and two looks, one of the three refused."""
    return [
        DateMeasurements(day, changed_area_m2={"": AREA, "yard": AREA} if k else {}, is_refused=k == refused)
        for k, day in enumerate(DAYS)
    ]


CHANGES = gpd.GeoDataFrame(
    [(str(DAYS[1]), "box", 250.0, "yard"), (str(DAYS[1]), "box", 250.0, None), (str(DAYS[2]), "paving", 700.0, None)],
    columns=["date", "kind", "area_m2", "zone"],
)


@pytest.mark.parametrize(("refused", "site", "yard"), [(-1, 500.0, 500.0), (1, 100.0, 300.0)])
def test_lower_bounds_hold_no_boxes_that_no_count_is_given_of(refused: int, site: float, yard: float) -> None:
    _, second, third = with_refused_boxes(looks(refused), DAYS[0], CHANGES, SHARES)
    assert second.changed_area_m2[""] == AREA._replace(low=pytest.approx(site))
    assert second.changed_area_m2["yard"] == AREA._replace(low=pytest.approx(yard))
    assert third.changed_area_m2[""] == AREA, "ground is no box"


def test_boxes_that_bear_a_far_look_out_say_nothing_of_its_ground() -> None:
    far = [replace(look, is_refused=False, unfamiliarity=1.2 if k == 0 else 0.5) for k, look in enumerate(looks(-1))]
    assert with_refused_boxes(far, DAYS[0], CHANGES, SHARES)[1].changed_area_m2[""].low == 0


def test_bounds_of_other_looks_stay() -> None:
    found = with_refused_boxes(looks(2), DAYS[0], CHANGES, SHARES)
    assert found[:2] == looks(2)[:2]


def test_nothing_differs_for_sure_from_a_reference_that_is_refused() -> None:
    _, second, third = with_refused_boxes(looks(0), DAYS[0], CHANGES, SHARES)
    for look in (second, third):
        assert look.changed_area_m2 == {"": AREA._replace(low=0.0), "yard": AREA._replace(low=0.0)}
