"""When containers, changed area and footprint began to grow, from the time series."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Floats
from changedet.kernels import intervals
from changedet.kernels.containers import BASE_20FT_M2, BASE_OF_KIND_M2
from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.outputs.values import rows_of
from changedet.stages.series.counts import TrackedBoxes
from changedet.stages.series.followed import FollowedBoxes, slanted_looks
from changedet.stages.series.growth import TOO_FEW, Figure, Onset, OnsetMethod
from changedet.stages.series.site_boxes import SiteBoxes, tracked_boxes

MOSTLY: Final = 0.7
"""Share of a site that one of the last two looks must show for growth not to be out of sight. Chosen by hand."""

LEAST_SHOWN: Final = 0.05
"""Share of a site below which a look bounds no beginning of its changed area. Chosen by hand."""

UNSEEN_M2: Final = "changed_area_unseen_m2"
"""A column that no table has which is written: how much more may be changed on a date than it shows."""
BOXES_M2: Final = "changed_boxes_m2"
"""Likewise: what a date that shows the site marks as boxes that came, left or were replaced."""
FLOOR_M2, CEILING_M2 = "footprint_floor_m2", "footprint_ceiling_m2"
"""Likewise: the footprint of a date without the ground that it hides and that other dates show built on some and not on
others, and with all of it."""
HALF: Final = 0.5
"""Of what a footprint grew by, from which a look shows that it has grown."""
WHOLE: Final = 0.9
"""Share of the site that a reference shows, below which a finding of no change says so."""
LEAST_COMPARED: Final = 0.5
"""Share of the ground that a footprint gained, shown by the reference, from which the changed area speaks of it."""
UNSURE: Final = "no look shows most of the boxes for sure: they may all be something else of a container's size"
"""Why there is no growth of containers."""

NONE_BUILT: Final = "every look's bounds since allow for no built ground at all"
"""Why there is no growth of the footprint."""


def find_onsets(
    table: pd.DataFrame,
    find: OnsetMethod,
    reference_date: dt.date,
    tracks: FollowedBoxes | None = None,
    compared: Callable[[Onset], float] | None = None,
) -> dict[str, Onset]:
    """When containers, changed area and footprint began to grow; from the rows of the whole site.

    Parameters
    ----------
    table : DataFrame
        As `timeseries` returns. For a changed area that is dated well, give the area that stays changed, and as
        `UNSEEN_M2` what a date hides of the ground that the next look at it shows changed, and `BOXES_M2`; for a
        footprint that is dated well, `FLOOR_M2` and `CEILING_M2`.
    find : callable
        What the series method returns.
    reference_date : datetime.date
        On which the changed area is 0 by definition; looks before it do not count for the changed area.
    tracks : FollowedBoxes, optional
        From which the counts are: what each date hides by them then bounds its count, in place of its interval; and
        the changed area is dated without what boxes cover that came or went since, as where they are exchanged ever
        more of a yard differs from the reference though nothing is built.
    compared : callable, optional
        Takes the onset of the footprint and gives the share, 0 to 1, of the ground that it gained which the reference
        date shows: the changed area tells nothing of the rest. Without it, all.

    Returns
    -------
    dict of str to Onset
        Of ``containers``, ``changed_area`` and ``footprint``.
    """
    whole = rows_of(table)
    dates = [value.date() for value in whole["date"]]
    exchanged = _exchanged_m2(tracks, dates, reference_date)
    if BOXES_M2 in whole:
        # Bases of a box and of the one in its place count twice: of a busy yard they outweigh all that is marked.
        exchanged = np.minimum(exchanged, np.nan_to_num(_numbers(whole[BOXES_M2]), nan=np.inf))
    area, least_area = _changed_area(whole, dates, reference_date, exchanged)
    changed, built = _where_shown(find(area, dates), least_area > 0, dates), _built_onset(find, whole, dates)
    if np.isfinite(_numbers(whole["changed_area_m2"])).any():
        built = _borne_out(built, changed, reference_date, compared)
    found = {
        "containers": _containers_onset(find, whole, dates, tracks, None if tracks is None else tracked_boxes(tracks)),
        "changed_area": _beyond_error(changed, least_area, bool(exchanged.any())),
        "footprint": built,
    }
    seen = _numbers(whole["valid_fraction"])
    found["changed_area"] = _since_reference(found["changed_area"], dates, reference_date)
    found["changed_area"] = _as_far_as_compared(found["changed_area"], seen[[day == reference_date for day in dates]])
    return {name: _as_far_as_seen(onset, seen) for name, onset in found.items()}


def find_zone_onsets(
    table: pd.DataFrame, find: OnsetMethod, tracks: FollowedBoxes, areas: Mapping[str, BaseGeometry]
) -> dict[str, Onset]:
    """When the containers of each zone began to grow.

    Parameters
    ----------
    table : DataFrame
        As `timeseries` returns.
    find : callable
        What the series method returns.
    tracks : FollowedBoxes
        From which the counts are.
    areas : mapping of str to geometry
        The zones by name, in the CRS of the tracks.

    Returns
    -------
    dict of str to Onset
        By zone, those that the table has.
    """
    found, boxes = {}, SiteBoxes(tracks)
    by_zone = dict(iter(table.groupby("zone", sort=False)))
    for name, area in areas.items():
        if name in by_zone:
            rows = by_zone[name].sort_values("date")
            dates = [value.date() for value in rows["date"]]
            onset = _containers_onset(find, rows, dates, tracks, boxes.within(area))
            found[name] = _as_far_as_seen(onset, _numbers(rows["valid_fraction"]), "zone")
    return found


def _columns(whole: pd.DataFrame, figure: str) -> tuple[Floats, Floats, Floats]:
    value, low, high = (_numbers(whole[column]) for column in FIGURE_COLUMNS[figure])
    return value, low, high


def _numbers(column: pd.Series[float]) -> Floats:
    return np.array(column.astype("float64"), np.float64)


def _containers_onset(
    find: OnsetMethod,
    rows: pd.DataFrame,
    dates: Sequence[dt.date],
    tracks: FollowedBoxes | None,
    boxes: TrackedBoxes | None,
) -> Onset:
    value, low, high = _columns(rows, "containers")
    # A count of a date that shows nothing comes from the looks around.
    clear = rows["containers"].notna().to_numpy(bool)
    if tracks is None or boxes is None:
        return find(Figure(value, low, high, clear), dates)
    floor, ceiling = _count_bounds(boxes, tracks, dates)
    # What a view from far aslant hides is not told from what left: such a look bounds its count by its interval alone.
    slanted = slanted_looks(tracks)
    steep = np.array([day in slanted for day in dates], bool)
    floor, ceiling = np.where(steep, np.fmin(floor, low), floor), np.where(steep, np.fmax(ceiling, high), ceiling)
    found = find(Figure(value, clear=clear, floor=floor, ceiling=ceiling), dates)
    if found.low is not None:
        earlier = clear & np.array([day < found.low for day in dates], bool)
        most = float(np.max(ceiling, where=earlier & np.isfinite(ceiling), initial=0.0))
        # As all looks do that hide less than a box.
        shown = (ceiling - floor < 1.0) | (floor >= most + 1.0)
        found = _where_shown(found, clear & shown, dates)
    return _without(found, UNSURE) if found.date is not None and boxes.none_is_sure else found


def _built_onset(find: OnsetMethod, whole: pd.DataFrame, dates: Sequence[dt.date]) -> Onset:
    """Of the footprint; ground that a date hides is drawn as other dates show it, and dates nothing.

    A burnt or felled wood may look built on all later looks, each within bounds that reach 0. Such bounds are wide on
    both sides, so only their lower ends are tested, as with the changed area.
    """
    value, low, high = _columns(whole, "footprint_area_m2")
    floor, ceiling = (_numbers(whole[name]) if name in whole else None for name in (FLOOR_M2, CEILING_M2))
    found = find(Figure(value, low, high, unit=BASE_20FT_M2, floor=floor, ceiling=ceiling), dates)
    if found.date is not None and not any(low[i] > 0 for i, day in enumerate(dates) if day >= found.date):
        return _without(found, NONE_BUILT)
    if found.date is None or found.low is None or found.high is None or floor is None:
        return found
    known = [i for i, day in enumerate(dates) if np.isfinite(value[i]) and not found.low <= day < found.high]
    before, after = (value[[i for i in known if (dates[i] >= found.high) is later]] for later in (False, True))
    if not before.size or not after.size:
        return found
    level = float(before.mean())
    return _where_shown(found, floor >= level + HALF * (float(after.mean()) - level), dates)


def _changed_area(
    whole: pd.DataFrame, dates: Sequence[dt.date], reference_date: dt.date, exchanged: Floats
) -> tuple[Figure, Floats]:
    """The changed area less what exchanged boxes cover, and its least value (date,)."""
    # A look that shows next to nothing is no look without it.
    clear = ~(_numbers(whole["valid_fraction"]) < LEAST_SHOWN)
    clear &= np.array([date >= reference_date for date in dates], bool)
    value, low, high = (np.maximum(area - exchanged, 0.0) for area in _columns(whole, "changed_area_m2"))
    if np.isfinite(value).any():
        value[[date == reference_date for date in dates]] = 0.0
    # An area that may be none neither dates growth nor speaks against it.
    may_be_none = low <= 0.0
    floor, ceiling = np.where(may_be_none, 0.0, value), np.where(may_be_none, high, value)
    # Its bounds are skewed, as a mask may lack much and holds little that is false: that more may have changed does not
    # speak against growth, so the lower bound alone says how surely a look shows it.
    high = value + (value - low)
    if UNSEEN_M2 in whole:
        ceiling = ceiling + np.nan_to_num(_numbers(whole[UNSEEN_M2]))
    return Figure(value, low, high, clear, BASE_20FT_M2, floor, ceiling), low


def _where_shown(found: Onset, shown: Bools, dates: Sequence[dt.date]) -> Onset:
    """An onset on the first look within its bounds that shows the growth, not on one that hides it."""
    if found.date is None or found.high is None:
        return found
    shows = [day for day, is_shown in zip(dates, shown, strict=True) if found.date <= day <= found.high and is_shown]
    return replace(found, date=min(shows, default=found.date))


def _as_far_as_seen(found: Onset, seen: Floats, area: str = "site") -> Onset:
    """Says of no growth where the last looks show little of the area, the site or a zone."""
    shares = seen[-2:][np.isfinite(seen[-2:])]
    if found.date is not None or found.probability != found.probability or not shares.size or shares.max() > MOSTLY:
        return found
    return replace(found, reason=f"{found.reason}; the last looks show {shares.max():.0%} of the {area} at most")


def _since_reference(found: Onset, dates: Sequence[dt.date], reference_date: dt.date) -> Onset:
    """Says where looks are too few that those before the reference do not count."""
    if found.date is not None or TOO_FEW not in found.reason or min(dates) == reference_date:
        return found
    return replace(found, reason=f"{found.reason}; looks before the reference date do not count here")


def _as_far_as_compared(found: Onset, shown: Floats) -> Onset:
    """Says of no change where the reference shows little of the site."""
    if found.date is not None or found.probability != found.probability or not (shown < WHOLE).any():
        return found
    return replace(found, reason=f"{found.reason}; the reference date shows {shown.min():.0%} of the site")


def _exchanged_m2(tracks: FollowedBoxes | None, dates: Sequence[dt.date], reference_date: dt.date) -> Floats:
    """What boxes cover (date,) that stand on one of a date and the reference and not on the other.

    Where one came in the place of another both count, so it is rather too much. 0 where nothing is known.
    """
    exchanged = np.zeros(len(dates))
    if tracks is None or reference_date not in tracks.dates:
        return exchanged
    bases = tracks.tracks["kind"].map(BASE_OF_KIND_M2).fillna(0.0).to_numpy(np.float64)
    known = dict(zip(tracks.dates, bases @ _differs(tracks, tracks.dates.index(reference_date)), strict=True))
    for i, date in enumerate(dates):
        # A date that counts nothing shows the ground as the look before it did.
        exchanged[i] = known.get(date, exchanged[i - 1] if i else 0.0)
    return exchanged


def _differs(tracks: FollowedBoxes, reference: int) -> Bools:
    """Whether each box stands on one of a date and the reference and not on the other, (track, date).

    Where a date hides its place, as on the look before: no mask can mark a box that may have come behind a cloud. Never
    where the reference shows nothing of it, as no mask compares it.
    """
    stands = tracks.presence > 0.5
    differs: Bools = stands != stands[:, [reference]]
    centres = tracks.tracks.geometry.centroid.to_numpy()
    if len(centres) and len(tracks.places):
        places = shapely.STRtree(tracks.places.geometry.centroid.to_numpy())
        shown = tracks.place_clear[places.nearest(centres)]
        for date in range(reference + 1, differs.shape[1]):
            differs[:, date] = np.where(shown[:, date], differs[:, date], differs[:, date - 1])
    if len(centres) and len(tracks.ground.xy):
        ground = shapely.STRtree(np.asarray(shapely.points(tracks.ground.xy), object))
        differs &= tracks.ground.shown[ground.nearest(centres), reference][:, None]
    return differs


def _beyond_error(found: Onset, low: Floats, exchanged: bool) -> Onset:
    """No onset where the whole changed area at the end may be what the method marks on a quiet site, or boxes."""
    if found.date is None:
        return found
    bounds = low[np.isfinite(low)]
    if bounds.size and bounds[-1] > 0:
        left_out = ", without what boxes cover that came or went" if exchanged else ""
        return replace(found, reason=f"{found.reason}{left_out}")
    boxes = ", or boxes that came or went cover it" if exchanged else ""
    why = f"the changed area lies within what the method marks where nothing changed{boxes}"
    return _without(found, why)


def _without(found: Onset, why: str) -> Onset:
    return replace(found, date=None, low=None, high=None, probability=float("nan"), reason=why, shape=None)


def _borne_out(
    built: Onset, changed: Onset, reference_date: dt.date, compared: Callable[[Onset], float] | None
) -> Onset:
    """No growth of built ground since the reference where changed ground has none: fields that lie bare look built.

    Changed ground that grew, though within its error in the end, does not speak against it, nor where the reference
    hides most of what was built.
    """
    if built.date is None or built.date <= reference_date or changed.date is not None:
        return built
    if compared is not None and compared(built) < LEAST_COMPARED:
        return built
    why = f"built ground seems to grow from {built.date}, but what is built is changed ground, and that has not grown"
    return _without(built, why)


def _count_bounds(boxes: TrackedBoxes, tracks: FollowedBoxes, dates: Sequence[dt.date]) -> tuple[Floats, Floats]:
    """The least and the most containers that may have stood on each date, for what it hides or what is in doubt.

    Parameters
    ----------
    boxes : TrackedBoxes
        Those of the tracks that count.
    tracks : FollowedBoxes
        As `changedet.track` returns.
    dates : sequence of datetime.date
        For each of which bounds are wanted.

    Returns
    -------
    least, most : float64 (date,)
        NaN on dates that the tracks do not know.
    """
    scale = tracks.calibration.scale
    known = {date: i for i, date in enumerate(tracks.dates)}
    index = np.array([known.get(date, -1) for date in dates], np.int64)
    least, most = (
        np.append(scale * bound, np.nan)[index]
        for bound in intervals.bounds_of_hidden(boxes.present, boxes.clear & ~boxes.doubted)
    )
    return least, most
