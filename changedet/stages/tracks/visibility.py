"""What each date of a series shows of the ground, as the tracks stage needs it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from changedet.arrays import Bools, Floats
from changedet.kernels.doubts import USUAL_DISTANCE

ClearAt: TypeAlias = Callable[[int, Floats], Bools]
"""``clear(i, points) -> bool (n,)``: whether date ``i`` shows the points (n, 2) clearly."""


class SeriesVisibility:
    """What each date of a series shows of the ground; where a series does not know more, it answers as here.

    Attributes
    ----------
    dates : sequence of datetime.date
        Sorted, one a look.
    """

    dates: Sequence[dt.date]

    @property
    def ground_metre(self) -> float | None:
        """A metre on the ground in units of the grid's CRS; None without a grid."""
        return None

    def clear(self, i: int, points: Floats) -> Bools:
        """Where a date shows the ground clearly.

        Parameters
        ----------
        i : int
            Index of the date.
        points : float64 (n, 2)
            In the CRS of the boxes.

        Returns
        -------
        bool (n,)
            False under cloud, in deep shade and where there is no data.
        """
        raise NotImplementedError

    def covered(self, i: int, points: Floats) -> Bools:
        """Where a date shows nothing of the ground.

        Parameters
        ----------
        i : int
            Index of the date.
        points : float64 (n, 2)
            In the CRS of the boxes.

        Returns
        -------
        bool (n,)
            True under cloud, in its shadow and where there is no data; deep shade is neither clear nor covered.
        """
        raise NotImplementedError

    def clouded(self, i: int, points: Floats) -> Bools:
        """Where clouds hide or dim what a date shows.

        Parameters
        ----------
        i : int
            Index of the date.
        points : float64 (n, 2)
            In the CRS of the boxes.

        Returns
        -------
        bool (n,)
            True under cloud, in its shadow and in haze.
        """
        del i
        return np.zeros(len(points), bool)

    def snowed(self, i: int, points: Floats) -> Bools:
        """Where snow lies in patches on what a date shows, on roofs too.

        Parameters
        ----------
        i : int
            Index of the date.
        points : float64 (n, 2)
            In the CRS of the boxes.

        Returns
        -------
        bool (n,)
            True where colours are those of snow, on narrow rims of the patches, too.
        """
        del i
        return np.zeros(len(points), bool)

    def light(self, i: int, xy: Floats, length: Floats, angle: Floats) -> Floats | None:
        """Light that a date shows of boxes.

        Parameters
        ----------
        i : int
            Index of the date.
        xy : float64 (n, 2)
            Centres, in the CRS of the boxes.
        length, angle : float64 (n,)
            In metres, and in degrees clockwise from north.

        Returns
        -------
        float64 (3, n, band) or None
            See `appearance.light_of_boxes`; None without pictures.
        """
        del i, xy, length, angle
        return None

    def roof_light(self, i: int, xy: Floats, length: Floats, angle: Floats) -> Floats | None:
        """Light that a date shows along roofs.

        Parameters
        ----------
        i : int
            Index of the date.
        xy : float64 (n, 2)
            Centres, in the CRS of the boxes.
        length, angle : float64 (n,)
            In metres, and in degrees clockwise from north.

        Returns
        -------
        float64 (n, along, band) or None
            See `roof_light.light_of_roofs`: blue, green, red and, where all dates have it, near infrared; None without
            pictures in colour.
        """
        del i, xy, length, angle
        return None

    def outline_light(self, i: int, xy: Floats, length: Floats, angle: Floats) -> Floats | None:
        """Light that a date shows across boxes and along them, beyond their sides and ends.

        Parameters
        ----------
        i : int
            Index of the date.
        xy : float64 (n, 2)
            Centres, in the CRS of the boxes.
        length, angle : float64 (n,)
            In metres, and in degrees clockwise from north.

        Returns
        -------
        float64 (n, point, band) or None
            See `outline_odds.light_of_outlines`, in the bands of `roof_light`; None without pictures in colour.
        """
        del i, xy, length, angle
        return None

    def relief_displacement(self, i: int) -> tuple[float, float] | None:
        """Displacement of a roof for each metre of its height above the ground.

        Parameters
        ----------
        i : int
            Index of the date.

        Returns
        -------
        (float, float) or None
            Metres on the ground, east and north, the way the sensor looks; None where the view is not known.
        """
        del i
        return None

    def distance(self, i: int) -> float:
        """How far a date's scene lies from what the detector was fitted on, see `objects.familiarity`.

        Parameters
        ----------
        i : int
            Index of the date.

        Returns
        -------
        float
            1 is the edge of the training scenes; NaN where it is not known.
        """
        del i
        return float("nan")


def familiar_dates(looks: SeriesVisibility, dates: int) -> Bools:
    """Which dates show boxes about as easily as usual, as their scenes are like those that the detector knows.

    Parameters
    ----------
    looks : SeriesVisibility
    dates : int
        Number of dates.

    Returns
    -------
    bool (date,)
        False where it is not known.
    """
    return np.array([looks.distance(i) < USUAL_DISTANCE for i in range(dates)], bool)


def relief_displacements(looks: SeriesVisibility, dates: int) -> Floats:
    """How far the views of a series displace what is high.

    Parameters
    ----------
    looks : SeriesVisibility
    dates : int
        Number of dates.

    Returns
    -------
    float64 (date, 2)
        Metres on the ground, east and north, for each metre of height; NaN where the view is not known.
    """
    known = [looks.relief_displacement(i) or (np.nan, np.nan) for i in range(dates)]
    return np.array(known, np.float64).reshape(dates, 2)


@dataclass(frozen=True)
class GivenVisibility(SeriesVisibility):
    """Visibility by dates and a function, without pictures.

    Attributes
    ----------
    dates : sequence of datetime.date
        Sorted, one a look.
    clear_at : callable, optional
        ``clear(i, points) -> bool (n,)``; without one, every date shows everything. What is not clear is covered.
    """

    dates: Sequence[dt.date]
    clear_at: ClearAt | None = None

    def clear(self, i: int, points: Floats) -> Bools:
        """False where the function says so."""
        if self.clear_at is None:
            return np.ones(len(points), bool)
        return np.asarray(self.clear_at(i, points), bool)

    def covered(self, i: int, points: Floats) -> Bools:
        """The opposite of `clear`."""
        return ~self.clear(i, points)
