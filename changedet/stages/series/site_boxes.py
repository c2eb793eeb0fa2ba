"""The boxes of a series as columns, of the whole site or of a polygon."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from changedet.arrays import AnyArray, Bools, Floats, Ints
from changedet.kernels.colour import hex_rgb
from changedet.kernels.containers import TEU_OF_KIND
from changedet.kernels.doubts import (
    AROUND_M,
    BESIDE_ROOF,
    HOME_ODDS,
    IN_THE_GREEN,
    NO_DOUBTS,
    Others,
    blind_dates,
    may_all_be_others,
    others_in_the_green,
)
from changedet.stages.series.counts import TrackedBoxes
from changedet.stages.series.followed import FollowedBoxes, NewTops
from changedet.stages.series.kernels.exchanges import alike_share
from changedet.stages.series.kernels.pairs import touching_pairs

SHORT: Final = "20ft"
"""Kind of the boxes that stand in pairs on the place of one."""
_MOMENT: Final = "datetime64[us]"
LEAST_SURE: Final = 1e-4
"""Of confidences, and of what they lack of 1, for their log odds."""
LIKELY: Final = 0.5
"""Probability of something else from which a row says nothing of how sure the site's boxes are. Chosen by hand."""
AT_PLACE_M: Final = 3.0
"""Within which of a place a row shows what lies around it; a garden is wider. Chosen by hand."""


class SiteBoxes:
    """The boxes of tracks, to be taken polygon by polygon: what all of them share is worked out once.

    Parameters
    ----------
    tracks : FollowedBoxes
        As `changedet.track` returns.
    """

    def __init__(self, tracks: FollowedBoxes) -> None:
        self._tracks = tracks
        rows, boxes, places = tracks.detections, tracks.tracks, tracks.places
        self._dates = _DateIndex(tracks)
        self._containers = boxes["kind"].isin(TEU_OF_KIND).to_numpy(bool)
        self._own_places = places["kind"].isin(TEU_OF_KIND).to_numpy(bool)
        self._row_date = self._dates(rows["date"])
        self._counted = rows["counted"].to_numpy(bool) if "counted" in rows else np.ones(len(rows), bool)
        followed = rows["track_id"].isin(boxes["track_id"][self._containers]) & rows["kind"].isin(TEU_OF_KIND)
        self._believed = self._counted & followed.to_numpy(bool)
        self._listed = _listed(rows, self._counted)
        self._came_first = self._dates(boxes["first_seen"])
        self._is_arrival = boxes["not_before"].notna().to_numpy(bool)
        self._left = self._dates(boxes["not_after"])
        rejected = boxes.iloc[:0] if tracks.rejected is None else tracks.rejected
        rejected = rejected[rejected["kind"].isin(TEU_OF_KIND).to_numpy(bool)]
        self._doubted_arrived = self._dates(rejected["first_seen"].where(rejected["not_before"].notna()))
        self._doubted_left = self._dates(rejected["not_after"])
        self._weight = np.array([TEU_OF_KIND.get(kind, 0.0) for kind in places["kind"]], np.float64)
        self._blind = blind_dates(*shown_boxes(tracks))
        told = _events_of_tracks(tracks, self._dates)
        # Without the light along the roofs what the tracks tell is all that is known of new tops.
        self._tops = (np.zeros(told[0].shape), *told) if tracks.place_tops is None else _columns(tracks.place_tops)
        self._homely, self._others, self._row_others, self._row_homely = _among_houses(tracks)
        unseen = np.zeros(tracks.place_presence.shape)
        self._missed = unseen if tracks.place_missed is None else tracks.place_missed
        self._doubted = _doubted_looks(tracks.places, rejected, tracks.place_presence.shape, self._dates)
        centres = (shapely.get_coordinates(frame.geometry.centroid) for frame in (rows, boxes, places, rejected))
        self._points = [_Points(xy) for xy in (*centres, tracks.ground.xy)]
        self._paired = _paired(rows, self._counted, self._row_date, tracks.ground_metre)

    def within(self, area: BaseGeometry | None = None) -> TrackedBoxes:
        """The boxes within a polygon, or all.

        Parameters
        ----------
        area : shapely geometry, optional
            In the CRS of the tracks; a box belongs to it by its centre.

        Returns
        -------
        TrackedBoxes
            Counted rows, containers that came and left, and places of containers.
        """
        rows, boxes, places, doubted, ground = (points.within(area) for points in self._points)
        boxes, kept = boxes & self._containers, places & self._own_places
        frame, tracks, (other, came, went) = self._tracks.detections, self._tracks, self._tops
        confidence = frame["confidence"].to_numpy(np.float64)
        believed = rows & self._believed
        boxlike = believed & (self._row_others < LIKELY)
        about = tracks.tracks[["kind", "color"]][boxes]
        others = tracks.place_presence[kept] * self._others.share[kept, None]
        return TrackedBoxes(
            row_date=self._row_date[rows],
            row_kind=frame["kind"].to_numpy(object)[rows],
            row_counted=self._counted[rows],
            row_listed=self._listed[rows],
            row_confidence=confidence[rows],
            row_believed=self._believed[rows],
            row_paired=self._paired[rows],
            row_others=self._row_others[rows],
            row_homely=self._row_homely[rows],
            arrived=self._came_first[boxes & self._is_arrival],
            left=self._left[boxes],
            present=tracks.place_presence[kept] - others,
            clear=tracks.place_clear[kept] & ~self._blind,
            weight=self._weight[kept],
            ground_shown=tracks.ground.shown[ground] & ~self._blind,
            other_tops=other[kept],
            came=came[kept],
            went=went[kept],
            missed=self._missed[kept] * ~self._blind,
            blind=self._blind,
            alike=alike_share(about["kind"].tolist(), hex_rgb(about["color"].to_numpy(object))),
            none_is_sure=_none_is_sure(tracks, frame["track_id"].to_numpy()[boxlike], confidence[boxlike]),
            doubted=self._doubted[kept],
            doubted_arrived=self._doubted_arrived[doubted],
            doubted_left=self._doubted_left[doubted],
            homely=self._homely[kept],
            others=others,
            others_above=self._others.above[kept],
        )


