"""Probability of change of each pixel on each date of a series, by a hidden Markov model over all its looks.

A pixel is as on the reference date or it differs; between two looks it changes state with a small probability. Each
date's score is evidence for either state. Where dates do not show the pixel it may have changed state too, but only
once between two looks, however many dates are hidden: a single false positive against both neighbouring looks makes no
change, unless both are hidden and it is all but certain. Forward and backward sums give the probability of each state
on each date from all dates together. Rabiner 1989, doi:10.1109/5.18626. A pixel's last look cannot be confirmed by a
later one, so there the pair with the reference decides as well.

Scores that are probabilities are shifted, and the rate of changes set, by how much and how often the ground around a
pixel changes (`local_change_rate`). Other scores err for whole seasons: there the series only removes marks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints, Singles
from changedet.kernels.compiled import compiled
from changedet.stages.change.kernels.local_change_rate import LocalChangeRate

CHANGE_PROBABILITY: Final = 0.08
"""Probability that a pixel changes state between two looks, where no rate is known from its surroundings. Chosen on
simulated series, seeds 5900 and 5901 (benchmarks/persistence.py), like the numbers below."""
MOST_EVIDENCE: Final = 2.5
"""Greatest log odds that one date contributes: scores of one date err together, however certain they are. With it one
look against both its neighbours makes no change, two certain ones do."""
PROBABILITY_OFFSET: Final = -0.2
"""Log odds above which a probability is evidence of change where `LocalChangeRate.odds_shift` is 0."""
LEAST_WEIGHT: Final = 0.1
"""Weight of the evidence of a date that shows next to nothing of the site."""
WEIGHT_WITHOUT_NIR: Final = 0.5
"""Factor on the weight of a date without near infrared among others with it, which can separate a pad from a field of
the same colour."""
SEASON_WEIGHT: Final = 2.0
"""Factor on the evidence of a look of the reference's season in another year: fields and grass are then as they were,
so it counts for two; what it alone marks counts once. Chosen with drawn fields and works of other hands in view
(docs/research/change.md, "A look of the reference's season")."""
CHANGE_STEP_WEIGHT: Final = 0.25
"""Least weight of a date that counts as time in which a pixel it does not show may change: under snow or a closed cloud
cover little is built."""
HAZE_CAUTION: Final = 2.0
"""Log odds that are subtracted from a pixel's last look where its date has weight 0; in proportion to 1 - weight."""
SCORE_GAIN: Final = 4.0
"""Of scores that are no probabilities: log odds for each factor e above or below the threshold."""
LEAST_SCORE: Final = 1e-12
"""Of scores and thresholds that are no probabilities: less is taken for as much, since 0 has no logarithm."""
CHANGED_ABOVE: Final = 0.5
"""Probability above which a pixel counts as changed."""
JUST_CHANGED: Final = float(np.nextafter(np.float32(CHANGED_ABOVE), np.float32(1.0)))


def date_weights(seen_px: Ints, nir: Bools | None = None) -> Floats:
    """Weight of each date's evidence: of dates between clouds haze and shade err together.

    Parameters
    ----------
    seen_px : int64 (date,)
        Pixels of the site that each date shows.
    nir : bool (date,), optional
        Whether each date has near infrared.

    Returns
    -------
    float64 (date,)
        `LEAST_WEIGHT` to 1, in proportion to `seen_px`; `WEIGHT_WITHOUT_NIR` times that without near infrared, where
        another date has it.
    """
    weights = np.maximum(seen_px / max(1, int(seen_px.max(initial=0))), LEAST_WEIGHT)
    return weights if nir is None or not nir.any() else np.where(nir, weights, WEIGHT_WITHOUT_NIR * weights)


def series_change_probability(
    scores: Singles,
    thresholds: Floats,
    probabilities: bool,
    weights: Floats,
    rate: LocalChangeRate | None = None,
    in_season: Sequence[bool] = (),
) -> Singles:
    """Probability that a pixel differs from the reference, on each date, from all dates.

    Parameters
    ----------
    scores : float32 (date, y, x)
        Away from the reference date, in order; NaN where not seen.
    thresholds : float64 (date,)
        Of the scores. Where these are no probabilities, ``ln(score / threshold)`` is the evidence.
    probabilities : bool
        Whether the scores are.
    weights : float64 (date,)
        Of each date's evidence, from `date_weights`; 1 for scores that are no probabilities.
    rate : LocalChangeRate, optional
        Of the same pixels, for probabilities; without it no shift, and `CHANGE_PROBABILITY` everywhere.
    in_season : sequence of bool, optional
        Of each date whether it is of the reference's season, as of `season_witness.of_one_season`: its evidence counts
        `SEASON_WEIGHT` times. None is where it is empty.

    Returns
    -------
    float32 (date, y, x)
        0 to 1, changed above `CHANGED_ABOVE`; NaN where the date does not see the pixel. With probabilities, on a
        pixel's last look the greater of it and of the pair's own probability, which is above `CHANGED_ABOVE` where the
        score is above its threshold. With other scores the lesser of both, and on a pixel's last look the pair's own.
    """
    shape = scores.shape[1:]
    shift, change, last = (np.zeros(shape), np.full(shape, CHANGE_PROBABILITY), None) if rate is None else rate
    last = np.zeros(shape) if last is None else last
    season = np.array(in_season or (False,) * len(scores), np.bool_)
    given = np.ascontiguousarray(scores, np.float32), thresholds, probabilities, weights, season
    return np.asarray(_series(*given, shift, change, last), np.float32)


