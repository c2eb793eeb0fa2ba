"""Onsets that agree, and each way in which they do not."""

from __future__ import annotations

import pandas as pd

from changedet.kernels.intervals import MISSED_M2, USUAL_SHARES
from changedet.pipeline.agreement import dated_as_known, disagreements, unmarked_ground

NONE = {"date": None, "low": None, "high": None, "reason": "no lasting growth"}


def onset(date, low=None, high=None):
    return {"date": date, "low": low or date, "high": high or date, "reason": "above its earlier level"}


def looks(low=0.0, high=MISSED_M2, clear=1.0):
    """`high`: of what a mask that marks so much may have missed."""
    days = pd.to_datetime(["2024-01-01", "2024-03-01", "2024-06-01"])
    areas = {
        "changed_area_low_m2": [None, 0.0, low],
        "changed_area_m2": [None, USUAL_SHARES.low * (high - MISSED_M2), high],
    }
    return pd.DataFrame({"date": days, "zone": "", "valid_fraction": [1.0, clear, 1.0], **areas})


def told(containers=NONE, changed_area=NONE, footprint=NONE, reference="2024-01-01", site=None):
    onset = {"containers": containers, "changed_area": changed_area, "footprint": footprint}
    return disagreements(onset, reference, looks() if site is None else site, compared=True)


def test_disagreements_are_none_where_onsets_follow_each_other():
    assert told() == []
    levelled, filled = onset("2024-03-01"), onset("2024-06-01")
    assert told(filled, levelled, levelled) == []
    assert told(filled, levelled) == []
    assert disagreements({}, "2024-01-01", looks(), compared=True) == []


def test_disagreements_name_change_that_nothing_else_shows():
    (said,) = told(changed_area=onset("2024-03-01"), site=looks().assign(containers_expected=[3.0, 3.0, 3.0]))
    assert "2024-03-01" in said
    assert "neither containers nor the footprint" in said
    for uncounted in (looks(), looks().assign(containers_expected=float("nan"))):
        (said,) = told(changed_area=onset("2024-03-01"), site=uncounted)
        assert "but the footprint does not; look" in said


def test_disagreements_name_growth_without_change():
    assert [line.split(" from ")[0] for line in told(onset("2024-03-01"), NONE, onset("2024-03-01"))] == [
        "onset: containers grow",
        "onset: the footprint grows",
    ]
    assert "no lasting growth" in told(onset("2024-03-01"))[0]
    growth = {"containers": onset("2024-03-01"), "changed_area": NONE, "footprint": NONE}
    assert disagreements(growth, "2024-01-01", looks(), compared=False) == [], "the user wanted no changed area"


def test_disagreements_are_none_where_boxes_fill_an_old_yard_or_the_growth_lies_before_the_reference():
    assert told(onset("2024-03-01"), site=looks(low=1400.0)) == []
    assert len(told(footprint=onset("2024-03-01"), site=looks(low=1400.0))) == 1
    assert told(onset("2024-03-01"), NONE, onset("2024-03-01"), reference="2024-03-01") == []
    assert told(NONE, onset("2024-06-01", "2024-05-01"), onset("2024-03-01"), reference="2024-03-01") == []


def test_unmarked_ground_names_a_yard_that_the_mask_of_its_date_lacks():
    laid = {"low": 5510.0, "since": "2024-01-01", "date": "2024-03-01"}
    (said,) = unmarked_ground(laid, "2024-01-01", looks(high=1370.0))
    assert said.startswith("the footprint gained at least 5,510 m2 by 2024-03-01, and 634 m2 of the ground are marked")
    assert unmarked_ground(laid, "2024-01-01", looks(high=6000.0)) == []
    assert unmarked_ground(laid, "2024-01-01", looks(high=1370.0, clear=0.6)) == []
    assert unmarked_ground(laid, "2024-03-01", looks(high=1370.0)) == [], "laid before the reference"
    assert unmarked_ground(None, "2024-01-01", looks()) == []


def test_disagreements_name_built_ground_before_any_change():
    (said,) = told(changed_area=onset("2024-06-01", "2024-05-01"), footprint=onset("2024-03-01", None, "2024-04-01"))
    assert "2024-06-01" in said
    assert told(changed_area=onset("2024-06-01", "2024-04-01"), footprint=onset("2024-03-01", None, "2024-04-01")) == []


def test_dated_as_known_names_years_where_no_more_is_known_and_leaves_files_their_names():
    said = [
        "1990-01-01 to 2020-01-01, 7 looks: odd (1990-01-01.tif, x/1990-01-01_msi.tif)",
        "grows from 1990-01-01,",
    ]
    years = dated_as_known(said, ["1990-01-01", "2020-01-01"])
    assert years == ["1990 to 2020, 7 looks: odd (1990-01-01.tif, x/1990-01-01_msi.tif)", "grows from 1990,"]
    assert dated_as_known(said, ["1990-01-01", "2020-06-01"]) == said
