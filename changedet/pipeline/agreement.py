"""Where the onsets of a run's figures contradict each other, and what that may mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from changedet.json_types import Json, JsonObject
from changedet.outputs.sentences.counts import SWITCHED_OFF
from changedet.outputs.sentences.words import calendar_of

_FIRST_OF_YEAR: Final = re.compile(r"(?<![\w/.-])(\d{4})-01-01(?![\w-]|\.\w)")
"""A date that is no part of a file's name."""


class _Dated(NamedTuple):
    """An onset: its date and the days that bound it, ISO 8601, which sort as text."""

    date: str
    low: str
    high: str


def disagreements(onset: Mapping[str, Json]) -> list[str]:
    """Say which onsets of a run contradict each other.

    Containers may come to an old yard, and earth may be moved where no box ever stands: what contradicts is new built
    ground that is no change, growth without any change, and change for good that neither boxes nor built ground show.

    Parameters
    ----------
    onset : mapping of str to JSON
        As in ``summary.json``: of ``containers``, ``changed_area``, ``footprint``.

    Returns
    -------
    list of str
        One sentence each; empty where they agree.
    """
    containers, changed, built = (_dated(onset.get(name)) for name in ("containers", "changed_area", "footprint"))
    said = []
    if changed is not None and containers is None and built is None:
        said.append(
            f"onset: the changed area grows from {changed.date}, but neither containers nor the footprint do; look at "
            "the marked places before you publish it: fields, water and wear change without anything being built"
        )
    for name, other in (("containers", containers), ("the footprint", built)):
        if other is not None and changed is None:
            grow = "grow" if other is containers else "grows"
            why = onset.get("changed_area")
            reason = why.get("reason") if isinstance(why, dict) else None
            if SWITCHED_OFF in str(reason):
                continue
            said.append(f"onset: {name} {grow} from {other.date}, but the changed area has none: {reason}")
    if built is not None and changed is not None and built.high < changed.low:
        said.append(
            f"onset: the footprint grows from {built.date}, the changed area only from {changed.date}; new footprint "
            "is change, so one of both is wrong in between"
        )
    return said


def _dated(onset: Json) -> _Dated | None:
    if not isinstance(onset, dict):
        return None
    found: JsonObject = onset
    if not found.get("date"):
        return None
    return _Dated(*(str(found[name] or found["date"]) for name in ("date", "low", "high")))


def dated_as_known(warnings: Sequence[str], dates: Sequence[str]) -> list[str]:
    """Warnings with years in place of dates, where years are all that is known of a site's dates.

    Parameters
    ----------
    warnings : sequence of str
        With ISO dates; names of files keep theirs.
    dates : sequence of str
        ISO dates of the site's looks.

    Returns
    -------
    list of str
        In their order.
    """
    if not calendar_of(dates).years_only:
        return [*warnings]
    return [_FIRST_OF_YEAR.sub(lambda day: day[1] if day[0] in dates else day[0], words) for words in warnings]
