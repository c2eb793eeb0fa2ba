"""Fit the trees of change on simulated pairs and write changedet/model/change_trees.npz.

    python training/fit_change.py                  # seeds 40000 and on, some 15 CPU minutes
    python training/fit_change.py --sites 20 -o small.npz

Nothing but simulation is used. Sites 40000 and on are fitted on; 45000 and on choose stages and calibration, 46000 and
on the thresholds; benchmarks/change.py reports on 950 to 969.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.ensemble import HistGradientBoostingClassifier

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.change import counts, f1, marked  # noqa: E402
from changedet.kernels import features as kernel  # noqa: E402
from changedet.kernels import forest, trees  # noqa: E402
from training.simulated_pairs import GSDS_M, KINDS, Pair, pairs  # noqa: E402

FIRST_SEED, FIRST_CHECK_SEED, FIRST_THRESHOLD_SEED = 40_000, 45_000, 46_000
CHANGED_PX, QUIET_PX = 2500, 5000
"""At most so many pixels of a pair; they weigh what they stand for."""
SMALL_WEIGHT = 3.0
MOST_ROWS = 700_000
"""Pixels that the trees are fitted on, an even choice of all."""
STAGES = (15, 50)
THRESHOLDS = np.round(np.arange(0.15, 0.96, 0.05), 2)
CHOSEN = ((0.3, 0.65), (0.5, 0.7), (1.0, 0.5))
"""Resolution and threshold, by `best_threshold`; at 0.5 m, where it wavers between .6 and .85 from site to site, .7."""
FALSE_COST = 30.0
"""What a quiet site's false share costs in F1: .1 % of false alarms is worth .03."""
CHECKED = ("quiet", "growth", "trains", "port", "earthworks", "winter")
LOST_SHARE = 0.004
"""Share of the surely changed pixels that a stage may let go."""

Floats = NDArray[np.float32]


def table(pair: Pair) -> tuple[Floats, NDArray[np.bool_]]:
    """Features (feature, y, x) of a pair, and which pixels are judged."""
    scale = kernel.fit_scale(pair.before[None], pair.after[None], pair.bands)
    found, valid = kernel.change_features(pair.before, pair.after, pair.bands, scale, pair.gsd_m)
    return found, valid & (pair.truth != 255)


