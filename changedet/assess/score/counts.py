"""Counts and their intervals compared with the true counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pandas as pd

from changedet.assess.score.shares import share
from changedet.outputs.values import iso_dates, rows_of
from changedet.pipeline.finished import Run


class CountFigures(TypedDict):
    """How far a run's counts are from the true ones.

    Attributes
    ----------
    dates : int
        Number of dates with both counts; with none, no figures but these three are given.
    error, bias : float or None
        Sum of the absolute errors, and of the signed ones, as a share of all true containers.
    error_of_difference : float or None
        Mean absolute error of the change from one date to the next, containers.
    coverage : float or None
        Share of the dates whose 95 % interval holds the true count.
    by_date : dict of str to [float, int]
        ISO date -> the count and the true one.
    """

    dates: int
    error: float | None
    bias: NotRequired[float | None]
    error_of_difference: NotRequired[float | None]
    coverage: float | None
    by_date: NotRequired[dict[str, list[float]]]


def score_counts(finished: Run, truth: pd.DataFrame, days: Sequence[dt.date]) -> CountFigures:
    """Errors of a run's counts.

    Parameters
    ----------
    finished : Run
        With a time series.
    truth : pandas.DataFrame
        ``truth.csv``: `date` (ISO text) and `containers`.
    days : sequence of datetime.date
        Which dates to score.

    Returns
    -------
    CountFigures
        Over the dates that have both counts.
    """
    whole = rows_of(finished.series).assign(day=lambda frame: iso_dates(frame["date"]))
    both = whole.merge(truth.rename(columns=lambda name: f"true_{name}"), left_on="day", right_on="true_date")
    both = both[both["day"].isin([str(day) for day in days]) & both["containers_expected"].notna()]
    if both.empty:
        return {"dates": 0, "error": None, "coverage": None}
    expected, true = both["containers_expected"], both["true_containers"]
    covered = (both["containers_low"] <= true) & (true <= both["containers_high"])
    steps = (expected.diff() - true.diff()).abs().dropna()
    return {
        "dates": len(both),
        "error": share(float((expected - true).abs().sum()), float(true.sum())),
        "bias": share(float((expected - true).sum()), float(true.sum())),
        "error_of_difference": float(steps.mean()) if len(steps) else None,
        "coverage": float(covered.mean()),
        "by_date": {day: [float(one), int(other)] for day, one, other in zip(both["day"], expected, true, strict=True)},
    }
