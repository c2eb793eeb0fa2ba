"""How far a count may be from the truth where nobody fitted anything: what a date's boxes show of it themselves."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints

LEAST_EXPECTED: Final = 10.0
"""Boxes that must be expected for a date without them to count as not seen. Chosen by hand."""
NOT_SEEN: Final = 0.25
"""Share of the expected boxes below which a date that shows their ground does not show them: snow lies on the roofs, or
the picture is of no use. What leaves between two looks is expected on the later one no more. Chosen by hand."""

HOME_ODDS: Final = "home_odds"
"""Column of boxes: log odds that each lies among houses, see `objects.kernels.box_homes`; NaN where it is not known."""

BESIDE_ROOF: Final = 6.5
"""Log odds that a box lies among houses within 15 m of a roof that the sun tells (`objects.kernels.gabled_roofs`): 3 of
10,474 true boxes on 128 looks of three hands stand so near to one, and of the false ones at four colonies 13 of 49."""

SURE: Final = 0.9
"""Confidence from which a look shows a box for sure (docs/research/tracks.md, as the next)."""
UNSURE_SHARE: Final = 0.55
"""Of a site's boxes, more than which no look shows for sure where they may all be something else: .38 at most of those
of the pseudo-hands' sites with 20 boxes and more, .53 with 5."""

LITTLE_SURE: Final = 2.5
"""Mean log odds of a place's looks (.92), below which these show its box for less than sure."""
IN_THE_GREEN: Final = -3.0
"""Mean log odds that it lies among houses, above which nothing tells it from a garden: true boxes on paved yards lie at
-4 to -7, halves of drawn houses' roofs at -3 to 1."""
AROUND_M: Final = 75.0
"""Within which of a place others tell what it may be: some rows of houses, a yard."""
CROWD, CROWD_M = 3, 8.0
"""Others within so many metres of a place, from which it may lie in a stack and says nothing of others: a house has two
slopes and a shed. Unsure boxes of a real harbour at its picture's edge are told from a village by it alone."""
THICK: Final = 4
"""How many more of these than others around make a village, where whatever is unsure or in the green is a roof: it is 2
at most at 39 drawn sites without a village and a real harbour, 4 to 27 at six with one."""
LEAST_APART, MOST_APART = 5.0, 0.05
"""Of these, as many at least on a site with villages; and where they are thinner, among no more others than such, as
many and this share of all others: 39 drawn sites without a village have 3 of 7 at most, six with one 7 to 145. Chosen
with these in view, as the others here (docs/research/tracks.md, "Villages")."""
LEAST_SURE: Final = 20
"""Sure places beside these, without which nothing shows how true boxes stand there: those on new earth are as unsure
and as far apart as houses are, and lower bounds alone leave them out. 6 sure ones at most at colonies of houses and at
three sites of few boxes, 34 and more at five wide sites with villages; all of 7 boxes were left out at a fresh one."""
LEAST_ABOVE: Final = 0.1
"""Share of what is unsure there that may be boxes yet, for upper bounds. Chosen by hand."""

USUAL_DISTANCE: Final = 0.7
"""From what was learned, in that of the training scenes' edge: up to here all pseudo-hands' scenes are counted alike
well; beyond, some show next to none of their boxes (docs/calibration.md)."""
FAR_DISTANCE: Final = 0.8
"""Up to here those that show their boxes are counted as well as nearer ones."""
WIDENING: Final = 10.0
"""By how many half widths an interval widens for each unit of distance beyond one of these. Chosen by hand."""

TAUGHT_VIEW_DEG: Final = 25.0
"""Off nadir, up to which scenes taught the models (training/wide_looks.py, training/painter)."""
SLANT_DOUBT, MOST_SLANT = 1.5, 0.15
"""Distance for each unit of tangent beyond it, and at most: with these the intervals of four drawn sites from 24 to 38
degrees hold on 19 of 20 dates, before on 11. Chosen by hand (docs/research/judges.md, "Far off nadir")."""
SLANT_BELOW: Final = 0.4
"""Of it, below: walls are counted as boxes, but fewer than stacks hide. Chosen by hand."""
USUAL_DOUBT: Final = 0.35
"""Of the expected boxes, up to which a date's doubt above is one that teaching sites have, too: .35 at most on 32 of
them with 50 boxes and more (docs/research/tracks.md, "Packed yards in doubt")."""
MANY: Final = 100.0
"""Boxes from which such a share says something: of few, one more in doubt is a large one. Chosen by hand."""