@compiled
def _log_odds(score: float, threshold: float, probabilities: bool) -> float:
    """Of a probability its log odds, of another score how far it lies above its threshold."""
    if probabilities:
        p = min(max(score, 1e-6), 1.0 - 1e-6)
        return math.log(p / (1.0 - p))
    return SCORE_GAIN * math.log(max(score, LEAST_SCORE) / max(threshold, LEAST_SCORE))


@compiled
def _evidence(score: float, threshold: float, probabilities: bool, shift: float, weight: float) -> float:
    """Likelihood ratio of change."""
    odds = _log_odds(np.float64(score), threshold, probabilities)
    if probabilities:
        odds -= PROBABILITY_OFFSET + shift
    return math.exp(weight * min(max(odds, -MOST_EVIDENCE), MOST_EVIDENCE))


@compiled
def _pair_probability(score: float, threshold: float, probabilities: bool, shift: float) -> float:
    """The pair's own probability: above `CHANGED_ABOVE` where the score exceeds its threshold by `shift` log odds."""
    above = _log_odds(np.float64(score), threshold, probabilities)
    if probabilities:
        above -= _log_odds(threshold, threshold, probabilities) + shift
    p = 1.0 / (1.0 + math.exp(-above))
    return max(p, JUST_CHANGED) if above > 0.0 else min(p, CHANGED_ABOVE)


@compiled
def _marking(scores: Singles, thresholds: Floats, shift: float) -> int:
    """How many looks are evidence of change; what one alone shows, as a train, has no season."""
    looks = 0
    for t in range(len(scores)):
        if scores[t] == scores[t]:
            looks += _log_odds(np.float64(scores[t]), thresholds[t], True) > PROBABILITY_OFFSET + shift
    return looks


@compiled
def _steps(scores: Singles, weights: Floats, seen: Bools, steps: Bools) -> None:
    """Which dates see a pixel, and on which it may have changed state since the step before."""
    waits = True
    for t in range(len(scores)):
        seen[t] = scores[t] == scores[t]
        steps[t] = seen[t] or (waits and weights[t] >= CHANGE_STEP_WEIGHT)
        waits = seen[t] or (waits and not steps[t])


@compiled
def _series(  # noqa: C901 - in one piece: split it takes a quarter more time
    scores: Singles,
    thresholds: Floats,
    probabilities: bool,
    weights: Floats,
    in_season: Bools,
    shifts: Floats,
    changes: Floats,
    lasts: Floats,
) -> Singles:
    dates, height, width = scores.shape
    out = np.full(scores.shape, np.nan, np.float32)
    expected, filtered = np.empty(dates), np.empty(dates)
    seen, steps = np.empty(dates, np.bool_), np.empty(dates, np.bool_)
    for y in range(height):
        for x in range(width):
            shift, change = shifts[y, x], changes[y, x]
            _steps(scores[:, y, x], weights, seen, steps)
            borne_out = not probabilities or _marking(scores[:, y, x], thresholds, shift) > 1
            p = 0.0  # the reference does not differ from itself
            last = dates - 1
            while last > 0 and not seen[last]:
                last -= 1
            for t in range(dates):
                if not steps[t]:
                    continue
                expected[t] = p = p * (1.0 - change) + (1.0 - p) * change
                if seen[t]:
                    own_shift = shift + lasts[y, x] if t == last else shift
                    twice = in_season[t] and (borne_out or scores[t, y, x] < CHANGED_ABOVE)
                    weight = SEASON_WEIGHT * weights[t] if twice else weights[t]
                    odds = p * _evidence(scores[t, y, x], thresholds[t], probabilities, own_shift, weight)
                    p = odds / (odds + 1.0 - p)
                filtered[t] = p
            later = -1
            for t in range(dates - 1, -1, -1):
                if not steps[t]:
                    continue
                if later >= 0:
                    stayed = filtered[t] * (1.0 - change) / expected[later]
                    came_back = filtered[t] * change / (1.0 - expected[later])
                    p = p * stayed + (1.0 - p) * came_back
                later = t
                if seen[t]:
                    needed = shift + lasts[y, x] + HAZE_CAUTION * (1.0 - weights[t])
                    own = _pair_probability(scores[t, y, x], thresholds[t], probabilities, needed)
                    out[t, y, x] = _combined(p, own, probabilities, t == last)
    return out


@compiled
def _combined(together: float, own: float, probabilities: bool, is_last: bool) -> float:
    if probabilities:
        return max(together, own) if is_last else together
    return own if is_last else min(together, own)
