"""Ground whose scores hint at change without a mark: in colours alone the bounds of changed area allow for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from changedet.pipeline.area_sums import Area, scored_above
from changedet.plan import Plan
from changedet.plan.model import PROBABILISTIC
from changedet.plan.seasons import knows_seasons
from changedet.stages.change.method import TAUGHT_M

FAINT: Final = 0.02
"""Probability of change from which on a pixel hints at it: of .02, .05 and .1 the one by which bounds of the teaching
sites in 8 bits are the narrowest that hold as many dates (docs/research/change.md, "Bounds in colours")."""
SEASON_FAINT: Final = 0.145
"""The same where the site's seasons are read: ground stripped in the colours of its fields, not yet bare for longer
than they are. What lies bare at the end of a series, of which no look says anything, has .08 to .14 by that alone: with
.1 bounds of last looks allowed for all that was just ploughed. Chosen with drawn sites in view
(docs/research/change.md, "Fields that lie bare at the end")."""
FaintAreas: TypeAlias = dict[dt.date, dict[str, float]]
"""For each compared date and area the ground with faint scores and no mark, in m2."""


def is_judged(plan: Plan) -> bool:
    """Whether models that were taught on pixels as fine judge what changed.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    bool
        False where a method without models does.
    """
    return plan.choices["change"].method in PROBABILISTIC and min(plan.facts.gsd_m) <= TAUGHT_M[1]


def bounds_by_scores(plan: Plan) -> bool:
    """Whether bounds of changed area follow scores too.

    So do learned ones in colours alone, in pixels as they were taught, and those that know the seasons.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    bool
        False of panchromatic scenes, whose scores hint at next to nothing.
    """
    learned = is_judged(plan) and "nir" not in plan.roles and not plan.facts.panchromatic
    return learned or knows_seasons(plan)


def score_file(plan: Plan, day: dt.date) -> Path | None:
    """Where a date's score lies once its mask is done.

    Parameters
    ----------
    plan : Plan
    day : date
        Of a look that is compared.

    Returns
    -------
    Path or None
        Among the results where they hold scores, else aside where bounds follow it; None where nobody wants it.
    """
    if "scores" in plan.formats:
        return plan.folder.score(day)
    return plan.folder.aside("final_score", day) if bounds_by_scores(plan) else None


def faint_areas(
    plan: Plan, areas: Mapping[str, Area], changed: Mapping[dt.date, Mapping[str, tuple[float, float]]]
) -> FaintAreas:
    """Sum the ground of each compared date and area that is faintly scored and not marked.

    Parameters
    ----------
    plan : Plan
        Its masks are done.
    areas : mapping of str to geometry or None
        By zone; None is the whole site.
    changed : mapping
        Of `changes.changed_areas`.

    Returns
    -------
    dict of date to dict of str to float
        m2; empty where bounds do not follow scores.
    """
    found: FaintAreas = {}
    if not bounds_by_scores(plan):
        return found
    least = SEASON_FAINT if knows_seasons(plan) else FAINT
    for day, marked in changed.items():
        path = score_file(plan, day)
        if path is not None and path.exists():
            sums = scored_above(path, plan.grid, list(areas.values()), least)
            found[day] = {
                name: max(0.0, area - marked[name][0]) for name, area in zip(areas, sums, strict=True) if name in marked
            }
    return found
