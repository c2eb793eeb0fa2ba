"""What a series tells of its site."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels.emissions import CLASSES, MOBILE, REAL, DetectorTables, tilted
from changedet.stages.tracks.kernels.markov import Reading

RATE_PRIOR_PLACES: Final = 20.0


RATE_CAP: Final = 3.5
"""Times the prior rate: without a bound, a detector that often finds nothing is learnt as boxes that come and go."""


ODDS_BOUND: Final = 3.0


LEAST_FALSE: Final = 0.02
"""The series may lower the share of false rows to this part of the stated one, never raise it."""


class Model(NamedTuple):
    """Rates of change by class and interval, (REAL, date - 1) each, the classes' prior weights (class,), how easily
    each date shows a box, (date,), see `DetectorTables.detectability_sd`, and each class's share of places that are full on the first
    date, (REAL,)."""

    birth: Floats
    death: Floats
    weight: Floats
    ease: Floats
    start: Floats


def clutter_log_odds(log_real: Floats, log_clutter: Floats, rows: Floats, false_share: float) -> float:
    """Log prior odds of clutter at which clutter holds a given share of all counted rows, within `ODDS_BOUND`.

    Parameters
    ----------
    log_real, log_clutter : float64 (place,)
        Log-likelihoods of each place.
    rows : float64 (place,)
        TrackedBoxes rows of each place.
    false_share : float
        One minus the detector's precision.
    """
    low, high = -ODDS_BOUND, ODDS_BOUND
    for _ in range(40):
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


def _learn_ease(
    readings: list[Reading], classes: Floats, bins: Ints, lit: Bools, ease: Floats, tables: DetectorTables
) -> Floats:
    """One Newton step to each date's ease, about which nothing is known beforehand but its spread."""
    steps = np.linspace(0.0, 1.0, tables.emission.shape[1])
    slope, bend = -ease / tables.detectability_sd**2, np.full(len(ease), 1.0 / tables.detectability_sd**2)
    for k in range(REAL):
        weight = classes[:, k, None] * readings[k].present * lit
        table = tilted(tables.emission[k], ease)
        mean = table @ steps
        slope += (weight * steps[bins]).sum(0) - weight.sum(0) * mean
        bend += weight.sum(0) * (table @ steps**2 - mean**2)
    learnt: Floats = np.clip(
        ease + np.clip(slope / bend, -2.0, 2.0), -4 * tables.detectability_sd, 4 * tables.detectability_sd
    )
    return learnt


def _first_model(dates: int, birth: float, death: float, false_share: float, tables: DetectorTables) -> Model:
    rates = np.tile([[birth], [birth], [birth], [tables.mobile_birth]], (1, dates - 1))
    ends = np.tile([[death], [death], [death], [tables.mobile_death]], (1, dates - 1))
    start = np.full(REAL, tables.start)
    start[MOBILE] = tables.mobile_birth / (tables.mobile_birth + tables.mobile_death)
    share = np.array([1.0] * REAL + [0.0] * (len(CLASSES) - REAL)) if false_share <= 0 else np.full(len(CLASSES), 0.5)
    return Model(rates, ends, tables.weight * share, np.zeros(dates), start)


def _class_posteriors(
    log_l: Floats, weight: Floats, rows: Floats, false_share: float, learnt_share: float | None
) -> tuple[Floats, Floats]:
    """Class posteriors (place, class), and prior weights (class,) with the clutter's share set by the rows it holds."""
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


def _learn(
    readings: list[Reading],
    classes: Floats,
    model: Model,
    birth: float,
    death: float,
    false_share: float,
    tables: DetectorTables,
) -> Model:
    """One step of expectation-maximisation: rates an interval of the places that keep still, weights of the classes."""
    new_birth, new_death = model.birth.copy(), model.death.copy()
    prior, still = RATE_PRIOR_PLACES, range(MOBILE)
    absent = sum((classes[:, k, None] * (1 - readings[k].present[:, :-1])).sum(0) for k in still)
    present = sum((classes[:, k, None] * readings[k].present[:, :-1]).sum(0) for k in still)
    births = sum((classes[:, k, None] * readings[k].births).sum(0) for k in still)
    deaths = sum((classes[:, k, None] * readings[k].deaths).sum(0) for k in still)
    new_birth[:MOBILE] = np.minimum((births + prior * birth) / (absent + prior), RATE_CAP * birth)
    new_death[:MOBILE] = np.minimum((deaths + prior * death) / (present + prior), RATE_CAP * death)
    full = sum(float((classes[:, k] * readings[k].present[:, 0]).sum()) for k in still)
    places = float(classes[:, :MOBILE].sum())
    start = model.start.copy()
    start[:MOBILE] = (full + prior * tables.start) / (places + prior)
    real = classes[:, :REAL].sum(0) + prior * tables.weight[:REAL]
    clutter = classes[:, REAL:].sum(0) + prior * tables.weight[REAL:] * (false_share > 0)
    share = model.weight[REAL:].sum()
    weight = np.concatenate([real / real.sum() * (1 - share), clutter / max(clutter.sum(), 1e-9) * share])
    return model._replace(birth=new_birth, death=new_death, weight=weight, start=start)
