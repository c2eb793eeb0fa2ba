"""Which other looks say whether a date hides its ground, has clouds that are roofs or yards, or snow."""

from __future__ import annotations

from datetime import date
from typing import Final

from changedet.imagery.look import Look
from changedet.imagery.stand_ins import is_grey_among
from changedet.plan import Plan
from changedet.stages.mask.kernels.cloud_outlines import SOFTNESS_LIMIT_M

NEAREST_WITNESSES: Final = 4
"""Most neighbouring looks to read: enough that one of them shows the ground, few enough to be quick."""
MOST_READ: Final = 8
"""Looks that are read for that at most: what lies under snow says nothing of clouds, nor do the next ones of winter."""
YEAR_DAYS: Final = 365.25


def witnesses(plan: Plan, i: int) -> tuple[tuple[Look, ...], tuple[Look, ...]]:
    """The looks nearest to one in time, and one of another season.

    Parameters
    ----------
    plan : Plan
    i : int
        Which of its looks.

    Returns
    -------
    near : tuple of Look
        At most `MOST_READ`, the nearest first; no grey picture where others have colours.
    other_season : tuple of Look
        Of those beyond the nearest `NEAREST_WITNESSES` that which lies nearest to half a year from its day of the year;
        empty without one.
    """
    day = plan.looks[i].date
    shown = [look for look in plan.looks if look.date != day and not is_grey_among(look, plan.looks)]
    others = sorted(shown, key=lambda look: abs(look.date - day))
    far = sorted(others[NEAREST_WITNESSES:], key=lambda look: _from_half_a_year(look.date, day))
    return tuple(others[:MOST_READ]), tuple(far[:1])


def asks_others(plan: Plan) -> bool:
    """Whether clouds of every look are confirmed by other looks, and not those of the reference alone.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    bool
        In pixels so coarse that no outline tells a new pale yard from a cloud, with looks enough to show that it stays,
        where clouds are looked for.
    """
    if plan.grid.ground_resolution_m <= SOFTNESS_LIMIT_M or len(plan.looks) <= NEAREST_WITNESSES:
        return False
    method = plan.built("mask", dtype=plan.facts.dtype)
    return method is not None and method.classify is not None


def _from_half_a_year(day: date, other: date) -> float:
    return abs(abs((day - other).days) % YEAR_DAYS - YEAR_DAYS / 2)
