"""Which scenes show boxes at all, and how familiar each is to the models, from what the passes kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from changedet.json_types import JsonObject
from changedet.plan import Plan
from changedet.stages.objects.familiarity import Familiarity, familiarity_of
from changedet.stages.objects.lattice import too_coarse
from changedet.store import read_json

DIGITS: Final = 3
"""Of a distance in ``summary.json``."""


def counted_dates(plan: Plan) -> list[dt.date]:
    """List the dates whose scenes are fine enough to count boxes.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of date
        None where the stage objects is switched off.
    """
    method = plan.built("objects")
    return [look.date for look in plan.looks if method is not None and not too_coarse(look.gsd_m, method.coarsest_m)]


def familiarities(plan: Plan) -> dict[dt.date, Familiarity]:
    """Say how far each scene lies from what the models were fitted on.

    Parameters
    ----------
    plan : Plan
        Its passes are done.

    Returns
    -------
    dict of date to Familiarity
        Of the dates on which the network looked for boxes.
    """
    counted, found = set(counted_dates(plan)), {}
    for look in plan.looks:
        path = plan.folder.table("described", look.date)
        kept = read_json(path)["description"] if look.date in counted and path.exists() else None
        if kept is not None:
            found[look.date] = familiarity_of(kept, max(look.gsd_m, plan.grid.ground_resolution_m))
    return found


def familiarity_json(found: Mapping[dt.date, Familiarity]) -> JsonObject:
    """Familiarity as ``summary.json`` keeps it.

    Parameters
    ----------
    found : mapping of date to Familiarity
        Of `familiarities`.

    Returns
    -------
    dict
        ISO date -> ``distance`` (null where it is not known) and ``sentence``.
    """
    return {
        str(day): {
            "distance": round(one.distance, DIGITS) if one.distance == one.distance else None,
            "sentence": one.sentence,
        }
        for day, one in found.items()
    }


def refusals(found: Mapping[dt.date, Familiarity]) -> list[str]:
    """Say for which dates no counts are estimated, and why.

    Parameters
    ----------
    found : mapping of date to Familiarity
        Of `familiarities`.

    Returns
    -------
    list of str
        A line for each.
    """
    return [f"{day}: {one.sentence}" for day, one in found.items() if one.is_refused]
