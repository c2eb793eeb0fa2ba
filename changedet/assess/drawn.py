"""Dates and kinds that a person gave to what was drawn in QGIS, and what is wrong with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import cast

import pandas as pd

from changedet.errors import did_you_mean
from changedet.kernels.containers import KINDS
from changedet.outputs.values import is_missing


def day_of(value: object) -> dt.date | None:
    """The UTC date of whatever a table holds as one.

    Parameters
    ----------
    value : object
        Text, a date or a stamp.

    Returns
    -------
    datetime.date or None
        None where it is no date, or one before the year 1 or after 9999, which files and pandas know but Python does
        not.
    """
    try:
        stamp = pd.to_datetime(cast("str", value), utc=True, errors="coerce")
        return None if pd.isna(stamp) else stamp.date()
    except (NotImplementedError, OverflowError, ValueError):
        return None


def day_fault(value: object, days: Sequence[dt.date]) -> str:
    """What is wrong with a date.

    Parameters
    ----------
    value : object
        As a table holds it.
    days : sequence of datetime.date
        On which boxes were counted.

    Returns
    -------
    str
        Empty where it is one of them.
    """
    if day_of(value) in days:
        return ""
    day = day_of(value)
    named = "nothing" if is_missing(value) else f"'{_words(value) if day is None else day}'"
    return f"{named} is no date on which boxes were counted, expected one of {', '.join(map(str, days))}"


def _words(value: object) -> str:
    try:
        return str(value)
    except (NotImplementedError, OverflowError, ValueError):
        return "a date that no calendar has"


def kind_of(value: object) -> str:
    """A kind without blanks around it.

    Parameters
    ----------
    value : object
        As a table holds it.

    Returns
    -------
    str
        Empty where none was given.
    """
    return "" if is_missing(value) else str(value).strip()


def kind_fault(value: object) -> str:
    """What is wrong with a kind.

    Parameters
    ----------
    value : object
        As a table holds it.

    Returns
    -------
    str
        Empty for a known kind and for none.
    """
    kind = kind_of(value)
    if not kind or kind in KINDS:
        return ""
    return f"no such kind '{kind}', expected one of {', '.join(KINDS)}{did_you_mean(kind, KINDS)}"
