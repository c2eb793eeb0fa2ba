"""What sentences are made of: a run's figures with their intervals and dates, from its summary and its time series."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import pandas as pd

from changedet.outputs.reasons import CODES
from changedet.outputs.sentences.words import Calendar, Scale, calendar_of, interval_text, scaled
from changedet.outputs.values import as_float, iso_date, mapping_at, rows_of


class Sentence(NamedTuple):
    """A sentence with what it rests on.

    Attributes
    ----------
    about : str
        ``containers``, ``turnover``, ``ground``, ``changed_area``, ``zones`` or ``looks``.
    text : str
        The sentence, or two.
    dates : tuple of str
        ISO dates of the rows of the time series that it rests on.
    """

    about: str
    text: str
    dates: tuple[str, ...]


class Estimate(NamedTuple):
    """A figure of a date with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        In the unit of the figure; the bounds are the value where there is no interval.
    date : str
        ISO date.
    """

    value: float
    low: float
    high: float
    date: str

    def text(self, scale: Scale) -> str:
        """The figure with its interval.

        Parameters
        ----------
        scale : Scale
            The unit to show.

        Returns
        -------
        str
            Such as ``41 (37–44)``.
        """
        return interval_text(self.value, self.low, self.high, scale)


def estimate_of(figure: Mapping[str, object]) -> Estimate | None:
    """A figure as ``summary.json`` keeps it.

    Parameters
    ----------
    figure : mapping
        ``value, low, high, date``.

    Returns
    -------
    Estimate or None
        None where there is no value or no interval: nothing is claimed without one.
    """
    value, low, high = (as_float(figure.get(key)) for key in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return None
    return Estimate(value, low, high, iso_date(figure.get("date")))


def scale_of(estimates: Sequence[Estimate], unit: str) -> Scale:
    """One unit for several figures.

    Parameters
    ----------
    estimates : sequence of Estimate
        Shown together.
    unit : str
        Of their values.

    Returns
    -------
    Scale
        By the largest of the values; of the bounds where all values are 0.
    """
    values = [one.value for one in estimates]
    return scaled(values if any(values) else [one.high for one in estimates], unit)


def claimed_at_least(summary: Mapping[str, object], name: str, zone: str = "") -> float | None:
    """What a run claims of a figure at least.

    Parameters
    ----------
    summary : mapping
        As ``summary.json``.
    name : str
        Such as ``arrivals``.
    zone : str
        Empty for the whole site.

    Returns
    -------
    float or None
        None where nothing is claimed.
    """
    claims = cast("Sequence[Mapping[str, object]]", summary.get("claims") or ())
    wanted = ("at_least", name, zone)
    found = [one for one in claims if (one.get("kind"), one.get("about"), one.get("zone")) == wanted]
    return as_float(found[0].get("value")) if found else None


def net_between(summary: Mapping[str, object], before: str, after: str, zone: str = "") -> Estimate | None:
    """By how much the containers became more from one date to another.

    Parameters
    ----------
    summary : mapping
        As ``summary.json``.
    before, after : str
        ISO dates.
    zone : str
        Empty for the whole site.

    Returns
    -------
    Estimate or None
        None but for the first and the last look with a count, of which alone it is kept.
    """
    sums = mapping_at(summary, "zones", zone, "containers") if zone else mapping_at(summary, "totals", "containers")
    ends = [iso_date(mapping_at(sums, part).get("date")) for part in ("first", "last")]
    return estimate_of(mapping_at(sums, "net_change")) if ends == [before, after] else None


def no_sure_moves(summary: Mapping[str, object]) -> bool:
    """Whether no arrival and no departure of the series is beyond its error, by all that is said of them.

    Parameters
    ----------
    summary : mapping
        As ``summary.json``.

    Returns
    -------
    bool
        False, too, where they are not counted.
    """
    totals = mapping_at(summary, "totals")
    least = [as_float(mapping_at(totals, name).get("low")) for name in ("arrivals", "departures")]
    known = [low for low in least if low is not None]
    grew = bool(mapping_at(summary, "onset", "containers").get("date"))
    claimed = any((claimed_at_least(summary, name) or 0.0) >= 1 for name in ("arrivals", "departures"))
    return bool(known) and max(known) < 1 and not grew and not claimed


def are_moves_counted(summary: Mapping[str, object]) -> bool:
    """Whether a run counts arrivals and departures at all.

    Parameters
    ----------
    summary : mapping
        As ``summary.json``.

    Returns
    -------
    bool
        False where its totals have neither a value nor a bound of them.
    """
    totals = mapping_at(summary, "totals")
    parts = [mapping_at(totals, name).get(part) for name in ("arrivals", "departures") for part in ("value", "low")]
    return any(as_float(part) is not None for part in parts)


@dataclass(frozen=True)
class Facts:
    """What a run found.

    Attributes
    ----------
    summary : mapping
        As ``summary.json``.
    table : pandas.DataFrame
        The time series, of the site and its zones.
    unavailable : mapping of str to str
        Figure -> why it cannot be had.
    """

    summary: Mapping[str, object]
    table: pd.DataFrame
    unavailable: Mapping[str, str]

    @property
    def dates(self) -> list[str]:
        """All looks, ISO dates, sorted."""
        return sorted(iso_date(day) for day in cast("Sequence[object]", self.summary.get("dates") or ()))

    @property
    def reference(self) -> str:
        """The reference date, ISO; empty where there is none."""
        return iso_date(self.summary.get("reference_date"))

    @property
    def calendar(self) -> Calendar:
        """How dates are written, by all looks."""
        return calendar_of(self.dates)

    @property
    def grid_m2(self) -> float | None:
        """What the grid covers on the ground, m2; None where it is not known."""
        grid = mapping_at(self.summary, "grid")
        resolution, shape = as_float(grid.get("resolution_m")), grid.get("shape")
        if resolution is None or not isinstance(shape, list | tuple):
            return None
        return resolution**2 * math.prod(int(side) for side in shape)

    def total(self, name: str, part: str) -> Estimate | None:
        """A part of a total.

        Parameters
        ----------
        name, part : str
            Keys of ``totals``, such as ``containers`` and ``last``; an empty part for a sum.

        Returns
        -------
        Estimate or None
            None where it cannot be had.
        """
        keys = (name, part) if part else (name,)
        return estimate_of(mapping_at(self.summary, "totals", *keys))

    def code(self, figure: str) -> str:
        """Why a figure cannot be had, as a code.

        Parameters
        ----------
        figure : str
            A key of ``unavailable``.

        Returns
        -------
        str
            One of `outputs.reasons`; empty where none is known.
        """
        return str(mapping_at(self.summary, CODES).get(figure) or "")

    def onset(self, name: str) -> Mapping[str, object]:
        """An onset of the site.

        Parameters
        ----------
        name : str
            A key of ``onset``.

        Returns
        -------
        mapping
            Empty where no onset was found.
        """
        found = mapping_at(self.summary, "onset", name)
        return found if found.get("date") else {}

    def clear(self, day: str) -> float | None:
        """How much of the site a date shows.

        Parameters
        ----------
        day : str
            ISO date.

        Returns
        -------
        float or None
            0 to 1; None where it is not known.
        """
        rows = rows_of(self.table)
        found = rows[[iso_date(value) == day for value in rows["date"]]]
        return as_float(found["valid_fraction"].iloc[0]) if len(found) and "valid_fraction" in found else None
