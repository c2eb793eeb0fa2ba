"""The table of zones: how many stood there, since when, how full they are; of what is not counted, its ground."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from changedet.outputs.report.data import ReportData
from changedet.outputs.report.figures import interval_text
from changedet.outputs.sentences.counts import growth_words
from changedet.outputs.sentences.words import Calendar, Scale
from changedet.outputs.sentences.words import interval_text as shown
from changedet.outputs.values import as_float, iso_date, mapping_at


class ZoneRow(NamedTuple):
    """A zone's row.

    Attributes
    ----------
    name : str
        Of the zone.
    first, last : str
        Containers on the first and the last look that count them, with their intervals.
    arrived, left : str
        Over the series.
    began : str
        When its containers began to grow in number, or why no growth is told.
    capacity : str
        Empty where none is given.
    occupancy : str
        Of the last look, with its interval; empty without a capacity.
    share : float
        The same, 0 to 1, for the bar.
    full_since : str
        With the bounds; empty where it is not full.
    built, changed : str
        Built ground, and what differs from the reference date, on the last look with a figure of it.
    """

    name: str
    first: str
    last: str
    arrived: str
    left: str
    began: str
    capacity: str
    occupancy: str
    share: float
    full_since: str
    built: str
    changed: str


def zone_rows(data: ReportData, calendar: Calendar) -> list[ZoneRow]:
    """A row for each zone.

    Parameters
    ----------
    data : ReportData
        Whose summary has the zones.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    list of ZoneRow
        Empty where there are none.
    """
    zones = mapping_at(data.summary, "zones")
    rows = [(name, record) for name, record in zones.items() if isinstance(record, Mapping)]
    return [_row(name, record, _changed(data.timeseries, name), calendar) for name, record in rows]


def _row(name: str, record: Mapping[str, object], changed: str, calendar: Calendar) -> ZoneRow:
    last = mapping_at(record, "containers", "last")
    onset = mapping_at(record, "onset", "containers")
    capacity = as_float(record.get("capacity"))
    shares = [None if value is None or not capacity else value / capacity for value in _triple(last)]
    share = shares[0]
    return ZoneRow(
        name=name,
        first=interval_text(mapping_at(record, "containers", "first"), "") or "–",
        last=interval_text(last, "") or "–",
        arrived=interval_text(mapping_at(record, "arrivals"), "") or "–",
        left=interval_text(mapping_at(record, "departures"), "") or "–",
        began=growth_words(onset, calendar) if onset.get("date") else str(onset.get("reason") or "–"),
        capacity="" if capacity is None else f"{capacity:.0f}",
        occupancy="" if share is None else _percent(share, shares[1], shares[2]),
        share=min(1.0, share or 0.0),
        full_since=_full(mapping_at(record, "full_since"), calendar),
        built=interval_text(mapping_at(record, "footprint_area_m2", "last"), "m²") or "–",
        changed=changed or "–",
    )


def _changed(table: pd.DataFrame, zone: str) -> str:
    """What differs on the last look that is compared; empty where none is."""
    if not {"zone", "changed_area_m2"} <= set(table):
        return ""
    own = table[table["zone"] == zone].dropna(subset="changed_area_m2").sort_values("date")
    ends = {"value": "changed_area_m2", "low": "changed_area_low_m2", "high": "changed_area_high_m2"}
    return interval_text({part: own[column].iloc[-1] for part, column in ends.items()}, "m²") if len(own) else ""


def _triple(figure: Mapping[str, object]) -> tuple[float | None, float | None, float | None]:
    return as_float(figure.get("value")), as_float(figure.get("low")), as_float(figure.get("high"))


def _percent(share: float, low: float | None, high: float | None) -> str:
    least, most = (None if part is None else 100 * part for part in (low, high))
    return shown(100 * share, least, most, Scale(1.0, "%", 0))


def _full(found: Mapping[str, object], calendar: Calendar) -> str:
    day, low, high = (iso_date(found.get(key)) for key in ("date", "low", "high"))
    if not day:
        return ""
    surely = f"; surely from {calendar.day(high)}" if high and high != day else ("" if high else "; not surely")
    return f"{calendar.day(day)}{f' (not before {calendar.day(low)})' if low and low != day else ''}{surely}"
