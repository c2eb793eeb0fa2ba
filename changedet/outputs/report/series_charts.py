"""The charts of a report: which figures each shows, and what stands below it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from changedet.outputs.report import charts
from changedet.outputs.report.axes import HIDDEN, Backdrop, Figure, Onset
from changedet.outputs.report.data import ReportData
from changedet.outputs.report.figures import why_missing
from changedet.outputs.sentences.counts import LEAST_BOX
from changedet.outputs.sentences.words import Calendar
from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.outputs.values import as_float, iso_date, mapping_at


class Chart(NamedTuple):
    """A chart with its title and its note.

    Attributes
    ----------
    title : str
        Above it.
    note : str
        Below it.
    svg : markupsafe.Markup
        The drawing.
    why : str
        Why there is nothing to draw; empty where there is.
    """

    title: str
    note: str
    svg: Markup
    why: str


def series_charts(whole: pd.DataFrame, data: ReportData, calendar: Calendar) -> list[Chart]:
    """The charts of a site, the one that tells most first.

    Parameters
    ----------
    whole : pandas.DataFrame
        The time series of the whole site, sorted by date.
    data : ReportData
        For onsets and for the reasons where there is nothing to draw.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    list of Chart
        Those with a figure first: containers, changed area, footprint, arrivals and departures, clear share.
        The changed area comes first where the ground surely changed and there may have been no container on any look,
        and where none is counted.
    """
    containers = series_figures(whole, *FIGURE_COLUMNS["containers"], "containers")
    area = series_figures(whole, *FIGURE_COLUMNS["changed_area_m2"])
    ground = series_figures(whole, *FIGURE_COLUMNS["footprint_area_m2"])
    has_counts = any(one.value is not None for one in containers)
    counted = "Expected count with its 95 % band; rings: boxes seen on the day."
    if not has_counts:
        counted = f"Rings: boxes seen on the day; they are in no count. Counts are {why_missing('containers', data)}."
    changed = "Against the reference date, with its 95 % band."
    covered = "Yards, buildings, earthworks and stored objects, with the 95 % band."
    hidden = hidden_shares(whole)
    back = {
        name: Backdrop(calendar, hidden, _onset(data, name)) for name in ("containers", "changed_area", "footprint")
    }
    drawn = [
        _line_chart("Containers", containers, counted, "", why_missing("containers", data), back["containers"]),
        _line_chart("Changed area", area, changed, "m²", why_missing("changed_area_m2", data), back["changed_area"]),
        _line_chart("Footprint", ground, covered, "m²", why_missing("footprint_area_m2", data), back["footprint"]),
        _move_chart(whole, why_missing("arrivals", data), Backdrop(calendar, hidden)),
        _clear_chart(whole, why_missing("valid_fraction", data), calendar),
    ]
    changes = any(one.low is not None and one.low > 0 for one in area)
    if (_may_be_none(containers) and changes) or (not has_counts and any(one.value is not None for one in area)):
        # What the title and the sentences are about then.
        drawn[:2] = drawn[1::-1]
    return sorted(drawn, key=lambda chart: chart.why != "")


def _may_be_none(counts: Sequence[Figure]) -> bool:
    """Whether on no look surely anything was counted."""
    return all(one.low is None or one.low < LEAST_BOX for one in counts)


def hidden_shares(whole: pd.DataFrame) -> dict[str, float]:
    """What each look hides.

    Parameters
    ----------
    whole : pandas.DataFrame
        The time series of the whole site.

    Returns
    -------
    dict of str to float
        ISO date -> share of the site, 0 to 1.
    """
    return {f.date: 1.0 - f.value for f in series_figures(whole, "valid_fraction") if f.value is not None}


def _onset(data: ReportData, name: str) -> Onset | None:
    found = mapping_at(data.summary, "onset", name)
    low, high = iso_date(found.get("low")), iso_date(found.get("high"))
    return Onset(low, high) if found.get("date") and low and high else None


def series_figures(frame: pd.DataFrame, value: str, low: str = "", high: str = "", seen: str = "") -> list[Figure]:
    """A figure of each date from its columns in the time series.

    Parameters
    ----------
    frame : pandas.DataFrame
        With the column `date`.
    value, low, high, seen : str
        Names of columns; None for all dates where there is no such column.

    Returns
    -------
    list of Figure
        One for each row; None where a value is missing or infinite.
    """
    days = [iso_date(day) for day in frame["date"]]
    columns = [_finite(frame, name) for name in (value, low, high, seen)]
    return [Figure(*row) for row in zip(days, *columns, strict=True)]


def _finite(frame: pd.DataFrame, name: str) -> list[float | None]:
    if name not in frame:
        return [None] * len(frame)
    amounts = [as_float(amount) for amount in frame[name]]
    return [None if amount is None or not math.isfinite(amount) else amount for amount in amounts]


def _line_chart(title: str, figures: Sequence[Figure], note: str, unit: str, why: str, back: Backdrop) -> Chart:
    known = any(f.value is not None or f.seen is not None for f in figures)
    drawn = charts.line_chart(figures, title=title, unit=unit, back=back)
    behind = (
        " Grey: looks that hide a part of the site." if any(share > HIDDEN for share in back.hidden.values()) else ""
    )
    began = " Shaded: growth began in this span." if back.onset is not None else ""
    return Chart(title, note + behind + began, drawn, "" if known else why)


def _move_chart(whole: pd.DataFrame, why: str, back: Backdrop) -> Chart:
    title = "Arrivals and departures"
    note = "Expected arrivals (above) and departures (below) since the look before, with 95 % intervals."
    arrivals, departures = (series_figures(whole, *FIGURE_COLUMNS[name]) for name in ("arrivals", "departures"))
    known = any(f.value is not None for f in [*arrivals, *departures])
    verbs = "arrived", "left"
    svg = charts.bar_chart(arrivals, departures, title=title, unit="containers", verbs=verbs, back=back)
    return Chart(title, note, svg, "" if known else why)


def _clear_chart(whole: pd.DataFrame, why: str, calendar: Calendar) -> Chart:
    title, clear = "Clear share", series_figures(whole, "valid_fraction")
    known = any(f.value is not None for f in clear)
    note = "Share of the area that could be used on each date."
    return Chart(title, note, charts.share_chart(clear, title=title, calendar=calendar), "" if known else why)
