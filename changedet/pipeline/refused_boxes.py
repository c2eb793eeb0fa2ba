"""Bounds of changed areas on looks that are too unlike what the models know, and against such ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd

from changedet.kernels.intervals import MaskShares
from changedet.outputs.values import iso_dates
from changedet.stages.objects.familiarity import LIMIT
from changedet.stages.series.table import DateMeasurements


def with_refused_boxes(
    looks: Sequence[DateMeasurements], reference: dt.date, changes: gpd.GeoDataFrame, shares: MaskShares
) -> list[DateMeasurements]:
    """Let the lower bounds hold nothing of what boxes mark that no count is given of, nor of a refused reference.

    A mask marks boxes that came or left as the tracks say. Where a look is too unlike the scenes that the models know,
    its boxes may be anything, such as the wagons of a train, and so may what they mark. Where the reference is, every
    date differs from something unknown: of such sites of strangers' hands a wood in its leaves against winter and
    greenhouses at rest differed "for sure" on 7 dates, one that grew on 3 (docs/research/change.md). That other looks
    bear a look's boxes out says nothing of its ground.

    Parameters
    ----------
    looks : sequence of DateMeasurements
        With changed areas, how far they lie from what was learned, and whether their counts are refused.
    reference : datetime.date
        The date that masks compare with.
    changes : GeoDataFrame
        Changed regions of all dates, with ``date``, ``zone``, ``kind`` and ``area_m2``.
    shares : MaskShares
        Of the masks.

    Returns
    -------
    list of DateMeasurements
        Values and upper bounds as before.
    """
    refused = {look.date for look in looks if look.is_refused or look.unfamiliarity > LIMIT}
    if not refused:
        return list(looks)
    boxes = changes[changes["kind"] == "box"]
    days = iso_dates(boxes["date"])
    found = []
    for look in looks:
        if refused.isdisjoint({look.date, reference}):
            found.append(look)
            continue
        if reference in refused:
            nothing = {zone: area.reaching(low=0.0) for zone, area in look.changed_area_m2.items()}
            found.append(replace(look, changed_area_m2=nothing))
            continue
        own = boxes[days == str(look.date)]
        lowered = {}
        for zone, area in look.changed_area_m2.items():
            marked = float((own if zone == "" else own[own["zone"] == zone])["area_m2"].sum())
            lowered[zone] = area.reaching(low=max(0.0, area.low - marked / shares.high))
        found.append(replace(look, changed_area_m2=lowered))
    return found
