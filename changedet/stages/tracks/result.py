"""What the tracks stage gives: boxes followed over the dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from changedet.arrays import Bools, Floats
from changedet.kernels.intervals import PLAIN, Calibration
from changedet.stages.tracks.kernels.new_tops import NewTops
from changedet.stages.tracks.kernels.views import SeriesViews
from changedet.stages.tracks.visibility import SeriesVisibility

if TYPE_CHECKING:
    import geopandas as gpd


class Ground(NamedTuple):
    """The ground about the boxes.

    Attributes
    ----------
    xy : float64 (n, 2)
        Points of a lattice, in the CRS of the boxes.
    shown : bool (n, date)
        Whether each date showed them, in deep shade too.
    """

    xy: Floats
    shown: Bools

    @classmethod
    def none(cls, dates: int) -> Ground:
        """No ground, of a series without boxes.

        Parameters
        ----------
        dates : int
            Number of dates.

        Returns
        -------
        Ground
            Without points.
        """
        return cls(np.empty((0, 2)), np.empty((0, dates), bool))


@dataclass(frozen=True)
class Tracks:
    """Boxes followed over the dates.

    Attributes
    ----------
    dates : tuple of datetime.date
        The looks, sorted.
    detections : GeoDataFrame
        The rows given, in their order, with ``track_id`` (Int64; null for rows that the series shows to be clutter). By
        `hmm`, too, ``confirmed`` (probability of a row below the count threshold that the series shows to be a box, NaN
        of all others) and ``listed_kind`` (as what a row is listed, see `with_confirmed`; None of those that are not).
    tracks : GeoDataFrame
        ``track_id, first_seen, last_seen, not_after, not_before, kind, color, present_probability`` (mean over the
        dates on which it was seen), geometry: the median centre. Ids count from 1 by first date, then position.
    presence : float64 (track, date)
        Posterior probability that the box stood there to be seen; 0 from the first clear look without it, while another
        stands on it, and before it was laid bare.
    seen : bool (track, date)
        True where a row, counted or not, shows it.
    places : GeoDataFrame
        Every place that ever held a counted row, clutter or not: ``kind``, geometry.
    place_presence : float64 (place, date)
        Posterior probability that a real box stood on top there. Its sums are the expected counts.
    place_clear : bool (place, date)
        True where the date showed the place clearly.
    ground : Ground
        The ground about the boxes, without what no date shows.
    calibration : Calibration
        What turns presence into counts and intervals for the detector of the rows.
    often_missed : bool
        Whether the rows fit the detector's tables of sites on which boxes are often missed, which were then followed.
    views : SeriesViews or None
        By which its boxes are placed on the ground; None where it was followed without.
    ground_metre : float
        A metre on the ground in units of the CRS.
    rejected : GeoDataFrame or None
        As ``tracks``, of boxes that were taken out of them, as the masks reject them: they may have been there after
        all. None where none was.
    place_tops : NewTops or None
        How probably another box is on top than on the date before where both hold one, told as a change or not. None
        where nothing tells it.
    place_missed : float64 (place, date) or None
        How many more boxes than are expected the pixels show, to be summed over places, see
        `kernels.appearance.missed_boxes`. None where nothing tells it.
    """

    dates: tuple[dt.date, ...]
    detections: gpd.GeoDataFrame
    tracks: gpd.GeoDataFrame
    presence: Floats
    seen: Bools
    places: gpd.GeoDataFrame
    place_presence: Floats
    place_clear: Bools
    ground: Ground
    calibration: Calibration = PLAIN
    often_missed: bool = False
    views: SeriesViews | None = None
    ground_metre: float = 1.0
    rejected: gpd.GeoDataFrame | None = None
    place_tops: NewTops | None = None
    place_missed: Floats | None = None


TrackMethod: TypeAlias = "Callable[[gpd.GeoDataFrame, SeriesVisibility], Tracks]"
"""What a method of the stage returns: it follows the rows of a series."""
