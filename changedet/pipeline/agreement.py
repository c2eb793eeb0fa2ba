"""Where the onsets of a run's figures contradict each other, and what that may mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import pandas as pd

from changedet.json_types import Json, JsonObject
from changedet.kernels.intervals import area_interval
from changedet.outputs.reasons import CODES, SWITCHED_OFF
from changedet.outputs.sentences.words import calendar_of
from changedet.outputs.values import iso_dates, mapping_at, rows_of

SHOWS_ALL: Final = 0.9
"""Share of the site from which a look shows it as a whole."""
_FIRST_OF_YEAR: Final = re.compile(r"(?<![\w/.-])(\d{4})-01-01(?![\w-]|\.\w)")
"""A date that is no part of a file's name."""


class _Dated(NamedTuple):
    """An onset: its date and the days that bound it, ISO 8601, which sort as text."""

    date: str
    low: str
    high: str


def contradictions(summary: Mapping[str, Json], table: pd.DataFrame) -> list[str]:
    """Say which figures of a run contradict each other.

    Parameters
    ----------
    summary : mapping
        As ``summary.json``: ``reference_date``, ``onset``, ``new_ground``, ``unavailable_codes``.
    table : DataFrame
        The time series.

    Returns
    -------
    list of str
        One sentence each; empty where they agree.
    """
    site, reference = rows_of(table), str(summary["reference_date"])
    onset = summary["onset"]
    unwanted = mapping_at(summary, CODES).get("changed_area_m2") == SWITCHED_OFF
    found = disagreements(onset, reference, site, compared=not unwanted) if isinstance(onset, dict) else []
    return [*found, *unmarked_ground(summary["new_ground"], reference, site)]


def disagreements(onset: Mapping[str, Json], reference_date: str, site: pd.DataFrame, *, compared: bool) -> list[str]:
    """Say which onsets of a run contradict each other.

    Containers may come to an old yard, and earth may be moved where no box ever stands: what contradicts is new built
    ground that is no change, growth without any change, and change for good that neither boxes nor built ground show.
    What grew before the reference is no change since.

    Parameters
    ----------
    onset : mapping of str to JSON
        As in ``summary.json``: of ``containers``, ``changed_area``, ``footprint``.
    reference_date : str
        ISO 8601.
    site : DataFrame
        Rows of the whole site, in the order of time.
    compared : bool
        Whether changed areas were wanted.

    Returns
    -------
    list of str
        One sentence each; empty where they agree.
    """
    containers, changed, built = (_dated(onset.get(name)) for name in ("containers", "changed_area", "footprint"))
    said = []
    if changed is not None and containers is None and built is None:
        counted = "containers_expected" in site and site["containers_expected"].notna().any()
        others = "neither containers nor the footprint do" if counted else "the footprint does not"
        said.append(
            f"onset: the changed area grows from {changed.date}, but {others}; look at "
            "the marked places before you publish it: fields, water and wear change without anything being built"
        )
    built = built if built is not None and built.date > reference_date else None
    # Boxes that come to an old yard are no lasting change of ground, and are marked all the same.
    came = containers is not None and containers.date > reference_date and not _is_marked(site)
    for name, other in (("containers grow", containers if came else None), ("the footprint grows", built)):
        if other is not None and changed is None and compared:
            why = onset.get("changed_area")
            reason = why.get("reason") if isinstance(why, dict) else None
            said.append(f"onset: {name} from {other.date}, but the changed area has none: {reason}")
    if built is not None and changed is not None and built.high < changed.low:
        said.append(
            f"onset: the footprint grows from {built.date}, the changed area only from {changed.date}; new footprint "
            "is change, so one of both is wrong in between"
        )
    return said


def _is_marked(site: pd.DataFrame) -> bool:
    """Whether the last look that is compared shows changed area beyond its error."""
    low = site["changed_area_low_m2"].dropna()
    return bool(len(low)) and bool(low.iloc[-1] > 0)


def unmarked_ground(laid: Json, reference_date: str, site: pd.DataFrame) -> list[str]:
    """Say of new ground that the mask of its date does not mark, though that date and the reference show the site.

    Parameters
    ----------
    laid : JSON
        As ``new_ground`` in ``summary.json``.
    reference_date : str
        ISO 8601.
    site : DataFrame
        Rows of the whole site.

    Returns
    -------
    list of str
        One sentence, or none.
    """
    if not isinstance(laid, dict) or str(laid["since"]) < reference_date:
        return []
    rows = site.set_index(iso_dates(site["date"]))
    then, least = str(laid["date"]), float(str(laid["low"]))
    marked, clear = rows["changed_area_m2"].get(then), rows.loc[[reference_date, then], "valid_fraction"].min()
    # The table's own upper bound allows for the new ground already; this one is of interest up to `least` alone.
    if marked is None or not (area_interval(marked, least, 0.0)[1] < least and clear >= SHOWS_ALL):
        return []
    return [
        f"the footprint gained at least {least:,.0f} m2 by {then}, and {marked:,.0f} m2 of the ground are marked as "
        "changed: new ground is change, so one of both is wrong, and the upper bound allows for it; where most of the "
        "area of interest was built upon, draw it larger, in scenes that show ground around it: dates are normalised "
        "by the ground that stayed the same"
    ]


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
