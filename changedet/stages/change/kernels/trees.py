"""Probability of change by boosted trees on features that survive a displacement; the trees come from outside.

What a pair needs is in its model: the line between both dates, the bands' scale, the threshold for its resolution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.boosted_trees import Forest, staged_margins
from changedet.stages.change.kernels.features import (
    CONTEXT_PX,
    FEATURES_HALO_PX,
    asks_for_edges,
    change_features,
    context,
    fit_scale,
    likely,
    names,
)

LEAST_ODDS: Final = -2.5
"""Log odds of one judge below which the other need not be heard: of 180,000 pixels above .31 on 16 simulated pairs none
would be lost."""
MOST_ODDS: Final = 3.0
"""Log odds of one judge above which the other need not be heard: no mark hangs on it, and new ground is judged twice as
fast."""
LEAST_PROBABILITY: Final = 1e-4
"""What a pixel can have at most for which change is out of the question."""
STRIP_PX: Final = 256
"""Rows at a time: the features of a whole tile would take a third of a gigabyte."""


def fit_trees(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    bands: list[int | None],
    gsd_m: float,
    about: dict[str, Any],
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Fit what the trees need to know of a pair.

    Parameters
    ----------
    before, after : (cell, band, y, x) float32
        The sample; NaN where not valid.
    bands : list of int or None
        Where blue, green, red and the near infrared lie; None where there is no such band.
    gsd_m : float
        Ground size of a pixel.
    about : dict
        As saved with the forest.
    settings : dict
        The method's parameters, resolved.

    Returns
    -------
    dict
        JSON-able: ``scale``, ``bands``, ``gsd_m``, ``forests`` (which of all are for scenes with or without near
        infrared), ``first_stages``, ``judges`` (of each ``stages``, and ``margin`` and ``probability`` of its
        calibration), ``threshold``, ``min_area_m2``, ``method``, ``settings``, ``diagnostics``.
    """
    given = settings["threshold"]
    own = about["worlds"]["rgb" if bands[3] is None else "rgbn"]
    threshold = by_resolution(gsd_m, own["thresholds"]) if isinstance(given, str) else float(given)
    reason = "by resolution, from simulated pairs" if isinstance(given, str) else "given"
    return {
        "method": "trees",
        "settings": dict(settings),
        "scale": fit_scale(before, after, bands),
        "bands": bands,
        "gsd_m": float(min(max(gsd_m, about["least_gsd_m"]), about["greatest_gsd_m"])),
        **{key: own[key] for key in ("forests", "first_stages", "judges")},
        "threshold": threshold,
        "min_area_m2": settings["min_area_m2"],
        "diagnostics": {"rule": "trained" if isinstance(given, str) else "given", "reason": reason},
    }


def by_resolution(gsd_m: float, known: list[list[float]]) -> float:
    """Between the resolutions ``[gsd_m, value]`` that were looked at, along the logarithm; beyond them the last."""
    sizes, values = zip(*sorted(known), strict=True)
    return float(np.interp(math.log(gsd_m), np.log(sizes), values))


def apply_trees(
    before: NDArray[np.float32], after: NDArray[np.float32], model: dict[str, Any], forests: Sequence[Forest]
) -> NDArray[np.float32]:
    """Probability of change of a block, 0 to 1; NaN where a band of either date is.

    Parameters
    ----------
    before, after : (band, y, x) float32
    model : dict
        From `fit_trees`.
    forests : sequence of Forest
        Of those that the model names the first guesses from the features of a pixel. Where change is not out of the
        question others judge, in pairs, and the mean of their log odds counts, or that of the first ones where it
        dismisses the pixel or is sure of it: one by the features and by what was guessed around the pixel
        (auto-context, Tu and Bai 2010, doi:10.1109/TPAMI.2009.186), which knows boxes, and one by the features alone,
        which knows ground.

    Returns
    -------
    (y, x) float32
    """
    shape = before.shape[1:]
    forests = [forests[k] for k in model["forests"]]
    out: NDArray[np.float32] = np.full(shape, np.nan, np.float32)
    guess, seen = np.zeros(shape, np.int16), np.zeros(shape, np.bool_)
    waiting: list[_Strip] = []
    with_edges = any(asks_for_edges(forest.feature) for forest in forests)
    # of one strip after the other: fresh memory of that size would cost a fifth of the features' time
    features = np.zeros((len(names()), min(STRIP_PX + 2 * FEATURES_HALO_PX, shape[0]), shape[1]), np.float32)
    for start in range(0, shape[0], STRIP_PX):
        strip = _guessed(before, after, model, forests[0], start, out, with_edges, features)
        guess[strip.rows], seen[strip.rows] = likely(strip.margin, strip.least), np.isfinite(strip.margin)
        waiting.append(strip)
        # a strip's context reaches into the next one
        if len(waiting) > 1:
            _judge(waiting.pop(0), guess, seen, model, forests[1:], out)
    _judge(waiting.pop(0), guess, seen, model, forests[1:], out)
    return out


