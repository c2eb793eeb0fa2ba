"""Claims in the report."""

from __future__ import annotations

from typing import Any

import pandas as pd

from changedet.outputs.report.claims import claim_rows, robust_sentences
from changedet.outputs.report.data import ReportData
from changedet.outputs.sentences.words import Calendar

CALENDAR = Calendar(years_only=False)


def claim(value: float, robust: dict[str, Any] | None, dates: int = 1) -> dict[str, Any]:
    days = [f"2023-{month:02d}-01" for month in range(1, dates + 1)]
    return {
        "kind": "at_least", "about": "containers", "zone": "", "date": days[-1], "value": value, "robust": robust,
        "rows": {"dates": days},
    }  # fmt: skip


def data(**summary: Any) -> ReportData:
    return ReportData(summary, pd.DataFrame())


def test_claims_that_hold_everywhere_come_first() -> None:
    shaky = claim(9, {"held": 3, "of": 5, "least": 9, "most": 12}, dates=8)
    firm = claim(31, {"held": 5, "of": 5, "least": 31, "most": 31})
    first, second = claim_rows(data(claims=[shaky, firm]), CALENDAR)
    assert (first.holds, first.robust, first.dates) == (
        True,
        "Also claimed by 5 of the 5 other runs that have this date",
        ["2023-01-01"],
    )
    assert (second.holds, second.robust) == (
        False,
        "Also claimed by 3 of the 5 other runs that have this date, there with 9 to 12",
    )
    assert (second.dates, second.is_span) == (["2023-01-01", "2023-08-01"], True), "the ends of eight rows"
    assert claim_rows(data(claims=[claim(9, None)]), CALENDAR)[0] == (
        "At least 9 containers stood there on 1 January 2023", ["2023-01-01"], "", True, False,
    )  # fmt: skip
    assert claim_rows(data(), CALENDAR) == []


def test_other_runs_say_whether_growth_began_in_them() -> None:
    onset = {"containers": {"date": "2023-04-01"}, "changed_area": {"date": None}}
    robust = {
        "variants": ["a", "b", "c"], "failed": {"before 2023-05-01": "shows nothing"},
        "onset": {
            "containers": {"held": 2, "of": 3, "low": "2023-03-02", "high": "2023-05-01"},
            "changed_area": {"held": 1, "of": 1, "low": None, "high": None},
            "footprint": {"held": 0, "of": 0, "low": None, "high": None},
        },
    }  # fmt: skip
    assert robust_sentences(data(onset=onset, robust=robust), CALENDAR) == [
        "The site was run 3 more times, with each other date as reference and with each date left out.",
        "Containers: growth began in the same span in 2 of 3; where it began, between 2 March and 1 May 2023.",
        "Changed area: no growth either in 1 of 1.",
        "Not possible: before 2023-05-01 (shows nothing).",
    ]
    assert robust_sentences(data(robust=None), CALENDAR) == []
    # A single look has no other run.
    assert robust_sentences(data(robust={"variants": [], "failed": {}}), CALENDAR) == []
    alone = claim(9, {"held": 0, "of": 0, "least": None, "most": None})
    assert claim_rows(data(claims=[alone]), CALENDAR)[0][2:4] == ("", True)


def test_claims_of_areas_give_the_range_in_their_unit() -> None:
    built = {**claim(12128, {"held": 8, "of": 8, "least": 10528, "most": 12752}), "about": "footprint_area_m2"}
    assert claim_rows(data(claims=[built]), CALENDAR)[0].robust.endswith("there with 1.05 to 1.28 ha")
