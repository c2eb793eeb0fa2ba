"""The views of a series, as given or, where nobody gave angles, learnt from where its own boxes show their roofs.

An off-nadir view displaces every roof by its height times the tangent of the off-nadir angle. Of the views that are
not given those are taken at which the roofs of several dates, each of some height, have the most bases in common
(`stack_levels`): one date after the other is searched for its view, then all are moved to and fro. On a patch of the
site, where its boxes stand closest. What all views share roofs alone hardly show: they are taken to cancel each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.containers import HEIGHT_M
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.places import find_places, views_opposed
from changedet.stages.tracks.kernels.stack_levels import Roofs, level_posterior

USUAL_HEIGHTS: Final = (0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0)
"""Of a site's roofs, in boxes, by which the dates' shifts are divided for a first guess: low ones, too, as votes draw
shifts to none. This and all that follow were chosen in view of sites of the third hand (docs/research/tracks.md,
"Views that are not given")."""
PASSES: Final = 3
"""Over the series, as for places (`observations.PASSES`)."""
LEAST_DATES: Final = 2
"""With boxes, for their roofs to be displaced from each other."""
PATCH_ROWS: Final = 120
"""Of each date, where roofs stand closest: others are seldom under each other, and more would tell no more."""
PATCH_M: Final = 40.0
"""Within which boxes stand close."""
COMPANIONS: Final = 4
"""Other dates with which a date's roofs are compared, so that long series take no more than their length."""
SEARCHED: Final = 0.6
"""Farthest of a view from that of the first date that is tried, as tangents of off-nadir angles: 31 degrees."""
SEARCH_STEP: Final = 0.15
"""Between views that are tried."""
_TANGENTS: Final = np.arange(-SEARCHED, SEARCHED + SEARCH_STEP / 2, SEARCH_STEP)
SEARCH: Final = np.stack(np.meshgrid(_TANGENTS, _TANGENTS), -1).reshape(-1, 2)
"""All of them (81, 2)."""
STEPS: Final = (0.15, 0.08)
"""By which views are moved to and fro afterwards, as tangents."""
SWEEPS: Final = 2
"""Over all dates, by each step."""
VIEW_SD: Final = 0.3
"""Of the tangents of off-nadir angles about straight above, 17 degrees: few boxes that agree do not outweigh it."""
AROUND: Final = np.column_stack([f(np.arange(8) * np.pi / 4) for f in (np.cos, np.sin)])
"""Directions in which views are moved."""


class SeriesViews(NamedTuple):
    """Views of a series.

    Attributes
    ----------
    displacement : float64 (date, 2)
        Of a roof for each metre of its height, in metres east and north; NaN where it is not known.
    opposed : bool
        Whether the boxes lean the other way than the given views say, which are turned round then.
    """

    displacement: Floats
    opposed: bool


def views_of(boxes: Boxes, date: Ints, tiers: Floats, given: Floats, radius_m: float) -> SeriesViews:
    """Views of all dates with boxes: as given, turned round where the boxes say so, or learnt.

    Parameters
    ----------
    boxes : Boxes
        All dates' boxes.
    date : int64 (n,)
        Index of each box's date.
    tiers : float64 (n,)
        Levels of each box's stack; NaN for unknown.
    given : float64 (date, 2)
        As `SeriesViews.displacement`.
    radius_m : float
        As of `places.find_places`.

    Returns
    -------
    SeriesViews
        NaN of dates without boxes whose view is not given. Where none is given, their mean is zero.
    """
    used = np.asarray(np.bincount(date, minlength=len(given)) > 0, bool)
    known = np.asarray(np.isfinite(given).all(1), bool)
    of_known = np.flatnonzero(known[date])
    opposed = views_opposed(
        boxes.take(of_known), date[of_known], np.where(known[:, None], HEIGHT_M * given, 0.0), radius_m
    )
    given = -given if opposed else given
    if not (used & ~known).any() or used.sum() < LEAST_DATES:
        return SeriesViews(given, opposed)
    found = find_places(boxes, date, np.full_like(given, np.nan), radius_m, PASSES)
    roofs = Roofs(boxes.xy, np.full(len(date), -1), date, given[date], tiers, boxes.length, boxes.angle, boxes.weight)
    patch = _Patch.of(roofs, known)
    shown = -found.shift / HEIGHT_M
    guesses = [_with_given(shown / usual, given, known, used) for usual in USUAL_HEIGHTS]
    guesses.append(patch.searched(guesses[0]))
    views = patch.moved(max(guesses, key=patch.agreement))
    return SeriesViews(_with_given(views, given, known, used), opposed)


