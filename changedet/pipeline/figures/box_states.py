"""Boxes as a figure of two dates outlines them: which stayed, came, left, and of which no clear look tells."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry.base import BaseGeometry

from changedet.kernels.containers import TEU_OF_KIND
from changedet.outputs.figure.data import BoxState
from changedet.outputs.values import iso_dates

BoxShapes = Mapping[BoxState, list[BaseGeometry]]


def boxes_between(
    containers: gpd.GeoDataFrame, tracks: gpd.GeoDataFrame, before: str, after: str
) -> tuple[BoxShapes, BoxShapes]:
    """The boxes of two dates by what became of them.

    Parameters
    ----------
    containers, tracks : GeoDataFrame
        Layers of a run; boxes of no container's length do not count.
    before, after : str
        ISO dates of two looks, the earlier first; the same twice for a single look.

    Returns
    -------
    tuple of mapping of state to list of shapely geometry
        Of the earlier and of the later date. A box that stood there unseen has the outline of the look nearest in time.
    """
    boxes = containers[containers["kind"].isin(TEU_OF_KIND)]
    boxes = boxes.assign(day=iso_dates(boxes["date"]))
    if before == after or not len(tracks):
        return {"seen": _shapes_on(boxes, before)}, {"seen": _shapes_on(boxes, after)}
    followed = tracks[tracks["kind"].isin(TEU_OF_KIND)]
    known = followed.assign(
        **{name: iso_dates(followed[name]) for name in ("first_seen", "last_seen", "not_before", "not_after")}
    )
    states = {row.track_id: _states(row, before, after) for row in known.itertuples()}
    return _by_state(boxes, states, before, 0), _by_state(boxes, states, after, 1)


def _states(track: object, before: str, after: str) -> tuple[BoxState | None, BoxState | None]:
    """What a track is on both dates; None where it does not stand there."""
    first, last, not_before, not_after = (
        str(getattr(track, name)) for name in ("first_seen", "last_seen", "not_before", "not_after")
    )
    earlier, later = first <= before <= last, first <= after <= last
    if earlier and later:
        return "stayed", "stayed"
    if earlier:
        return "left" if not_after and not_after <= after else "unclear", None
    if later:
        return None, "arrived" if not_before and not_before >= before else "unclear"
    return None, None


def _shapes_on(boxes: gpd.GeoDataFrame, day: str) -> list[BaseGeometry]:
    return list(boxes.geometry[boxes["day"] == day])


def _by_state(
    boxes: gpd.GeoDataFrame, states: Mapping[int, tuple[BoxState | None, BoxState | None]], day: str, which: int
) -> BoxShapes:
    found: dict[BoxState, list[BaseGeometry]] = {}
    seen = boxes[boxes["day"] == day]
    for number, shape in zip(seen["track_id"], seen.geometry, strict=True):
        state = None if pd.isna(number) else states.get(number, (None, None))[which]
        # A box that no track follows, or that its track takes for another's, was seen all the same.
        found.setdefault(state or "unclear", []).append(shape)
    shown = set(seen["track_id"].dropna())
    hidden = [number for number, both in states.items() if both[which] and number not in shown]
    nearest = _nearest_in_time(boxes, hidden, day)
    if nearest:
        found["hidden"] = nearest
    return found


def _nearest_in_time(boxes: gpd.GeoDataFrame, numbers: list[int], day: str) -> list[BaseGeometry]:
    """Outlines of tracks on the look nearest to a date, the earlier of two as near."""
    away = np.abs((pd.to_datetime(boxes["day"]) - pd.Timestamp(day)).dt.days)
    ordered = boxes.assign(away=away).sort_values(["away", "day"])
    firsts = ordered.drop_duplicates("track_id")
    shapes = dict(zip(firsts["track_id"], firsts.geometry, strict=True))
    return [shapes[number] for number in numbers if number in shapes]
