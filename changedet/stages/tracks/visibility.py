"""What each date shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from changedet.arrays import Bools, Floats

ClearAt: TypeAlias = Callable[[int, Floats], Bools]


class SeriesVisibility(Protocol):
    """What each date saw.

    Attributes
    ----------
    dates : sequence of datetime.date
        Sorted, one a look.
    """

    @property
    def dates(self) -> Sequence[dt.date]: ...

    def clear(self, i: int, points: Floats) -> Bools:
        """True (n,) where date ``i`` saw the points (n, 2), x and y in the grid's CRS, clearly."""
        ...

    def covered(self, i: int, points: Floats) -> Bools:
        """True (n,) where date ``i`` shows nothing of the points: cloud, its shadow, no data; deep shade is neither."""
        ...


@runtime_checkable
class SeriesLight(SeriesVisibility, Protocol):
    """SeriesVisibility that may have pictures, too."""

    def light(self, i: int, xy: Floats, length: Floats, angle: Floats) -> Floats | None:
        """Light (3, n, band) that date ``i`` shows of boxes at ``xy`` (n, 2), see `changedet.tracks.sights.light_of_boxes`;
        None without pictures."""
        ...


@dataclass(frozen=True)
class GivenVisibility:
    """SeriesVisibility made of dates and a function; without one, every date saw everything."""

    dates: Sequence[dt.date]
    clear_at: ClearAt | None = None

    def clear(self, i: int, points: Floats) -> Bools:
        if self.clear_at is None:
            return np.ones(len(points), bool)
        return np.asarray(self.clear_at(i, points), bool)

    def covered(self, i: int, points: Floats) -> Bools:
        return ~self.clear(i, points)
