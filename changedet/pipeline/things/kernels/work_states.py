"""States of a thing over the looks of a series: empty, in use, roofed, filled; each by its signs, all looks together.

Coefficients are fitted on painted and drawn stores of seeds that teach (training/fit_works.py).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints

EMPTY, IN_USE, ROOFED, FILLED = 0, 1, 2, 3
"""A pit that was filled in is level again; a floor with a roof over it shows no more what is below."""
STATES: Final = 4
STAY: Final = (0.75, 0.7, 0.95, 0.95)
"""Probability that a state is the same on the next look: a year's work is seen on some ten looks. Chosen by hand."""
START: Final = (0.6, 0.3, 0.08, 0.02)
"""Shares of the states on a thing's first look. By hand."""
LEAST: Final = 1e-6
FULL_SHARE: Final = 0.45
"""Share of a cell under boxes from which it is full: rows with aisles between them take half of a yard. By hand."""
MOST_BOXES: Final = 3
"""More say no more."""
MOST_TERMS: Final = 10_000
"""Of a distribution that is summed up."""
RELATIVE: Final = 7
"""Figures that `features` adds: steepness and spread of the walls against the greatest so far (a pit that was filled is
flat again), of the floor against the least of all looks (something stands there); log odds of a hall against the least
and the greatest so far (a roof over a part of a floor is still far from a hall, and what was filled is farther)."""
_FLOOR_STEEP, _FLOOR_SPREAD, _STEEP, _SPREAD, _HALL, _HALL_TOP = 3, 4, 8, 9, 10, 11
CENTRE: Final = np.array(
    [0.031, 0.123, 0.186, 0.359, 0.201, 0.016, 0.038, 0.184, 0.356, 0.233, -4.19, -2.998,
     0.378, -0.22, -0.197, 0.589, 0.563, 2.335, -0.758, 2.124]
)  # fmt: skip
SCALE: Final = np.array(
    [0.091, 0.217, 0.384, 0.256, 0.145, 0.042, 0.116, 0.203, 0.207, 0.133, 3.56, 3.842,
     0.85, 0.35, 0.341, 0.645, 0.6, 3.287, 1.686, 3.066]
)  # fmt: skip
WEIGHTS: Final = np.array(
    [
        [4.088, -0.646, 0.346, 0.318, 0.42, -1.089, 0.764, -0.461, -0.689, 0.665, 1.566,
         1.758, -4.939, -1.736, -0.458, 0.209, -1.307, 0.495, -1.538, 0.952, 1.416],
        [4.035, 1.074, 0.131, -0.002, 1.966, -0.32, 0.622, 0.038, 0.199, 1.062, -1.73,
         -1.212, 0.332, 3.073, 0.656, -0.253, 0.027, 0.613, 0.496, -0.179, -0.517],
        [-5.465, -0.313, 0.607, 0.178, 1.776, 1.107, -1.264, 0.708, -1.294, 0.632, -0.114,
         0.894, 4.862, -0.886, 0.557, 0.492, 0.82, -0.926, 1.304, -0.119, -0.86],
        [-2.67, -0.114, -1.084, -0.493, -4.162, 0.302, -0.123, -0.285, 1.784, -2.358, 0.278,
         -1.441, -0.254, -0.452, -0.754, -0.448, 0.46, -0.182, -0.262, -0.654, -0.039],
    ]
)  # fmt: skip
"""Of a look's features: their centre and scale, and for each state its constant and the weights of the scaled ones."""


def features(signs: Floats, boxes: Ints) -> Floats:
    """Gather what the states of a thing are read from.

    Parameters
    ----------
    signs : float64 (look, 12)
        Of `work_signs.signs`; NaN where a look does not show the thing.
    boxes : int64 (look,)
        Boxes whose centre lies on it.

    Returns
    -------
    float64 (look, 20)
        NaN as in `signs`.
    """
    shown = np.isfinite(signs).all(axis=1)
    found = np.full((len(signs), signs.shape[1] + 1 + RELATIVE), np.nan)
    if not shown.any():
        return found
    known = signs[shown]
    most = np.maximum.accumulate(known[:, [_STEEP, _SPREAD]], axis=0)
    fall = np.log(np.maximum(known[:, [_STEEP, _SPREAD]], LEAST) / np.maximum(most, LEAST))
    floor = np.maximum(known[:, [_FLOOR_STEEP, _FLOOR_SPREAD]], LEAST)
    rise = np.log(floor / floor.min(axis=0))
    hall, top = known[:, _HALL], known[:, _HALL_TOP]
    over = [top - np.minimum.accumulate(top), hall - np.maximum.accumulate(hall), hall - np.minimum.accumulate(hall)]
    found[shown] = np.column_stack([known, np.minimum(boxes[shown], MOST_BOXES), fall, rise, *over])
    return found


def by_look(table: Floats) -> Floats:
    """Read each look by itself.

    Parameters
    ----------
    table : float64 (look, 20)
        Of `features`.

    Returns
    -------
    float64 (look, 4)
        Likelihoods of the states, up to a factor; 1 where a look does not show the thing.
    """
    shown = np.isfinite(table).all(axis=1)
    found = np.ones((len(table), STATES))
    scaled = (table[shown] - CENTRE) / SCALE
    odds = np.column_stack([np.ones(len(scaled)), np.clip(scaled, -4, 4)]) @ WEIGHTS.T
    odds -= odds.max(axis=1, keepdims=True)
    found[shown] = np.exp(odds)
    return found


