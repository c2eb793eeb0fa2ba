"""Sentence on boxes that are as wide as containers and not counted as such."""

from __future__ import annotations

from typing import Final

from changedet.outputs.sentences.facts import Facts, Sentence
from changedet.outputs.sentences.words import number
from changedet.outputs.values import as_float, iso_date, rows_of

COLUMN: Final = "other_boxes"
"""Of the series: detected boxes of other kinds."""
LEAST_OTHERS: Final = 5
"""Fewest such boxes that are reported: a gate always has some lorries. Chosen by hand."""
LEAST_SHARE: Final = 0.5
"""The same, as a share of the containers that are expected. Chosen by hand."""


def others(facts: Facts) -> Sentence | None:
    """How many boxes of other kinds the first and the last counted look show, where that is much beside the count.

    Who looks at the picture sees them, and a lot of containers of mixed lengths may be taken for parked trailers.

    Parameters
    ----------
    facts : Facts
        What the run found.

    Returns
    -------
    Sentence or None
        None where containers are not counted, or the others are few.
    """
    ends = facts.total("containers", "first"), facts.total("containers", "last")
    rows = rows_of(facts.table)
    if COLUMN not in rows:
        return None
    seen = {iso_date(day): as_float(many) for day, many in zip(rows["date"], rows[COLUMN], strict=True)}
    counted = {one.date: one.value for one in ends if one is not None}
    found = [
        (day, many)
        for day, value in counted.items()
        if (many := seen.get(day)) is not None and many >= max(LEAST_OTHERS, LEAST_SHARE * value)
    ]
    if not found:
        return None
    calendar, first, rest = facts.calendar, found[0][0], found[1:]
    days = calendar.pair(first, rest[-1][0]) if rest else (calendar.day(first),)
    shown = [f"{number(many)} {calendar.on(day)}" for (_, many), day in zip(found, days, strict=True)]
    text = f"Not counted are other boxes as wide as containers, such as trailers and wagons: {' and '.join(shown)}"
    return Sentence(COLUMN, f"{text}.", tuple(day for day, _ in found))
