"""The report's tables: column names in words, figures with their intervals, rows that can be linked to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from changedet.outputs.report.figures import interval_text
from changedet.outputs.sentences.words import Calendar, area_text, number
from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.outputs.values import as_float, is_missing, iso_date


class Column(NamedTuple):
    """A column of the table of the series.

    Attributes
    ----------
    title : str
        In words.
    value : str
        Column of the time series.
    low, high : str
        Columns of its bounds; empty where it has none.
    unit : str
        Of its values; ``%`` for a share.
    """

    title: str
    value: str
    low: str = ""
    high: str = ""
    unit: str = ""


COLUMNS: Final = (
    Column("Clear", "valid_fraction", unit="%"),
    Column("Containers seen", "containers"),
    Column("Containers expected", *FIGURE_COLUMNS["containers"]),
    Column("Other boxes seen", "other_boxes"),
    Column("TEU expected", *FIGURE_COLUMNS["teu"]),
    Column("Arrivals listed", "arrivals"),
    Column("Arrivals expected", *FIGURE_COLUMNS["arrivals"]),
    Column("Departures listed", "departures"),
    Column("Departures expected", *FIGURE_COLUMNS["departures"]),
    Column("Changed area", *FIGURE_COLUMNS["changed_area_m2"], "m²"),
    Column("Footprint", *FIGURE_COLUMNS["footprint_area_m2"], "m²"),
    Column("Capacity", "capacity"),
    Column("Occupancy", "occupancy", "occupancy_low", "occupancy_high", "%"),
)
"""Of the table of the series, in order; those that have no figure are left out."""
GROUND_TITLES: Final[Mapping[str, str]] = {
    "date": "Date",
    "kind": "Ground",
    "area_m2": "Area",
    "gained_m2": "Gained since the look before",
    "lost_m2": "Lost since the look before",
}
"""Of the table of the footprint by kind."""


class Row(NamedTuple):
    """A row that can be linked to.

    Attributes
    ----------
    id : str
        For links; empty for none.
    date : str
        ISO date.
    cells : list of str
        Text, cell by cell.
    """

    id: str
    date: str
    cells: list[str]


class Table(NamedTuple):
    """Text of a table.

    Attributes
    ----------
    columns : list of str
        Titles.
    rows : list of Row
        As many cells as there are columns.
    """

    columns: list[str]
    rows: list[Row]


def anchor(*words: str) -> str:
    """The name of a place in the page.

    Parameters
    ----------
    *words : str
        Of any characters.

    Returns
    -------
    str
        Letters, digits and hyphens.
    """
    return re.sub("[^A-Za-z0-9]+", "-", " ".join(words)).strip("-")


def series_table(rows: pd.DataFrame, calendar: Calendar, *, zones: bool = False) -> Table:
    """The time series for readers.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of the site, or of its zones.
    calendar : Calendar
        How dates are written.
    zones : bool
        Whether a column names the zone.

    Returns
    -------
    Table
        A row for each of the site has the anchor ``row-DATE``.
    """
    shown = [c for c in COLUMNS if c.value in rows and not all(is_missing(v) for v in rows[c.value])]
    made = []
    for values in rows.to_dict("records"):
        record = {str(name): value for name, value in values.items()}
        day, zone = iso_date(record["date"]), str(record.get("zone") or "")
        cells = [calendar.day(day), *([zone] if zones else []), *(_cell(record, c) for c in shown)]
        made.append(Row("" if zones else anchor("row", day), day, cells))
    return Table(["Date", *(["Zone"] if zones else []), *(c.title for c in shown)], made)


def _cell(record: Mapping[str, object], column: Column) -> str:
    names = (column.value, column.low, column.high)
    value, low, high = (as_float(record.get(name)) if name else None for name in names)
    if value is None:
        return "–"
    if column.unit == "%":
        value, low, high = (None if part is None else 100 * part for part in (value, low, high))
    if not column.low:
        return f"{number(value)} {column.unit if column.unit == '%' else ''}".strip()
    text = interval_text({"value": value, "low": low, "high": high}, "" if column.unit == "%" else column.unit)
    return text.replace(" (", " % (", 1) if column.unit == "%" else text


def ground_table(ground: pd.DataFrame | None, calendar: Calendar) -> Table:
    """What the footprint bears, for readers.

    Parameters
    ----------
    ground : pandas.DataFrame or None
        The layer ``ground``.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    Table
        Without rows where there is none.
    """
    if ground is None:
        return Table([], [])
    names = [name for name in GROUND_TITLES if name in ground]
    rows = [
        Row("", iso_date(record["date"]), [_ground_cell(name, record[name], calendar) for name in names])
        for record in pd.DataFrame(ground[names]).to_dict("records")
    ]
    return Table([GROUND_TITLES[name] for name in names], rows)


def _ground_cell(name: str, value: object, calendar: Calendar) -> str:
    if is_missing(value):
        return "–"
    if name == "date":
        return calendar.day(iso_date(value))
    return area_text(as_float(value) or 0.0) if name.endswith("_m2") else str(value)


def held_together(text: str) -> Markup:
    """Text of a narrow cell whose intervals and units are never broken over two lines.

    Parameters
    ----------
    text : str
        Escaped here.

    Returns
    -------
    Markup
        Of the page.
    """
    safe = re.sub(r"(?<=[0-9]) (?=%|m²|ha\b|km²|TEU\b)", "\N{NO-BREAK SPACE}", str(escape(text)))
    return Markup(re.sub(r"\([^()]*\)", r'<span class="held">\g<0></span>', safe))  # noqa: S704 escaped above


def plain_text(value: object, name: str = "") -> str:
    """A cell of any record: text as it is, dates as ISO, numbers short.

    Parameters
    ----------
    value : object
        A single value, a mapping, or a list of them.
    name : str
        ``date`` where the value is one.

    Returns
    -------
    str
        An en dash where there is none.
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {plain_text(inner)}" for key, inner in value.items()) or "–"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(plain_text(inner) for inner in value) or "–"
    if is_missing(value) or str(value) == "":
        return "–"
    if name == "date" or hasattr(value, "isoformat"):
        return iso_date(value)
    if isinstance(value, float | np.floating):
        real = float(value)
        return number(real) if abs(real) >= 1000 else f"{real:.4g}"
    return str(value)