UNSEEN_OF_A_PAIR: Final = 3.0
"""Boxes that may be missed for each pair of 20-foot boxes that is found to touch end to end, as .45 of such boxes are
counted: by it 17 of 20 dates of five own sites of them hold, for 4 (docs/research/tracks.md, "Pairs that touch")."""


class Signs(NamedTuple):
    """What the boxes of a date show of how far their number can be trusted.

    Attributes
    ----------
    expected : float
        Expected containers.
    uncertain : float
        Sum of ``1 - c`` over the counted containers of confidence ``c``.
    weak : float
        Sum of ``c`` over containers below the threshold.
    missed : float
        What is expected and was not detected, or was detected and is not expected.
    others : float
        Counted boxes that are no containers: where there are many, some are taken for containers.
    """

    expected: float
    uncertain: float
    weak: float
    missed: float
    others: float


class Weights(NamedTuple):
    """By how much each sign widens an interval on one side; fitted, see training/fit_intervals.py.

    Attributes
    ----------
    plain : float
        Boxes, always.
    expected, uncertain, weak, missed, others : float
        Boxes for one of the sign.
    """

    plain: float = 0.0
    expected: float = 0.0
    uncertain: float = 0.0
    weak: float = 0.0
    missed: float = 0.0
    others: float = 0.0


class Doubts(NamedTuple):
    """Weights of a detector's signs, below and above, for counts and for arrivals or departures.

    Attributes
    ----------
    boxes, events : (Weights, Weights)
        Below and above.
    """

    boxes: tuple[Weights, Weights]
    events: tuple[Weights, Weights]


NO_DOUBTS: Final = Doubts((Weights(), Weights()), (Weights(), Weights()))
"""Where nothing was fitted, and where a person's labels of the site stand in their place."""


def doubt(signs: Signs, weights: Weights) -> float:
    """``sqrt(plain^2 + sum (weight sign)^2)``.

    Parameters
    ----------
    signs : Signs
        Of a date.
    weights : Weights
        Of one side.

    Returns
    -------
    float
        Boxes.
    """
    terms = np.array((1.0, *signs)) * np.array(weights)
    return float(np.sqrt((terms**2).sum()))


def widened(half: float, signs: Signs, weights: Weights, beyond: float) -> float:
    """A half width that knows where it is: ``(1 + 10 max(0, beyond)) sqrt(half^2 + doubt^2)``.

    Parameters
    ----------
    half : float
        Of the interval at home, boxes.
    signs : Signs
        Of the date.
    weights : Weights
        Of this side.
    beyond : float
        How far the scene lies beyond `USUAL_DISTANCE` or `FAR_DISTANCE`; NaN where that is not known.

    Returns
    -------
    float
        Boxes.
    """
    return float((1.0 + WIDENING * np.fmax(0.0, beyond)) * np.hypot(half, doubt(signs, weights)))


def unusual_doubt(signs: Signs, weights: Weights) -> float:
    """How far a date's doubt lies beyond that of teaching sites: there more boxes may be missed than its signs tell.

    Parameters
    ----------
    signs : Signs
        Of the date.
    weights : Weights
        Of the upper side.

    Returns
    -------
    float
        As a share of the expected boxes, or of 100 where fewer are; negative where the doubt is usual.
    """
    return doubt(signs, weights) / max(signs.expected, MANY) - USUAL_DOUBT


def slants(off_nadir_deg: Floats) -> Floats:
    """How much farther than on any scene that taught the models roofs lean for their height, on the looks of a series.

    There stacks hide whole rows behind them, and walls as wide as roofs are counted as boxes. All looks of a series
    tell what stood there on each, so that those from nearer the nadir are less sure, too.

    Parameters
    ----------
    off_nadir_deg : float64 (date,)
        NaN where it is not known.

    Returns
    -------
    float64 (date,)
        Stands for a distance in `widened`; 0 where no look leans farther.
    """
    farther = np.tan(np.radians(off_nadir_deg)) - np.tan(np.radians(TAUGHT_VIEW_DEG))
    own = np.fmax(0.0, farther)
    return np.asarray(np.minimum(SLANT_DOUBT * np.fmax(own, own.mean()), MOST_SLANT), np.float64)