class Reading(NamedTuple):
    """States of a thing.

    Attributes
    ----------
    state : int64 (look,)
        The likeliest sequence.
    probability : float64 (look, 4)
        Of each state on each look, by all looks.
    """

    state: Ints
    probability: Floats


def read(likelihood: Floats) -> Reading:
    """Read the states over all looks, by a hidden Markov model.

    Parameters
    ----------
    likelihood : float64 (look, 4)
        Of `by_look`.

    Returns
    -------
    Reading
        By all looks.
    """
    moves = _moves()
    looks = len(likelihood)
    forward, backward = np.empty((looks, STATES)), np.ones((looks, STATES))
    best, came = np.empty((looks, STATES)), np.zeros((looks, STATES), np.int64)
    forward[0] = _normal(np.array(START) * likelihood[0])
    best[0] = np.log(np.maximum(forward[0], LEAST))
    for t in range(1, looks):
        forward[t] = _normal(forward[t - 1] @ moves * likelihood[t])
        step = best[t - 1][:, None] + np.log(moves)
        came[t] = step.argmax(axis=0)
        best[t] = step.max(axis=0) + np.log(np.maximum(likelihood[t], LEAST))
    for t in range(looks - 2, -1, -1):
        backward[t] = _normal(moves @ (likelihood[t + 1] * backward[t + 1]))
    state = np.empty(looks, np.int64)
    state[-1] = best[-1].argmax()
    for t in range(looks - 1, 0, -1):
        state[t - 1] = came[t, state[t]]
    both = forward * backward
    return Reading(state, both / both.sum(axis=1, keepdims=True))


def _moves() -> Floats:
    """Probabilities of going from a state (row) to another."""
    found = np.empty((STATES, STATES))
    for k, stay in enumerate(STAY):
        found[k] = (1 - stay) / (STATES - 1)
        found[k, k] = stay
    return found


def _normal(values: Floats) -> Floats:
    return np.asarray(values / max(float(values.sum()), 1e-300))


def since(state: Ints, shown: Bools) -> tuple[Ints, Ints]:
    """Bound when the state of each look began.

    Parameters
    ----------
    state : int64 (look,)
    shown : bool (look,)
        Whether a look shows the thing.

    Returns
    -------
    after : int64 (look,)
        The last look before it that shows another state; -1 where none does.
    by : int64 (look,)
        The first look that shows it.
    """
    after, by = np.full(len(state), -1, np.int64), np.zeros(len(state), np.int64)
    last_shown = -1
    for t in range(len(state)):
        if t and state[t] == state[t - 1] and (by[t - 1] >= 0):
            after[t], by[t] = after[t - 1], by[t - 1]
        else:
            after[t], by[t] = last_shown, t
        if shown[t]:
            last_shown = t
    return after, by


def count_bounds(probabilities: Floats, found: float, true: float, level: float) -> tuple[float, float, float]:
    """Bound how many things there are, of which some were found, each with a probability.

    Parameters
    ----------
    probabilities : float64 (n,)
        That each found one is in the state that is counted.
    found : float
        Share of things that are found.
    true : float
        Share of the found that are things.
    level : float
        Probability that the bounds hold, such as .95.

    Returns
    -------
    expected, low, high : float
        The expected number of those that were found; bounds of the true number.
    """
    tail = (1 - level) / 2
    low = _quantile(_sum_of(probabilities * true), tail)
    # Missed ones: as many as fail before the found ones succeed, thinned to the state.
    share = float((probabilities.sum() + 0.5) / (len(probabilities) + 1))
    missed = _missed(len(probabilities), found, share)
    high = _quantile(np.convolve(_sum_of(probabilities), missed), 1 - tail)
    return float(probabilities.sum()), float(low), float(high)


def sum_bounds(probabilities: Floats, level: float) -> tuple[int, int]:
    """Bound how many of some events happen.

    Parameters
    ----------
    probabilities : float64 (n,)
    level : float
        Probability that the bounds hold.

    Returns
    -------
    low, high : int
        Inclusive.
    """
    tail = (1 - level) / 2
    found = _sum_of(probabilities)
    return _quantile(found, tail), _quantile(found, 1 - tail)


def _sum_of(probabilities: Floats) -> Floats:
    """Distribution of the number of events of these probabilities."""
    total = np.ones(1)
    for one in probabilities:
        total = np.convolve(total, [1 - one, one])
    return total


def _missed(count: int, found: float, share: float) -> Floats:
    """Distribution of the number of missed things in the state: negative binomial, each with the share."""
    rate = (1 - found) * share / (found + (1 - found) * share)
    size = count + 0.5
    terms = [(1 - rate) ** size]
    while sum(terms) < 1 - 1e-6 and len(terms) < MOST_TERMS:
        k = len(terms)
        terms.append(terms[-1] * (size + k - 1) / k * rate)
    return np.array(terms)


def _quantile(distribution: Floats, level: float) -> int:
    return int(np.searchsorted(np.cumsum(distribution) / distribution.sum(), level, side="left"))
