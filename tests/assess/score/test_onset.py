"""Onsets against true dates."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pandas as pd

from changedet.assess.score.onset import score_onsets

DAYS = [dt.date(2024, 1, 1), dt.date(2024, 2, 1), dt.date(2024, 3, 1)]
NONE = dict.fromkeys(("date", "low", "high"))


def run(**onsets: dict[str, str | None]) -> SimpleNamespace:
    return SimpleNamespace(dates=DAYS, summary={"onset": {"containers": NONE, "changed_area": NONE} | onsets})


def test_score_onsets_is_right_at_the_first_look_that_shows_the_growth() -> None:
    truth = pd.DataFrame({"onset_containers": [None, "2024-01-20"], "onset_changed": [None, None]})
    found = {"date": "2024-02-01", "low": "2024-01-02", "high": "2024-02-01"}
    figures = score_onsets(run(containers=found), truth)
    assert set(figures) == {"containers", "changed_area"}
    assert figures["containers"] == {
        "found": "2024-02-01",
        "true": "2024-01-20",
        "right": True,
        "interval_holds_truth": True,
    }
    assert figures["changed_area"] == {"found": None, "true": None, "right": True, "interval_holds_truth": None}


def test_score_onsets_late_or_missing_is_wrong() -> None:
    truth = pd.DataFrame({"onset_containers": ["2024-01-20"]})
    late = {"date": "2024-03-01", "low": "2024-02-02", "high": "2024-03-01"}
    assert score_onsets(run(containers=late), truth)["containers"]["right"] is False
    assert score_onsets(run(containers=late), truth)["containers"]["interval_holds_truth"] is False
    assert score_onsets(run(), truth)["containers"]["right"] is False
