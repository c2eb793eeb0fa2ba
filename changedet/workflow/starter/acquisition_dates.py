"""When scenes were taken, as far as their tags and names say so without ambiguity."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from changedet.workflow.dates import date_and_time, date_pattern

# Formats of one tier may claim the same digits; a lower tier is looked at only where no higher one matched.
_TIERS: Final = (
    ("%Y%m%dT%H%M%S%z", "%Y%m%d_%H%M%S%z", "%Y-%m-%dT%H-%M-%S%z", "%Y-%m-%dT%H%M%S%z", "%Y-%m-%dT%H:%M:%S%z"),
    ("%Y%m%dT%H%M%S", "%Y%m%d_%H%M%S", "%Y%m%d%H%M%S", "%Y-%m-%dT%H-%M-%S"),
    (
        *("%Y%m%d", "%d%m%Y", "%m%d%Y", "%d%b%Y", "%Y%b%d"),
        *(f"%Y{mark}%m{mark}%d" for mark in "-_."),
        *(f"%d{mark}%m{mark}%Y" for mark in "-_."),
        *(f"%m{mark}%d{mark}%Y" for mark in "-_."),
        *(f"%d{mark}%b{mark}%Y" for mark in "-_."),
        *(f"%Y{mark}%b{mark}%d" for mark in "-_."),
        *("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y"),
    ),
    (
        *(f"%Y{mark}%-m{mark}%-d" for mark in "-_."),
        *(f"%-d{mark}%-m{mark}%Y" for mark in "-_."),
        *("%-d %b %Y", "%-d %B %Y", "%b %-d, %Y", "%B %-d, %Y", "%b %-d %Y", "%B %-d %Y"),
        *(f"%-m{mark}%-d{mark}%Y" for mark in "-_."),
    ),
    # Twelve digits may be an order's number as well: looked at only where nothing else is a date.
    ("%Y%m%d%H%M",),
    ("%Y%j", "%y%m%d", "%d%m%y", "%m%d%y", "%Y%m"),
    (
        *("%Y-%m", "%Y_%m", "%Y.%m", "%-m-%Y", "%-m_%Y", "%-m.%Y"),
        *(f"{month}{mark}%Y" for month in ("%b", "%B") for mark in "-_. "),
    ),
    ("%Y",),
)
# These products name the day of acquisition first and the day of processing after it.
_ACQUIRED_FIRST: Final = re.compile(r"S2[ABC]_MSIL|L[COTEM]0[4-9]_L|S1[ABC]_|S3[AB]_|HLS\.[LS]30")

_ACQUIRED_TAGS: Final = (
    *(
        "ACQUISITIONDATETIME",
        "ACQUISITION_DATETIME",
        "ACQUISITION_DATE",
        "ACQUISITIONDATE",
        "DATE_ACQUIRED",
        "ACQUIRED",
    ),
    *("DATETIME", "START_DATETIME", "SENSING_TIME", "PRODUCT_START_TIME", "DATATAKE_1_DATATAKE_SENSING_START"),
    *("FIRSTLINETIME", "NITF_IDATIM"),
)
TIFF_TAG: Final = "TIFFTAG_DATETIME"
_TAGGED = re.compile(
    r"(?P<Y>(?:19|20)[0-9]{2})([-:/]?)(?P<m>[0-9]{2})\2(?P<d>[0-9]{2})"
    r"(?:[T ]?(?P<H>[0-9]{2}):?(?P<M>[0-9]{2}):?(?P<S>[0-9]{2})(?:\.[0-9]+)?(?P<z>[+-][0-9]{2}:?[0-9]{2})?.*)?"
)

Reading = tuple[str, dt.date]
"""A format, and the date that it finds in a name."""


@dataclass(frozen=True)
class NameDate:
    """The date in a scene's name.

    Attributes
    ----------
    date : datetime.date or None
        None where the name has no date or more than one.
    form : str
        The format it was read with; of a name with only a year or month, the format of that.
    doubt : str
        Why there is no date, for the question or the refusal.
    """

    date: dt.date | None = None
    form: str = ""
    doubt: str = "no date in the name or the tags"


def date_from_tags(tags: Mapping[str, str]) -> tuple[str, dt.date, dt.time | None] | None:
    """The date of acquisition in a file's tags.

    Parameters
    ----------
    tags : mapping of str to str
        Of the file.

    Returns
    -------
    tuple of tag, date and time, or None
        The time where the tag has one; None where no tag of acquisition is there.
    """
    upper = {name.upper(): value for name, value in tags.items()}
    for name in _ACQUIRED_TAGS:
        moment = _parsed(upper.get(name, ""))
        if moment is not None:
            return name, *moment
    return None


def date_from_tiff(tags: Mapping[str, str]) -> dt.date | None:
    """The date in the TIFF's own date tag: of acquisition by some producers, of writing by most programs.

    Parameters
    ----------
    tags : mapping of str to str
        Of the file.

    Returns
    -------
    datetime.date or None
        None where the tag is not there.
    """
    moment = _parsed(tags.get(TIFF_TAG, ""))
    return moment[0] if moment else None


def _parsed(value: str) -> tuple[dt.date, dt.time | None] | None:
    match = _TAGGED.fullmatch(value.strip())
    if not match:
        return None
    return date_and_time({name: found for name, found in match.groupdict().items() if found})


def dates_from_names(names: Sequence[str]) -> list[NameDate]:
    """The dates in files' names.

    Names that differ in digits alone are read together, since they were given by one rule: ``25042023`` beside
    ``03042023`` shows that days come first.

    Parameters
    ----------
    names : sequence of str
        Without their folders.

    Returns
    -------
    list of NameDate
        In the order of the names.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(re.sub(r"[0-9]", "#", name), []).append(name)
    found: dict[str, NameDate] = {}
    for group in groups.values():
        found.update(_group(group))
    return [found[name] for name in names]


