"""Change read over a series: a hidden Markov model for each pixel, so that a single bad look makes no change.

A pixel is as on the reference date or it is not, and between two dates it goes over with a small probability. Each
date's score is evidence for one or the other. What a date hides may have changed by then, once between two looks,
however many dates hide it: so one bad look against both its neighbours makes no change, unless both are hidden and it
is all but sure. The forward and backward sums give the probability of each state on each date from all dates together.
Rabiner 1989, doi:10.1109/5.18626. On a pixel's last look, which nothing later can confirm, the pair decides as well.

Where scores are probabilities, how much and how often the ground around a pixel changes shifts what they say and how
freely they go over (`unrest`). Where they are none they err for whole seasons: there the series only takes marks away.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numba
import numpy as np
from numpy.typing import NDArray

from changedet.stages.change.kernels.local_change_rate import Unrest

FLIP: Final = 0.08
"""Probability that a pixel goes over between one look and the next, where scores are no probabilities."""
MOST_EVIDENCE: Final = 2.5
"""Log odds that one date can give: scores of one date err together, however sure they are. With it one look
against both its neighbours makes no change, two sure ones do."""
PROBABILITY_OFFSET: Final = -0.2
"""Log odds from which on a probability speaks for change where nothing is asked beyond."""
LEAST_TRUST: Final = 0.1
"""Weight of a date that shows next to nothing."""
WITHOUT_NIR: Final = 0.5
"""Weight of a date without near infrared among others with it: they tell a pad from a field of its very colour."""
PASSES: Final = 0.25
"""Weight of a date from which on time passes for what it hides: under snow or a closed cover little is built."""
HAZE_CAUTION: Final = 2.0
"""Log odds that a pixel's last look must have more where its date shows next to nothing."""
SCORE_GAIN: Final = 4.0
"""Of other scores, log odds for each e-fold above or below the threshold."""
CHANGED: Final = 0.5
"""Probability above which a pixel counts as changed."""
JUST_CHANGED: Final = float(np.nextafter(np.float32(CHANGED), np.float32(1.0)))


def trust(seen: NDArray[np.int64], nir: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Weight of each date's evidence from its seen pixels, as between clouds haze and shade err together, and from
    whether it has near infrared."""
    weights = np.maximum(seen / max(1, int(seen.max(initial=0))), LEAST_TRUST)
    return weights if nir is None or not nir.any() else np.where(nir, weights, WITHOUT_NIR * weights)


def persistent(
    scores: NDArray[np.float32],
    thresholds: NDArray[np.float64],
    probabilities: bool,
    weights: NDArray[np.float64],
    around: Unrest | None = None,
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
    weights : (date,) float64
        Of each date's evidence, from `trust`; of other scores 1.
    around : Unrest, optional
        What probabilities are read with, of the same pixels; without it `FLIP` everywhere, and nothing beyond is asked.

    Returns
    -------
    (date, y, x) float32
        0 to 1, changed above `CHANGED`; NaN where the date does not see the pixel. With probabilities, on a pixel's
        last look the greater of it and of what the pair alone says, above `CHANGED` where the score is above its
        threshold. With other scores the lesser of both, and on a pixel's last look what the pair says.
    """
    shape = scores.shape[1:]
    strictness, flip = (np.zeros(shape), np.full(shape, FLIP)) if around is None else around
    given = np.ascontiguousarray(scores, np.float32), thresholds, probabilities, weights
    return np.asarray(_persistent(*given, strictness, flip), np.float32)


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
def _steps(scores: Any, weights: Any, seen: Any, steps: Any) -> None:
    """Which dates see a pixel, and to which it may have gone over since the one before."""
    waits = True
    for t in range(len(scores)):
        seen[t] = scores[t] == scores[t]
        steps[t] = seen[t] or (waits and weights[t] >= PASSES)
        waits = seen[t] or (waits and not steps[t])


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _persistent(scores: Any, thresholds: Any, probabilities: bool, weights: Any, strictness: Any, flips: Any) -> Any:
    dates, height, width = scores.shape
    out = np.full(scores.shape, np.nan, np.float32)
    expected, filtered = np.empty(dates), np.empty(dates)
    seen, steps = np.empty(dates, np.bool_), np.empty(dates, np.bool_)
    for y in range(height):
        for x in range(width):
            shift, flip = strictness[y, x], flips[y, x]
            _steps(scores[:, y, x], weights, seen, steps)
            p = 0.0  # the reference is as it is
            for t in range(dates):
                if not steps[t]:
                    continue
                expected[t] = p = p * (1.0 - flip) + (1.0 - p) * flip
                if seen[t]:
                    odds = p * _evidence(scores[t, y, x], thresholds[t], probabilities, shift, weights[t])
                    p = odds / (odds + 1.0 - p)
                filtered[t] = p
            later, is_last = -1, True
            for t in range(dates - 1, -1, -1):
                if not steps[t]:
                    continue
                if later >= 0:
                    stayed = filtered[t] * (1.0 - flip) / expected[later]
                    came_back = filtered[t] * flip / (1.0 - expected[later])
                    p = p * stayed + (1.0 - p) * came_back
                later = t
                if seen[t]:
                    caution = shift + HAZE_CAUTION * (1.0 - weights[t])
                    alone = _alone(scores[t, y, x], thresholds[t], probabilities, caution)
                    out[t, y, x] = _told(p, alone, probabilities, is_last)
                    is_last = False
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _told(together: float, alone: float, probabilities: bool, is_last: bool) -> float:
    if probabilities:
        return max(together, alone) if is_last else together
    return alone if is_last else min(together, alone)
