"""Two-state Markov chains, one a place: posteriors and likeliest histories (Rabiner 1989, doi:10.1109/5.18626).

Arrays have one row a place and one column a date.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Floats
from changedet.kernels.compiled import compiled

NEVER, FULL, AFTER = 0, 1, 2
"""States of the likeliest history: not full yet, full, and empty again."""
MOST_NEVER: Final = 1.0 - 1e-9
"""Greatest share of a place's histories in which it was never full: what is left is divided by."""


class ChainPosterior(NamedTuple):
    """Posteriors of one two-state chain a place.

    Attributes
    ----------
    present : float64 (place, date)
        Posterior probability of presence.
    births, deaths : float64 (place, date - 1)
        Posterior probability of the change between two dates.
    log_likelihood : float64 (place,)
        Of what all dates show.
    """

    present: Floats
    births: Floats
    deaths: Floats
    log_likelihood: Floats


def forward_backward(absent: Floats, present: Floats, birth: Floats, death: Floats, start: float) -> ChainPosterior:
    """Posteriors of a two-state chain, all places at once.

    Parameters
    ----------
    absent, present : float64 (place, date)
        Likelihood of what each date shows in either state.
    birth, death : float64 (date - 1,)
        Probability of absent to present and of present to absent in each interval.
    start : float
        Probability of presence on the first date.

    Returns
    -------
    ChainPosterior
        Of all places.
    """
    n, dates = absent.shape
    found = ChainPosterior(np.empty((n, dates)), np.empty((n, dates - 1)), np.empty((n, dates - 1)), np.zeros(n))
    _smooth(absent, present, birth, death, start, *found)
    return found


@compiled
def _smooth(
    absent: Floats,
    present: Floats,
    birth: Floats,
    death: Floats,
    start: float,
    posterior: Floats,
    births: Floats,
    deaths: Floats,
    log_l: Floats,
) -> None:
    n, dates = absent.shape
    ahead = np.empty((dates, 2))
    for k in range(n):
        empty, full = 1.0 - start, start
        for t in range(dates):
            empty, full = empty * absent[k, t], full * present[k, t]
            total = empty + full
            log_l[k] += np.log(total)
            ahead[t, 0], ahead[t, 1] = empty / total, full / total
            if t + 1 < dates:
                empty = ahead[t, 0] * (1.0 - birth[t]) + ahead[t, 1] * death[t]
                full = ahead[t, 0] * birth[t] + ahead[t, 1] * (1.0 - death[t])
        posterior[k, dates - 1] = ahead[dates - 1, 1]
        empty, full = 1.0, 1.0
        for t in range(dates - 2, -1, -1):
            empty, full = empty * absent[k, t + 1], full * present[k, t + 1]
            stays_empty, comes = ahead[t, 0] * (1.0 - birth[t]) * empty, ahead[t, 0] * birth[t] * full
            goes, stays_full = ahead[t, 1] * death[t] * empty, ahead[t, 1] * (1.0 - death[t]) * full
            total = stays_empty + comes + goes + stays_full
            births[k, t], deaths[k, t] = comes / total, goes / total
            posterior[k, t] = (goes + stays_full) / total
            before = (1.0 - birth[t]) * empty + birth[t] * full
            full = death[t] * empty + (1.0 - death[t]) * full
            empty = before / (before + full)
            full = 1.0 - empty


def given_ever_present(found: ChainPosterior, absent: Floats, birth: Floats, start: float) -> ChainPosterior:
    """The posteriors, given that each place was full on one date at least.

    Parameters
    ----------
    found : ChainPosterior
        As `forward_backward` returns.
    absent, birth, start
        As for `forward_backward`.

    Returns
    -------
    ChainPosterior
        Of the histories in which the place was full once.
    """
    never = np.log(1.0 - start) + np.log1p(-birth).sum()
    share = np.exp(np.minimum(never + np.log(absent).sum(1) - found.log_likelihood, np.log(MOST_NEVER)))
    rest = 1.0 - share
    log_l = found.log_likelihood + np.log(rest) - np.log1p(-np.exp(never))
    parts = [np.minimum(part / rest[:, None], 1.0) for part in (found.present, found.births, found.deaths)]
    return ChainPosterior(parts[0], parts[1], parts[2], log_l)


def viterbi(absent: Floats, present: Floats, birth: Floats, death: Floats, start: float) -> Bools:
    """The likeliest history of each place among those in which it was full on one date at least.

    A date whose likelihoods are the same shows nothing: what may have happened up to the next one that does is summed,
    as a box that left while hidden could have done so on any of them, and the place is held to stay as it was seen.

    Parameters
    ----------
    absent, present, birth, death, start
        As for `forward_backward`.

    Returns
    -------
    bool (place, date)
        True where the place is full.
    """
    path = np.empty(absent.shape, np.bool_)
    _likeliest(absent, present, birth, death, start, path)
    return path


@compiled
def _likeliest(absent: Floats, present: Floats, birth: Floats, death: Floats, start: float, path: Bools) -> None:
    n, dates = absent.shape
    came = np.empty((dates, 3), np.int8)
    shows = np.empty(dates, np.bool_)
    for k in range(n):
        for t in range(dates):
            shows[t] = absent[k, t] != present[k, t]
        first = 0
        empty, held = 1.0 - start, start
        while first < dates - 1 and not shows[first]:
            empty, held = (
                empty * (1.0 - birth[first]) + held * death[first],
                empty * birth[first] + held * (1.0 - death[first]),
            )
            first += 1
        never, full, after = np.log(empty) + np.log(absent[k, first]), np.log(held) + np.log(present[k, first]), -np.inf
        stays_empty, comes, goes, stays_full = 1.0, 0.0, 0.0, 1.0
        last = first
        for t in range(first + 1, dates):
            b, d = birth[t - 1], death[t - 1]
            stays_empty, comes = stays_empty * (1.0 - b) + comes * d, stays_empty * b + comes * (1.0 - d)
            goes, stays_full = goes * (1.0 - b) + stays_full * d, goes * b + stays_full * (1.0 - d)
            if not shows[t]:
                continue
            came[t, AFTER] = FULL if full + np.log(goes) > after + np.log(stays_empty) else AFTER
            came[t, FULL] = FULL
            if max(never, after) + np.log(comes) >= full + np.log(stays_full):
                came[t, FULL] = NEVER if never >= after else AFTER
            after, full, never = (
                max(full + np.log(goes), after + np.log(stays_empty)) + np.log(absent[k, t]),
                max(full + np.log(stays_full), max(never, after) + np.log(comes)) + np.log(present[k, t]),
                never + np.log(stays_empty) + np.log(absent[k, t]),
            )
            stays_empty, comes, goes, stays_full = 1.0, 0.0, 0.0, 1.0
            last = t
        _trace(path[k], came, shows, FULL if full > after else AFTER, first, last)


@compiled
def _trace(path: Bools, came: NDArray[np.int8], shows: Bools, state: int, first: int, last: int) -> None:
    """The states back from the last date that shows something; between such dates the place stays as it was."""
    after = len(path)
    for t in range(last, first - 1, -1):
        if t == first or shows[t]:
            path[t:after] = state == FULL
            after = t
            if t > first and state != NEVER:
                state = came[t, state]
    path[:first] = path[first]