def _with_given(shown: Floats, given: Floats, known: Bools, used: Bools) -> Floats:
    """Views that the roofs show, moved by what those that are known have besides, or else to a mean of zero."""
    both = known & used
    common = (given - shown)[both].mean(0) if both.any() else -shown[used].mean(0)
    views = np.where(known[:, None], given, shown + common)
    return np.where((known | used)[:, None], views, np.nan)


@dataclass(frozen=True)
class _Patch:
    """Roofs where they stand closest, and the views under which they have bases in common."""

    roofs: Roofs
    order: tuple[int, ...]
    """Of the dates that show the patch: first those of known views, then those with the most roofs."""
    known: Bools
    """Whether the view of each date is known."""

    @classmethod
    def of(cls, roofs: Roofs, known: Bools) -> _Patch:
        # Imported here, as it takes a while to load and not every run needs it.
        from scipy.spatial import cKDTree

        dates = len(np.unique(roofs.date))
        near = cKDTree(roofs.xy).query_ball_point(roofs.xy, PATCH_M, return_length=True)
        apart = np.abs(roofs.xy - roofs.xy[int(np.argmax(near))]).max(1)
        chosen = roofs.take(np.sort(np.argsort(apart, kind="stable")[: PATCH_ROWS * dates]))
        rows = np.bincount(chosen.date, minlength=len(known))
        order = sorted(np.flatnonzero(rows).tolist(), key=lambda t: (not known[t], -rows[t], t))
        return cls(chosen, tuple(order), known)

    def agreement(self, views: Floats) -> float:
        """How well the roofs of all dates agree, see `_score`; of many dates each is compared with a few."""
        return sum(self._score(views, (t, *self._companions(k))) for k, t in enumerate(self.order))

    def searched(self, guess: Floats) -> Floats:
        """Views found one after the other, of the dates that show the patch."""
        views, first = guess.copy(), max(1, int(self.known[list(self.order)].sum()))
        if not self.known[self.order[0]]:
            views[self.order[0]] = 0.0
        for k in range(first, len(self.order)):
            views = self._best(views, self.order[k], SEARCH, self.order[max(0, k - COMPANIONS) : k])
        return views

    def moved(self, views: Floats) -> Floats:
        """Views moved to where they agree best."""
        for step in STEPS:
            for _ in range(SWEEPS):
                before = views
                for k, t in enumerate(self.order):
                    if not self.known[t]:
                        tried = views[t] + step * np.vstack([np.zeros(2), AROUND])
                        views = self._best(views, t, tried, self._companions(k))
                if views is before:
                    break
        return views

    def _companions(self, k: int) -> tuple[int, ...]:
        """Dates with which that of a place in the order is compared."""
        return (self.order[k + 1 :] + self.order[:k])[:COMPANIONS]

    def _best(self, views: Floats, t: int, tried: Floats, others: tuple[int, ...]) -> Floats:
        """The views with that of one date replaced by the best that is tried; the same where the first is."""
        scores = [self._score(_replaced(views, t, view), (t, *others)) for view in tried]
        best = int(np.argmax(scores))
        return views if (tried[best] == views[t]).all() else _replaced(views, t, tried[best])

    def _score(self, views: Floats, dates: tuple[int, ...]) -> float:
        """Log likelihood of bases in common among some dates, and of so oblique views."""
        some = list(dates)
        if not self.known[some].any():
            views = views - views[some].mean(0)
        own = self.roofs.take(np.flatnonzero(np.isin(self.roofs.date, some)))
        own = own._replace(view=views[own.date])
        return float(level_posterior(own).agreement.sum()) - 0.5 * float((views[some] ** 2).sum()) / VIEW_SD**2


def _replaced(views: Floats, t: int, view: Floats) -> Floats:
    views = views.copy()
    views[t] = view
    return views
