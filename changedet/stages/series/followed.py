"""What the series needs of the tracks."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

import geopandas as gpd
import numpy as np

from changedet.arrays import Bools, Floats
from changedet.kernels import intervals
from changedet.kernels.doubts import TAUGHT_VIEW_DEG, slants


class ShownGround(Protocol):
    """The ground about the boxes, as the tracks stage gives it."""

    @property
    def xy(self) -> Floats:
        """Points (n, 2), in metres."""

    @property
    def shown(self) -> Bools:
        """Whether each date showed them, (n, date)."""


class NewTops(Protocol):
    """Probabilities of new tops of stacks, as the tracks stage gives them."""

    @property
    def other(self) -> Floats:
        """Of another box on top than on the date before (place, date)."""

    @property
    def came(self) -> Floats:
        """Of one that was set on the old one, or came in its place (place, date)."""

    @property
    def left(self) -> Floats:
        """Of one that was laid bare, or came in its place (place, date)."""


class Views(Protocol):
    """From where each look was taken, as the tracks stage gives it."""

    def farther_than(self, limit_deg: float) -> Floats:
        """Off-nadir angles of looks that are farther aslant than a limit.

        Parameters
        ----------
        limit_deg : float

        Returns
        -------
        float64 (date,)
            Degrees; 0 of the others.
        """


class FollowedBoxes(Protocol):
    """What `changedet.track` returns, as far as the series needs it."""

    @property
    def dates(self) -> tuple[dt.date, ...]:
        """The looks, sorted."""

    @property
    def detections(self) -> gpd.GeoDataFrame:
        """Rows of all dates with their ``track_id``."""

    @property
    def tracks(self) -> gpd.GeoDataFrame:
        """One row a track."""

    @property
    def rejected(self) -> gpd.GeoDataFrame | None:
        """As `tracks`, of boxes that were taken out of them and may have been there after all."""

    @property
    def presence(self) -> Floats:
        """Posterior probability (track, date) that the box stood there to be seen."""

    @property
    def places(self) -> gpd.GeoDataFrame:
        """One row a place, with its ``kind``."""

    @property
    def place_presence(self) -> Floats:
        """Posterior probability (place, date) that a real box stood on top there."""

    @property
    def place_clear(self) -> Bools:
        """True (place, date) where the date showed the place clearly."""

    @property
    def place_tops(self) -> NewTops | None:
        """How probably another box is on top than on the date before; None where nothing tells it."""

    @property
    def views(self) -> Views | None:
        """By which boxes are placed on the ground; None where they are not."""

    @property
    def place_missed(self) -> Floats | None:
        """How many more boxes (place, date) than are expected the pixels show; None where nothing tells it."""

    @property
    def ground(self) -> ShownGround:
        """The ground about the boxes."""

    @property
    def ground_metre(self) -> float:
        """A metre on the ground in units of the CRS."""

    @property
    def calibration(self) -> intervals.Calibration:
        """What turns presence into counts and intervals."""


def slants_of(tracks: FollowedBoxes) -> Floats:
    """How far beyond what taught the models each look of a series leans.

    Parameters
    ----------
    tracks : FollowedBoxes
        Of a series.

    Returns
    -------
    float64 (date,)
        As of `changedet.kernels.doubts.slants`; 0 where boxes are not placed by views.
    """
    return np.zeros(len(tracks.dates)) if tracks.views is None else slants(tracks.views.farther_than(TAUGHT_VIEW_DEG))


def slanted_looks(tracks: FollowedBoxes | None) -> set[dt.date]:
    """Looks whose boxes are known less well as some are from farther aslant than any that taught the models.

    Parameters
    ----------
    tracks : FollowedBoxes or None
        Of a series; None where boxes are not followed.

    Returns
    -------
    set of datetime.date
        All where one is, as all looks tell what stands on each.
    """
    return (
        set() if tracks is None else {day for day, one in zip(tracks.dates, slants_of(tracks), strict=True) if one > 0}
    )
