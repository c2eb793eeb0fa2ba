"""How much, and how often, the ground around each pixel changes: it sets how a series of probabilities is read.

Where boxes are exchanged all over a yard, a middling probability more likely means one more of them than on a field
where nothing else changed: the share of surely changed looks around a pixel shifts its log odds (as a site's share does
in Saerens, Latinne and Decaestecker 2002, doi:10.1162/089976602753284446). On sidings a train stands on one date and is
gone on the next: the share of sure changes that were gone on the next look is the rate at which pixels change state
there, one step of the estimate of a hidden Markov model's transitions (Rabiner 1989, doi:10.1109/5.18626) around each
pixel. Both are bounded by the rates of the whole site: on quiet sites leaning stacks look like frequent change.

All numbers were chosen on simulated series, seeds 5900 and 5901 (benchmarks/persistence.py).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Floats, Singles
from changedet.kernels.compiled import compiled
from changedet.kernels.morphology import dilated, opened, square

SURELY_CHANGED: Final = 0.8
"""Probability above which a look is surely changed."""
SURELY_UNCHANGED: Final = 0.2
"""Probability below which a look is surely unchanged."""
REACH_M: Final = 20.0
"""Half a side of the square around a pixel: a yard's aisles or four tracks wide."""
WIDE_M: Final = 3.5
"""Side of squares of sure change that are ground, not boxes: around it the shift is 0, as below that its worn rim would
be marked."""
RIM_M: Final = 10.0
"""Looks as near as this to what their date hides do not count: the rims of clouds come and go as trains do."""
USUAL_SHARE: Final = 0.01
"""Share of surely changed looks at which the shift is 0."""
SHARE_GAIN: Final = 0.6
"""Log odds of shift for each factor e of the share around a pixel."""
MOST_SHIFT: Final = (0.5, 1.2)
"""Greatest log odds by which busy ground is favoured, and by which quiet ground is held back."""
SITE_GAIN: Final = 0.8
"""The same as `SHARE_GAIN` for the share of the whole site."""
BELOW_SITE: Final = 0.6
"""Log odds by which the shift around a pixel may lie below that of the whole site."""
UNSETTLED_SHIFTS: Final = (0.3, 0.6)
"""Shift of a site, in log odds, up to which the rate around each pixel counts in full, and from which on
`USUAL_CHANGE` counts alone."""
USUAL_CHANGE: Final = 0.12
"""Probability that a pixel changes state between two looks where no rate is known: boxes come and go."""
MOST_CHANGE: Final = 0.5
"""The same where trains come and go: each look stands by itself."""
PRIOR_LOOKS_M2: Final = 1000.0
"""Looks, in square metres, whose weight the prior `PRIOR_SHARE` has."""
PRIOR_SHARE: Final = 0.001
"""Share of sure change before any look was counted."""
PRIOR_CHANGES_M2: Final = 30.0
"""Sure changes, in square metres, whose weight the prior `USUAL_CHANGE` has: two boxes, so that one lorry makes no
siding."""
COUNTS: Final = 5
"""What is counted of each pixel, see `_count`."""
CLEAR_WEIGHT: Final = 0.8
"""Weight of a date from which on it may show that a change is gone: in haze changes seem gone too."""


class LocalChangeRate(NamedTuple):
    """How a pixel's probabilities are to be read.

    Attributes
    ----------
    odds_shift : float64 (y, x)
        Log odds to subtract; above 0 on quiet ground, below on busy ground.
    change_probability : float64 (y, x)
        That the pixel changes state between one look and the next, `USUAL_CHANGE` to `MOST_CHANGE`.
    last_look_odds : float64 (y, x) or None
        Log odds that a pixel's last look must have beyond that, as no later one can say that what stands there stayed.
    """

    odds_shift: Floats
    change_probability: Floats
    last_look_odds: Floats | None = None


