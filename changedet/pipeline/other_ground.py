"""Looks that show other ground than the reference, as far as can be told: they are left out, or nothing is claimed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from changedet.json_types import JsonObject
from changedet.pipeline.date_model import DateModel
from changedet.plan import Plan

if TYPE_CHECKING:
    # pandas comes with it, which a run that ends before its tables has no use for.
    from changedet.pipeline.changes import ChangedAreas
    from changedet.stages.series.table import DateMeasurements


def reference_is_odd(models: Mapping[dt.date, DateModel]) -> bool:
    """Whether most other looks show none of the reference's ground.

    Parameters
    ----------
    models : mapping of date to DateModel
        Of all dates, the reference's among them.

    Returns
    -------
    bool
        Also of a pair whose looks show different ground.
    """
    return 2 * sum(model.alignment.elsewhere for model in models.values()) > len(models) - 1


def foreign_looks(plan: Plan, models: Mapping[dt.date, DateModel]) -> dict[int, str]:
    """The looks that show other ground than the reference, where most others show its ground: they are left out.

    What they show would be read as evidence of what left and came back, by the tracks and by the masks of other dates.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
        Of all its dates.

    Returns
    -------
    dict of int to str
        Index of the look -> a warning.
    """
    if reference_is_odd(models):
        return {}
    found = ((i, look.date, models[look.date].alignment) for i, look in enumerate(plan.looks))
    return {i: f"{day} is left out: {alignment.reason}" for i, day, alignment in found if alignment.elsewhere}


def without_claims(
    looks: Sequence[DateMeasurements], reference: dt.date, changed: ChangedAreas
) -> list[DateMeasurements]:
    """Tell no count and no built ground of an odd reference, and nothing of what changed since.

    Parameters
    ----------
    looks : sequence of DateMeasurements
    reference : datetime.date
        Of which `reference_is_odd`.
    changed : mapping of date to mapping of str to (float, float)
        Of each date and area, what is marked and what both dates show, in m2.

    Returns
    -------
    list of DateMeasurements
        The others with changed areas of which none is sure, and which all that is seen may be.
    """
    found = []
    for look in looks:
        seen = {name: m2 for name, (_, m2) in changed.get(look.date, {}).items()}
        areas = {name: area.reaching(0.0, seen.get(name, 0.0)) for name, area in look.changed_area_m2.items()}
        others = replace(look, changed_area_m2=areas)
        found.append(replace(look, is_refused=True, footprint_m2={}) if look.date == reference else others)
    return found


def other_ground_json(odd: dt.date | None) -> JsonObject:
    """What the summary says of an odd reference.

    Parameters
    ----------
    odd : datetime.date or None
        The reference where it is odd.

    Returns
    -------
    dict
        ``other_ground``: its date; nothing where there is none.
    """
    return {} if odd is None else {"other_ground": str(odd)}