def chosen(pair: Pair, rng: np.random.Generator) -> tuple[Floats, NDArray[np.uint8], Floats]:
    """Some pixels of a pair: features (n, feature), truth, weights. The pixel around a change is of neither kind."""
    found, judged = table(pair)
    near = ndimage.binary_dilation(pair.truth == 1, np.ones((3, 3), bool))
    rows, truth, weights = [], [], []
    loud = np.abs(found[kernel.names().index("both_outside_5")]) > 60
    for label, where, most in (
        (1, judged & (pair.truth == 1), CHANGED_PX),
        (0, judged & ~near & loud, QUIET_PX // 2),
        (0, judged & ~near & ~loud, QUIET_PX // 2),
    ):
        places = np.flatnonzero(where)
        taken = rng.permutation(places)[:most]
        rows.append(found.reshape(len(found), -1)[:, taken].T)
        truth.append(np.full(len(taken), label, np.uint8))
        weights.append(np.full(len(taken), len(places) / max(1, len(taken)), np.float32))
    return np.concatenate(rows), np.concatenate(truth), np.concatenate(weights)


def gather(first: int, sites: int, dates: int) -> tuple[Floats, NDArray[np.uint8], Floats]:
    """Pixels of many sites."""
    parts = []
    for k in range(sites):
        rng = np.random.default_rng([first + k, 79])
        kind, gsd_m = KINDS[k % len(KINDS)], GSDS_M[(k // 3) % len(GSDS_M)]
        parts += [chosen(pair, rng) for pair in pairs(first + k, kind, gsd_m, dates)]
        print(f"\r{k + 1}/{sites} sites", end="", file=sys.stderr, flush=True)
    x, y, w = (np.concatenate(column) for column in zip(*parts, strict=True))
    return x, y, w.astype(np.float32)


def boosted(x: Floats, y: NDArray[np.uint8], w: Floats, trees: int, seed: int) -> HistGradientBoostingClassifier:
    model = HistGradientBoostingClassifier(
        max_iter=trees, learning_rate=0.1, max_leaf_nodes=40, min_samples_leaf=150, l2_regularization=5.0,
        max_features=0.4, early_stopping=False, random_state=seed,
    )  # fmt: skip
    rows = slice(None, None, -(-len(x) // MOST_ROWS))
    # by its area a new pad would outvote all boxes of a port: what changed weighs as the root of its area
    w = np.where(y == 1, SMALL_WEIGHT * np.sqrt(w), w)
    return model.fit(x[rows], y[rows], sample_weight=w[rows])


def isotonic(margin: Floats, y: NDArray[np.uint8], w: Floats) -> tuple[list[float], list[float]]:
    """Margin to probability, at the middles of 40 quantile bins of the pixels that may be change, never falling."""
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=1e-5, y_max=1 - 1e-3).fit(margin, y, sample_weight=w)
    at = np.unique(np.quantile(margin[y == 1], np.linspace(0.002, 0.998, 30)))
    at = np.unique(np.concatenate([np.quantile(margin, [0.02, 0.2, 0.5, 0.8, 0.95]), at]))
    value = fitted.predict(at)
    # strictly rising, so that the probability orders pixels as the margin does
    value = np.maximum.accumulate(value + 1e-6 * np.arange(len(value)))
    return at.tolist(), value.tolist()


def best_threshold(grown: forest.Forest, about: dict[str, Any], gsd_m: float, sites: int) -> float:
    """The probability at which the mean F1 of the kinds, less what false alarms cost, is greatest."""
    about = about | {"thresholds": [[gsd_m, 0.5]]}
    totals = {kind: np.zeros((len(THRESHOLDS), 5)) for kind in CHECKED}
    for k, kind in enumerate(CHECKED * sites):
        for pair in pairs(FIRST_THRESHOLD_SEED + k, kind, gsd_m, 3 if kind == "quiet" else 2, plain=True):
            settings = {"threshold": "auto", "min_area_m2": 8.0}
            model = trees.fit_trees(pair.before[None], pair.after[None], pair.bands, gsd_m, about, settings)
            found = trees.apply_trees(pair.before, pair.after, model, grown)
            least_px = int(np.ceil(8.0 / gsd_m**2))
            totals[kind] += [counts(marked(found, value, least_px), pair) for value in THRESHOLDS]
    worth = np.mean([[f1(row) for row in totals[kind]] for kind in CHECKED if kind != "quiet"], axis=0)
    quiet = totals["quiet"]
    worth -= FALSE_COST * (quiet[:, 0] - quiet[:, 1]) / quiet[:, 4]  # boxes come and go on a quiet site too
    print(gsd_m, dict(zip(THRESHOLDS.tolist(), worth.round(3).tolist(), strict=True)), file=sys.stderr)
    return float(THRESHOLDS[np.argmax(worth)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sites", type=int, default=160)
    parser.add_argument("--check-sites", type=int, default=36)
    parser.add_argument("--threshold-sites", type=int, default=2)
    parser.add_argument("--dates", type=int, default=3)
    parser.add_argument("--trees", type=int, default=220)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, help="keep the pixels in this file, or take them from it")
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "changedet/model/change_trees.npz")
    args = parser.parse_args()
    fit, check = _pixels(args)
    print(f"\n{len(fit[1])} pixels, {fit[1].mean():.3f} changed", file=sys.stderr)
    model = boosted(*fit, args.trees, args.seed)
    grown = forest.from_boosting([iteration[0].nodes for iteration in model._predictors], model._baseline_prediction)
    x, y, w = check
    margins = {count: forest.margins(grown, x, count) for count in (*STAGES, args.trees)}
    judged = np.max(np.abs(margins[args.trees] - model.decision_function(x)))
    print(f"largest difference from scikit-learn: {judged:.2g}", file=sys.stderr)
    sure = (y == 1) & (margins[args.trees] > 0)
    stages = [[count, float(np.quantile(margins[count][sure], LOST_SHARE))] for count in STAGES]
    for count, least in stages:
        share = float(np.average(margins[count] >= least, weights=w))
        print(f"after {count} trees {share:.4f} go on", file=sys.stderr)
    at, value = isotonic(margins[args.trees], y, w)
    about = {"stages": stages, "margin": at, "probability": value, "features": kernel.names()}
    about |= {"least_gsd_m": min(GSDS_M), "greatest_gsd_m": max(GSDS_M)}
    about["thresholds"] = CHOSEN
    for gsd_m, _ in CHOSEN if args.threshold_sites else ():
        print(gsd_m, best_threshold(grown, about, gsd_m, args.threshold_sites), file=sys.stderr)
    forest.save(args.out, grown, about)
    print(f"{args.out}: {args.out.stat().st_size} bytes, SHA-256 {hashlib.sha256(args.out.read_bytes()).hexdigest()}")


Pixels = tuple[Floats, NDArray[np.uint8], Floats]


def _pixels(args: argparse.Namespace) -> tuple[Pixels, Pixels]:
    if args.cache and args.cache.exists():
        with np.load(args.cache) as kept:
            found = [kept[name] for name in ("x", "y", "w", "u", "v", "z")]
    else:
        found = [*gather(FIRST_SEED, args.sites, args.dates)]
        found += gather(FIRST_CHECK_SEED, args.check_sites, args.dates)
        if args.cache:
            np.savez(args.cache, **dict(zip(("x", "y", "w", "u", "v", "z"), found, strict=True)))
    return (found[0], found[1], found[2]), (found[3], found[4], found[5])


if __name__ == "__main__":
    main()
