"""Onsets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from changedet.arrays import Floats
from changedet.kernels.containers import BASE_20FT_M2, BASE_OF_KIND_M2
from changedet.stages.series.counts import count_bounds
from changedet.stages.series.growth import Onset, OnsetMethod
from changedet.stages.series.totals import FIGURES

ONSETS = {
    "containers": ("containers", 1.0),
    "changed_area": ("changed_area_m2", BASE_20FT_M2),
    "footprint": ("footprint_area_m2", BASE_20FT_M2),
}
"""Each onset's figure and the size of one object in its unit: the base of a 20-foot container is 15 m2."""


MOSTLY = 0.7
"""Share of a site that one of the last two looks must show for growth not to be out of sight."""


def find_onsets(
    table: pd.DataFrame, find: OnsetMethod, reference_date: dt.date, tracks: Any = None
) -> dict[str, Onset]:
    """When containers, changed area and footprint began to grow; from the rows of the whole site.

    Parameters
    ----------
    table : DataFrame
        As `timeseries` returns. For a changed area that is dated well, give the area that stays changed.
    find : callable
        What the series method returns.
    reference_date : datetime.date
        On which the changed area is 0 by definition; looks before it do not count for the changed area.
    tracks : Tracks, optional
        From which the counts are: what they tell each date hides then bounds its count, in place of its interval; and
        the changed area is dated without what boxes cover that came or went since, as where they are exchanged ever
        more of a yard differs from the reference though nothing is built.
    """
    whole = table[table["zone"] == ""].sort_values("date")
    dates = [value.date() for value in whole["date"]]
    result = {}
    for name, (figure, unit) in ONSETS.items():
        value, low, high = (whole[column].astype("float64").to_numpy(copy=True) for column in FIGURES[figure])
        clear, bounds = None, {"low": low, "high": high}
        if name == "containers":
            # A count of a date that shows nothing comes from the looks around.
            clear = whole["containers"].notna().to_numpy(bool)
            if tracks is not None:
                floor, ceiling = count_bounds(tracks, dates)
                bounds = {"floor": floor, "ceiling": ceiling}
        if name == "changed_area":
            clear = np.array([date >= reference_date for date in dates], bool)
            exchanged = _exchanged_m2(tracks, dates, reference_date)
            value, low, high = (np.maximum(figure - exchanged, 0.0) for figure in (value, low, high))
            if np.isfinite(value).any():
                value[[date == reference_date for date in dates]] = 0.0
            # An area that may be none neither dates growth nor speaks against it.
            open_ = low <= 0.0
            bounds = {"low": low, "high": high}
            bounds |= {"floor": np.where(open_, 0.0, value), "ceiling": np.where(open_, high, value)}
        result[name] = find(value, dates, clear=clear, unit=unit, **bounds)
        if name == "changed_area":
            result[name] = _beyond_error(result[name], low, bool(exchanged.any()))
        result[name] = _as_far_as_seen(result[name], whole["valid_fraction"].astype("float64").to_numpy())
    return result


def _as_far_as_seen(found: Onset, seen: NDArray[np.floating[Any]]) -> Onset:
    """Says of no growth where the last looks show little of the site."""
    shares = seen[-2:][np.isfinite(seen[-2:])]
    if found.date is not None or found.probability != found.probability or not shares.size or shares.max() > MOSTLY:
        return found
    return replace(found, reason=f"{found.reason}; the last looks show {shares.max():.0%} of the site at most")


def _exchanged_m2(tracks: Any, dates: Sequence[dt.date], reference_date: dt.date) -> Floats:
    """What boxes cover (date,) that stand on one of a date and the reference and not on the other; where one came in
    the place of another both count, so it is rather too much. 0 where nothing is known."""
    exchanged = np.zeros(len(dates))
    if tracks is None or reference_date not in tracks.dates:
        return exchanged
    bases = tracks.tracks["kind"].map(BASE_OF_KIND_M2).fillna(0.0).to_numpy(np.float64)
    stands = tracks.presence > 0.5
    differs = stands != stands[:, [list(tracks.dates).index(reference_date)]]
    known = dict(zip(tracks.dates, bases @ differs, strict=True))
    for i, date in enumerate(dates):
        # A date that counts nothing shows the ground as the look before it did.
        exchanged[i] = known.get(date, exchanged[i - 1] if i else 0.0)
    return exchanged


def _beyond_error(found: Onset, low: NDArray[np.floating[Any]], exchanged: bool) -> Onset:
    """No onset where the whole changed area at the end may be what the method marks on a quiet site, or boxes."""
    if found.date is None:
        return found
    bounds = low[np.isfinite(low)]
    if bounds.size and bounds[-1] > 0:
        left_out = ", without what boxes cover that came or went" if exchanged else ""
        return replace(found, reason=f"{found.reason}{left_out}")
    boxes = ", or boxes that came or went cover it" if exchanged else ""
    why = f"the changed area lies within what the method marks where nothing changed{boxes}"
    return replace(found, date=None, low=None, high=None, probability=float("nan"), reason=why, shape=None)
