"""The views of a series, as given or, where nobody gave angles, learnt from where its own boxes show their roofs.

An off-nadir view displaces every roof by its height times the tangent of the off-nadir angle. Roofs of one box on two
dates therefore lie apart by one of a few heights times the difference of both views, and beside them those of other
boxes, anywhere. Of the views that are not given those are taken under which the offsets of near roofs are likeliest.
What all views share shows in no offset: they are taken to cancel each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.compiled import compiled
from changedet.kernels.containers import HEIGHT_M
from changedet.stages.tracks.kernels.box_matching import MAX_ANGLE_DEG
from changedet.stages.tracks.kernels.boxes import UNKNOWN_COLOR_DISTANCE, Boxes, axial_difference, color_distance

LEAST_DATES: Final = 2
"""With boxes, for their roofs to be displaced from each other."""
REACH_M: Final = 8.0
"""Farthest that roofs of one box are looked for: a stack of five under views 31 degrees apart. This and what follows
without an origin was chosen by hand (docs/research/tracks.md, "Views that are not given")."""
LEVELS: Final = np.arange(1.0, 7.0)
"""Heights of roofs, in boxes."""
DECAY: Final = 0.9
"""Of the share of stacks by each level more: at less, one level under usual views is taken for two under half of them.
By sites that teach: root mean square error of their views .035 at .6, .030 at .9 and 1.3."""
OFFSET_SD_M: Final = 0.25
"""Of the offset of two roofs of one box: errors of both centres and of the co-registration."""
MOST_SDS: Final = 9.0
"""Standard deviations within which offsets count: what lies farther adds less than a double's last digit."""
MOST_BOXES: Final = 500
"""Of the first of two dates, whose offsets are looked at: of more every second or third."""
COMPANIONS: Final = 4
"""Other dates with which a date's roofs are compared, so that long series take no more than their length."""
FARTHEST: Final = 0.8
"""Of two views from each other, in tangents of off-nadir angles: both 22 degrees, from opposite sides."""
STEP: Final = 0.1
"""Between differences of views that are tried first."""
_TANGENTS: Final = STEP * np.arange(-round(FARTHEST / STEP), round(FARTHEST / STEP) + 1)
_SQUARE: Final = np.stack(np.meshgrid(_TANGENTS, _TANGENTS), -1).reshape(-1, 2)
_DISC: Final = _SQUARE[np.hypot(*_SQUARE.T) <= FARTHEST]
SEARCH: Final = _DISC[np.argsort(np.hypot(*_DISC.T), kind="stable")]
"""All of them (n, 2), the nearest to none first."""
MOST_SHARE: Final = 0.2
"""Of near pairs of roofs that are taken to be of one box."""
STEPS: Final = (0.05, 0.025)
"""By which views are moved to and fro afterwards."""
SWEEPS: Final = 10
"""Over all dates, at most, by each step."""
VIEW_SD: Final = 0.1
"""Of the tangents of off-nadir angles about straight above, less than they have: few boxes do not outweigh it."""
LEARNT_SD: Final = 0.035
"""Error of a look's learnt view, a tangent, beside what the looks of a series share: of 30 sites that teach
(docs/research/tracks.md, "Views that are not given")."""
TURNED_ODDS: Final = 5.0
"""Log odds from which on boxes lean the other way than the given views say. On 103 sites that teach and 36 of judges,
all with views as they are, no odds are above 0.02, and below -40 with fifty boxes and more on most of them
(docs/research/tracks.md, "Views that are not given")."""
AROUND: Final = np.array([(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)])
"""Directions in which views are moved; the first is to stay."""


