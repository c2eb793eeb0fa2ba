"""Boxes of followed series as columns: what stands on each date, what came and what left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels import intervals
from changedet.kernels.colour import hex_rgb
from changedet.kernels.containers import TEU_OF_KIND
from changedet.kernels.doubts import NO_DOUBTS, blind_dates, may_all_be_others
from changedet.stages.series.followed import FollowedBoxes
from changedet.stages.series.kernels.exchanges import alike_share, most_unseen_exchanges

COVERED_SHARE: Final = 0.05
"""Share of the ground about the boxes that a date may hide: beyond it more may stand there than all looks show. From
the calibration sites of training/fit_tracks.py, as the next."""
COVERED_ABOVE: Final = 1.5
"""Times as far that the interval reaches up on such a date."""


class StandingBoxes(NamedTuple):
    """Boxes that are expected on a date, by the tracks alone.

    Attributes
    ----------
    expected : float
        Their number, or the sum of their weights.
    spread, above : float
        Units of its interval below and above, see `intervals.count_spread`.
    shown : float
        The part of both that what the date hides has none in: of how well boxes are found where it shows them.
    """

    expected: float
    spread: float
    above: float
    shown: float

    @property
    def hidden(self) -> tuple[float, float]:
        """What is left of both units, below and above, for what the date hides."""
        below, above = (max(0.0, unit**2 - self.shown**2) ** 0.5 for unit in (self.spread, self.above))
        return below, above


class EventCount(NamedTuple):
    """Arrivals or departures that a date shows first.

    Attributes
    ----------
    found : int
        Those in the likeliest histories.
    expected : float
        By the posteriors, boxes that were set on others, or exchanged for them, among them.
    spread : float
        Unit of their interval, see `intervals.event_spread`.
    unseen : float
        Exchanges for boxes alike, at most, that no look shows, see `kernels.exchanges.most_unseen_exchanges`.
    """

    found: int
    expected: float
    spread: float
    unseen: float


@dataclass(frozen=True)
class TrackedBoxes:
    """Boxes of a series as columns, of a zone or of all; dates are indices into the tracked dates.

    Attributes
    ----------
    row_date : int64 (row,)
        Date of each row, candidates too.
    row_kind : object (row,)
        Its kind, a str.
    row_counted : bool (row,)
        False for a candidate below the threshold.
    row_listed : object (row,)
        Kind of the rows that the layer of boxes lists: those that count, and those that the series confirms; of others
        the empty text.
    row_confidence : float64 (row,)
        0 to 1.
    row_believed : bool (row,)
        True where it counts and a container's track owns it: the series shows it to be no clutter and no other box.
    arrived, left : int64 (event,)
        First date with, and first without, each container that came or left.
    present : float64 (place, date)
        Posterior probability of a container on top.
    clear : bool (place, date)
        True where the date showed the place clearly.
    weight : float64 (place,)
        Its containers' TEU.
    ground_shown : bool (point, date)
        Whether each date showed the ground about the boxes.
    came, went : bool (place, date)
        True where a container's track begins, or ends, in an event that the date shows first: also where the place
        held one before and after.
    blind : bool (date,)
        True where the date shows the ground of the site's boxes and next to none of them: `clear` and `ground_shown`
        are False on it. See `kernels.doubts.blind_dates`.
    alike : float
        Probability that two of the containers cannot be told apart.
    none_is_sure : bool
        Whether all of them may be something else, see `kernels.doubts.may_all_be_others`.
    """

    row_date: Ints
    row_kind: NDArray[np.object_]
    row_counted: Bools
    row_listed: NDArray[np.object_]
    row_confidence: Floats
    row_believed: Bools
    arrived: Ints
    left: Ints
    present: Floats
    clear: Bools
    weight: Floats
    ground_shown: Bools
    came: Bools
    went: Bools
    blind: Bools
    alike: float
    none_is_sure: bool

    def kinds(self, t: int) -> NDArray[np.object_]:
        """Kinds of the rows of a date that are counted or that the series confirms.

        Parameters
        ----------
        t : int
            Index of the date.

        Returns
        -------
        object (n,)
            A str each.
        """
        kinds: NDArray[np.object_] = self.row_listed[(self.row_date == t) & self.row_listed.astype(bool)]
        return kinds

    def standing(self, t: int, weight: Floats) -> StandingBoxes:
        """What stands on a date.

        Parameters
        ----------
        t : int
            Index of the date.
        weight : float64 (place,)
            Of a box at each place: 1 for counts.

        Returns
        -------
        StandingBoxes
            With units that grow with what the date hides.
        """
        present, hidden = self.present[:, t], ~self.clear[:, t]
        between = self.clear[:, :t].any(1) & self.clear[:, t + 1 :].any(1)
        expected, unseen = float((weight * present).sum()), float((weight * present)[hidden & ~between].sum())
        variance = weight**2 * present * (1.0 - present)
        batches = float(np.sqrt(variance[hidden & between]).sum())
        now, gone = self._hidden_ground(t)
        # On ground that no look shows any more boxes may have come; there are none to have left it.
        below, above = (
            intervals.count_spread(expected, float(variance.sum()), unseen, batches, g) for g in (0.0, gone)
        )
        shown = intervals.count_spread(expected, float(variance.sum()), 0.0, 0.0, 0.0)
        return StandingBoxes(expected, below, above * (COVERED_ABOVE if now > COVERED_SHARE else 1.0), shown)

    def _hidden_ground(self, t: int) -> tuple[float, float]:
        """Shares of the ground about the boxes that a date hides, and that neither it nor any later one shows."""
        if not len(self.ground_shown):
            return 0.0, 0.0
        return 1.0 - float(self.ground_shown[:, t].mean()), 1.0 - float(self.ground_shown[:, t:].any(1).mean())

    def events(self, t: int) -> tuple[EventCount, EventCount]:
        """Arrivals and departures that a date shows first.

        A place filled, or emptied, since its last clear look at least as probably as its states' probabilities differ.
        Where a track began or ended, a box came or went for all of the probability that one stood there before and
        after: it was set on another, uncovered another, or was exchanged. So arrivals less departures are what the
        expected count rose by and what was set on top, less what was uncovered.

        Parameters
        ----------
        t : int
            Index of the date.

        Returns
        -------
        arrivals, departures : EventCount
            Since each place was last seen clearly.
        """
        earlier = self.clear[:, :t]
        known = earlier.any(1) & self.clear[:, t]
        before = t - 1 - earlier[:, ::-1].argmax(1) if t else np.zeros(len(earlier), np.int64)
        now, then = self.present[:, t], self.present[np.arange(len(earlier)), np.maximum(before, 0)]
        both = np.minimum(now, then)
        came, went = (
            np.where(event[:, t], both, 0.0) + np.maximum(step, 0.0)
            for event, step in ((self.came, now - then), (self.went, then - now))
        )
        gone, new, stock, empty = (float(part[known].sum()) for part in (went, came, then, 1.0 - now))
        unseen = most_unseen_exchanges(gone, new, stock, empty, self.alike)
        arrived, left = ((int((when == t).sum()), unseen) for when in (self.arrived, self.left))
        return _events(*arrived, came[known]), _events(*left, went[known])


def _events(found: int, unseen: float, probability: Floats) -> EventCount:
    variance = float((probability * (1.0 - probability)).sum())
    return EventCount(found, float(probability.sum()), intervals.event_spread(found, variance), unseen)


def tracked_boxes(tracks: FollowedBoxes, area: BaseGeometry | None = None) -> TrackedBoxes:
    """The boxes of tracks within a polygon, or all.

    Parameters
    ----------
    tracks : FollowedBoxes
        As `changedet.track` returns.
    area : shapely geometry, optional
        In the CRS of the tracks; a box belongs to it by its centre.

    Returns
    -------
    TrackedBoxes
        Counted rows, containers that came and left, and places of containers.
    """

    def _inside(xy: Floats) -> Bools:
        if area is None:
            return np.ones(len(xy), bool)
        return np.asarray(shapely.intersects_xy(area, xy[:, 0], xy[:, 1]), bool)

    def _within(frame: gpd.GeoDataFrame) -> Bools:
        return _inside(shapely.get_coordinates(frame.geometry.centroid))

    index = {pd.Timestamp(date): i for i, date in enumerate(tracks.dates)}

    def _dates(values: pd.Series[pd.Timestamp]) -> Ints:
        naive = pd.to_datetime(values, utc=True).dt.tz_localize(None)
        return np.array([index.get(value, -1) for value in naive], np.int64)

    rows = tracks.detections[_within(tracks.detections)]
    counted = rows["counted"].to_numpy(bool) if "counted" in rows else np.ones(len(rows), bool)
    boxes = tracks.tracks[_within(tracks.tracks) & tracks.tracks["kind"].isin(TEU_OF_KIND).to_numpy(bool)]
    containers = tracks.tracks["track_id"][tracks.tracks["kind"].isin(TEU_OF_KIND)]
    kept = _within(tracks.places) & tracks.places["kind"].isin(TEU_OF_KIND).to_numpy(bool)
    believed = counted & (rows["track_id"].isin(containers) & rows["kind"].isin(TEU_OF_KIND)).to_numpy(bool)
    blind = _blind_dates(tracks, _dates)
    came, went = _events_of_tracks(tracks, _dates)
    return TrackedBoxes(
        row_date=_dates(rows["date"]),
        row_kind=rows["kind"].to_numpy(object),
        row_counted=counted,
        row_listed=_listed(rows, counted),
        row_confidence=rows["confidence"].to_numpy(np.float64),
        row_believed=believed,
        arrived=_dates(boxes["first_seen"][boxes["not_before"].notna()]),
        left=_dates(boxes["not_after"]),
        present=tracks.place_presence[kept],
        clear=tracks.place_clear[kept] & ~blind,
        weight=np.array([TEU_OF_KIND[kind] for kind in tracks.places["kind"][kept]], np.float64),
        ground_shown=tracks.ground.shown[_inside(tracks.ground.xy)] & ~blind,
        came=came[kept],
        went=went[kept],
        blind=blind,
        alike=alike_share(boxes["kind"].tolist(), hex_rgb(boxes["color"].to_numpy(object))),
        none_is_sure=_none_is_sure(tracks, rows[believed]),
    )


def _none_is_sure(tracks: FollowedBoxes, believed: gpd.GeoDataFrame) -> bool:
    """Whether the boxes of these rows may all be something else; what a person labelled or a plain count is, is not."""
    if tracks.calibration.doubts.boxes == NO_DOUBTS.boxes:
        return False
    return may_all_be_others(believed.groupby("track_id")["confidence"].max().to_numpy(np.float64))


def _listed(rows: gpd.GeoDataFrame, counted: Bools) -> NDArray[np.object_]:
    """Kinds (row,) of rows that count or are confirmed; the empty text of others."""
    confirmed = rows["confirmed_kind"].fillna("").to_numpy(object) if "confirmed_kind" in rows else ""
    listed: NDArray[np.object_] = np.where(counted, rows["kind"].to_numpy(object), confirmed)
    return listed


def _blind_dates(tracks: FollowedBoxes, dates: Callable[[pd.Series[pd.Timestamp]], Ints]) -> Bools:
    """Dates (date,) that show next to none of the boxes whose ground they show."""
    own = tracks.places["kind"].isin(TEU_OF_KIND).to_numpy(bool)
    expected = (tracks.place_presence[own] * tracks.place_clear[own]).sum(0)
    rows = tracks.detections[tracks.detections["kind"].isin(TEU_OF_KIND).to_numpy(bool)]
    rows = rows[rows["counted"].to_numpy(bool)] if "counted" in rows else rows
    when = dates(rows["date"])
    detected = np.bincount(when[when >= 0], minlength=len(tracks.dates))
    return blind_dates(detected.astype(np.float64), expected)


def _events_of_tracks(tracks: FollowedBoxes, dates: Callable[[pd.Series[pd.Timestamp]], Ints]) -> tuple[Bools, Bools]:
    """Where, and on which dates (place, date), containers' tracks begin and end in an event."""
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    boxes = tracks.tracks[tracks.tracks["kind"].isin(TEU_OF_KIND).to_numpy(bool)]
    came, left = (np.zeros(tracks.place_presence.shape, bool) for _ in range(2))
    if not len(boxes) or not len(tracks.places):
        return came, left
    at = cKDTree(shapely.get_coordinates(tracks.places.geometry)).query(shapely.get_coordinates(boxes.geometry))[1]
    for events, when in (
        (came, dates(boxes["first_seen"].where(boxes["not_before"].notna()))),
        (left, dates(boxes["not_after"])),
    ):
        known = when >= 0
        events[at[known], when[known]] = True
    return came, left
