"""Counts and their intervals scored against the true counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pandas as pd

from changedet.assess.score.shares import share
from changedet.pipeline.finished import Run


def score_counts(finished: Run, truth: pd.DataFrame, days: Sequence[dt.date]) -> dict[str, Any]:
    series = finished.series
    whole = series[series["zone"] == ""].assign(day=lambda frame: frame["date"].dt.strftime("%Y-%m-%d"))
    both = whole.merge(truth.rename(columns=lambda name: f"true_{name}"), left_on="day", right_on="true_date")
    both = both[both["day"].isin([str(day) for day in days]) & both["containers_expected"].notna()]
    if both.empty:
        return {"dates": 0, "error": None, "coverage": None}
    error = (both["containers_expected"] - both["true_containers"]).abs()
    covered = (both["containers_low"] <= both["true_containers"]) & (both["true_containers"] <= both["containers_high"])
    steps = (both["containers_expected"].diff() - both["true_containers"].diff()).abs().dropna()
    return {
        "dates": len(both),
        "error": share(float(error.sum()), float(both["true_containers"].sum())),
        "bias": share(
            float((both["containers_expected"] - both["true_containers"]).sum()), float(both["true_containers"].sum())
        ),
        "error_of_difference": float(steps.mean()) if len(steps) else None,
        "coverage": float(covered.mean()),
        "by_date": {
            day: [float(found), int(true)]
            for day, found, true in zip(both["day"], both["containers_expected"], both["true_containers"], strict=True)
        },
    }
