"""Moments, angles, numbers and names as metadata write them; nothing that a workflow could not take comes out."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from changedet.imagery.angles import SunAngles, ViewAngles
from changedet.workflow.dates import FIRST_YEAR, LAST_YEAR

_MOST_OFF_NADIR_DEG: Final = 89.9
Moment = tuple[dt.date, dt.time | None]
"""UTC; no time where only the day is known."""


def moment_of(text: str) -> Moment | None:
    """A moment as metadata write it.

    Parameters
    ----------
    text : str
        Such as ``2022-04-05T01:23:45.678901Z``, or a date alone.

    Returns
    -------
    tuple of date and time, or None
        UTC, whole seconds; None where it is none.
    """
    # Seven decimals, as Landsat has them, are one more than a time can hold.
    plain = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text.strip())
    try:
        found = dt.datetime.fromisoformat(plain)
        utc = found.astimezone(dt.UTC) if found.tzinfo else found
    except (ValueError, OverflowError):
        return None
    if not FIRST_YEAR <= utc.year <= LAST_YEAR:
        return None
    timed = re.search(r"[0-9][T ][0-9]", plain)
    return utc.date(), utc.time().replace(microsecond=0, tzinfo=None) if timed else None


def agreed(named: Moment | None, told: Moment | None, source: str) -> tuple[Moment | None, str]:
    """The moment of a scene, where its name and its metadata do not contradict each other.

    Parameters
    ----------
    named, told : tuple of date and time, or None
        By the name and by the metadata.
    source : str
        Name of the metadata file.

    Returns
    -------
    moment : tuple of date and time, or None
        That of the metadata, if any; None where the two are of different days.
    doubt : str
        What they say then.
    """
    if named and told and named[0] != told[0]:
        return None, f"the name says {named[0]}, {source} says {told[0]}"
    return (told if told and (told[1] or not named) else named or told), ""


def usable_sun(azimuth: str, elevation: str) -> SunAngles | None:
    """The sun's place, where a workflow can take it.

    Parameters
    ----------
    azimuth, elevation : str
        Degrees.

    Returns
    -------
    SunAngles or None
        None for anything but numbers of a sun above the horizon.
    """
    east, up = number(azimuth), number(elevation)
    # A workflow file has two decimals: what they make of a sun at the horizon is no sun.
    if east is None or up is None or not (0 < round(up, 2) <= 90 and -360 <= east <= 360):
        return None
    return SunAngles(east % 360, up)


def usable_view(off_nadir: str, azimuth: str = "") -> ViewAngles | None:
    """The sensor's view, where a workflow can take it.

    Parameters
    ----------
    off_nadir : str
        Degrees from the vertical; of either sign.
    azimuth : str
        From the point below the sensor to the scene, degrees; empty where it is not known.

    Returns
    -------
    ViewAngles or None
        None for anything but a number of degrees.
    """
    down, east = number(off_nadir), number(azimuth)
    if down is None or abs(down) > _MOST_OFF_NADIR_DEG:
        return None
    return ViewAngles(abs(down), None if east is None or abs(east) > 360 else east % 360)


def number(text: str) -> float | None:
    """A number as metadata write it.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    float or None
        Finite; None where it is no number.
    """
    match = re.fullmatch(r"[-+]?[0-9]{1,9}(\.[0-9]*)?([eE][-+]?[0-9]{1,2})?", text.strip())
    return float(match[0]) if match else None


def opposite(azimuth: str) -> str:
    """The other way round: from the satellite to the scene.

    Parameters
    ----------
    azimuth : str
        From the scene to the satellite, degrees.

    Returns
    -------
    str
        Degrees; empty where it was no number.
    """
    value = number(azimuth)
    return "" if value is None else str((value + 180) % 360)


def plain_name(text: str) -> str:
    """A sensor's name without anything that a name has not.

    Parameters
    ----------
    text : str
        As the metadata have it.

    Returns
    -------
    str
        Letters, digits and a few marks, at most 60 of them.
    """
    return " ".join(re.sub(r"[^A-Za-z0-9 .+/_-]+", " ", text).split())[:60]