class _Strip(NamedTuple):
    """Some rows of a block after the first guess: its log odds (y, x), and the features of what is to be judged."""

    rows: slice
    margin: NDArray[np.float32]
    least: float
    features: NDArray[np.float32]


def _guessed(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    model: dict[str, Any],
    forest: Forest,
    start: int,
    out: NDArray[np.float32],
    with_edges: bool,
    into: NDArray[np.float32],
) -> _Strip:
    """Guess a strip; what is out of the question gets its probability at once."""
    rows = slice(start, min(start + STRIP_PX, before.shape[1]))
    first, last = max(0, start - FEATURES_HALO_PX), min(rows.stop + FEATURES_HALO_PX, before.shape[1])
    part = (slice(None), slice(first, last))
    given = (model["bands"], model["scale"], model["gsd_m"])
    into = into[:, : last - first]
    features, valid = change_features(before[part], after[part], *given, with_edges=with_edges, into=into)
    inner = slice(start - first, rows.stop - first)
    features = features[:, inner]
    least = float(model["first_stages"][-1][1])
    margin = staged_margins(forest, features, valid[inner], model["first_stages"], least - 1.0)
    out[rows] = _dismissed(margin, LEAST_PROBABILITY)
    return _Strip(rows, margin, least, features[:, margin >= np.float32(least)])


def _judge(
    strip: _Strip,
    guess: NDArray[np.int16],
    seen: NDArray[np.bool_],
    model: dict[str, Any],
    forests: Sequence[Forest],
    out: NDArray[np.float32],
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
    for number, (forest, judge) in enumerate(zip(forests, model["judges"], strict=True), 1):
        margin = staged_margins(forest, table, going[None], judge["stages"])
        at, value = (np.asarray(judge[key], np.float64) for key in ("margin", "probability"))
        own = _log_odds(_calibrated(margin, at, value)[0])
        odds = np.where(going, odds + (own - odds) / number, odds)
        going &= (odds > LEAST_ODDS) & (odds < MOST_ODDS)
    out[strip.rows][chosen] = _probability(odds)


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _log_odds(probability: Any) -> Any:
    out = np.empty(probability.size, np.float64)
    for k in range(probability.size):
        p = min(max(np.float64(probability[k]), 1e-6), 1.0 - 1e-6)
        out[k] = np.log(p / (1.0 - p))
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _probability(odds: Any) -> Any:
    out = np.empty(odds.size, np.float32)
    for k in range(odds.size):
        out[k] = 1.0 / (1.0 + np.exp(-odds[k]))
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _dismissed(margin: Any, most: float) -> Any:
    """A probability below all that are judged, in the order of the first guess."""
    out = np.empty(margin.shape, np.float32)
    for y in range(margin.shape[0]):
        for x in range(margin.shape[1]):
            out[y, x] = most / (1.0 + np.exp(-np.float64(margin[y, x])))
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _calibrated(margin: Any, at: Any, value: Any) -> Any:
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
                k = np.searchsorted(at, m)
                share = (m - at[k - 1]) / (at[k] - at[k - 1])
                out[y, x] = value[k - 1] + share * (value[k] - value[k - 1])
            else:
                out[y, x] = np.nan
    return out
