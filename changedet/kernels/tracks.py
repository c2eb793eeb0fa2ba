"""Was a box there? A hidden Markov model for each place, over place classes.

A place is present or absent on each date. Its row's score (or no row, on a clear look) is what is observed; a look
that is not clear observes nothing. Real places are easy, hard, patchy (clear when
found, but often not found) or mobile; clutter, random or standing, is never
present. Arrays have one row a place and one column a date; probabilities are float64.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SCORE_EDGES: Final = (0.08, 0.15, 0.27, 0.45)
"""A score's bin: 0 no row or below the first edge, 4 above the last."""
CLASSES: Final = ("easy", "hard", "patchy", "mobile", "random clutter", "standing clutter")
REAL: Final = 4
"""The first four classes are real, the others clutter."""
ABSENT: Final = np.array([0.945, 0.03, 0.015, 0.007, 0.003])
EMISSION: Final = np.array(
    [
        [0.02, 0.02, 0.05, 0.18, 0.73],
        [0.25, 0.15, 0.20, 0.22, 0.18],
        [0.25, 0.03, 0.05, 0.15, 0.52],
        [0.08, 0.05, 0.07, 0.18, 0.62],
        [0.90, 0.05, 0.015, 0.025, 0.01],
        [0.38, 0.22, 0.17, 0.16, 0.07],
    ]
)
"""Probability of each score bin by class, fitted once on simulated detections of a box F1 of .85."""
CLASS_WEIGHT: Final = np.array([0.55, 0.25, 0.10, 0.10, 0.60, 0.40])
"""Within the real and within the clutter classes."""
START: Final = 0.6
MOBILE: Final = 3
MOBILE_RATES: Final = (0.15, 0.60)
RATE_PRIOR_PLACES: Final = 20.0
RATE_CAP: Final = 3.5
"""Times the prior rate: without a bound, a detector that often finds nothing is learnt as boxes that come and go."""
EM_DATES: Final = 5
EM_ROUNDS: Final = 4
ODDS_BOUND: Final = 3.0
LEAST_FALSE: Final = 0.4
"""The series may lower the share of false rows to this part of the stated one, never raise it."""


class Reading(NamedTuple):
    """Posteriors of one two-state chain a place.

    Attributes
    ----------
    present : float64 (place, date)
        Posterior probability of presence.
    births, deaths : float64 (place, date - 1)
        Posterior probability of the change between two dates.
    log_likelihood : float64 (place,)
    """

    present: Floats
    births: Floats
    deaths: Floats
    log_likelihood: Floats


class Model(NamedTuple):
    """Rates of change by class and interval, (REAL, date - 1) each, and the classes' prior weights (class,)."""

    birth: Floats
    death: Floats
    weight: Floats


class Places(NamedTuple):
    """What the mixture of classes tells of each place.

    Attributes
    ----------
    present : float64 (place, date)
        Posterior probability that a real box stood there to be seen.
    path : bool (place, date)
        The likeliest history in the likeliest real class.
    classes : float64 (place, class)
        Posterior probability of each class.
    model : Model
    """

    present: Floats
    path: Bools
    classes: Floats
    model: Model


def score_bins(score: Floats) -> Ints:
    """Bin of each score, 0 to 4; NaN (no row) is 0."""
    return np.digitize(np.nan_to_num(score, nan=0.0), SCORE_EDGES).astype(np.int64)


def emissions(bins: Ints, observed: Bools, table: Floats) -> Floats:
    """Likelihood (place, date) of the bins under a table (5,); 1 where nothing was observed."""
    return np.where(observed, table[bins], 1.0)


