"""Onsets and the placebo in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from changedet.outputs.report.data import ReportData
from changedet.outputs.report.onsets import beginnings, no_beginning, onset_rows, placebo_sentences
from changedet.outputs.sentences.words import Calendar

DAY_BY_DAY = Calendar(years_only=False)
BEGAN = {"date": "2023-06-12", "low": "2023-04-27", "high": "2023-06-12", "probability": 0.97, "shape": "step"}


def data(**summary: Any) -> ReportData:
    return ReportData(summary, pd.DataFrame())


def test_onset_rows_give_areas_in_units_that_fit_and_the_reason_where_there_is_none() -> None:
    reason = "above its earlier level of 0 to the end, 5000000 on average since"
    found = {"changed_area": {**BEGAN, "reason": reason}, "footprint": {"date": None, "reason": "it falls back"}}
    containers, changed, footprint = onset_rows(data(onset=found), DAY_BY_DAY)
    assert changed.when == "between 27 April and 12 June 2023 (extremely likely)"
    assert "level of 0 m² to the end, 5.00 km² on average" in changed.why
    assert (footprint.when, footprint.why) == ("", "it falls back")
    assert containers.why == "the run gave no figure"


def test_beginnings_are_those_that_were_found_of_site_and_zones() -> None:
    zones = {"east": {"onset": {"containers": BEGAN}, "full_since": {"date": "2023-10-27", "low": None, "high": None}}}
    found = beginnings(data(onset={"containers": BEGAN, "footprint": {"date": None}}, zones=zones))
    assert [span.text for span in found] == [
        "containers grow in number", "east: containers grow", "east is full"]  # fmt: skip
    assert (found[-1].low, found[-1].high) == ("2023-10-27", "2023-10-27")


def test_no_beginning_denies_no_growth_and_names_what_is_likely() -> None:
    unsure = {"date": None, "probability": 0.86}
    found = {"containers": {"date": None, "probability": 0.33}, "changed_area": unsure, "footprint": {"date": None}}
    some, none = ({"changed_area_m2": {"last": {"low": low}}} for low in (12.0, 0.0))
    said = no_beginning(data(onset=found, totals=some))
    assert said == "No lasting growth is sure; likely: lasting change of ground (86 %)."
    assert no_beginning(data(onset=found, totals=none)) == "No lasting growth is sure.", "all of it may be error"
    assert no_beginning(data(onset={"containers": found["containers"]})) == "No lasting growth is sure."
    assert no_beginning(data(onset={"containers": BEGAN})) == ""


def test_of_two_looks_the_time_line_does_not_deny_that_something_grew() -> None:
    said = no_beginning(data(dates=["2019-02-18", "2019-07-24"], onset={"containers": {"date": None}}))
    assert said == "Two looks do not tell what lasts: whatever differs came or went between them."


def test_placebo_sentences_tell_what_is_marked_where_nothing_happened() -> None:
    placebo = {"share": 0.0023, "bound": 0.004, "reason": "measured on this site's own dates", "pairs": []}
    first, second = placebo_sentences(data(placebo={**placebo, "single_looks": None}))
    assert first.startswith("Placebo: 0.23 % of what is seen is marked where nothing happened, measured on this site")
    assert "0.4 %" in second
    unmeasured = placebo | {"reason": "as on simulated sites: no date lies between", "single_looks": None}
    assert "what is seen may be marked where nothing happened, as on" in placebo_sentences(data(placebo=unmeasured))[0]
    assert placebo_sentences(data()) == []
