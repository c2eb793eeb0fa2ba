"""Numbers, areas, dates and probabilities as a reader of English expects them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

HECTARE_M2: Final = 1e4
SQUARE_KILOMETRE_M2: Final = 1e6
DIGITS: Final = 3
"""Significant digits of an area: its interval is never narrower than a few per cent."""
LIKELIHOODS: Final = (
    (0.99, "virtually certain", "above 99 %"),
    (0.95, "extremely likely", "95 to 99 %"),
    (0.90, "very likely", "90 to 95 %"),
    (0.66, "likely", "66 to 90 %"),
    (0.33, "about as likely as not", "33 to 66 %"),
    (0.0, "unlikely", "below 33 %"),
)
"""Least probability, the word for it, and the band that it stands for; bands as the IPCC uses them, without overlap."""
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
"""In English, whatever the machine's language."""
MOST_NAMED: Final = 3
"""Dates of one finding that are named; of more the first, the last and their number."""
SHORT_MONTH: Final = 3
"""Letters of a month where there is little room."""


class Scale(NamedTuple):
    """How figures are shown.

    Attributes
    ----------
    factor : float
        What they are divided by.
    unit : str
        The unit that they then have.
    digits : int
        Decimals; below 0, tens or hundreds are rounded.
    """

    factor: float
    unit: str
    digits: int


def number(value: float | None, digits: int = 0) -> str:
    """A number for reading.

    Parameters
    ----------
    value : float or None
        None, NaN and infinite ones cannot be had.
    digits : int
        Decimals; below 0, tens or hundreds are rounded.

    Returns
    -------
    str
        Thousands apart by a comma; an en dash where the number cannot be had.

    Examples
    --------
    >>> number(12345.6), number(None), number(-0.2), number(7623, -1), number(36.5), number(36.503)
    ('12,346', '–', '0', '7,620', '37', '37')
    """
    if value is None or not math.isfinite(value):
        return "–"
    return f"{_rounded(value, digits):,.{max(digits, 0)}f}".replace("-", "\N{MINUS SIGN}")


def _rounded(value: float, digits: int) -> float:
    """Halves away from 0, so that a figure and its two decimals in a table round alike."""
    step = 10.0**digits
    return math.copysign(math.floor(abs(value) * step + 0.5), value) / step + 0.0


def scaled(values: Sequence[float | None], unit: str) -> Scale:
    """The unit in which figures are shown, and to how many digits: areas in three, in m², ha or km².

    Parameters
    ----------
    values : sequence of float or None
        All figures that share the unit.
    unit : str
        The unit of `values`; only ``m²`` is ever changed.

    Returns
    -------
    Scale
        What to divide by, the unit that is then shown, and its digits.

    Examples
    --------
    >>> [scaled([area], "m²").unit for area in (9e3, 3e5, 3e6)]
    ['m²', 'ha', 'km²']
    """
    largest = max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)
    if unit != "m²" or largest == 0:
        return Scale(1.0, unit, 0)
    # What rounds up to the next unit is shown in it.
    near = largest * (1 + 0.5 * 10.0**-DIGITS)
    factor, shown = 1.0, "m²"
    if near >= SQUARE_KILOMETRE_M2:
        factor, shown = SQUARE_KILOMETRE_M2, "km²"
    elif near >= HECTARE_M2:
        factor, shown = HECTARE_M2, "ha"
    digits = DIGITS - 1 - math.floor(math.log10(near / factor))
    return Scale(factor, shown, digits if factor > 1 else min(0, digits))


def interval_text(value: float, low: float | None, high: float | None, scale: Scale, *, signed: bool = False) -> str:
    """A value with its unit and its 95 % interval.

    Parameters
    ----------
    value : float
        Best estimate.
    low, high : float or None
        Its interval; None where there is none.
    scale : Scale
        The unit to show.
    signed : bool
        Whether a value above 0 gets its sign.

    Returns
    -------
    str
        Such as ``41 (37–44)``.

    Examples
    --------
    >>> interval_text(7623, 6911, 8299, scaled([7623], "m²"))
    '7,620 m² (6,910–8,300)'
    >>> interval_text(3, -2, 8, Scale(1, "", 0), signed=True)
    '+3 (−2 to 8)'
    """
    # First as the table of the series is rounded: a figure reads alike with all its digits and with the table's.
    decimals = 1 if scale.unit in {"m²", "ha", "km²"} else 2
    parts = [None if part is None else round(part, decimals) / scale.factor for part in (value, low, high)]
    shown, least, most = ("0" if part == 0 else number(part, scale.digits) for part in parts)
    text = f"{'+' if signed and value > 0 and shown.strip('0.') else ''}{shown} {scale.unit}".strip()
    if low is None or high is None:
        return f"{text} (interval not available)"
    return f"{text} ({least} to {most})" if low < 0 else f"{text} ({least}–{most})"