class _DateIndex:
    """Indices into the tracked dates; -1 of a date that is none of them, and of no date."""

    def __init__(self, tracks: FollowedBoxes) -> None:
        self._days = np.array(tracks.dates, _MOMENT)

    def __call__(self, values: pd.Series[pd.Timestamp]) -> Ints:
        moments = pd.to_datetime(values, utc=True).dt.tz_localize(None).to_numpy(_MOMENT)
        at = np.searchsorted(self._days, moments).clip(max=len(self._days) - 1)
        # no date is no other's equal
        return np.where(self._days[at] == moments, at, -1).astype(np.int64)


class _Points:
    """Points, of which those in a polygon are found."""

    def __init__(self, xy: Floats) -> None:
        self._xy = xy

    @cached_property
    def _tree(self) -> shapely.STRtree:
        # Who asks for the whole site needs none.
        return shapely.STRtree(cast("NDArray[np.object_]", shapely.points(self._xy)))

    def within(self, area: BaseGeometry | None) -> Bools:
        if area is None:
            return np.ones(len(self._xy), bool)
        found = np.zeros(len(self._xy), bool)
        found[self._tree.query(area, predicate="intersects")] = True
        return found


def boxes_of_areas(tracks: FollowedBoxes, areas: Mapping[str, BaseGeometry | None]) -> dict[str, TrackedBoxes]:
    """The boxes of tracks within each of many polygons.

    Parameters
    ----------
    tracks : FollowedBoxes
        As `changedet.track` returns.
    areas : mapping of str to shapely geometry or None
        By name; None for all of the site.

    Returns
    -------
    dict of str to TrackedBoxes
        By name.
    """
    site = SiteBoxes(tracks)
    return {name: site.within(area) for name, area in areas.items()}


def tracked_boxes(tracks: FollowedBoxes, area: BaseGeometry | None = None) -> TrackedBoxes:
    """The boxes of tracks within one polygon, or all.

    Parameters
    ----------
    tracks : FollowedBoxes
        As `changedet.track` returns.
    area : shapely geometry, optional
        As of `SiteBoxes.within`, which is for many.

    Returns
    -------
    TrackedBoxes
        Counted rows, containers that came and left, and places of containers.
    """
    return SiteBoxes(tracks).within(area)


def _none_is_sure(tracks: FollowedBoxes, track_ids: AnyArray, confidence: Floats) -> bool:
    """Whether the boxes of these rows may all be something else; what a person labelled or a plain count is, is not."""
    if tracks.calibration.doubts.boxes == NO_DOUBTS.boxes:
        return False
    of, index = np.unique(track_ids, return_inverse=True)
    surest = np.zeros(len(of))
    np.maximum.at(surest, index, confidence)
    return may_all_be_others(surest)


