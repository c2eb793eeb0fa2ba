"""Change read over a series: a hidden Markov model for each pixel, so that a single bad look makes no change.

A pixel is as on the reference date or it is not, and between two looks it goes over with a small probability. Each
date's score is evidence for one or the other, a date that does not see it is none. The forward and backward sums give
the probability of each state on each date from all dates together. Rabiner 1989, doi:10.1109/5.18626. On a pixel's last
look, which nothing later can confirm, the pair decides as well.

Where scores are probabilities, they were calibrated at sites that change more or less than this one: the share of
surely changed pixels shifts what they say (Saerens, Latinne and Decaestecker 2002, doi:10.1162/089976602753284446).
Where they are none they err for whole seasons: there the series only takes marks away.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numba
import numpy as np
from numpy.typing import NDArray

FLIP: Final = 0.08
"""Probability that a pixel goes over between one look and the next."""
PROBABILITY_FLIP: Final = 0.12
"""The same where scores are probabilities: boxes come and go."""
MOST_EVIDENCE: Final = 2.5
"""Log odds that one date can give: scores of one date err together, however sure they are. With it one look
against both its neighbours makes no change, two sure ones do."""
PROBABILITY_OFFSET: Final = -0.2
"""Log odds from which on a probability speaks for change at a site of `USUAL_SHARE`."""
SURE: Final = 0.8
"""Probability from which on a pixel is surely changed."""
USUAL_SHARE: Final = 0.01
"""Share of surely changed pixels at which probabilities are taken as they are."""
SHARE_GAIN: Final = 0.8
"""Of the log of a site's share, how much of it shifts the log odds: quiet sites are read more strictly."""
MOST_SHIFT: Final = (0.5, 1.2)
"""How many log odds busy sites are read more loosely at most, and quiet ones more strictly."""
LEAST_TRUST: Final = 0.1
"""Weight of a date that shows next to nothing."""
HAZE_CAUTION: Final = 2.0
"""Log odds that a pixel's last look must have more where its date shows next to nothing."""
SCORE_GAIN: Final = 4.0
"""Of other scores, log odds for each e-fold above or below the threshold."""
CHANGED: Final = 0.5
"""Probability above which a pixel counts as changed."""
JUST_CHANGED: Final = float(np.nextafter(np.float32(CHANGED), np.float32(1.0)))


def strictness(sure: int, seen: int) -> float:
    """Log odds that a probability must have more than elsewhere, from a site's surely changed and its seen pixels."""
    share = max(sure, 1) / max(seen, 1)
    shift = SHARE_GAIN * (math.log(USUAL_SHARE) - math.log(share))
    return min(max(shift, -MOST_SHIFT[0]), MOST_SHIFT[1])


def trust(seen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weight of each date's evidence from its seen pixels: between clouds haze and shade err together."""
    return np.maximum(seen / max(1, int(seen.max(initial=0))), LEAST_TRUST)


def persistent(
    scores: NDArray[np.float32],
    thresholds: NDArray[np.float64],
    probabilities: bool,
    shift: float,
    weights: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Probability that a pixel differs from the reference, on each date, from all dates.

    Parameters
    ----------
    scores : (date, y, x) float32
        Away from the reference date, in order; NaN where not seen.
    thresholds : (date,) float64
        Of the scores. Where it is no probability, ``ln(score / threshold)`` is the evidence.
    probabilities : bool
        Whether the scores are.
    shift : float
        Log odds that probabilities must have more, from `strictness`; of other scores 0.
    weights : (date,) float64
        Of each date's evidence, from `trust`; of other scores 1.

    Returns
    -------
    (date, y, x) float32
        0 to 1, changed above `CHANGED`; NaN where the date does not see the pixel. With probabilities, on a pixel's
        last look the greater of it and of what the pair alone says, above `CHANGED` where the score is above its
        threshold. With other scores the lesser of both, and on a pixel's last look what the pair says.
    """
    flip = PROBABILITY_FLIP if probabilities else FLIP
    found = _persistent(np.ascontiguousarray(scores, np.float32), thresholds, probabilities, shift, weights, flip)
    return np.asarray(found, np.float32)


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _log_odds(score: float, threshold: float, probabilities: bool) -> float:
    """Of a probability its log odds, of another score how far it lies above its threshold."""
    if probabilities:
        p = min(max(np.float64(score), 1e-6), 1.0 - 1e-6)
        return math.log(p / (1.0 - p))
    return SCORE_GAIN * math.log(max(np.float64(score), 1e-12) / threshold)


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _evidence(score: float, threshold: float, probabilities: bool, shift: float, weight: float) -> float:
    """Likelihood ratio of change."""
    if score != score:
        return 1.0
    odds = _log_odds(score, threshold, probabilities)
    if probabilities:
        odds -= PROBABILITY_OFFSET + shift
    return math.exp(weight * min(max(odds, -MOST_EVIDENCE), MOST_EVIDENCE))


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _alone(score: float, threshold: float, probabilities: bool, shift: float) -> float:
    """What a pair says by itself, above `CHANGED` where the score is above its threshold and what is asked beyond."""
    above = _log_odds(score, threshold, probabilities)
    if probabilities:
        above -= _log_odds(threshold, threshold, True) + shift
    p = 1.0 / (1.0 + math.exp(-above))
    return max(p, JUST_CHANGED) if above > 0.0 else min(p, CHANGED)


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _persistent(scores: Any, thresholds: Any, probabilities: bool, shift: float, weights: Any, flip: float) -> Any:
    dates, height, width = scores.shape
    out = np.empty(scores.shape, np.float32)
    expected, filtered = np.empty(dates), np.empty(dates)
    for y in range(height):
        for x in range(width):
            p = 0.0  # the reference is as it is
            for t in range(dates):
                expected[t] = p * (1.0 - flip) + (1.0 - p) * flip
                odds = expected[t] * _evidence(scores[t, y, x], thresholds[t], probabilities, shift, weights[t])
                p = odds / (odds + 1.0 - expected[t])
                filtered[t] = p
            is_last = True
            for t in range(dates - 1, -1, -1):
                if t + 1 < dates:
                    stayed = filtered[t] * (1.0 - flip) / expected[t + 1]
                    came_back = filtered[t] * flip / (1.0 - expected[t + 1])
                    p = p * stayed + (1.0 - p) * came_back
                score = scores[t, y, x]
                if score != score:
                    out[t, y, x] = np.nan
                    continue
                alone = _alone(score, thresholds[t], probabilities, shift + HAZE_CAUTION * (1.0 - weights[t]))
                if probabilities:
                    out[t, y, x] = max(p, alone) if is_last else p
                else:
                    out[t, y, x] = alone if is_last else min(p, alone)
                is_last = False
    return out