def halo_px(gsd_m: float) -> int:
    """How far `local_change_rate` looks around.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return _reach_px(gsd_m) + max(_wide_px(gsd_m) - 1, _rim_px(gsd_m))


def _reach_px(gsd_m: float) -> int:
    return max(1, round(REACH_M / gsd_m))


def _wide_px(gsd_m: float) -> int:
    return round(WIDE_M / gsd_m) | 1


def _rim_px(gsd_m: float) -> int:
    return round(RIM_M / gsd_m)


def local_change_rate(scores: Singles, weights: Floats, gsd_m: float) -> LocalChangeRate:
    """How much and how often the ground around each pixel changes.

    Parameters
    ----------
    scores : float32 (date, y, x)
        Probabilities of change, away from the reference date, in order; NaN where not seen. With `halo_px` more on each
        side than what is wanted.
    weights : float64 (date,)
        Of each date, from `series_hmm.date_weights`.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    LocalChangeRate
        Without the halo.
    """
    within, rim = square(_wide_px(gsd_m)), square(2 * _rim_px(gsd_m) + 1)
    wide = np.stack([opened(one > np.float32(SURELY_CHANGED), within) for one in scores]).view(np.uint8)
    hidden = np.stack([dilated(np.isnan(one), rim) for one in scores]).view(np.uint8)
    counts = np.zeros((COUNTS, *wide.shape[1:]))
    _count(np.ascontiguousarray(scores, np.float32), wide, hidden, weights >= CLEAR_WEIGHT, counts)
    reach, halo = _reach_px(gsd_m), halo_px(gsd_m)
    inner = slice(halo, -halo)
    # whole numbers, so the sums do not depend on where a tile begins
    looks, changed, found, followed, gone = (_summed(one, 2 * reach + 1)[inner, inner] for one in counts)
    return LocalChangeRate(*_shift_and_rate(looks, changed, found, followed, gone, gsd_m**2))


def _summed(counts: Floats, size_px: int) -> Floats:
    total = cv2.boxFilter(counts, -1, (size_px, size_px), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.ascontiguousarray(np.rint(total), np.float64)


def bounded_by_site(rate: LocalChangeRate, sure_px: int, seen_px: int, weights: Floats) -> LocalChangeRate:
    """The rate around each pixel within the bounds that the whole site sets.

    Parameters
    ----------
    rate : LocalChangeRate
        From `local_change_rate`.
    sure_px, seen_px : int
        The site's pixels of all dates that are surely changed, and that are seen.
    weights : float64 (date,)
        From `series_hmm.date_weights`: the fewer dates are clear, the less the rate of changes counts.

    Returns
    -------
    LocalChangeRate
        Of the same pixels.
    """
    share = max(sure_px, 1) / max(seen_px, 1)
    site = min(max(SITE_GAIN * math.log(USUAL_SHARE / share), -MOST_SHIFT[0]), MOST_SHIFT[1])
    low, high = UNSETTLED_SHIFTS
    counted = min(max((high - site) / (high - low), 0.0), 1.0) * float(np.mean(weights >= CLEAR_WEIGHT))
    change = USUAL_CHANGE + counted * (rate.change_probability - USUAL_CHANGE)
    return LocalChangeRate(np.maximum(rate.odds_shift, site - BELOW_SITE), change)


def beside_boxes(rate: LocalChangeRate) -> LocalChangeRate:
    """How ground is to be read where the boxes are followed one by one.

    What comes and goes there and is no box is a mover: busy ground is no reason to expect more, what one look alone
    shows is nothing, and the threshold of a pixel's last look is raised by as much as sure changes around did not stay.

    Parameters
    ----------
    rate : LocalChangeRate
        From `bounded_by_site`.

    Returns
    -------
    LocalChangeRate
        Of the same pixels.
    """
    change = rate.change_probability
    fleeting = np.log(change / (1.0 - change)) - math.log(USUAL_CHANGE / (1.0 - USUAL_CHANGE))
    return LocalChangeRate(np.maximum(rate.odds_shift, 0.0), np.full_like(change, USUAL_CHANGE), fleeting)


@compiled
def _count(scores: Singles, wide: Bytes, hidden: Bytes, clear: Bools, out: Floats) -> None:
    """Of each pixel its looks; of these the surely changed, their wide ones, those with a sure look next, and gone."""
    dates, height, width = scores.shape
    for y in range(height):
        for x in range(width):
            was = 0  # the reference is unchanged; -1 is not sure
            for t in range(dates):
                score = scores[t, y, x]
                if hidden[t, y, x]:
                    continue
                is_sure = score > np.float32(SURELY_CHANGED)
                out[0, y, x] += 1.0
                if is_sure:
                    out[1, y, x] += 1.0
                    out[2, y, x] += wide[t, y, x]
                if not clear[t]:
                    continue
                now = 1 if is_sure else (0 if score < np.float32(SURELY_UNCHANGED) else -1)
                out[3, y, x] += was == 1 and now >= 0
                out[4, y, x] += was == 1 and now == 0
                was = now


@compiled
def _shift(changed_m2: float, looks_m2: float) -> float:
    """Log odds to subtract where so much of the looks is surely changed."""
    share = (changed_m2 + PRIOR_LOOKS_M2 * PRIOR_SHARE) / (looks_m2 + PRIOR_LOOKS_M2)
    return min(max(SHARE_GAIN * math.log(USUAL_SHARE / share), -MOST_SHIFT[0]), MOST_SHIFT[1])


@compiled
def _shift_and_rate(
    looks: Floats, changed: Floats, wide: Floats, followed: Floats, gone: Floats, pixel_m2: float
) -> tuple[Floats, Floats]:
    shift, change = np.empty(looks.shape), np.empty(looks.shape)
    for y in range(looks.shape[0]):
        for x in range(looks.shape[1]):
            seen_m2, changed_m2, wide_m2 = (pixel_m2 * looks[y, x], pixel_m2 * changed[y, x], pixel_m2 * wide[y, x])
            by_boxes, by_all = _shift(changed_m2 - wide_m2, seen_m2 - wide_m2), _shift(changed_m2, seen_m2)
            shift[y, x] = min(by_boxes, max(by_all, 0.0))
            rate = (gone[y, x] * pixel_m2 + PRIOR_CHANGES_M2 * USUAL_CHANGE) / (
                followed[y, x] * pixel_m2 + PRIOR_CHANGES_M2
            )
            change[y, x] = min(max(rate, USUAL_CHANGE), MOST_CHANGE)
    return shift, change
