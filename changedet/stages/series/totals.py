"""What the series comes to: first, last, peak and net change of each figure, and the sums of events."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, TypeAlias, TypedDict

import numpy as np

from changedet.json_types import JsonObject
from changedet.stages.series.area_rows import SHOWN, AreaRows

FIGURES: Final = ("containers", "teu", "changed_area_m2", "footprint_area_m2")
"""Of a date, each with its columns in `changedet.outputs.summary.FIGURE_COLUMNS`."""
EVENTS: Final = ("arrivals", "departures")
"""Between two looks, likewise."""
SHARED_EXCESS: Final = 0.3
"""By how much too many a sum of events may be, as a share of it: where tracks break, each break is an arrival and a
departure too many, on all dates alike. Fitted on made-up series of seeds 4000 to 4009 (benchmarks/claims.py)."""
STAYED_ALIKE: Final = 0.8
"""Share of what stands on two looks that both miscount alike, so that its error is none of the change between them:
with .9 intervals of 576 pairs of dates of 90 series of training seeds hold all changes of containers; rows that one
look alone misses ask for less (docs/research/tracks.md, "Net changes")."""

SHOWS_ALL: Final = 0.9
"""Share of an area that a look shows from which its figures are not for the most what it hides."""


class DatedFigure(TypedDict):
    """A figure on a date, as ``summary.json`` keeps it.

    Attributes
    ----------
    value, low, high : float
        With its 95 % interval.
    date : str
        ISO date.
    """

    value: float
    low: float
    high: float
    date: str


class FigureTotals(TypedDict):
    """What one figure comes to.

    Attributes
    ----------
    first, last, peak : DatedFigure or None
        None where the figure is not known on any date.
    net_change : DatedFigure or None
        Last less first, dated by the last; None with fewer than two dates.
    """

    first: DatedFigure | None
    last: DatedFigure | None
    peak: DatedFigure | None
    net_change: DatedFigure | None


class Totals(TypedDict):
    """The totals of ``summary.json``.

    Attributes
    ----------
    containers, teu, changed_area_m2, footprint_area_m2 : FigureTotals
        Of figures of a date; containers and TEU are the expected ones.
    arrivals, departures : DatedFigure or None
        The expected ones over the series, with the date of the last look that they cover; None where they are not
        known.
    """

    containers: FigureTotals
    teu: FigureTotals
    changed_area_m2: FigureTotals
    footprint_area_m2: FigureTotals
    arrivals: DatedFigure | None
    departures: DatedFigure | None


_Stayed: TypeAlias = Callable[[AreaRows, DatedFigure, DatedFigure], tuple[float, float]]


def totals(rows: AreaRows) -> Totals:
    """The totals of `summary.json`, of the whole site or of a zone.

    What stands on the first look and on the last is miscounted alike (`STAYED_ALIKE`): the interval of a net change has
    the error of what came and left, and of what differs. Intervals of sums take the dates' errors as independent, but
    for events that broken tracks add on all dates alike (`SHARED_EXCESS`). No fewer came than what more stood there in
    the end, nor left than what less did, nor is any sum below the bound of one of its dates; and none is sure to have
    come or left where none is sure to stand on any look.

    Parameters
    ----------
    rows : AreaRows
        Of the site or a zone.

    Returns
    -------
    Totals
        None where a figure cannot be had.
    """
    containers = _figure(rows, "containers", stayed_boxes)
    # What clear looks prove stays proved, whatever hides the boxes later.
    shown = _figure(between_shown(rows), "containers", stayed_boxes)["net_change"]
    rises = [rise for rise in (containers["net_change"], shown) if rise is not None]
    # One reason lets all of them be something else on all dates: no sum of such dates makes them surer.
    counts = _known(rows, "containers")
    any_sure = not counts or any(count["low"] > 0.0 for count in counts)
    came = max((rise["low"] for rise in rises), default=0.0)
    left = max((-rise["high"] for rise in rises), default=0.0)
    return {
        "containers": containers,
        "teu": _figure(rows, "teu", stayed_boxes),
        "changed_area_m2": _figure(rows, "changed_area_m2", _none_stayed),
        "footprint_area_m2": _figure(rows, "footprint_area_m2", _all_stayed),
        "arrivals": _sum(rows, "arrivals", came, any_sure=any_sure),
        "departures": _sum(rows, "departures", left, any_sure=any_sure),
    }


def between_shown(rows: AreaRows) -> AreaRows:
    """The looks of an area from the first to the last that show most of it.

    Chosen by what they show, not by what is counted on them, so that nothing more is looked for.

    Parameters
    ----------
    rows : AreaRows
        Of the site or a zone.

    Returns
    -------
    AreaRows
        All, where the first and the last that have counts show most of it, and where fewer than two do.
    """
    if SHOWN not in rows.columns:
        return rows
    counted = ~np.isnan(rows.figure("containers")).any(axis=0)
    known, shown = np.flatnonzero(counted), np.flatnonzero(counted & (rows.columns[SHOWN] >= SHOWS_ALL))
    if len(shown) < 2 or (shown[0] == known[0] and shown[-1] == known[-1]):
        return rows
    return rows.between(int(shown[0]), int(shown[-1]) + 1)


def with_nulls(found: Totals) -> JsonObject:
    """Totals as JSON: a figure that cannot be had keeps its keys, with nulls in them.

    Parameters
    ----------
    found : Totals
        As `totals` returns.

    Returns
    -------
    dict
        By the keys of `Totals`.
    """
    return {
        **{name: _parts(found[name]) for name in ("containers", "teu", "changed_area_m2", "footprint_area_m2")},
        "arrivals": _figure_json(found["arrivals"]),
        "departures": _figure_json(found["departures"]),
    }


def _parts(figure: FigureTotals) -> JsonObject:
    return {
        "first": _figure_json(figure["first"]),
        "last": _figure_json(figure["last"]),
        "peak": _figure_json(figure["peak"]),
        "net_change": _figure_json(figure["net_change"]),
    }


def _figure_json(figure: DatedFigure | None) -> JsonObject:
    if figure is None:
        return dict.fromkeys(("value", "low", "high", "date"))
    return {"value": figure["value"], "low": figure["low"], "high": figure["high"], "date": figure["date"]}


def _known(rows: AreaRows, name: str) -> list[DatedFigure]:
    columns = (column.tolist() for column in rows.figure(name))
    return [
        {"value": value, "low": low, "high": high, "date": date}
        for value, low, high, date in zip(*columns, rows.dates, strict=True)
        if value == value
    ]


def _figure(rows: AreaRows, name: str, stayed: _Stayed) -> FigureTotals:
    known = _known(rows, name)
    if not known:
        return {"first": None, "last": None, "peak": None, "net_change": None}
    first, last = known[0], known[-1]
    peak = max(known, key=lambda item: item["value"])
    change = net_change(first, last, stayed(rows, first, last)) if len(known) > 1 else None
    return {"first": first, "last": last, "peak": peak, "net_change": change}


def net_change(first: DatedFigure, last: DatedFigure, stayed: tuple[float, float]) -> DatedFigure:
    """The change between two looks, whose errors are alike as far as they show the same.

    Parameters
    ----------
    first, last : DatedFigure
        Of an earlier and a later look.
    stayed : tuple of float
        The share of the first look's figure that is there on the last, and of the last look's that was on the first.

    Returns
    -------
    DatedFigure
        Errors of what stands on one look alone are independent, those of what stands on both (`STAYED_ALIKE`) are the
        same, so that only the difference between the two looks' counts; these are added as squares.
    """
    value = last["value"] - first["value"]
    before, after = (STAYED_ALIKE * share for share in stayed)
    fall_before, rise_before = first["value"] - first["low"], first["high"] - first["value"]
    fall_after, rise_after = last["value"] - last["low"], last["high"] - last["value"]
    falls = math.sqrt(before) * fall_before - math.sqrt(after) * fall_after
    rises = math.sqrt(after) * rise_after - math.sqrt(before) * rise_before
    up, down = max(0.0, falls) ** 2 + max(0.0, rises) ** 2, max(0.0, -falls) ** 2 + max(0.0, -rises) ** 2
    rise = math.sqrt((1.0 - after) * rise_after**2 + (1.0 - before) * fall_before**2 + up)
    fall = math.sqrt((1.0 - after) * fall_after**2 + (1.0 - before) * rise_before**2 + down)
    return {"value": value, "low": value - fall, "high": value + rise, "date": last["date"]}


def stayed_boxes(rows: AreaRows, first: DatedFigure, last: DatedFigure) -> tuple[float, float]:
    """The shares of two looks' boxes that both show, by what came and left between them.

    Parameters
    ----------
    rows : AreaRows
        Of an area.
    first, last : DatedFigure
        Of an earlier and a later look.

    Returns
    -------
    tuple of float
        As `net_change` takes them: as few as arrivals and departures leave, 0 where these are not known.
    """
    between = [first["date"] < day <= last["date"] for day in rows.dates]
    counts = dict(zip(rows.dates, rows.figure("containers")[0].tolist(), strict=True))
    before, after = (counts.get(one["date"], math.nan) for one in (first, last))
    came, left = (float(rows.figure(name)[0][between].sum()) for name in EVENTS)
    both = float(np.min([before, after, np.maximum(before - left, after - came)]))
    # Also where one of them is not known.
    if not both > 0.0:
        return 0.0, 0.0
    return both / before, both / after


def _none_stayed(_rows: AreaRows, _first: DatedFigure, _last: DatedFigure) -> tuple[float, float]:
    """Of changed area: each date's is of its own pair with the reference."""
    return 0.0, 0.0


def _all_stayed(_rows: AreaRows, first: DatedFigure, last: DatedFigure) -> tuple[float, float]:
    """Of ground: what is built stays as a rule, and its outlines err alike."""
    both = min(first["value"], last["value"])
    return (both / first["value"], both / last["value"]) if both > 0.0 else (0.0, 0.0)


def _sum(rows: AreaRows, name: str, least: float, *, any_sure: bool) -> DatedFigure | None:
    known = _known(rows, name)
    if not known:
        return None
    value, low, high = (
        np.array(part) for part in zip(*((k["value"], k["low"], k["high"]) for k in known), strict=True)
    )
    total = float(value.sum())
    rises = high - value
    # A bound that ends at 0 hides how far the error would reach.
    falls = np.where(low > 0.0, value - low, np.maximum(value - low, rises))
    rise = np.sqrt((rises**2).sum())
    fall = np.hypot(np.sqrt((falls**2).sum()), SHARED_EXCESS * total)
    return {
        "value": total,
        "low": max(total - float(fall), min(least, total), float(low.max())) if any_sure else 0.0,
        "high": total + float(rise),
        "date": known[-1]["date"],
    }