def area_text(area_m2: float) -> str:
    """An area with the unit that fits it, in three digits.

    Parameters
    ----------
    area_m2 : float
        The area.

    Returns
    -------
    str
        Such as ``3,310 m²``.
    """
    factor, unit, digits = scaled([area_m2], "m²")
    return f"{number(area_m2 / factor, digits)} {unit}"


def percent_text(share: float) -> str:
    """A share as a percentage of two significant digits.

    Parameters
    ----------
    share : float
        0 to 1.

    Returns
    -------
    str
        Such as ``0.12 %``.
    """
    return f"{100 * share:.2g} %"


def likelihood(probability: float) -> str:
    """The word for a probability, see `LIKELIHOODS`.

    Parameters
    ----------
    probability : float
        0 to 1.

    Returns
    -------
    str
        Such as ``very likely``.
    """
    return next(word for least, word, _ in LIKELIHOODS if probability >= least)


class Calendar(NamedTuple):
    """How the dates of a site are written.

    Attributes
    ----------
    years_only : bool
        Whether of its dates only the years are known.
    """

    years_only: bool

    def day(self, iso: str, *, year: bool = True) -> str:
        """A date in words.

        Parameters
        ----------
        iso : str
            ISO date.
        year : bool
            Whether to name the year; one that is all that is known is always named.

        Returns
        -------
        str
            Such as ``12 March 2023``; empty for an empty date.
        """
        if not iso:
            return ""
        found = date.fromisoformat(iso)
        if self.years_only:
            return str(found.year)
        return f"{found.day} {MONTHS[found.month - 1]}{f' {found.year}' if year else ''}"

    def short(self, iso: str, *, year: bool = True) -> str:
        """A date in few characters.

        Parameters
        ----------
        iso : str
            ISO date.
        year : bool
            Whether to name the year; one that is all that is known is always named.

        Returns
        -------
        str
            Such as ``12 Mar 2023``.
        """
        if self.years_only:
            return iso[:4]
        found = date.fromisoformat(iso)
        return f"{found.day} {MONTHS[found.month - 1][:SHORT_MONTH]}{f' {found.year}' if year else ''}"

    def pair(self, first: str, last: str) -> tuple[str, str]:
        """Two dates in words, a year that they share named once, with the later.

        Parameters
        ----------
        first, last : str
            ISO dates.

        Returns
        -------
        tuple of str
            Such as ``("12 March", "17 December 2023")``.
        """
        return self.day(first, year=first[:4] != last[:4]), self.day(last)

    def on(self, day: str) -> str:
        """A date, as `day` or `pair` gives it, after its preposition.

        Parameters
        ----------
        day : str
            In words.

        Returns
        -------
        str
            Such as ``on 12 March``, or ``in 1985``.
        """
        return f"{'in' if self.years_only else 'on'} {day}"

    def between(self, low: str, high: str) -> str:
        """A span of dates in words.

        Parameters
        ----------
        low, high : str
            ISO dates, both included.

        Returns
        -------
        str
            Such as ``between 27 April and 12 June 2023``; one date where both are the same.
        """
        first, last = self.pair(low, high)
        return self.on(last) if self.day(low) == last else f"between {first} and {last}"


def calendar_of(dates: Sequence[str]) -> Calendar:
    """How the dates of a site are written: years where all of several dates are the first of January.

    Parameters
    ----------
    dates : sequence of str
        ISO dates of its looks.

    Returns
    -------
    Calendar
        A date that was given as a year alone is the first day of it.
    """
    # Each zone has its row on every date.
    return Calendar(len(set(dates)) > 1 and all(day[5:10] == "01-01" for day in dates))


def listed(words: Sequence[str]) -> str:
    """Words in a row, the last after "and".

    Parameters
    ----------
    words : sequence of str
        At least one.

    Returns
    -------
    str
        Such as ``a, b and c``.
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def named_dates(dates: Sequence[date]) -> str:
    """Name dates that a sentence is about.

    Parameters
    ----------
    dates : sequence of date
        At least one, in order.

    Returns
    -------
    str
        Each of a few; of more the first and the last, and how many looks they are.
    """
    if len(dates) <= MOST_NAMED:
        return ", ".join(map(str, dates))
    return f"{dates[0]} to {dates[-1]}, {len(dates)} looks"
