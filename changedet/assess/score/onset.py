"""Onsets scored against the truth's."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from changedet.pipeline.finished import Run


def score_onsets(finished: Run, truth: pd.DataFrame) -> dict[str, Any]:
    columns = {"containers": "onset_containers", "changed_area": "onset_changed", "footprint": "onset_footprint"}
    figures: dict[str, Any] = {}
    for name, column in columns.items():
        if column not in truth:
            continue
        when = truth[column].dropna()
        wanted = None if when.empty else dt.date.fromisoformat(str(when.iloc[0])[:10])
        shown = None if wanted is None else next((day for day in finished.dates if day >= wanted), None)
        found = finished.summary["onset"][name]
        own = None if found["date"] is None else dt.date.fromisoformat(found["date"])
        inside = None
        if wanted is not None and own is not None:
            inside = dt.date.fromisoformat(found["low"]) <= wanted <= dt.date.fromisoformat(found["high"])
        figures[name] = {
            "found": found["date"],
            "true": None if wanted is None else str(wanted),
            "right": own == shown,
            "interval_holds_truth": inside,
        }
    return figures
