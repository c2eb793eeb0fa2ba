"""Which figures a run does not have, and why: in words and as codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from changedet.outputs.reasons import OTHER, SWITCHED_OFF, TOO_COARSE
from changedet.outputs.sentences.ground import EARTHWORKS
from changedet.outputs.sentences.looks import CLOUDS
from changedet.outputs.values import rows_of
from changedet.pipeline.other_things import CELLS, WORKS
from changedet.plan import CANNOT, Plan, countable
from changedet.stages.footprint import outlines
from changedet.stages.footprint.stage import why_not
from changedet.stages.mask.stage import VISIBLE
from changedet.stages.objects.lattice import COARSEST_M, too_coarse
from changedet.stages.registry import NONE

NO_CLOUDS: Final = "nodata_only"
"""The mask method that tells no cloud from ground."""
ALONE: Final = "a single date: nothing is compared"
"""Why a run of one date has no changed area."""
NO_EARTH: Final = "earth that was levelled or heaped is hardly seen in grey pictures, for which the upper bound allows"
"""Why a changed area may be far too low: drawn earthworks have masks of F1 .05 to .25 (docs/research/change.md)."""
ONE_COUNTED: Final = "no two looks are counted, between which something could arrive or leave"
"""Why a run of several dates has no arrivals."""
LEAST_CLEAR: Final = 0.05
"""Below this share of clear ground a date shows next to nothing, and a warning is given."""


def unavailable_figures(plan: Plan, table: pd.DataFrame) -> dict[str, str]:
    """Say which figures cannot be had.

    Parameters
    ----------
    plan : Plan
    table : DataFrame
        The time series.

    Returns
    -------
    dict of str to str
        Figure -> why.
    """
    found: dict[str, str] = {}
    whole = rows_of(table)
    if whole["containers_expected"].isna().all():
        why = countable(plan)
        if plan.built("objects") is not None and plan.built("tracks") is None:
            why = "not estimated: the tracks stage is switched off"
        elif not why.startswith(CANNOT):
            why = f"not estimated: {_why_no_counts(whole)}"
        found |= dict.fromkeys(("containers", "teu", "arrivals", "departures"), why)
    elif whole["arrivals_expected"].isna().all():
        found |= dict.fromkeys(("arrivals", "departures"), ALONE if len(plan.looks) < 2 else ONE_COUNTED)
    if whole["changed_area_m2"].isna().all():
        found["changed_area_m2"] = _why_no_change(plan)
    if whole["footprint_area_m2"].isna().all():
        found["footprint_area_m2"] = (
            why_not(plan.facts) or f"no date shows {outlines.LEAST_CLEAR:.0%} of the site clearly"
        )
    earth = NO_EARTH if plan.facts.panchromatic and plan.compares else ""
    return found | {name: why for name, why in ((CLOUDS, _why_no_clouds(plan)), (EARTHWORKS, earth)) if why}


def unavailable_codes(plan: Plan, unavailable: Mapping[str, str]) -> dict[str, str]:
    """Codes of the reasons for which figures cannot be had.

    Parameters
    ----------
    plan : Plan
    unavailable : mapping of str to str
        Figure -> why, in words.

    Returns
    -------
    dict of str to str
        Figure -> one of `outputs.reasons`.
    """
    off = {stage for stage, request in plan.workflow.stages.items() if request.method == NONE}
    codes: dict[str, str] = {}
    counted = ("containers", "teu", "arrivals", "departures")
    if "objects" in off or (plan.built("objects") is not None and plan.built("tracks") is None):
        codes = dict.fromkeys(counted, SWITCHED_OFF)
    elif countable(plan).startswith(CANNOT) and _is_coarse(plan):
        codes = dict.fromkeys(counted, TOO_COARSE)
    if "change" in off:
        codes |= dict.fromkeys(("changed_area_m2", *WORKS, CELLS), SWITCHED_OFF)
    if _sees_clouds(plan):
        codes[CLOUDS] = SWITCHED_OFF
    return {figure: codes.get(figure, OTHER) for figure in unavailable}


def _sees_clouds(plan: Plan) -> bool:
    """Whether the bands would tell clouds from the ground."""
    return not plan.facts.panchromatic and all(role in plan.facts.roles for role in VISIBLE)


def _is_coarse(plan: Plan) -> bool:
    finest_m = max(plan.facts.resolution_m, min((look.gsd_m for look in plan.looks), default=0.0))
    method = plan.built("objects")
    return not plan.facts.is_sar and too_coarse(finest_m, COARSEST_M if method is None else method.coarsest_m)


def _why_no_counts(whole: pd.DataFrame) -> str:
    """Why no date has a count, of scenes in which containers can be counted."""
    clear, unlike = whole["valid_fraction"], "too unlike the scenes that the models know"
    if (clear >= outlines.LEAST_CLEAR).all():
        return f"every look is {unlike}"
    return "every look hides the site" if (clear < LEAST_CLEAR).all() else f"every look hides the site, or is {unlike}"


def _why_no_clouds(plan: Plan) -> str:
    """Why nothing tells clouds from the ground: what is called clear may be hidden then; empty where something does."""
    method, choice = plan.built("mask"), plan.choices["mask"]
    # Its overview tells fill and looks that show nothing at all, no cloud beside ground.
    told = method is not None and choice.method != NO_CLOUDS
    if told or plan.facts.is_sar or all(scene.masks for look in plan.looks for scene in look.scenes):
        return ""
    if plan.facts.panchromatic:
        return "cannot be told from the ground in grey pictures, nor do masks come with all scenes"
    if _sees_clouds(plan):
        return f"not looked for: switched off by mask.method {choice.method}"
    return "cannot be told from the ground without blue, green and red, nor do masks come with all scenes"


def _why_no_change(plan: Plan) -> str:
    if len(plan.looks) < 2:
        return ALONE
    if not plan.compares:
        return plan.choices["change"].reason
    return "no place is clear on the reference date and on another"
