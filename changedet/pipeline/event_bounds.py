"""Bounds of the changed area by what came and left, and where two looks, or looks from far aslant, tell little."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from changedet.arrays import Floats
from changedet.kernels import intervals
from changedet.outputs.values import iso_dates
from changedet.pipeline.changes import ChangedAreas, is_pair
from changedet.pipeline.faint_change import is_judged
from changedet.plan import Plan

EVENTS: Final = ("arrivals", "departures")
"""Columns of a series that tell what came and left."""
FALSE_OF_PAIRS: Final = 0.035
"""Share of what both looks of a pair show that may be marked falsely as ground, where models judge it: no third look
tells what moved, leaned or was wet. The most that pairs of drawn sites mark on which nothing was built: a suburb of an
eleventh hand, in view (docs/research/judges.md, "A twelfth hand"). High roofs lean as much in looks from far aslant."""


def with_bounds_of_events(
    plan: Plan,
    table: pd.DataFrame,
    changes: gpd.GeoDataFrame,
    areas: ChangedAreas,
    shares: intervals.MaskShares,
    slanted: Collection[dt.date] = (),
) -> pd.DataFrame:
    """Let the bounds of a pair's changed area follow those of its arrivals and departures, and doubt its ground.

    Two looks show most boxes that came or left once, and a box that one of both misses looks alike: what the counts
    leave open the area under the boxes leaves open too. Of the ground an aircraft that stood there, or a high roof that
    leans, is marked like what was built. In longer series later looks decide, but on looks from farther aslant than was
    learned, where boxes are missed and set on wrong ground; their upper bounds alone follow those of all events since
    the reference, as a box in the place of one of its colour is marked on none.

    Parameters
    ----------
    plan : Plan
    table : DataFrame
        The time series.
    changes : GeoDataFrame
        Changed regions, with ``date``, ``zone``, ``kind`` and ``area_m2``.
    areas : mapping
        Of `changed_areas`.
    shares : MaskShares
        Of the masks.
    slanted : collection of datetime.date
        Looks from farther aslant than was learned.

    Returns
    -------
    DataFrame
        Of a pair and of such looks, the lower bounds hold of what is marked under boxes the share that surely came or
        left, and of the ground what is beyond `FALSE_OF_PAIRS`; the upper ones, of any look after the reference, the
        most boxes that may have, each of the mean area of those told, beside what the mask itself may lack of them.
    """
    doubted = set(areas) if is_pair(plan) else {*slanted}
    if table.empty:
        return table
    boxes, false = changes[changes["kind"] == "box"], FALSE_OF_PAIRS if is_judged(plan) else 0.0
    out, days = table.copy(), iso_dates(boxes["date"])
    ends = "", "_low", "_high"
    # NA where boxes were not counted.
    events = np.array([sum(table[f"{name}{end}"].astype("float64") for name in EVENTS) for end in ends]).T
    since = _since_reference(table, events, plan.reference_date)
    for (row, one), own_events, all_events in zip(table.iterrows(), events, since, strict=True):
        day, zone, marked = one["date"].date(), str(one["zone"]), float(one["changed_area_m2"])
        if np.isnan(marked) or (day not in doubted and day <= plan.reference_date):
            continue
        told, low, high = own_events if day in doubted else all_events
        own = boxes[(days == str(day)) & ((zone == "") | (boxes["zone"] == zone))]
        under, (_, seen) = min(float(own["area_m2"].sum()), marked), areas[day][zone]
        are_told = under > 0 and told > 0 and np.isfinite((low, high)).all()
        if day in doubted:
            sure = under * (min(low / told, 1.0) if are_told else float(false == 0)) / shares.high
            least = max(0.0, (marked - under) / shares.high - false * seen) + sure
            out.loc[row, "changed_area_low_m2"] = min(float(one["changed_area_low_m2"]), least)
        if are_told:
            more = float(np.hypot(high / told - 1.0, 1.0 / shares.low - 1.0))
            most = (marked - under) / shares.low + shares.missed_m2 + under * (1.0 + more)
            out.loc[row, "changed_area_high_m2"] = max(float(one["changed_area_high_m2"]), min(most, seen))
    return out


def _since_reference(table: pd.DataFrame, events: Floats, reference_date: dt.date) -> Floats:
    """Events from the reference to each row (row, 3), told and bounded; NaN where a look in between was not counted.

    Bounds of several looks lie as far off as the root of the sum of squares: each errs by itself.
    """
    found = np.full_like(events, np.nan)
    later = (table["date"].dt.date > reference_date).to_numpy()
    for zone in table["zone"].unique():
        rows = np.flatnonzero(later & (table["zone"] == zone).to_numpy())
        rows = rows[np.argsort(table["date"].to_numpy()[rows], kind="stable")]
        told, low, high = events[rows].T
        sums = np.cumsum(told)
        off = [np.sqrt(np.cumsum((bound - told) ** 2)) for bound in (low, high)]
        found[rows] = np.stack([sums, sums - off[0], sums + off[1]], axis=1)
    return found
