"""Dates, times and the dates in files' names. All are UTC."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Final

from changedet.workflow.checker import UnfitError, shown, unfit
from changedet.workflow.fields import text
from changedet.workflow.yaml_tree import Node

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2099
DATE: Final = "a date that exists, written YYYY-MM-DD"

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DIRECTIVES: Final = {
    "Y": r"(?P<Y>(?:19|20)[0-9]{2})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>0[1-9]|1[0-2])",
    "d": r"(?P<d>0[1-9]|[12][0-9]|3[01])",
    "-m": r"(?P<m>1[0-2]|0?[1-9])",
    "-d": r"(?P<d>3[01]|[12][0-9]|0?[1-9])",
    "j": r"(?P<j>[0-3][0-9]{2})",
    "b": rf"(?P<b>{'|'.join(month[:3] for month in _MONTHS)})",
    "B": rf"(?P<B>{'|'.join(_MONTHS)})",
    "H": r"(?P<H>[01][0-9]|2[0-3])",
    "M": r"(?P<M>[0-5][0-9])",
    "S": r"(?P<S>[0-5][0-9])",
    "z": r"(?P<z>Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])",
}
_INSTANT = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)([Zz]|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)


def calendar_date(node: Node) -> dt.date:
    """A UTC calendar date; no time of day, which has its own key.

    Parameters
    ----------
    node : node
        The value.

    Returns
    -------
    datetime.date
        From `FIRST_YEAR` to `LAST_YEAR`.

    Raises
    ------
    UnfitError
        No such day, or written in another way than ``YYYY-MM-DD``.
    """
    value = text(DATE)(node)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].+", value):
        raise UnfitError(f"got {shown(node)}, expected the UTC date alone{_in_utc(value)}; the time goes into 'time'")
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise unfit(node, DATE)
    try:
        found = dt.date.fromisoformat(value)
    except ValueError as error:
        raise unfit(node, DATE) from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise unfit(node, f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return found


def _in_utc(value: str) -> str:
    """The date and time that text with a time zone means, for a message."""
    try:
        moment = dt.datetime.fromisoformat(value)
        moment = moment if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return f", such as '{value[:10]}'"
    return f", '{moment.date()}'"


def time_of_day(node: Node) -> dt.time:
    """A UTC time of day, written ``HH:MM`` or ``HH:MM:SS``.

    Parameters
    ----------
    node : node
        The value.

    Returns
    -------
    datetime.time
        Without a time zone.

    Raises
    ------
    UnfitError
        No such time.
    """
    expected = "a UTC time written HH:MM or HH:MM:SS"
    value = text(expected)(node).removesuffix("Z")
    if not re.fullmatch(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?", value):
        raise unfit(node, expected)
    try:
        return dt.time.fromisoformat(value)
    except ValueError as error:
        raise unfit(node, expected) from error


def interval(node: Node) -> str:
    """A STAC interval: ``2023-05/2023-11``, one instant, or open with ``..``.

    Parameters
    ----------
    node : node
        The value.

    Returns
    -------
    str
        As it is written.

    Raises
    ------
    UnfitError
        No interval, or one that ends before it begins.
    """
    expected = "a date or an interval such as 2023-05/2023-11 or 2023-05-01/.."
    value = text(expected)(node)
    sides = value.split("/")
    if len(sides) > 2 or all(side in {"", ".."} for side in sides):
        raise unfit(node, expected)
    for side in sides:
        if side not in {"", ".."} and not _is_instant(side):
            raise unfit(node, expected)
    start, end = sides[0], sides[-1]
    both = not {start, end} & {"", ".."}
    # Text order is time order for ISO dates; the shorter side is compared at its own precision.
    length = min(len(start), len(end), 10)
    if both and start[:length] > end[:length]:
        raise UnfitError(f"got {shown(node)}, expected a start before the end")
    return value


def _is_instant(value: str) -> bool:
    match = _INSTANT.fullmatch(value)
    if not match:
        return False
    try:
        dt.date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
        if match[4]:
            dt.time.fromisoformat(match[4].split(".")[0])
    except ValueError:
        return False
    return True


def date_format(node: Node) -> str:
    """A format of strptime's directives with at least a year, such as ``%Y%m%d``; ``%-d`` is 4 as well as 04.

    ``%z`` is the offset of another zone's time, ``+0200``: such dates become those of UTC.

    Parameters
    ----------
    node : node
        The value.

    Returns
    -------
    str
        As it is written.

    Raises
    ------
    UnfitError
        Another directive, one that comes twice, no year, or a zone without an hour.
    """
    known = " ".join(f"%{letter}" for letter in _DIRECTIVES)
    value = text("a format such as '%Y%m%d'")(node)
    used = re.findall(r"%(-?.?)", value.replace("%%", ""), re.DOTALL)
    for letter in used:
        if letter not in _DIRECTIVES:
            raise UnfitError(f"got {shown(node)}, in which %{letter} is not one of {known}")
    if len({letter.lstrip("-") for letter in used}) < len(used):
        raise UnfitError(f"got {shown(node)}, expected each directive once")
    if len({"Y", "y"} & set(used)) != 1:
        raise UnfitError(f"got {shown(node)}, expected a format with a year, such as '%Y%m%d' or '%Y'")
    if "z" in used and "H" not in used:
        raise UnfitError(f"got {shown(node)}, in which %z is without an hour; expected such as '%Y%m%dT%H%M%S%z'")
    return value


def dates_in_name(name: str, form: str) -> Iterator[tuple[dt.date, dt.time | None]]:
    """The dates in a file's name, best first.

    A match that is no part of a longer run of digits comes before one that is; else the first. What the format leaves
    out is the first month and day, as in `datetime.strptime`.

    Parameters
    ----------
    name : str
        Without its folder.
    form : str
        As `date_format` gives it.

    Yields
    ------
    tuple of datetime.date and datetime.time or None
        In UTC; the time where the format has one.

    Examples
    --------
    >>> [str(date) for date, _ in dates_in_name("123_20230604_msi.tif", "%Y%m%d")]
    ['2023-06-04']
    """
    digits = date_pattern(form)
    for guard in (rf"(?<![0-9])(?={digits}(?![0-9]))", rf"(?<![0-9])(?={digits})", rf"(?={digits})"):
        found = [
            moment for match in re.finditer(guard, name, re.IGNORECASE) if (moment := date_and_time(match.groupdict()))
        ]
        if found:
            yield from found
            return


def date_pattern(form: str) -> str:
    """The regular expression of a format.

    Parameters
    ----------
    form : str
        As `date_format` gives it.

    Returns
    -------
    str
        With a group for each directive, named by its letter.
    """
    parts = re.split(r"(%-[md]|%.)", form, flags=re.DOTALL)
    return "".join(_part(part) for part in parts)


def _part(part: str) -> str:
    if len(part) > 1 and part[0] == "%":
        return "%" if part[1] == "%" else _DIRECTIVES[part[1:]]
    return re.escape(part)


def date_and_time(found: dict[str, str]) -> tuple[dt.date, dt.time | None] | None:
    """The date, and the time where there is one, of a format's groups, in UTC.

    Parameters
    ----------
    found : dict of str to str
        What each directive matched, by its letter.

    Returns
    -------
    tuple of datetime.date and datetime.time or None, or None
        None where there is no such day.
    """
    year = int(found["Y"]) if "Y" in found else _year(int(found["y"]))
    try:
        if "j" in found:
            # strptime would take day 366 of any year for the next year's first.
            date = dt.date(year, 1, 1) + dt.timedelta(days=int(found["j"]) - 1)
            if date.year != year:
                return None
        else:
            date = dt.date(year, _month(found), int(found.get("d", 1)))
        if "H" not in found:
            return date, None
        time = dt.time(int(found["H"]), int(found.get("M", 0)), int(found.get("S", 0)))
        moment = dt.datetime.combine(date, time) - _ahead(found.get("z", "Z"))
    except (ValueError, OverflowError):
        return None
    return moment.date(), moment.time()


def _ahead(zone: str) -> dt.timedelta:
    """How far a zone's time is ahead of UTC."""
    if zone.upper() == "Z":
        return dt.timedelta()
    ahead = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return -ahead if zone[0] == "-" else ahead


def _year(two_digits: int) -> int:
    # As POSIX reads them: 69 to 99 are 1969 to 1999.
    return two_digits + (1900 if two_digits >= 69 else 2000)


def _month(found: dict[str, str]) -> int:
    name = found.get("B") or found.get("b")
    if name:
        return next(i for i, month in enumerate(_MONTHS, 1) if month.startswith(name.lower()[:3]))
    return int(found.get("m", 1))
