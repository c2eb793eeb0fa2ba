"""Probability of change by boosted trees on features that survive a displacement.

A first forest guesses from the features of a pixel. What it does not dismiss, others guess again, in pairs: one of a
pair from the features and from what was first guessed around the pixel (auto-context, Tu and Bai 2010,
doi:10.1109/TPAMI.2009.186), which is better at boxes, the other from the features alone, which is better at ground. The
mean of their log odds counts, or that of those so far where it dismisses the pixel or is certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Shorts, Singles
from changedet.kernels.boosted_trees import Forest, staged_margins
from changedet.kernels.compiled import compiled
from changedet.stages.change.kernels.feature_names import CONTEXT_PX, FEATURES_HALO_PX, names
from changedet.stages.change.kernels.features import change_features, uses_edges
from changedet.stages.change.kernels.guess_context import context, likely
from changedet.stages.change.kernels.patch_search import SEARCH_PX
from changedet.stages.change.kernels.trees_statistics import TreesStatistics

LEAST_ODDS: Final = -2.5
"""Mean log odds below which the other second guesses are not computed: of 180,000 pixels above .31 on 16 simulated
pairs none would be lost."""
MOST_ODDS: Final = 3.0
"""Mean log odds above which the others are not computed: no mark depends on them, and new ground takes half the
time."""
LEAST_PROBABILITY: Final = 1e-4
"""Greatest probability of a pixel that the first guess dismisses."""
STRIP_PX: Final = 256
"""Rows at a time: the features of a whole tile would take a third of a gigabyte."""


def apply_trees(before: Singles, after: Singles, model: TreesStatistics, forests: Sequence[Forest]) -> Singles:
    """Probability of change of a block.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        NaN where not valid, with `feature_names.HALO_PX` more on each side than what is wanted.
    model : TreesStatistics
        From `fit_trees`.
    forests : sequence of Forest
        All of the file; the model says which of them are used.

    Returns
    -------
    float32 (y, x)
        0 to 1; NaN where a band of either date is.
    """
    # one NaN for all that is not seen, the same where it is left out: files are compared by their bytes
    whole = _dismissed(np.full(before.shape[1:], np.nan, np.float32), LEAST_PROBABILITY)
    place = _seen_on_both(before, after)
    before, after, out = before[(slice(None), *place)], after[(slice(None), *place)], whole[place]
    shape = out.shape
    forests = [forests[k] for k in model.forests]
    guess, seen = np.zeros(shape, np.int16), np.zeros(shape, np.bool_)
    waiting: list[_Strip] = []
    with_edges = any(uses_edges(forest.feature) for forest in forests)
    # of one strip after the other: fresh memory of that size would cost a fifth of the features' time
    features = np.zeros((len(names()), min(STRIP_PX + 2 * FEATURES_HALO_PX, shape[0]), shape[1]), np.float32)
    for start in range(0, shape[0], STRIP_PX):
        strip = _first_guess(before, after, model, forests[0], start, out, with_edges, features)
        guess[strip.rows], seen[strip.rows] = likely(strip.margin, strip.least), np.isfinite(strip.margin)
        waiting.append(strip)
        # a strip's context reaches into the next one
        if len(waiting) > 1:
            _second_guess(waiting.pop(0), guess, seen, model, forests[1:], out)
    if waiting:
        _second_guess(waiting.pop(0), guess, seen, model, forests[1:], out)
    return whole


def _seen_on_both(before: Singles, after: Singles) -> tuple[slice, slice]:
    """Rows and columns that hold all that both dates show, and as much more as the search for patches sees of it."""
    seen: Bools = np.asarray(np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0), np.bool_)
    reach = SEARCH_PX[-1] + 1
    spans = []
    for axis in (1, 0):
        places = np.flatnonzero(seen.any(axis=axis))
        spans.append(slice(max(0, int(places[0]) - reach), int(places[-1]) + 1 + reach) if places.size else slice(0))
    return spans[0], spans[1]


class _Strip(NamedTuple):
    """Some rows of a block after the first guess: its log odds (y, x), and the features of what is guessed again."""

    rows: slice
    margin: Singles
    least: float
    features: Singles


def _first_guess(
    before: Singles,
    after: Singles,
    model: TreesStatistics,
    forest: Forest,
    start: int,
    out: Singles,
    with_edges: bool,
    into: Singles,
) -> _Strip:
    """Guess a strip; what is dismissed gets its probability at once."""
    rows = slice(start, min(start + STRIP_PX, before.shape[1]))
    first, last = max(0, start - FEATURES_HALO_PX), min(rows.stop + FEATURES_HALO_PX, before.shape[1])
    part = (slice(None), slice(first, last))
    given = (model.bands, model.scale, model.gsd_m)
    rows_of = into[:, : last - first]
    features, valid = change_features(before[part], after[part], *given, with_edges=with_edges, into=rows_of)
    inner = slice(start - first, rows.stop - first)
    features = features[:, inner]
    least = float(model.first_stages[-1][1])
    # all of it, since a part lies in memory otherwise
    margin = staged_margins(forest, into, valid[inner], model.first_stages, least - 1.0, inner.start)
    out[rows] = _dismissed(margin, LEAST_PROBABILITY)
    return _Strip(rows, margin, least, features[:, margin >= np.float32(least)])


def _second_guess(
    strip: _Strip, guess: Shorts, seen: Bools, model: TreesStatistics, forests: Sequence[Forest], out: Singles
) -> None:
    reach = CONTEXT_PX[-1] // 2
    first, last = max(0, strip.rows.start - reach), min(strip.rows.stop + reach, len(guess))
    inner = slice(strip.rows.start - first, strip.rows.stop - first)
    chosen = strip.margin >= np.float32(strip.least)
    if not chosen.any():
        return
    where = np.zeros((last - first, guess.shape[1]), np.bool_)
    where[inner] = chosen
    around = context(guess[first:last], seen[first:last], where)
    table = np.concatenate([strip.features, strip.margin[chosen][None], around])[:, None, :]
    odds, going = np.zeros(table.shape[2], np.float64), np.ones(table.shape[2], np.bool_)
    for number, (forest, judge) in enumerate(zip(forests, model.judges, strict=True), 1):
        margin = staged_margins(forest, table, going[None], judge.stages)
        at, value = (np.asarray(points, np.float64) for points in (judge.margin, judge.probability))
        own = _log_odds(_calibrated(margin, at, value)[0])
        odds = np.where(going, odds + (own - odds) / number, odds)
        going &= (odds > LEAST_ODDS) & (odds < MOST_ODDS)
    out[strip.rows][chosen] = _probability(odds)


@compiled
def _log_odds(probability: Singles) -> Floats:
    out = np.empty(probability.size, np.float64)
    for k in range(probability.size):
        p = min(max(np.float64(probability[k]), 1e-6), 1.0 - 1e-6)
        out[k] = np.log(p / (1.0 - p))
    return out


@compiled
def _probability(odds: Floats) -> Singles:
    out = np.empty(odds.size, np.float32)
    for k in range(odds.size):
        out[k] = 1.0 / (1.0 + np.exp(-odds[k]))
    return out


@compiled
def _dismissed(margin: Singles, most: float) -> Singles:
    """Probabilities below all that are guessed again, in the order of the first guess."""
    out = np.empty(margin.shape, np.float32)
    for y in range(margin.shape[0]):
        for x in range(margin.shape[1]):
            out[y, x] = most / (1.0 + np.exp(-np.float64(margin[y, x])))
    return out


@compiled
def _calibrated(margin: Singles, at: Floats, value: Floats) -> Singles:
    """The straight line between the calibration's points, beyond them towards 0 and 1 as log odds go."""
    out = np.empty(margin.shape, np.float32)
    last = at.size - 1
    below, above = np.log(value[0] / (1 - value[0])) - at[0], np.log(value[last] / (1 - value[last])) - at[last]
    for y in range(margin.shape[0]):
        for x in range(margin.shape[1]):
            m = np.float64(margin[y, x])
            if m <= at[0]:
                out[y, x] = 1.0 / (1.0 + np.exp(-(m + below)))
            elif m >= at[last]:
                out[y, x] = 1.0 / (1.0 + np.exp(-(m + above)))
            elif m == m:
                low, k = 0, last
                while k - low > 1:
                    middle = (low + k) // 2
                    if at[middle] < m:
                        low = middle
                    else:
                        k = middle
                share = (m - at[k - 1]) / (at[k] - at[k - 1])
                out[y, x] = value[k - 1] + share * (value[k] - value[k - 1])
            else:
                out[y, x] = np.nan
    return out
