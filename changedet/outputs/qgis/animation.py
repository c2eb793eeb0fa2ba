"""How dates become the frames of QGIS's animation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import reduce
from itertools import pairwise
from math import gcd
from typing import Final

from changedet.outputs.rasters.classes import day_before

_MAX_FRAMES: Final = 150


def frame_step(dates: Sequence[str]) -> tuple[int, str]:
    """The animation's step: whole months where all dates agree on a day of the month, else the days' common divisor.

    Parameters
    ----------
    dates : sequence of str
        ISO dates of all looks.

    Returns
    -------
    number : int
        How many units a frame lasts.
    unit : str
        QGIS's ``mon`` or ``d``.

    Examples
    --------
    >>> frame_step(["2023-06-04", "2023-07-04", "2023-09-04"]), frame_step(["2023-06-01", "2023-06-11", "2023-06-16"])
    ((1, 'mon'), (5, 'd'))
    """
    days = sorted({date.fromisoformat(day[:10]) for day in dates})
    if len(days) < 2:
        return 1, "d"
    if len({day.day for day in days}) == 1 and days[0].day <= 28:
        months = [12 * day.year + day.month for day in days]
        return reduce(gcd, (later - earlier for earlier, later in pairwise(months))), "mon"
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    step = reduce(gcd, gaps)
    total = (days[-1] - days[0]).days
    # Dates that share no step would need a frame a day; past a few minutes of animation coarser frames are kinder.
    return (step if total / step <= _MAX_FRAMES else max(step, -(-total // _MAX_FRAMES))), "d"


def periods(dates: Sequence[str]) -> dict[str, tuple[str, str]]:
    """For each date the first and last day on which it is the latest look.

    Parameters
    ----------
    dates : sequence of str
        ISO dates of all looks.

    Returns
    -------
    dict of str to (str, str)
        ISO date -> ISO dates; the last one has its day alone.

    Examples
    --------
    >>> periods(["2023-06-04", "2023-07-04"])
    {'2023-06-04': ('2023-06-04', '2023-07-03'), '2023-07-04': ('2023-07-04', '2023-07-04')}
    """
    days = sorted({day[:10] for day in dates})
    ends = [day_before(following) for following in days[1:]] + days[-1:]
    return {day: (day, end) for day, end in zip(days, ends, strict=True)}