def forward_backward(absent: Floats, present: Floats, birth: Floats, death: Floats, start: float) -> Reading:
    """Posteriors of a two-state chain, all places at once (Rabiner 1989, doi:10.1109/5.18626).

    Parameters
    ----------
    absent, present : float64 (place, date)
        Likelihood of what each date shows in either state.
    birth, death : float64 (date - 1,)
        Probability of absent to present and of present to absent in each interval.
    start : float
        Probability of presence on the first date.
    """
    n, dates = absent.shape
    ahead = np.empty((n, dates, 2))
    log_likelihood = np.zeros(n)
    prior = np.broadcast_to(np.array([1.0 - start, start]), (n, 2))
    for t in range(dates):
        joint = prior * np.stack([absent[:, t], present[:, t]], 1)
        total = joint.sum(1, keepdims=True)
        ahead[:, t] = joint / total
        log_likelihood += np.log(total[:, 0])
        if t + 1 < dates:
            prior = ahead[:, t] @ _transition(birth[t], death[t])
    return _backward(ahead, absent, present, birth, death, log_likelihood)


def _backward(ahead: Floats, absent: Floats, present: Floats, birth: Floats, death: Floats, log_l: Floats) -> Reading:
    n, dates = absent.shape
    posterior = np.empty((n, dates))
    births, deaths = np.zeros((n, max(dates - 1, 0))), np.zeros((n, max(dates - 1, 0)))
    behind = np.ones((n, 2))
    posterior[:, -1] = ahead[:, -1, 1]
    for t in range(dates - 2, -1, -1):
        future = behind * np.stack([absent[:, t + 1], present[:, t + 1]], 1)
        step = ahead[:, t, :, None] * _transition(birth[t], death[t]) * future[:, None, :]
        step /= step.sum((1, 2), keepdims=True)
        births[:, t], deaths[:, t] = step[:, 0, 1], step[:, 1, 0]
        posterior[:, t] = step[:, 1].sum(1)
        behind = future @ _transition(birth[t], death[t]).T
        behind /= behind.sum(1, keepdims=True)
    return Reading(posterior, births, deaths, log_l)


def _transition(birth: float, death: float) -> Floats:
    return np.array([[1.0 - birth, birth], [death, 1.0 - death]])


def viterbi(absent: Floats, present: Floats, birth: Floats, death: Floats, start: float) -> Bools:
    """The likeliest history (place, date) of each place; parameters as for `forward_backward`."""
    n, dates = absent.shape
    likelihood = np.log(np.stack([absent, present], 2))
    best = np.log(np.array([1.0 - start, start])) + likelihood[:, 0]
    came_from = np.zeros((n, dates, 2), np.int8)
    for t in range(1, dates):
        candidates = best[:, :, None] + np.log(_transition(birth[t - 1], death[t - 1]))
        came_from[:, t] = candidates.argmax(1)
        best = candidates.max(1) + likelihood[:, t]
    path = np.zeros((n, dates), np.int8)
    path[:, -1] = best.argmax(1)
    for t in range(dates - 1, 0, -1):
        path[:, t - 1] = np.take_along_axis(came_from[:, t], path[:, t, None].astype(np.int64), 1)[:, 0]
    return path.astype(bool)


