"""Fitting of boosted trees: features of pairs, choice of pixels, boosting, early stages, calibration."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression

from changedet.kernels import boosted_trees, forest_files
from changedet.stages.change.kernels.features import change_features
from changedet.stages.change.kernels.image_planes import fit_scale
from scenarios.pairs import Pair
from training.progress import say

SMALL_WEIGHT = 3.0
MOST_DEPTH = 8
"""Without it some branches are 20 nodes long, and as expensive to evaluate as they are rare."""
MOST_ROWS = 1_000_000
"""Greatest number of pixels that a forest is fitted on, an even choice of all."""
SPREAD_JITTER = 0.25
"""Standard deviation of the logarithm of a factor on the spread in whose units features are."""
LOST_SHARE = 0.004
"""Share of the surely changed pixels that an early stage may drop."""

Floats = NDArray[np.float32]
Pixels = tuple[Floats, NDArray[np.uint8], Floats]


def table(pair: Pair) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Features (feature, y, x) of a pair, which pixels have data, and which of these count."""
    scale = fit_scale(pair.before[None], pair.after[None], pair.bands)
    # how far a scene's values spread hangs on what else is in it
    factor = float(np.exp(np.random.default_rng([pair.seed, 82]).normal(0.0, SPREAD_JITTER)))
    scale = replace(scale, spread=[factor * spread for spread in scale.spread])
    found, valid = change_features(pair.before, pair.after, pair.bands, scale, pair.gsd_m)
    return found, valid, valid & (pair.truth != 255)


def chosen(rows: Floats, sorts: list[tuple[int, NDArray[np.bool_], int]], rng: np.random.Generator) -> Pixels:
    """Some pixels of each sort ``(label, where, most)`` of an image (feature, y, x); each weighs what it stands for."""
    found, truth, weights = [], [], []
    for label, where, most in sorts:
        places = np.flatnonzero(where)
        taken = rng.permutation(places)[:most]
        found.append(rows.reshape(len(rows), -1)[:, taken].T)
        truth.append(np.full(len(taken), label, np.uint8))
        weights.append(np.full(len(taken), len(places) / max(1, len(taken)), np.float32))
    return np.concatenate(found), np.concatenate(truth), np.concatenate(weights)


def joined(parts: list[Pixels]) -> Pixels:
    """All pixels in one table."""
    x, y, w = (np.concatenate(column) for column in zip(*parts, strict=True))
    return x, y, w


def boosted(
    pixels: Pixels, columns: NDArray[np.int64], trees: int, rate: float, seed: int, *, by_area: bool = False
) -> boosted_trees.Forest:
    """A forest fitted on some columns of pixels, its features numbered as all columns are.

    By its area a new pad outweighs all boxes of a port; unless `by_area`, what changed weighs as the root of its area.
    """
    x, y, w = pixels
    model = HistGradientBoostingClassifier(
        max_iter=trees, learning_rate=rate, max_leaf_nodes=40, max_depth=MOST_DEPTH, min_samples_leaf=150,
        l2_regularization=5.0, max_features=0.4, early_stopping=False, random_state=seed,
    )  # fmt: skip
    rows = slice(None, None, -(-len(x) // MOST_ROWS))
    w = w if by_area else np.where(y == 1, SMALL_WEIGHT * np.sqrt(w), w)
    own = np.ascontiguousarray(x[rows][:, columns])
    model.fit(own, y[rows], sample_weight=w[rows])
    grown = forest_files.from_boosting(
        [iteration[0].nodes for iteration in model._predictors], model._baseline_prediction
    )
    apart = np.max(np.abs(boosted_trees.margins(grown, own[:5000], trees) - model.decision_function(own[:5000])))
    say(f"{trees} trees, largest difference from scikit-learn {apart:.2g}")
    named = np.where(grown.feature >= 0, columns[grown.feature], boosted_trees.LEAF).astype(np.int16)
    # no feature is ever missing, and where it would go is chance
    return grown._replace(feature=named, missing_left=np.zeros_like(grown.missing_left))


def gates(grown: boosted_trees.Forest, pixels: Pixels, counts: tuple[int, ...]) -> list[list[float]]:
    """Trees and the least margin after them that loses `LOST_SHARE` of what is surely changed."""
    x, y, w = pixels
    sure = (y == 1) & (boosted_trees.margins(grown, x, len(grown.root)) > 0)
    found = []
    for count in counts:
        after = boosted_trees.margins(grown, x, count)
        least = float(np.quantile(after[sure], LOST_SHARE))
        print(
            f"after {count} trees {np.average(after >= least, weights=w):.4f} go on from {least:.2f}", file=sys.stderr
        )
        found.append([count, least])
    return found


def isotonic(margin: Floats, y: NDArray[np.uint8], w: Floats, least: float = 1e-4) -> tuple[list[float], list[float]]:
    """Margin to probability, at the middles of 40 quantile bins of the pixels that may be change, never decreasing."""
    fitted = IsotonicRegression(y_min=least, y_max=1 - 1e-3).fit(margin, y, sample_weight=w)
    at = np.unique(np.quantile(margin[y == 1], np.linspace(0.002, 0.998, 30)))
    at = np.unique(np.concatenate([np.quantile(margin, [0.02, 0.2, 0.5, 0.8, 0.95]), at]))
    value = fitted.predict(at)
    # strictly rising, so that the probability orders pixels as the margin does
    value = np.maximum.accumulate(value + 1e-6 * np.arange(len(value)))
    return at.tolist(), value.tolist()


def rarer(probability: list[float], log_odds: float) -> list[float]:
    """Probabilities with so much added to their log odds."""
    p = np.asarray(probability)
    lowered: list[float] = (1.0 / (1.0 + (1.0 - p) / p * np.exp(-log_odds))).tolist()
    return lowered
