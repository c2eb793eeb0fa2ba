"""Cars along a track: the likeliest chain of them, and the probability of every number of cars.

A track is read metre by metre. The odds that a car stands there and that one ends there make the score of every car
that could stand between two places; chains of cars and bare track are summed by the forward recursion of a
semi-Markov model (Yu 2010, doi:10.1016/j.artint.2009.11.011), the number of cars being part of its state.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats

SHORTEST_M: Final = 10
"""Over buffers: short tank and hopper cars have 11 to 13 m."""
LONGEST_M: Final = 27
"""Coaches and the longest flats have 26 to 27 m."""
USUAL_M: Final = (12, 21)
"""Lengths within are equally likely beforehand; beyond, `UNUSUAL` for each metre."""
UNUSUAL: Final = 0.3
"""Log odds lost for each metre beyond `USUAL_M`; chosen by hand."""
COUPLED: Final = -1.5
"""Log odds, before any look, that a car begins at a place where another ends."""
ALONE: Final = -8.0
"""Likewise where the track is bare: trains have no gaps. Chosen on painted sites, seeds 1121 to 1201, whose railcars
taught nothing else (with -4.0 as many trains are within a tenth, and three times the cars on empty tracks)."""
SHARPNESS: Final = 0.35
"""Share of its log odds that a metre counts for, as neighbouring metres say much the same; chosen by hand."""
CUT_M: Final = 6
"""A car of which the picture's edge leaves so much counts: about half, so that its centre lies inside."""
MISSED: Final = 0.04
"""Cars for each one read that are hidden under cranes, bridges and roofs, cut by the edge, or look like no car; by the
sites that taught the network, both hands, where they are missed more in one train than in another (`CLUMPED`)."""
CLUMPED: Final = 2.0
"""Size of the negative binomial distribution of missed cars, likewise: the smaller, the more uneven."""
MOST_MISSED: Final = 40
LEAST: Final = -1e9


class Chain(NamedTuple):
    """Cars of a track.

    Attributes
    ----------
    cars : int64 (n, 2)
        First and one past the last metre of each car of the likeliest chain.
    counts : float64 (m,)
        Probability of 0, 1, 2, .. cars.
    """

    cars: np.ndarray
    counts: Floats


class _Scores(NamedTuple):
    occupied: Floats
    end: Floats
    within: Floats
    prior: Floats
    cut_prior: Floats


def chain(car: Floats, end: Floats) -> Chain:
    """Read the cars of a track.

    Parameters
    ----------
    car : float64 (n,)
        Log odds that a car stands at a metre of the track; 0 where it is not seen.
    end : float64 (n,)
        Log odds that a car ends there, given that one stands near.

    Returns
    -------
    Chain
        The likeliest cars, and how many there are by all chains.
    """
    n = len(car)
    most = n // SHORTEST_M + 2
    sums = _scores(SHARPNESS * car, SHARPNESS * end)
    bare = np.full((n + 1, most + 1), LEAST)
    ended = np.full((n + 1, most + 1), LEAST)
    best, back = np.full((n + 1, 2), LEAST), np.zeros((n + 1, 2), np.int64)
    bare[0, 0], best[0, 0] = 0.0, 0.0
    for j in range(1, n + 1):
        bare[j] = np.logaddexp(bare[j - 1], ended[j - 1])
        back[j, 0], best[j, 0] = int(best[j - 1, 1] > best[j - 1, 0]), best[j - 1].max()
        _add_cars(j, n, sums, (bare, ended), best, back)
    total = np.logaddexp(bare[n], ended[n])
    shares = np.exp(total - total.max())
    return Chain(_traced(best, back), shares / shares.sum())


def _scores(car: Floats, end: Floats) -> _Scores:
    lengths = np.arange(LONGEST_M + 1)
    short, long = np.maximum(USUAL_M[0] - lengths, 0), np.maximum(lengths - USUAL_M[1], 0)
    padded = np.pad(end, 1, mode="edge")
    near = np.max([padded[:-1], padded[1:]], axis=0)  # a place between two metres
    log_end, log_within = -np.logaddexp(0, -near), -np.logaddexp(0, end)
    sums = np.r_[0.0, np.cumsum(car)], log_end, np.r_[0.0, np.cumsum(log_within)]
    # What the edge of the picture leaves of a car may be short, and no longer than a car.
    return _Scores(*sums, -UNUSUAL * (short + long), -UNUSUAL * long)


