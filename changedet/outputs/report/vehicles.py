"""Table of the vehicles that wait at gates and on roads, for readers of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from changedet.outputs.report.tables import Row, Table
from changedet.outputs.sentences.words import Calendar, number
from changedet.outputs.values import as_float, mapping_at

_TITLES: Final = ("Date", "Zone", "Vehicles", "95 % interval", "Queue, m")


def vehicle_table(summary: Mapping[str, object], calendar: Calendar) -> Table:
    """List the vehicles of each zone and date.

    Parameters
    ----------
    summary : mapping
        As ``summary.json``.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    Table
        Without rows where no zone is a gate or a road.
    """
    rows = []
    for zone, days in mapping_at(summary, "vehicles").items():
        for day, one in days.items() if isinstance(days, Mapping) else ():
            cells = ["not seen", "", ""]
            if isinstance(one, Mapping):
                low, high = (number(as_float(one[name])) for name in ("low", "high"))
                cells = [str(one["vehicles"]), f"{low} to {high}", number(as_float(one["queue_m"]))]
            rows.append(Row("", day, [calendar.day(day), zone, *cells]))
    return Table(list(_TITLES) if rows else [], rows)
