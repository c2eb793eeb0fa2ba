"""Table of what passed through the site between looks, for readers of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from changedet.outputs.report.tables import Row, Table
from changedet.outputs.sentences.words import Calendar, number
from changedet.outputs.values import as_float, mapping_at

_TITLES: Final = (
    "Between",
    "and",
    "Arrivals: least, likely, most",
    "Departures: least, likely, most",
    "Seen on no look",
)


def flow_table(summary: Mapping[str, object], calendar: Calendar) -> Table:
    """List least, likely and most arrivals and departures between looks.

    Parameters
    ----------
    summary : mapping
        As ``summary.json``.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    Table
        Without rows where boxes were not followed, and where none has a bound: then it says no more than the table of
        looks does.
    """
    rows = []
    between = cast("Sequence[Mapping[str, object]]", summary.get("flow") or ())
    for one in between if any(mapping_at(each, "unseen") for each in between) else ():
        moves = [_three(mapping_at(one, name)) for name in ("arrivals", "departures")]
        unseen = mapping_at(one, "unseen")
        hidden = f"{_text(unseen['likely'])}, at most {_text(unseen['most'])}" if unseen else "cannot be told"
        rows.append(Row("", "", [calendar.day(str(one["from"])), calendar.day(str(one["to"])), *moves, hidden]))
    return Table(list(_TITLES) if rows else [], rows)


def _three(bounds: Mapping[str, object]) -> str:
    return ", ".join(
        "no bound" if bounds[name] is None else _text(bounds[name]) for name in ("least", "likely", "most")
    )


def _text(value: object) -> str:
    return number(as_float(value))
