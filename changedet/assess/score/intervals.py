"""Which true figures the run's 95 % intervals hold: of counts, events, areas and net changes alike."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Final, TypedDict

import pandas as pd

from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.outputs.values import iso_dates, rows_of
from changedet.pipeline.changes import SHOWS_ALL
from changedet.pipeline.finished import Run
from changedet.stages.series.area_rows import rows_of_site
from changedet.stages.series.totals import totals

NET_OF: Final = ("containers", "teu", "footprint_area_m2")
"""Figures whose change between the first look and the last is scored."""
NET: Final = "net_{}"


class IntervalFigures(TypedDict):
    """How often the intervals of a figure hold.

    Attributes
    ----------
    dates, held : int
        Dates with an interval and a true figure, and those of them whose interval holds it.
    coverage : float
        The share of both.
    width : float or None
        Median of the intervals' widths over the true figures; None where all of these are 0.
    missed : dict of str to [float, float, float]
        ISO date -> the true figure, and the bounds that do not hold it.
    """

    dates: int
    held: int
    coverage: float
    width: float | None
    missed: dict[str, list[float]]


def score_intervals(finished: Run, truth: pd.DataFrame, days: Sequence[dt.date]) -> dict[str, IntervalFigures]:
    """Compare the intervals of all figures with the true ones.

    Parameters
    ----------
    finished : Run
        With a time series.
    truth : pandas.DataFrame
        ``truth.csv``: `date` (ISO text) and, of the keys of `FIGURE_COLUMNS`, those that it knows.
    days : sequence of datetime.date
        Which dates to score.

    Returns
    -------
    dict of str to IntervalFigures
        By key of `FIGURE_COLUMNS`, and by `NET` of those of `NET_OF` for their change from the first look to the last;
        a figure that the run or the truth has on no date is left out. Changed area is bounded within what both dates
        show: it is scored on dates that show `SHOWS_ALL` of the site and more.
    """
    whole = rows_of(finished.series).assign(day=lambda frame: iso_dates(frame["date"]))
    whole = whole[whole["day"].isin([str(day) for day in days])].set_index("day")
    shows_all = whole["valid_fraction"].astype(float) >= SHOWS_ALL
    true = truth.set_index("date")
    found = {}
    for name in (name for name in FIGURE_COLUMNS if name in true):
        _, low, high = FIGURE_COLUMNS[name]
        rows = pd.DataFrame({"true": true[name], "low": whole[low], "high": whole[high]}).astype(float).dropna()
        if name == "changed_area_m2":
            rows = rows[shows_all.reindex(rows.index)]
        if len(rows):
            found[name] = _figures(rows)
    sums = totals(rows_of_site(whole))
    for name in (name for name in NET_OF if name in true):
        ends = sums[name]["first"], sums[name]["net_change"]  # type: ignore[literal-required]
        if None in ends:
            continue
        first, net = ends
        change = float(true[name].get(net["date"], math.nan)) - float(true[name].get(first["date"], math.nan))
        rows = pd.DataFrame({"true": change, "low": net["low"], "high": net["high"]}, [net["date"]]).dropna()
        if len(rows):
            found[NET.format(name)] = _figures(rows)
    return found


def _figures(rows: pd.DataFrame) -> IntervalFigures:
    held = (rows["low"] <= rows["true"]) & (rows["true"] <= rows["high"])
    some = rows[rows["true"] != 0]
    return {
        "dates": len(rows),
        "held": int(held.sum()),
        "coverage": float(held.mean()),
        "width": float(((some["high"] - some["low"]) / some["true"].abs()).median()) if len(some) else None,
        "missed": {
            str(day): [float(value) for value in row]
            for day, row in zip(rows.index[~held], rows[~held].to_numpy(), strict=True)
        },
    }
