"""Onsets that agree, and each way in which they do not."""

from __future__ import annotations

from changedet.pipeline.agreement import dated_as_known, disagreements

NONE = {"date": None, "low": None, "high": None, "reason": "no lasting growth"}


def onset(date, low=None, high=None):
    return {"date": date, "low": low or date, "high": high or date, "reason": "above its earlier level"}


def told(containers=NONE, changed_area=NONE, footprint=NONE):
    return disagreements({"containers": containers, "changed_area": changed_area, "footprint": footprint})


def test_disagreements_are_none_where_onsets_follow_each_other():
    assert told() == []
    levelled, filled = onset("2024-03-01"), onset("2024-06-01")
    assert told(filled, levelled, levelled) == []
    assert told(filled, levelled) == []
    assert disagreements({}) == []


def test_disagreements_name_change_that_nothing_else_shows():
    (said,) = told(changed_area=onset("2024-03-01"))
    assert "2024-03-01" in said
    assert "neither containers nor the footprint" in said


def test_disagreements_name_growth_without_change():
    assert [line.split(" from ")[0] for line in told(onset("2024-03-01"), NONE, onset("2024-03-01"))] == [
        "onset: containers grow",
        "onset: the footprint grows",
    ]
    assert "no lasting growth" in told(onset("2024-03-01"))[0]


def test_disagreements_name_built_ground_before_any_change():
    (said,) = told(changed_area=onset("2024-06-01", "2024-05-01"), footprint=onset("2024-03-01", None, "2024-04-01"))
    assert "2024-06-01" in said
    assert told(changed_area=onset("2024-06-01", "2024-04-01"), footprint=onset("2024-03-01", None, "2024-04-01")) == []


def test_disagreements_do_not_speak_of_what_was_switched_off():
    off = {**NONE, "reason": "change is not computed: switched off in the workflow"}
    assert told(onset("2024-03-01"), off, onset("2024-03-01")) == []


def test_dated_as_known_names_years_where_no_more_is_known_and_leaves_files_their_names():
    said = [
        "1990-01-01 to 2020-01-01, 7 looks: odd (1990-01-01.tif, x/1990-01-01_msi.tif)",
        "grows from 1990-01-01,",
    ]
    years = dated_as_known(said, ["1990-01-01", "2020-01-01"])
    assert years == ["1990 to 2020, 7 looks: odd (1990-01-01.tif, x/1990-01-01_msi.tif)", "grows from 1990,"]
    assert dated_as_known(said, ["1990-01-01", "2020-06-01"]) == said