class SeriesViews(NamedTuple):
    """Views of a series.

    Attributes
    ----------
    displacement : float64 (date, 2)
        Of a roof for each metre of its height, in metres east and north; NaN where it is not known.
    opposed : bool
        Whether the boxes lean the other way than the given views say, which are turned round then.
    learnt : bool (date,)
        True of dates whose view is not given and which the boxes show.
    """

    displacement: Floats
    opposed: bool
    learnt: Bools

    @property
    def angles(self) -> tuple[Floats, Floats]:
        """Off-nadir angles and azimuths (date,) in degrees, as `changedet.imagery.angles.ViewAngles` has them."""
        east, north = self.displacement.T
        return np.degrees(np.arctan(np.hypot(east, north))), np.degrees(np.arctan2(east, north)) % 360

    def farther_than(self, limit_deg: float) -> Floats:
        """Off-nadir angles of looks that are farther aslant than a limit.

        Parameters
        ----------
        limit_deg : float

        Returns
        -------
        float64 (date,)
            Degrees; 0 of the others, also of learnt views that are so by less than their error.
        """
        off_nadir = self.angles[0]
        error = np.where(self.learnt, LEARNT_SD, 0.0)
        is_farther = np.tan(np.radians(off_nadir)) - error > np.tan(np.radians(limit_deg))
        return np.asarray(np.where(is_farther, off_nadir, 0.0), np.float64)


def views_of(boxes: Boxes, date: Ints, given: Floats) -> SeriesViews:
    """Views of all dates with boxes: as given, turned round where the boxes say so, or learnt.

    Parameters
    ----------
    boxes : Boxes
        All dates' boxes.
    date : int64 (n,)
        Index of each box's date.
    given : float64 (date, 2)
        As `SeriesViews.displacement`.

    Returns
    -------
    SeriesViews
        NaN of dates without boxes whose view is not given. Where none is given, their mean is zero.
    """
    used = np.asarray(np.bincount(date, minlength=len(given)) > 0, bool)
    known = np.asarray(np.isfinite(given).all(1), bool)
    of_known = np.flatnonzero(known[date])
    opposed = _Offsets.of(boxes.take(of_known), date[of_known], known).contradict(given)
    given = -given if opposed else given
    if not (used & ~known).any() or used.sum() < LEAST_DATES:
        return SeriesViews(given, opposed, np.zeros(len(given), bool))
    offsets = _Offsets.of(boxes, date, known)
    return SeriesViews(_with_given(offsets.views(given), given, known, used), opposed, used & ~known)


def _with_given(shown: Floats, given: Floats, known: Bools, used: Bools) -> Floats:
    """Views as given, else as roofs show them, to a mean of zero where none is given; NaN of dates without boxes."""
    common = np.zeros(2) if (known & used).any() else shown[used].mean(0)
    views = np.where(known[:, None], given, shown - common)
    return np.where((known | used)[:, None], views, np.nan)


class _Pair(NamedTuple):
    """Offsets of near roofs on two dates."""

    offset: Floats
    """From roofs of the first date to those of the second (n, 2), in metres."""
    weight: Floats
    """How sure and how alike they are (n,), 0 to 1."""
    share: float
    """Of pairs that are of one box, at most."""

    def likelihood(self, view: Floats) -> Floats:
        """Log likelihood (k,) of differences of views (k, 2), beside that of offsets of other boxes alone."""
        usual = np.exp(-DECAY * LEVELS)
        usual /= usual.sum()
        return _likelihood(self.offset, self.weight, self.share, HEIGHT_M * view[:, None] * LEVELS[:, None], usual)


@compiled
def _likelihood(offset: Floats, weight: Floats, share: float, shifts: Floats, usual: Floats) -> Floats:
    """As `_Pair.likelihood`, of shifts (k, level, 2) in metres; usual: the share (level,) of stacks of each height."""
    area = np.pi * REACH_M**2 / (2 * np.pi * OFFSET_SD_M**2)
    most, spread = (MOST_SDS * OFFSET_SD_M) ** 2, -0.5 / OFFSET_SD_M**2
    found = np.zeros(len(shifts))
    # of one box, where no offset is near: the same for each
    alone = np.log(1.0 - share)
    for k in range(len(shifts)):
        for n in range(len(offset)):
            near = 0.0
            for level in range(len(usual)):
                east, north = offset[n, 0] - shifts[k, level, 0], offset[n, 1] - shifts[k, level, 1]
                off = east * east + north * north
                if off < most:
                    near += usual[level] * np.exp(spread * off)
            found[k] += weight[n] * (np.log(1.0 - share + share * area * near) if near > 0.0 else alone)
    return found


