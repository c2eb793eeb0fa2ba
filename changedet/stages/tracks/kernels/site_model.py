"""What a series shows of its site: rates of change, shares of the place classes, how easily each date shows a box.

Learnt by expectation-maximisation (Dempster, Laird, Rubin 1977) from the posteriors of all places.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels.emissions import CLASSES, MOBILE, REAL, DetectorTables, tilted
from changedet.stages.tracks.kernels.markov import ChainPosterior

RATE_PRIOR_PLACES: Final = 20.0
"""Places that the prior of a rate or of a class's weight is worth. Other values differ by less than .01 of F1 on the
calibration sites (docs/research/tracks.md)."""
RATE_CAP: Final = 3.5
"""Times the prior rate: without a bound, a detector that often finds nothing is learnt as boxes that come and go."""
ODDS_BOUND: Final = 3.0
"""Bound of the log odds of clutter: a share of 5 to 95 %. Chosen by hand."""
BISECTIONS: Final = 40
"""Halvings of that range: to the last digits of a double."""
LEAST_FALSE: Final = 0.02
"""The series may lower the share of false rows to this part of the stated one, never raise it."""
FAMILIAR_SD: Final = 0.5
"""Standard deviation of the detectability of scenes like those that the detector knows: within the pseudo-hands' sites
that of the log odds with which true boxes are found (training/recall_by_distance.py, docs/research/tracks.md)."""
MOST_STEP: Final = 2.0
"""Of one Newton step of a date's detectability. Chosen by hand."""
MOST_DETECTABILITY_SDS: Final = 4
"""Bound of a date's detectability, in its standard deviations."""


class Rates(NamedTuple):
    """Prior rates, as the method's parameters give them.

    Attributes
    ----------
    birth, death : float
        Probability an interval that an empty still place fills, and that a full one empties.
    false_share : float
        Share of the counted rows that is clutter; 0 means that clutter is not considered.
    caution : float
        Times the rates with which the likeliest history is found, 0 to 1: below 1, a change needs more evidence to be
        reported than to be probable.
    """

    birth: float
    death: float
    false_share: float
    caution: float


class SiteModel(NamedTuple):
    """Parameters of the chains of one site.

    Attributes
    ----------
    birth, death : float64 (REAL, date - 1)
        Rates of change by real class and interval.
    weight : float64 (class,)
        Prior weights of the classes.
    detectability : float64 (date,)
        How easily each date shows a box, see `emissions.tilted`; 0 is usual.
    start : float64 (REAL,)
        Each real class's share of places that are full on the first date.
    """

    birth: Floats
    death: Floats
    weight: Floats
    detectability: Floats
    start: Floats


def first_model(dates: int, rates: Rates, tables: DetectorTables) -> SiteModel:
    """The model before the series is looked at.

    Parameters
    ----------
    dates : int
        Number of dates.
    rates : Rates
        Of still places.
    tables : DetectorTables
        Of the detector: rates of mobile places and weights of the classes.

    Returns
    -------
    SiteModel
        Usual detectability on all dates.
    """
    births = np.tile([[rates.birth], [rates.birth], [rates.birth], [tables.mobile_birth]], (1, dates - 1))
    deaths = np.tile([[rates.death], [rates.death], [rates.death], [tables.mobile_death]], (1, dates - 1))
    start = np.full(REAL, tables.start)
    start[MOBILE] = tables.mobile_birth / (tables.mobile_birth + tables.mobile_death)
    only_real = np.array([1.0] * REAL + [0.0] * (len(CLASSES) - REAL))
    share = only_real if rates.false_share <= 0 else np.full(len(CLASSES), 0.5)
    return SiteModel(births, deaths, tables.weight * share, np.zeros(dates), start)


def clutter_log_odds(log_real: Floats, log_clutter: Floats, rows: Floats, false_share: float) -> float:
    """Log prior odds of clutter at which clutter holds a given share of all counted rows.

    Parameters
    ----------
    log_real, log_clutter : float64 (place,)
        Log-likelihoods of each place.
    rows : float64 (place,)
        Counted rows of each place.
    false_share : float
        One minus the detector's precision, 0 to 1.

    Returns
    -------
    float
        Within `ODDS_BOUND`.
    """
    low, high = -ODDS_BOUND, ODDS_BOUND
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        clutter = _sigmoid(middle + log_clutter - log_real)
        if (rows * clutter).sum() > false_share * rows.sum():
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _sigmoid(x: Floats) -> Floats:
    result: Floats = 0.5 * (1.0 + np.tanh(x / 2.0))
    return result