def unseen_of_pairs(pairs: float) -> float:
    """By how much more an interval reaches up where 20-foot boxes touch end to end, an independent error.

    Parameters
    ----------
    pairs : float
        Found ones.

    Returns
    -------
    float
        Boxes.
    """
    return UNSEEN_OF_A_PAIR * pairs


def blind_dates(detected: Floats, expected: Floats) -> Bools:
    """Which dates do not show the boxes on ground that they do show.

    Parameters
    ----------
    detected, expected : float64 (date,)
        Containers on that ground.

    Returns
    -------
    bool (date,)
        True where much is expected and next to nothing was detected. None is where most dates are: then it is the few
        looks that show boxes which are in doubt, and all others speak against them.
    """
    much = expected >= LEAST_EXPECTED
    blind = much & (detected < NOT_SEEN * expected)
    return np.asarray(blind & (2 * blind.sum() <= much.sum()), bool)


def may_all_be_others(surest: Floats) -> bool:
    """Say whether all boxes may be one kind of something else: looks at one thing err alike, however many.

    Parameters
    ----------
    surest : float64 (box,)
        The greatest confidence with which any look shows each, 0 to 1.

    Returns
    -------
    bool
        False where there is none.
    """
    return bool(surest.size and (surest < SURE).mean() > UNSURE_SHARE)


class Others(NamedTuple):
    """Places that may hold something else of a container's size.

    Attributes
    ----------
    share : float64 (place,)
        How likely each does, 0 to 1.
    above : float64 (place,)
        Which share of that may be boxes yet, for upper bounds.
    among : bool (place,)
        True of all places among those, for lower bounds.
    """

    share: Floats
    above: Floats
    among: Bools


def others_in_the_green(surety: Floats, home: Floats, looks: Ints, xy_m: Floats) -> Others:
    """Which places hold something else: looks at one thing err alike, and a village has many such things.

    Halves of roofs and sheds are shown for less than sure, look after look, on ground that may be a garden. So are
    some boxes, but among others that are sure, in stacks or on a yard. Where a site has more that stand apart from such
    than its other boxes explain, they are roofs, and of so many roofs some look as sure as boxes do.

    Parameters
    ----------
    surety : float64 (place,)
        Mean log odds of the looks that show a box there; NaN where none does.
    home : float64 (place,)
        Mean log odds that it lies among houses; NaN where it is not known.
    looks : int64 (place,)
        How many show one.
    xy_m : float64 (place, 2)
        Where each lies, metres.

    Returns
    -------
    Others
        Of none where the site has no such surplus; where too few are sure to tell, of nothing but which lie there.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    def _around(chosen: Bools, reach_m: float) -> Ints:
        if not chosen.any():
            return np.zeros(len(looks), np.int64)
        return np.asarray(cKDTree(xy_m[chosen]).query_ball_point(xy_m, reach_m, return_length=True), np.int64)

    shown, unsure, green = looks > 0, ~(surety >= LITTLE_SURE), home > IN_THE_GREEN
    roof_like = shown & unsure & green
    alone = roof_like & (_around(shown, CROWD_M) <= CROWD)
    surplus = _around(alone, AROUND_M) - _around(shown & ~roof_like, AROUND_M)
    thick, apart = surplus >= THICK, surplus >= 0
    thick &= (alone & apart).sum() >= LEAST_APART
    explained = MOST_APART * float((shown & ~(alone & apart)).sum())
    thin = max(0.0, 1.0 - explained / max(1.0, float((alone & apart).sum())))
    if (alone & apart).sum() < LEAST_APART + explained:
        apart, thin = thick, 0.0
    if (shown & ~unsure & ~thick).sum() < LEAST_SURE:
        thick, thin = np.zeros(len(looks), bool), 0.0
    among = (green & apart) | thick
    out = among & (unsure | (thick & green))
    return Others(np.where(out, np.where(thick, 1.0, thin), 0.0), np.where(thick & unsure, LEAST_ABOVE, 1.0), among)