@dataclass(frozen=True)
class _Offsets:
    """Offsets between the dates of a series, and the views that they show."""

    order: tuple[int, ...]
    """Dates with boxes: first those of known views, then those with the most boxes."""
    known: Bools
    """Whether the view of each date is known."""
    pairs: dict[tuple[int, int], _Pair]
    """Of two dates, in their order."""

    @classmethod
    def of(cls, boxes: Boxes, date: Ints, known: Bools) -> _Offsets:
        rows = {int(t): np.flatnonzero(date == t) for t in np.unique(date)}
        order = tuple(sorted(rows, key=lambda t: (not known[t], -len(rows[t]), t)))
        shown = {t: boxes.take(own[:: 1 + len(own) // MOST_BOXES]) for t, own in rows.items()}
        pairs = {}
        for k, second in enumerate(order):
            for first in order[max(0, k - COMPANIONS) : k]:
                pairs[first, second] = _pair(shown[first], boxes.take(rows[second]))
        return cls(order, known, pairs)

    def views(self, given: Floats) -> Floats:
        """Views (date, 2) under which the offsets are likeliest; of dates without boxes as given."""
        views, first = given.copy(), max(1, int(self.known[list(self.order)].sum()))
        if not self.known[self.order[0]]:
            views[self.order[0]] = 0.0
        for t in self.order[first:]:
            views = self._best(views, t, SEARCH, [pair for pair in self.pairs if pair[1] == t])
        free = [t for t in self.order if not self.known[t]]
        for step in STEPS:
            # what neither moved, nor any date that it is compared with, would be found where it is
            waiting = set(free)
            for _ in range(SWEEPS):
                for t in free:
                    if t not in waiting:
                        continue
                    waiting.remove(t)
                    before, pairs = views, [pair for pair in self.pairs if t in pair]
                    views = self._best(views, t, views[t] + step * AROUND, pairs)
                    if (views[t] != before[t]).any():
                        waiting.update((t,), *pairs)
                waiting.intersection_update(free)
        return views

    def contradict(self, given: Floats) -> bool:
        """Whether the views (date, 2), turned round, are far likelier than as given, and likelier than none."""
        as_given, none, turned = (self._likelihood(sense * given) for sense in (1.0, 0.0, -1.0))
        return turned > none and turned - as_given > TURNED_ODDS

    def _likelihood(self, views: Floats) -> float:
        return sum(float(pair.likelihood((views[b] - views[a])[None])[0]) for (a, b), pair in self.pairs.items())

    def _best(self, views: Floats, t: int, tried: Floats, pairs: list[tuple[int, int]]) -> Floats:
        """The views with that of one date replaced by the likeliest of some (n, 2), the first of equal ones."""
        likelihood = -0.5 * (tried**2).sum(1) / VIEW_SD**2
        for first, second in pairs:
            shown = tried - views[first] if second == t else views[second] - tried
            likelihood += self.pairs[first, second].likelihood(shown)
        found = views.copy()
        found[t] = tried[int(np.argmax(likelihood))]
        return found


def _pair(first: Boxes, second: Boxes) -> _Pair:
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    near = cKDTree(first.xy).sparse_distance_matrix(cKDTree(second.xy), REACH_M, output_type="ndarray")
    i, j = near["i"], near["j"]
    alike = axial_difference(first.angle[i], second.angle[j]) < MAX_ANGLE_DEG
    i, j = i[alike], j[alike]
    likeness = np.exp(-0.5 * (color_distance(first.rgb[i], second.rgb[j]) / UNKNOWN_COLOR_DISTANCE) ** 2)
    weight = first.weight[i] * second.weight[j] * likeness
    share = min(MOST_SHARE, len(first.xy) / max(1.0, float(weight.sum())))
    return _Pair(second.xy[j] - first.xy[i], weight, share)