def class_posteriors(
    log_l: Floats, weight: Floats, rows: Floats, false_share: float, learnt_share: float | None
) -> tuple[Floats, Floats]:
    """Posterior of each class, with the clutter's prior share set by the rows that it holds.

    Parameters
    ----------
    log_l : float64 (place, class)
        Log-likelihood of each place in each class.
    weight : float64 (class,)
        Prior weights.
    rows : float64 (place,)
        Counted rows of each place.
    false_share : float
        Share of the counted rows that is clutter; 0 keeps the weights as they are.
    learnt_share : float or None
        Share of clutter among the places, as learnt by the round before; None in the first.

    Returns
    -------
    classes : float64 (place, class)
        Posterior probabilities, of sum 1 by place.
    weight : float64 (class,)
        The weights used.
    """
    real, clutter = weight[:REAL] / weight[:REAL].sum(), weight[REAL:]
    if false_share > 0:
        clutter = clutter / clutter.sum()
        log_real, log_clutter = _log_mix(log_l[:, :REAL], real), _log_mix(log_l[:, REAL:], clutter)
        odds = clutter_log_odds(log_real, log_clutter, rows, false_share)
        if learnt_share is not None:
            least = clutter_log_odds(log_real, log_clutter, rows, LEAST_FALSE * false_share)
            odds = float(np.clip(np.log(learnt_share / (1.0 - learnt_share)), least, odds))
        share = float(_sigmoid(np.array(odds)))
        weight = np.concatenate([real * (1 - share), clutter * share])
    with np.errstate(divide="ignore"):
        joint = log_l + np.log(weight)
    joint = np.exp(joint - joint.max(1, keepdims=True))
    return joint / joint.sum(1, keepdims=True), weight


def _log_mix(log_l: Floats, weight: Floats) -> Floats:
    mixed: Floats = np.logaddexp.reduce(log_l + np.log(weight), axis=1)
    return mixed


def detectability_sds(familiar: Bools | None, dates: int, tables: DetectorTables) -> Floats:
    """The prior's standard deviation of each date's detectability.

    Parameters
    ----------
    familiar : bool (date,) or None
        True where a scene is like those that the detector knows; None where that is not known of any.
    dates : int
        Number of dates.
    tables : DetectorTables
        Of the detector: the usual deviation.

    Returns
    -------
    float64 (date,)
        Of a familiar scene `FAMILIAR_SD` at most: few boxes on it are few boxes, not many that it hides.
    """
    usual = np.full(dates, tables.detectability_sd)
    return usual if familiar is None else np.where(familiar, np.minimum(usual, FAMILIAR_SD), usual)


def learn_detectability(
    chains: Sequence[ChainPosterior],
    classes: Floats,
    bins: Ints,
    lit: Bools,
    detectability: Floats,
    spread: Floats,
    tables: DetectorTables,
) -> Floats:
    """One Newton step to each date's detectability, whose prior is normal about 0.

    Parameters
    ----------
    chains : sequence of ChainPosterior
        Of each real class.
    classes : float64 (place, class)
        Posterior probability of each class.
    bins : int64 (place, date)
        See `emissions.score_bins`.
    lit : bool (place, date)
        True where the look was clear and lit.
    detectability : float64 (date,)
        That of the round before.
    spread : float64 (date,)
        Of `detectability_sds`.
    tables : DetectorTables
        Of the detector.

    Returns
    -------
    float64 (date,)
        0 is usual, more is easier.
    """
    steps = np.linspace(0.0, 1.0, tables.emission.shape[1])
    slope, bend = -detectability / spread**2, 1.0 / spread**2
    for k in range(REAL):
        weight = classes[:, k, None] * chains[k].present * lit
        table = tilted(tables.emission[k], detectability)
        mean = table @ steps
        slope += (weight * steps[bins]).sum(0) - weight.sum(0) * mean
        bend += weight.sum(0) * (table @ steps**2 - mean**2)
    bound = MOST_DETECTABILITY_SDS * spread
    learnt: Floats = np.clip(detectability + np.clip(slope / bend, -MOST_STEP, MOST_STEP), -bound, bound)
    return learnt


def learn_rates(
    chains: Sequence[ChainPosterior], classes: Floats, model: SiteModel, rates: Rates, tables: DetectorTables
) -> SiteModel:
    """One step of expectation-maximisation: rates an interval of the still places, and weights of the classes.

    Parameters
    ----------
    chains, classes
        As for `learn_detectability`.
    model : SiteModel
        Of the round before.
    rates : Rates
        Their prior.
    tables : DetectorTables
        Of the detector: priors of start and weights.

    Returns
    -------
    SiteModel
        With new rates, start and weights.
    """
    birth, death = model.birth.copy(), model.death.copy()
    prior, still = RATE_PRIOR_PLACES, range(MOBILE)
    absent = sum((classes[:, k, None] * (1 - chains[k].present[:, :-1])).sum(0) for k in still)
    present = sum((classes[:, k, None] * chains[k].present[:, :-1]).sum(0) for k in still)
    births = sum((classes[:, k, None] * chains[k].births).sum(0) for k in still)
    deaths = sum((classes[:, k, None] * chains[k].deaths).sum(0) for k in still)
    birth[:MOBILE] = np.minimum((births + prior * rates.birth) / (absent + prior), RATE_CAP * rates.birth)
    death[:MOBILE] = np.minimum((deaths + prior * rates.death) / (present + prior), RATE_CAP * rates.death)
    full = sum(float((classes[:, k] * chains[k].present[:, 0]).sum()) for k in still)
    places = float(classes[:, :MOBILE].sum())
    start = model.start.copy()
    start[:MOBILE] = (full + prior * tables.start) / (places + prior)
    real = classes[:, :REAL].sum(0) + prior * tables.weight[:REAL]
    clutter = classes[:, REAL:].sum(0) + prior * tables.weight[REAL:] * (rates.false_share > 0)
    share = model.weight[REAL:].sum()
    weight = np.concatenate([real / real.sum() * (1 - share), clutter / max(clutter.sum(), 1e-9) * share])
    return model._replace(birth=birth, death=death, weight=weight, start=start)
