"""Onsets of growth compared with the true ones."""

from __future__ import annotations

import datetime as dt
from typing import TypedDict

import pandas as pd

from changedet.assess.score.truth import ONSETS
from changedet.pipeline.finished import Run


class OnsetFigures(TypedDict):
    """One figure's onset against the true one.

    Attributes
    ----------
    found, true : str or None
        ISO dates; None for no onset.
    right : bool
        Whether the run's date is that of the first look at or after the true one.
    interval_holds_truth : bool or None
        Whether the run's bounds hold the true date; None where either has no onset.
    """

    found: str | None
    true: str | None
    right: bool
    interval_holds_truth: bool | None


def score_onsets(finished: Run, truth: pd.DataFrame) -> dict[str, OnsetFigures]:
    """Scores of a run's onsets.

    Parameters
    ----------
    finished : Run
        Whose summary has them.
    truth : pandas.DataFrame
        ``truth.csv``: in any of the columns ``onset_containers``, ``onset_changed``, ``onset_footprint`` the true date
        in its first row that is not empty.

    Returns
    -------
    dict of str to OnsetFigures
        For each figure whose column is there.
    """
    return {
        name: _onset_figures(finished, name, truth[column].dropna())
        for name, column in ONSETS.items()
        if column in truth
    }


def _onset_figures(finished: Run, name: str, true_dates: pd.Series[str]) -> OnsetFigures:
    wanted = None if true_dates.empty else dt.date.fromisoformat(str(true_dates.iloc[0])[:10])
    shown = None if wanted is None else next((day for day in finished.dates if day >= wanted), None)
    found = finished.summary["onset"][name]
    own = None if found["date"] is None else dt.date.fromisoformat(found["date"])
    inside = None
    if wanted is not None and own is not None:
        inside = dt.date.fromisoformat(found["low"]) <= wanted <= dt.date.fromisoformat(found["high"])
    return {
        "found": found["date"],
        "true": None if wanted is None else str(wanted),
        "right": own == shown,
        "interval_holds_truth": inside,
    }
