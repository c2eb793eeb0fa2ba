"""Boxes of followed series as columns: what stands on each date, what came and what left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels import intervals
from changedet.stages.series.kernels.exchanges import most_unseen_exchanges, most_untold

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
    homely : float
        Those of the expected ones that stand among houses.
    missed : float
        Boxes, or their weights, that the pixels show beyond those that are expected: in the upper bound alone.
    others : float
        What is left out of the expected ones as something else and may be boxes yet: in the upper bound alone.
    """

    expected: float
    spread: float
    above: float
    shown: float
    homely: float
    missed: float
    others: float

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
        Exchanges for boxes alike, at most, that no look shows, see `kernels.exchanges.most_unseen_exchanges`; together
        with changes of tops that the tracks do not tell as one of these, see `kernels.exchanges.most_untold`.
    doubted : int
        Those of boxes that masks reject, see `Tracks.rejected`: in the upper bound alone.
    homely : float
        Those of the expected ones at places among houses.
    """

    found: int
    expected: float
    spread: float
    unseen: float
    doubted: int
    homely: float


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
    row_paired : bool (row,)
        True where it is a counted box of 20 feet that touches another end to end, see `kernels.pairs.touching_pairs`.
    row_others : float64 (row,)
        Probability that what stands at its place is something else, see `others`.
    row_homely : bool (row,)
        True where its place may hold a part of a house, see `homely`.
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
    other_tops : float64 (place, date)
        Probability of another box on top than on the date before; 0 where nothing tells it.
    came, went : float64 (place, date)
        Probability that one was set on another, and that one was laid bare; a box that came in another's place counts
        in both. Where nothing tells it 1 where a container's track begins, or ends, in an event that the date shows
        first.
    missed : float64 (place, date)
        How many more boxes than are expected the pixels show, see `FollowedBoxes.place_missed`.
    blind : bool (date,)
        True where the date shows the ground of the site's boxes and next to none of them: `clear` and `ground_shown`
        are False on it. See `kernels.doubts.blind_dates`.
    alike : float
        Probability that two of the containers cannot be told apart.
    none_is_sure : bool
        Whether all of them may be something else, see `kernels.doubts.may_all_be_others`.
    doubted : bool (place, date)
        True where a box was detected that masks reject: there may be one, and there may be none.
    doubted_arrived, doubted_left : int64 (event,)
        As `arrived` and `left`, of boxes that masks reject.
    homely : bool (place,)
        True of places among houses: what stands there may be a part of one.
    others : float64 (place, date)
        What `present` leaves out as something else, see `kernels.doubts.others_in_the_green`.
    others_above : float64 (place,)
        Which share of that may be boxes yet.
    """

    row_date: Ints
    row_kind: NDArray[np.object_]
    row_counted: Bools
    row_listed: NDArray[np.object_]
    row_confidence: Floats
    row_believed: Bools
    row_paired: Bools
    row_others: Floats
    row_homely: Bools
    arrived: Ints
    left: Ints
    present: Floats
    clear: Bools
    weight: Floats
    ground_shown: Bools
    other_tops: Floats
    came: Floats
    went: Floats
    missed: Floats
    blind: Bools
    alike: float
    none_is_sure: bool
    doubted: Bools
    doubted_arrived: Ints
    doubted_left: Ints
    homely: Bools
    others: Floats
    others_above: Floats

    def touching(self, t: int) -> float:
        """Pairs of 20-foot boxes that a date shows to touch end to end, or all dates on the mean, where that is more.

        Parameters
        ----------
        t : int
            Index of the date.

        Returns
        -------
        float
            Pairs.
        """
        boxes = np.bincount(self.row_date[self.row_paired & (self.row_date >= 0)], minlength=len(self.blind))
        return float(max(boxes[t], boxes.mean())) / 2

    def kinds(self, t: int, *, homely: bool = True) -> NDArray[np.object_]:
        """Kinds of the rows of a date that are counted or that the series confirms.

        Parameters
        ----------
        t : int
            Index of the date.
        homely : bool
            Whether those that may be parts of houses are among them.

        Returns
        -------
        object (n,)
            A str each.
        """
        listed = (self.row_date == t) & self.row_listed.astype(bool) & (homely | ~self.row_homely)
        kinds: NDArray[np.object_] = self.row_listed[listed]
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
        homely = float((weight * present)[self.homely].sum())
        # what pixels show among houses may be their roofs again
        missed = max(0.0, float((weight * self.missed[:, t])[~self.homely].sum()))
        above *= COVERED_ABOVE if now > COVERED_SHARE else 1.0
        others = float((weight * self.others_above * self.others[:, t]).sum())
        return StandingBoxes(expected, below, above, shown, homely, missed, others)

    def hidden(self, t: int, weight: Floats) -> float:
        """Boxes, or their weights, that are expected where a date does not show them clearly.

        Parameters
        ----------
        t : int
            Index of the date.
        weight : float64 (place,)
            Of a box at each place.

        Returns
        -------
        float
            Their sum.
        """
        return float((weight * self.present[:, t])[~self.clear[:, t]].sum())

    def _hidden_ground(self, t: int) -> tuple[float, float]:
        """Shares of the ground about the boxes that a date hides, and that neither it nor any later one shows."""
        if not len(self.ground_shown):
            return 0.0, 0.0
        return 1.0 - float(self.ground_shown[:, t].mean()), 1.0 - float(self.ground_shown[:, t:].any(1).mean())

    def events(self, t: int) -> tuple[EventCount, EventCount]:
        """Arrivals and departures that a date shows first.

        A place filled, or emptied, since its last clear look at least as probably as its states' probabilities differ.
        Where one stood there before and after, another may have been set on it, been uncovered or come in its place, as
        probably as the looks at it say, told as a change or not. So arrivals less departures are what the expected
        count rose by and what was set on top, less what was uncovered.

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
        topped, *changed = (both * _since(tops, before, t) for tops in (self.other_tops, self.came, self.went))
        came, went = changed[0] + np.maximum(now - then, 0.0), changed[1] + np.maximum(then - now, 0.0)
        gone, new, stock, empty = (float(part[known].sum()) for part in (went, came, then, 1.0 - now))
        alike = most_unseen_exchanges(gone, new, stock, empty, self.alike)
        unseen = [float(np.hypot(alike, most_untold(topped[known], told[known]))) for told in changed]
        pairs = (self.arrived, self.doubted_arrived), (self.left, self.doubted_left)
        arrived, left = (tuple(int((when == t).sum()) for when in pair) for pair in pairs)
        homely = self.homely[known]
        return _events(arrived, unseen[0], came[known], homely), _events(left, unseen[1], went[known], homely)


def _since(tops: Floats, before: Ints, t: int) -> Floats:
    """Probability (place,) of a new top since the dates ``before``, 1 at the most."""
    summed = np.cumsum(tops, axis=1)
    return np.minimum(summed[:, t] - summed[np.arange(len(summed)), np.maximum(before, 0)], 1.0)


def _events(numbers: tuple[int, ...], unseen: float, probability: Floats, homely: Bools) -> EventCount:
    found, doubted = numbers
    variance = float((probability * (1.0 - probability)).sum())
    spread = intervals.event_spread(found + doubted, variance)
    return EventCount(found, float(probability.sum()), spread, unseen, doubted, float(probability[homely].sum()))
