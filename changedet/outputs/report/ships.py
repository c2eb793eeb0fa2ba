"""Tables of berths and ships, for readers of the report."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final

import pandas as pd

from changedet.outputs.report.tables import Row, Table
from changedet.outputs.sentences.words import Calendar, number
from changedet.outputs.values import as_float, is_missing, iso_date, mapping_at

_BERTH_TITLES: Final = ("Berth", "Looks with a ship", "Looks without", "Looks that cannot tell", "Days with a ship")
_SHIP_TITLES: Final = ("Date", "Lies at", "Kind", "Length, m", "Width, m", "Containers on deck", "Confidence")


def berth_table(summary: Mapping[str, object]) -> Table:
    """Count the looks with a ship at each berth, and bound the days.

    Parameters
    ----------
    summary : mapping
        As ``summary.json``.

    Returns
    -------
    Table
        Without rows where no zone is a berth.
    """
    rows = []
    for name in mapping_at(summary, "berths"):
        found = mapping_at(summary, "berths", name)
        states = list(mapping_at(found, "dates").values())
        counts = [str(sum(1 for state in states if state is wanted)) for wanted in (True, False, None)]
        days = f"{found['days_low']} to {found['days_high']} of {found['days']}"
        rows.append(Row("", "", [name, *counts, days]))
    return Table(list(_BERTH_TITLES) if rows else [], rows)


def ship_table(ships: pd.DataFrame | None, calendar: Calendar) -> Table:
    """List the ships and barges of 25 m and more.

    Parameters
    ----------
    ships : DataFrame or None
        The layer ``ships``.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    Table
        Without rows where there is none.
    """
    if ships is None or not len(ships):
        return Table([], [])
    large = ships[ships["kind"] != "boat"]
    rows = [Row("", iso_date(one["date"]), _cells(one, calendar)) for one in large.to_dict("records")]
    return Table(list(_SHIP_TITLES), rows)


def _cells(one: Mapping[Hashable, object], calendar: Calendar) -> list[str]:
    sizes = [
        f"{number(as_float(one[f'{name}_m']))} ± {number(as_float(one[f'{name}_error_m']))}"
        for name in ("length", "width")
    ]
    if one["is_whole"] is not True and not one["is_whole"]:
        sizes[0] += " and more, cut by the picture's edge"
    zone = "afloat" if is_missing(one["zone"]) else str(one["zone"])
    boxes = "–" if is_missing(one["boxes"]) else str(one["boxes"])
    return [
        calendar.day(iso_date(one["date"])),
        zone,
        str(one["kind"]),
        *sizes,
        boxes,
        f"{as_float(one['confidence']):.2f}",
    ]