def _group(names: Sequence[str]) -> dict[str, NameDate]:
    read = {name: readings(name) for name in names}
    fitting = [form for form in _forms() if all(_single(read[name], form) for name in names)]
    read_dates = {tuple(_single(read[name], form) for name in names) for form in fitting}
    if len(read_dates) != 1:
        return {name: _alone(read[name]) for name in names}
    form = fitting[0]
    return {name: _finding(form, _single(read[name], form)) for name in names}


def _forms() -> list[str]:
    return [form for tier in _TIERS for form in tier]


def _single(read: Sequence[Reading], form: str) -> dt.date | None:
    dates = {date for other, date in read if other == form}
    return dates.pop() if len(dates) == 1 else None


def _alone(read: Sequence[Reading]) -> NameDate:
    dates = sorted({date for _, date in read})
    if not dates:
        return NameDate()
    if len(dates) > 1:
        return NameDate(doubt=f"the name could mean {' or '.join(str(date) for date in dates)}")
    return _finding(read[0][0], dates[0])


def _finding(form: str, date: dt.date | None) -> NameDate:
    if date is None or any(day in form for day in ("%d", "%-d", "%j")):
        return NameDate(date, form)
    what = f"the month {date:%Y-%m}" if names_a_month(form) else f"the year {date.year}"
    return NameDate(None, form, f"the name tells only {what}")


def names_a_month(form: str) -> bool:
    """Whether a format reads a month.

    Parameters
    ----------
    form : str
        As `date_format` gives it.

    Returns
    -------
    bool
        False of a year alone.
    """
    return any(month in form for month in ("%m", "%-m", "%b", "%B"))


def readings(name: str) -> list[Reading]:
    """Every way to read a date in a name, by the first tier of formats that reads any.

    Parameters
    ----------
    name : str
        Without its folder.

    Returns
    -------
    list of tuple of format and date
        Empty where there is none.

    Examples
    --------
    >>> readings("site_03042023.tif")
    [('%d%m%Y', datetime.date(2023, 4, 3)), ('%m%d%Y', datetime.date(2023, 3, 4))]
    """
    for tier in _TIERS:
        found = [(form, date) for form in tier for date in _dates(name, form)]
        if found and _ACQUIRED_FIRST.match(name):
            return found[:1]
        if found:
            return list(dict.fromkeys(found))
    return []


def _dates(name: str, form: str) -> list[dt.date]:
    guarded = rf"(?<![0-9])(?={date_pattern(form)}(?![0-9]))"
    moments = [date_and_time(match.groupdict()) for match in re.finditer(guarded, name, re.IGNORECASE)]
    return [moment[0] for moment in moments if moment is not None]
