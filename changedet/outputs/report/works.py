"""Tables of works and cells, for readers of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from changedet.outputs.report.tables import Row, Table
from changedet.outputs.sentences.words import Calendar, number
from changedet.outputs.values import as_float, is_missing, iso_date, mapping_at

_WORK_TITLES: Final = ("Work", "Kind", "Area, m2", "Made", "States, each with the look that first shows it")
_CELL_TITLES: Final = ("Cell", "Looks in use", "Looks empty", "Looks covered", "Looks that cannot tell", "Latest")


def work_table(works: pd.DataFrame | None, calendar: Calendar) -> Table:
    """List the works with their states.

    Parameters
    ----------
    works : DataFrame or None
        The layer ``works``.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    Table
        A row a work; without rows where there is none.
    """
    if works is None or not len(works):
        return Table([], [])
    rows = []
    for name, own in works.sort_values(["work_id", "date"]).groupby("work_id"):
        first = own.iloc[0]
        made = f"{calendar.day(iso_date(first['made_after']))} to {calendar.day(iso_date(first['made_by']))}"
        area = number(as_float(first["area_m2"]))
        rows.append(Row("", "", [str(name), str(first["kind"]), area, made, _story(own, calendar)]))
    return Table(list(_WORK_TITLES), rows)


def _story(own: pd.DataFrame, calendar: Calendar) -> str:
    parts: list[str] = []
    last = ""
    for row in own.to_dict("records"):
        state = "" if is_missing(row["state"]) else str(row["state"])
        if state and state != last:
            parts.append(f"{state} {calendar.day(iso_date(row['date']))}")
            last = state
    return ", ".join(parts)


def cell_table(summary: Mapping[str, object]) -> Table:
    """Count what the looks show of each cell.

    Parameters
    ----------
    summary : mapping
        As ``summary.json``.

    Returns
    -------
    Table
        Without rows where no zone is a cell.
    """
    rows = []
    for name in mapping_at(summary, "cells"):
        states = list(mapping_at(summary, "cells", name, "dates").values())
        counts = [sum(one in wanted for one in states) for wanted in (("in use", "full"), ("empty",), ("covered",))]
        known = [str(one) for one in states if one is not None]
        cells = [*counts, len(states) - len(known)]
        rows.append(Row("", "", [name, *(str(one) for one in cells), known[-1] if known else "–"]))
    return Table(list(_CELL_TITLES) if rows else [], rows)