def _add_cars(j: int, n: int, sums: _Scores, forward: tuple[Floats, Floats], best: Floats, back: np.ndarray) -> None:
    """All cars that end at a place."""
    bare, ended = forward
    first = np.arange(max(0, j - LONGEST_M), max(0, j - SHORTEST_M) + 1)
    is_cut = (first == 0) | (j == n)
    if j == n:
        first = np.arange(max(0, j - LONGEST_M), j)
        is_cut = np.ones(len(first), bool)
    elif j <= LONGEST_M:
        first = np.unique(np.r_[0, first[first <= j - SHORTEST_M]]) if j >= SHORTEST_M else np.array([0])
        is_cut = first == 0
    length = j - first
    within = sums.within[np.maximum(j - 1, first)] - sums.within[np.minimum(first + 1, j - 1)]
    score = sums.occupied[j] - sums.occupied[first] + within
    score = score + np.where(is_cut, sums.cut_prior[length], sums.prior[length])
    score = score + np.where(first == 0, 0.0, sums.end[first]) + (0.0 if j == n else sums.end[j])
    # Of each car, the chains that it goes on, by their number of cars with it: one more, but for what is cut short.
    came = np.logaddexp(bare[first] + ALONE, ended[first] + COUPLED) + score[:, None]
    counts = length >= CUT_M
    came[counts, 1:], came[counts, 0] = came[counts, :-1], -np.inf
    ended[j] = np.logaddexp.reduce(np.concatenate([ended[j : j + 1], came]), axis=0)
    values = best[first] + (ALONE, COUPLED) + score[:, None]
    at = int(values.argmax())
    if values.flat[at] > best[j, 1]:
        best[j, 1], back[j, 1] = values.flat[at], 2 * int(first[at // 2]) + at % 2


def _traced(best: Floats, back: np.ndarray) -> np.ndarray:
    """The likeliest chain, from its end to its beginning."""
    j, found = len(best) - 1, []
    state = int(best[j, 1] > best[j, 0])
    while j > 0:
        if state:
            i, state = divmod(int(back[j, 1]), 2)
            if j - i >= CUT_M:
                found.append((i, j))
            j = i
        else:
            state, j = int(back[j, 0]), j - 1
    return np.array(found[::-1], np.int64).reshape(-1, 2)


def with_missed(counts: Floats) -> Floats:
    """Allow for cars that cannot be read.

    Parameters
    ----------
    counts : float64 (m,)
        Probability of 0, 1, 2, .. cars by what is read of a track.

    Returns
    -------
    float64 (m + `MOST_MISSED`,)
        Probability of 0, 1, 2, .. cars that stand there.
    """
    whole = np.zeros(len(counts) + MOST_MISSED)
    for number, share in enumerate(counts.tolist()):
        mean = MISSED * number
        part = np.zeros(MOST_MISSED + 1)
        part[0] = (CLUMPED / (CLUMPED + mean)) ** CLUMPED
        for k in range(MOST_MISSED):
            part[k + 1] = part[k] * (k + CLUMPED) / (k + 1) * mean / (CLUMPED + mean)
        whole[number : number + MOST_MISSED + 1] += share * part
    return np.asarray(whole / whole.sum(), np.float64)


def with_unread(counts: Floats, unsure_m: int) -> Floats:
    """Allow for cars on what seems to bear some and reads as none, as in deep shade and low sun.

    Parameters
    ----------
    counts : float64 (m,)
        Probability of 0, 1, 2, .. cars.
    unsure_m : int
        Metres of track beside the cars that are not surely bare.

    Returns
    -------
    float64 (m + k,)
        Of 0, 1, 2, .. cars: none stand there, or, as likely, any number up to k, as many of the shortest usual cars as
        those metres hold. So the lower bound stays what is read.
    """
    most = unsure_m // USUAL_M[0]
    more = np.full(most + 1, 0.5 / (most + 1))
    more[0] += 0.5
    return np.asarray(np.convolve(counts, more), np.float64)


def sum_of(counts: list[Floats]) -> Floats:
    """Probability of every sum of independent numbers.

    Parameters
    ----------
    counts : list of float64 arrays
        Probability of 0, 1, 2, .. of each.

    Returns
    -------
    float64 (m,)
        Of 0, 1, 2, .. in all.
    """
    whole = np.ones(1)
    for one in counts:
        whole = np.convolve(whole, one)
    return whole


def interval_of(counts: Floats, sure: float) -> tuple[int, int]:
    """Bound a number by its distribution.

    Parameters
    ----------
    counts : float64 (m,)
        Probability of 0, 1, 2, ..
    sure : float
        Probability that the interval holds.

    Returns
    -------
    (int, int)
        Low and high.
    """
    tail = (1.0 - sure) / 2.0
    below = np.cumsum(counts)
    low, high = np.searchsorted(below, [tail, 1.0 - tail - 1e-12])
    return int(low), int(min(high, len(counts) - 1))