def clutter_odds(log_real: Floats, log_clutter: Floats, rows: Floats, false_share: float) -> float:
    """Log prior odds of clutter at which clutter holds a given share of all counted rows, within `ODDS_BOUND`.

    Parameters
    ----------
    log_real, log_clutter : float64 (place,)
        Log-likelihoods of each place.
    rows : float64 (place,)
        Counted rows of each place.
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


def read_places(
    bins: Ints, observed: Bools, rows: Floats, blocked: Floats, birth: float, death: float, false_share: float
) -> Places:
    """Read the history of every place.

    Parameters
    ----------
    bins : int64 (place, date)
        Score bins, see `score_bins`.
    observed : bool (place, date)
        True where a row was found or the look was clear.
    rows : float64 (place,)
        Number of counted rows.
    blocked : float64 (place, date)
        Probability that another box, which leaves this one no room, is there; 0 where none is.
    birth, death : float
        Rates an interval for places that are not mobile; learnt for each interval from `EM_DATES` dates on, with a Beta
        prior worth `RATE_PRIOR_PLACES` places, as free learning takes one-date boxes for clutter.
    false_share : float
        Share of the counted rows that is clutter; 0 means that clutter is not considered.
    """
    dates = bins.shape[1]
    model = _first_model(dates, birth, death, false_share)
    absent = emissions(bins, observed, ABSENT)
    present = [emissions(bins, observed, table) * (1.0 - 0.98 * blocked) for table in EMISSION[:REAL]]
    clutter = np.stack([np.log(emissions(bins, observed, table)).sum(1) for table in EMISSION[REAL:]], 1)
    learnt = None
    for rounds_left in range(EM_ROUNDS, -1, -1):
        readings = [forward_backward(absent, present[k], model.birth[k], model.death[k], START) for k in range(REAL)]
        log_l = np.column_stack([r.log_likelihood for r in readings] + [clutter])
        classes, weight = _class_posteriors(log_l, model.weight, rows, false_share, learnt)
        learnt = float(np.clip(classes[:, REAL:].sum() / max(len(classes), 1), 1e-3, 0.999))
        model = model._replace(weight=weight)
        if rounds_left and dates >= EM_DATES:
            model = _learn(readings, classes, model, birth, death, false_share)
    posterior = sum(classes[:, k, None] * readings[k].present for k in range(REAL))
    path = np.zeros(bins.shape, bool)
    likeliest = classes[:, :REAL].argmax(1)
    for k in range(REAL):
        mine = likeliest == k
        path[mine] = viterbi(absent[mine], present[k][mine], model.birth[k], model.death[k], START)
    return Places(np.asarray(posterior, np.float64), path, classes, model)


def _first_model(dates: int, birth: float, death: float, false_share: float) -> Model:
    rates = np.tile([[birth], [birth], [birth], [MOBILE_RATES[0]]], (1, dates - 1))
    ends = np.tile([[death], [death], [death], [MOBILE_RATES[1]]], (1, dates - 1))
    share = np.array([1.0] * REAL + [0.0] * (len(CLASSES) - REAL)) if false_share <= 0 else np.full(len(CLASSES), 0.5)
    return Model(rates, ends, CLASS_WEIGHT * share)


def _class_posteriors(
    log_l: Floats, weight: Floats, rows: Floats, false_share: float, learnt_share: float | None
) -> tuple[Floats, Floats]:
    """Class posteriors (place, 5), and the prior weights (class,) with the clutter's share set by the rows it holds."""
    real, clutter = weight[:REAL] / weight[:REAL].sum(), weight[REAL:]
    if false_share > 0:
        clutter = clutter / clutter.sum()
        log_real, log_clutter = _log_mix(log_l[:, :REAL], real), _log_mix(log_l[:, REAL:], clutter)
        odds = clutter_odds(log_real, log_clutter, rows, false_share)
        if learnt_share is not None:
            least = clutter_odds(log_real, log_clutter, rows, LEAST_FALSE * false_share)
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
    readings: list[Reading], classes: Floats, model: Model, birth: float, death: float, false_share: float
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
    real = classes[:, :REAL].sum(0) + prior * CLASS_WEIGHT[:REAL]
    clutter = classes[:, REAL:].sum(0) + prior * CLASS_WEIGHT[REAL:] * (false_share > 0)
    share = model.weight[REAL:].sum()
    weight = np.concatenate([real / real.sum() * (1 - share), clutter / max(clutter.sum(), 1e-9) * share])
    return Model(new_birth, new_death, weight)


def runs(path: Bools) -> tuple[Ints, Ints, Ints]:
    """Unbroken stretches of presence: row, first and last column (inclusive) of each, in row order."""
    edged = np.zeros((path.shape[0], path.shape[1] + 2), np.int8)
    edged[:, 1:-1] = path
    step = np.diff(edged, axis=1)
    row, first = np.nonzero(step == 1)
    return row.astype(np.int64), first.astype(np.int64), np.nonzero(step == -1)[1].astype(np.int64) - 1