def _among_houses(tracks: FollowedBoxes) -> tuple[Bools, Others, Floats, Bools]:
    """Which places may hold parts of houses (place,), what all looks say of that, how likely a row (row,) is of one.

    Last, which rows stand at such places. By the means over the rows of containers there. None of a site that a person
    labelled or of a plain count, nor where a person accepted a box.
    """
    # Imported here, as they take a while to load and not every run needs them.
    from scipy.spatial import cKDTree
    from scipy.special import logit

    rows, places = tracks.detections, tracks.places
    if HOME_ODDS not in rows or not len(places) or tracks.calibration.doubts.boxes == NO_DOUBTS.boxes:
        none = np.zeros(len(places))
        return none > 0, Others(none, none + 1.0, none > 0), np.zeros(len(rows)), np.zeros(len(rows), bool)
    odds = rows[HOME_ODDS].to_numpy(np.float64)
    known = ~np.isnan(odds) & rows["kind"].isin(TEU_OF_KIND).to_numpy(bool)
    counted = rows["counted"].to_numpy(bool) if "counted" in rows else np.ones(len(rows), bool)
    sure = logit(np.clip(rows["confidence"].to_numpy(np.float64), LEAST_SURE, 1.0 - LEAST_SURE))
    centres, xy = (shapely.get_coordinates(frame.geometry.centroid) for frame in (rows, places))
    away, at = cKDTree(xy).query(centres, distance_upper_bound=AT_PLACE_M)

    def _sums(chosen: Bools, values: Floats) -> Floats:
        chosen = chosen & np.isfinite(away)
        return np.bincount(at[chosen], values[chosen], minlength=len(places)).astype(np.float64)

    # Looks at one place err alike, so that their maps count once, and once what the sun tells of a roof beside it.
    told = known & (odds >= BESIDE_ROOF)
    by_maps, surety = _sums(known & ~told, odds), _sums(known & counted, sure)
    mapped, beside, looks = (_sums(chosen, np.ones(len(rows))) for chosen in (known & ~told, told, known & counted))
    with np.errstate(invalid="ignore"):
        surety = surety / looks
        lie = np.where(mapped + beside > 0, by_maps / np.maximum(mapped, 1) + BESIDE_ROOF * (beside > 0), np.nan)
    others = others_in_the_green(surety, lie, looks.astype(np.int64), xy / tracks.ground_metre)
    # Where no place is, what is weak in the green is what the places around are.
    reach = np.where(odds > IN_THE_GREEN, AROUND_M, AT_PLACE_M) * tracks.ground_metre
    away, at = cKDTree(xy).query(centres)
    row_share = np.where(away <= reach, others.share[at], 0.0)
    homely: Bools = np.asarray((lie > 0.0) | others.among, bool)
    return homely, others, row_share, homely[at] & (away <= AT_PLACE_M * tracks.ground_metre)


def _paired(rows: gpd.GeoDataFrame, counted: Bools, date: Ints, metre: float) -> Bools:
    """Which rows are counted boxes of 20 feet that touch another end to end."""
    paired = np.zeros(len(rows), bool)
    short = np.flatnonzero(counted & (rows["kind"] == SHORT).to_numpy(bool))
    centre = shapely.get_coordinates(rows.geometry.iloc[short].centroid) / metre
    paired[short] = touching_pairs(centre, rows["angle_deg"].to_numpy(np.float64)[short], date[short])
    return paired


def _listed(rows: gpd.GeoDataFrame, counted: Bools) -> NDArray[np.object_]:
    """Kinds (row,) of the rows that are listed; the empty text of others."""
    listed = rows.get("listed_kind", rows["kind"].where(counted))
    kinds: NDArray[np.object_] = listed.fillna("").to_numpy(object)
    return kinds


def shown_boxes(tracks: FollowedBoxes) -> tuple[Floats, Floats]:
    """Containers that each date should show, and those detected on it.

    Parameters
    ----------
    tracks : FollowedBoxes
        As `changedet.track` returns.

    Returns
    -------
    detected, expected : float64 (date,)
        Detected ones that count, and how many all dates together expect on the ground that the date shows clearly.
    """
    own = tracks.places["kind"].isin(TEU_OF_KIND).to_numpy(bool)
    expected = (tracks.place_presence[own] * tracks.place_clear[own]).sum(0)
    rows = tracks.detections[tracks.detections["kind"].isin(TEU_OF_KIND).to_numpy(bool)]
    rows = rows[rows["counted"].to_numpy(bool)] if "counted" in rows else rows
    when = _DateIndex(tracks)(rows["date"])
    detected = np.bincount(when[when >= 0], minlength=len(tracks.dates))
    return detected.astype(np.float64), np.asarray(expected, np.float64)


def _doubted_looks(
    places: gpd.GeoDataFrame, rejected: gpd.GeoDataFrame, shape: tuple[int, ...], dates: _DateIndex
) -> Bools:
    """Where, and on which dates (place, date), boxes were detected that masks reject."""
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    doubted = np.zeros(shape, bool)
    if len(rejected):
        centres = shapely.get_coordinates(rejected.geometry)
        at = cKDTree(shapely.get_coordinates(places.geometry)).query(centres)[1]
        for place, first, last in zip(at, dates(rejected["first_seen"]), dates(rejected["last_seen"]), strict=True):
            doubted[place, first : last + 1] = True
    return doubted


def _columns(tops: NewTops) -> tuple[Floats, Floats, Floats]:
    return tops.other, tops.came, tops.left


def _events_of_tracks(tracks: FollowedBoxes, dates: _DateIndex) -> tuple[Floats, Floats]:
    """Where, and on which dates (place, date), containers' tracks begin and end in an event: 1, elsewhere 0."""
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    boxes = tracks.tracks[tracks.tracks["kind"].isin(TEU_OF_KIND).to_numpy(bool)]
    came, left = (np.zeros(tracks.place_presence.shape) for _ in range(2))
    if not len(boxes) or not len(tracks.places):
        return came, left
    at = cKDTree(shapely.get_coordinates(tracks.places.geometry)).query(shapely.get_coordinates(boxes.geometry))[1]
    for events, when in (
        (came, dates(boxes["first_seen"].where(boxes["not_before"].notna()))),
        (left, dates(boxes["not_after"])),
    ):
        known = when >= 0
        events[at[known], when[known]] = 1.0
    return came, left
