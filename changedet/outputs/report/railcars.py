"""Table of trains and their cars, for readers of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final, cast

from changedet.outputs.report.tables import Row, Table
from changedet.outputs.sentences.words import Calendar, number
from changedet.outputs.values import as_float, mapping_at

_TITLES: Final = ("Date", "Siding", "Track", "Cars", "On the track", "Flats loaded", "empty", "Length, m", "Order")


def railcar_table(summary: Mapping[str, object], calendar: Calendar) -> Table:
    """List the trains with the number of their cars, their loads and the order of their kinds.

    Parameters
    ----------
    summary : mapping
        As ``summary.json``.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    Table
        Without rows where no car was found.
    """
    found = mapping_at(summary, "railcars")
    tracks = cast("Sequence[Mapping[str, object]]", found.get("tracks") or ())
    trains = cast("Sequence[Mapping[str, object]]", found.get("trains") or ())
    bounds = {(one["date"], one["zone"], one["track"]): f"{one['low']} to {one['high']}" for one in tracks}
    rows = []
    for one in trains:
        day, zone, track = str(one["date"]), str(one["zone"]), one["track"]
        cells = [calendar.day(day), zone, str(track), str(one["railcars"]), bounds.get((day, zone, track), "")]
        cells += [str(one["loaded"]), str(one["empty"]), number(as_float(one["length_m"]))]
        rows.append(Row("", day, [*cells, order_in_words(str(one["sequence"]))]))
    return Table(list(_TITLES) if rows else [], rows)


def order_in_words(sequence: str) -> str:
    """Shorten an order of kinds.

    Parameters
    ----------
    sequence : str
        Kinds, separated by commas.

    Returns
    -------
    str
        With runs of one kind as a number and the kind.

    Examples
    --------
    >>> order_in_words("locomotive, tank, tank, flat")
    'locomotive, 2 tank, flat'
    """
    runs = [(kind, len(list(same))) for kind, same in groupby(sequence.split(", "))]
    return ", ".join(kind if times == 1 else f"{times} {kind}" for kind, times in runs)
