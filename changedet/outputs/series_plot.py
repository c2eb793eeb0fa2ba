"""A figure of the time series as a matplotlib chart, with its 95 % interval and the onset of growth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import pandas as pd

from changedet.errors import InputError, did_you_mean
from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.outputs.values import iso_date, rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#666666"
"""Of Okabe and Ito (2008): told apart by colour-blind readers, and in grey print."""
_BAND_ALPHA: Final = 0.2


class Figure(NamedTuple):
    """The columns that a chart shows.

    Attributes
    ----------
    label : str
        Of the axis, with its unit.
    value, low, high : str
        Columns of the time series.
    seen : str
        Column of what was seen, drawn as points; empty where there is none.
    onset : str
        Key of its onset in the summary; empty where it has none.
    """

    label: str
    value: str
    low: str
    high: str
    seen: str = ""
    onset: str = ""


FIGURES: Final[Mapping[str, Figure]] = {
    "containers": Figure("containers", *FIGURE_COLUMNS["containers"], "containers", "containers"),
    "teu": Figure("TEU", *FIGURE_COLUMNS["teu"], "teu"),
    "arrivals": Figure("arrivals since the look before", *FIGURE_COLUMNS["arrivals"], "arrivals"),
    "departures": Figure("departures since the look before", *FIGURE_COLUMNS["departures"], "departures"),
    "changed_area": Figure("changed area, m2", *FIGURE_COLUMNS["changed_area_m2"], onset="changed_area"),
    "footprint": Figure("footprint, m2", *FIGURE_COLUMNS["footprint_area_m2"], onset="footprint"),
}
"""What can be drawn, by name."""


def draw_series(
    axes: Axes, series: pd.DataFrame, name: str, *, zone: str = "", onset: Mapping[str, object] | None = None
) -> None:
    """Draw a figure over the dates.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        To draw on.
    series : DataFrame
        Rows of the time series.
    name : str
        Of `FIGURES`.
    zone : str
        Name of a zone; by default the whole site.
    onset : mapping, optional
        With ``date``, ``low`` and ``high``, as the summary has it; the span in which growth began is marked.

    Raises
    ------
    InputError
        There is no such figure or zone, or the series has no value of it.
    """
    if name not in FIGURES:
        raise InputError(f"plot: no figure '{name}', expected one of {', '.join(FIGURES)}{did_you_mean(name, FIGURES)}")
    rows = rows_of(series, zone)
    if rows.empty:
        raise InputError(f"plot: no zone '{zone}', only {', '.join(sorted(set(series['zone']) - {''})) or 'the site'}")
    figure = FIGURES[name]
    if rows[figure.value].isna().all():
        raise InputError(f"plot: {name} could not be had on any date; the run's summary says why")
    days = [stamp.to_pydatetime().replace(tzinfo=None) for stamp in rows["date"]]
    low, high = rows[figure.low], rows[figure.high]
    axes.fill_between(days, low, high, color=BLUE, alpha=_BAND_ALPHA, lw=0, label="95 % interval")
    axes.plot(days, rows[figure.value], color=BLUE, marker="o", label="expected" if figure.seen else figure.label)
    if figure.seen:
        axes.plot(days, rows[figure.seen], color=GREY, marker="x", ls="none", label="seen")
    if onset and onset.get("date"):
        _mark_beginning(axes, *(iso_date(onset.get(end)) or iso_date(onset["date"]) for end in ("low", "high")))
    axes.set_ylabel(figure.label)
    axes.set_ylim(bottom=0)
    axes.tick_params(axis="x", rotation=30)
    axes.legend(frameon=False)


def _mark_beginning(axes: Axes, low: str, high: str) -> None:
    # matplotlib takes dates here, its types do not say so.
    first, last = (cast("float", dt.datetime.fromisoformat(day)) for day in (low, high))
    if low == high:
        axes.axvline(first, color=ORANGE, ls="--", label=f"growth began, {high}")
    else:
        axes.axvspan(first, last, color=ORANGE, alpha=_BAND_ALPHA, lw=0, label=f"growth began, {low} to {high}")
