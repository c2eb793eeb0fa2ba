"""Looks that show other ground than the reference, as far as can be told: nothing is claimed of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from changedet.json_types import JsonObject
from changedet.pipeline.date_model import DateModel
from changedet.plan import Plan

if TYPE_CHECKING:
    # pandas comes with it, which a run that ends before its tables has no use for.
    from changedet.stages.series.table import DateMeasurements


def other_ground(models: Mapping[dt.date, DateModel], reference: dt.date) -> list[dt.date]:
    """Which looks show other ground than the rest: the reference where most others show none of its ground.

    Parameters
    ----------
    models : mapping of date to DateModel
    reference : datetime.date

    Returns
    -------
    list of datetime.date
        In the order of the models.
    """
    odd = [day for day, model in models.items() if model.alignment.elsewhere]
    return [reference] if 2 * len(odd) > len(models) - 1 else odd


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
    odd = set(other_ground(models, plan.reference_date)) - {plan.reference_date}
    if len(odd) == len(plan.looks) - 1:
        return {}
    return {
        i: f"{look.date} is left out: {models[look.date].alignment.reason}"
        for i, look in enumerate(plan.looks)
        if look.date in odd
    }


def without_other_ground(looks: Sequence[DateMeasurements], odd: Collection[dt.date]) -> list[DateMeasurements]:
    """Tell of such looks no count, no built ground and no least change: a wrong file may be all that differs.

    Parameters
    ----------
    looks : sequence of DateMeasurements
    odd : collection of datetime.date
        Of `other_ground`.

    Returns
    -------
    list of DateMeasurements
        Upper bounds of changed areas as before.
    """
    return [
        replace(
            look,
            is_refused=True,
            footprint_m2={},
            changed_area_m2={zone: area.reaching(low=0.0) for zone, area in look.changed_area_m2.items()},
        )
        if look.date in odd
        else look
        for look in looks
    ]


def other_ground_json(odd: Sequence[dt.date]) -> JsonObject:
    """What the summary says of such looks.

    Parameters
    ----------
    odd : sequence of datetime.date
        Of `other_ground`.

    Returns
    -------
    dict
        ``other_ground``: their dates; nothing where there are none.
    """
    return {"other_ground": [str(day) for day in odd]} if odd else {}
