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


def forward_backward(
    absent: Floats, present: Floats, birth: Floats, death: Floats, start: float, again: Floats
) -> ChainPosterior:
    """Posteriors of a two-state chain, all places at once.

    Parameters
    ----------
    absent, present : float64 (place, date)
        Likelihood of what each date shows in either state.
    birth, death : float64 (date - 1,)
        Probability of absent to present and of present to absent in each interval.
    start : float
        Probability of presence on the first date.
    again : float64 (place,)
        Share of `birth` where a place had been full before: of boxes that look as the one that left.

    Returns
    -------
    ChainPosterior
        Of all places.
    """
    n, dates = absent.shape
    found = ChainPosterior(np.empty((n, dates)), np.empty((n, dates - 1)), np.empty((n, dates - 1)), np.zeros(n))
    _smooth(absent, present, birth, death, start, again, *found)
    return found


@compiled
def _smooth(
    absent: Floats,
    present: Floats,
    birth: Floats,
    death: Floats,
    start: float,
    again: Floats,
    posterior: Floats,
    births: Floats,
    deaths: Floats,
    log_l: Floats,
) -> None:
    n, dates = absent.shape
    ahead = np.empty((dates, 3))
    for k in range(n):
        never, full, after = 1.0 - start, start, 0.0
        for t in range(dates):
            never, full, after = never * absent[k, t], full * present[k, t], after * absent[k, t]
            total = never + full + after
            log_l[k] += np.log(total)
            ahead[t, NEVER], ahead[t, FULL], ahead[t, AFTER] = never / total, full / total, after / total
            if t + 1 < dates:
                b, d = birth[t], death[t]
                never = ahead[t, NEVER] * (1.0 - b)
                full = ahead[t, FULL] * (1.0 - d) + b * (ahead[t, NEVER] + again[k] * ahead[t, AFTER])
                after = ahead[t, AFTER] * (1.0 - b) + ahead[t, FULL] * d
        posterior[k, dates - 1] = ahead[dates - 1, FULL]
        never, full, after = 1.0, 1.0, 1.0
        for t in range(dates - 2, -1, -1):
            b, d = birth[t], death[t]
            never, full, after = never * absent[k, t + 1], full * present[k, t + 1], after * absent[k, t + 1]
            comes = b * full * (ahead[t, NEVER] + again[k] * ahead[t, AFTER])
            goes, stays_full = ahead[t, FULL] * d * after, ahead[t, FULL] * (1.0 - d) * full
            stays_empty = ahead[t, NEVER] * (1.0 - b) * never + ahead[t, AFTER] * (1.0 - b) * after
            total = stays_empty + comes + goes + stays_full
            births[k, t], deaths[k, t] = comes / total, goes / total
            posterior[k, t] = (goes + stays_full) / total
            never = (1.0 - b) * never + b * full
            before = d * after + (1.0 - d) * full
            after = (1.0 - b) * after + again[k] * b * full
            full = before
            total = never + full + after
            never, full, after = never / total, full / total, after / total


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


def viterbi(absent: Floats, present: Floats, birth: Floats, death: Floats, start: float, again: Floats) -> Bools:
    """The likeliest history of each place among those in which it was full on one date at least.

    A date whose likelihoods are the same shows nothing: what may have happened up to the next one that does is summed,
    as a box that left while hidden could have done so on any of them, and the place is held to stay as it was seen.

    Parameters
    ----------
    absent, present, birth, death, start, again
        As for `forward_backward`.

    Returns
    -------
    bool (place, date)
        True where the place is full.
    """
    path = np.empty(absent.shape, np.bool_)
    _likeliest(absent, present, birth, death, start, again, path)
    return path


@compiled
def _likeliest(
    absent: Floats, present: Floats, birth: Floats, death: Floats, start: float, again: Floats, path: Bools
) -> None:
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
            back = after + np.log(again[k])
            if max(never, back) + np.log(comes) >= full + np.log(stays_full):
                came[t, FULL] = NEVER if never >= back else AFTER
            after, full, never = (
                max(full + np.log(goes), after + np.log(stays_empty)) + np.log(absent[k, t]),
                max(full + np.log(stays_full), max(never, back) + np.log(comes)) + np.log(present[k, t]),
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
