"""Table of halls, for readers of the report."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final

import pandas as pd

from changedet.outputs.report.tables import Row, Table
from changedet.outputs.sentences.words import Calendar, number
from changedet.outputs.values import as_float, is_missing, iso_date

_TITLES: Final = ("Building", "Ground area, m2", "Built", "Gone", "Probability")


def building_table(buildings: pd.DataFrame | None, calendar: Calendar) -> Table:
    """List the halls with the gaps in which they were built and gone.

    Parameters
    ----------
    buildings : DataFrame or None
        The layer ``buildings``.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    Table
        A row a hall; without rows where there is none.
    """
    if buildings is None or not len(buildings):
        return Table([], [])
    return Table(list(_TITLES), [Row("", "", _cells(row, calendar)) for row in buildings.to_dict("records")])


def _cells(row: Mapping[Hashable, object], calendar: Calendar) -> list[str]:
    area, low, high = (number(as_float(row[name])) for name in ("area_m2", "area_low_m2", "area_high_m2"))
    first = row["first_seen"]
    built = f"by {calendar.day(iso_date(first))}" if row["stood_before"] else _gap(row["not_before"], first, calendar)
    gone = "" if is_missing(row["not_after"]) else _gap(row["last_seen"], row["not_after"], calendar)
    return [str(row["building_id"]), f"{area} ({low} to {high})", built, gone, f"{as_float(row['probability']):.2f}"]


def _gap(after: object, by: object, calendar: Calendar) -> str:
    return f"{calendar.day(iso_date(after))} to {calendar.day(iso_date(by))}"
