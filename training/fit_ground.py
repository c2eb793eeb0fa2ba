"""Fit the forests that classify the ground of one date (`kernels.ground_probability`) on simulated sites.

    python training/fit_ground.py -o first.npz

Fitted on one set of seeds, calibrated on another; `training/fit_surroundings.py` goes on from there.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels import boosted_trees, forest_files  # noqa: E402
from changedet.stages.footprint.kernels import ground  # noqa: E402
from changedet.stages.footprint.kernels.ground_probability import MarginScale  # noqa: E402
from scenarios.ground_sites import Seen, series_of  # noqa: E402
from training.boosting import isotonic, say  # noqa: E402

FIT_SEED, CHECK_SEED = 80000, 81000
TREES = {"built": 150, "building": 100, "earthwork": 120}
RATE = 0.1
STAGES = (12, 40)
LOST = 0.003
"""Share of what is surely there that an early stage may drop."""
ROWS = 3000
"""Cells of one look."""
WITHOUT_NIR, WITHOUT_SUN = 0.35, 0.25
"""Shares of the looks."""

Rows = tuple[NDArray[np.float32], dict[str, NDArray[np.uint8]], NDArray[np.float32]]


def table_of(
    seen: Seen, roles: tuple[str, ...], gsd_m: float, with_sun: bool
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Features (feature, y, x) of a date's cells, and which have data."""
    size = ground.factor(gsd_m)
    model = ground.statistics(seen.image[None, : len(roles)], roles)
    if with_sun:
        model = replace(model, sun=seen.sun)
    return ground.features(ground.averaged(seen.image[: len(roles)], size), roles, model, size * gsd_m)


def cells(seeds: range, report: str) -> Rows:
    """Cells of many looks, an even choice of built and other ones."""
    labels: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in TREES}
    tables, weights = [], []
    for seed in seeds:
        series, roles, gsd_m = series_of(seed)
        rng = np.random.default_rng([seed, 93])
        for seen in series:
            own = roles[:3] if rng.random() < WITHOUT_NIR else roles
            table, valid = table_of(seen, own, gsd_m, rng.random() >= WITHOUT_SUN)
            truth = seen.truth
            for where in (truth["building"], truth["earthwork"], truth["paving"], ~truth["built"]):
                places = np.flatnonzero(where & valid)
                taken = rng.permutation(places)[: ROWS // 4]
                tables.append(table.reshape(len(table), -1)[:, taken].T)
                weights.append(np.full(len(taken), len(places) / max(1, len(taken)), np.float32))
                for name, label in labels.items():
                    label.append(truth[name].ravel()[taken].astype(np.uint8))
        say(f"{report} {seed}")
    return np.concatenate(tables), {name: np.concatenate(own) for name, own in labels.items()}, np.concatenate(weights)


def fitted(
    x: NDArray[np.float32], y: NDArray[np.uint8], w: NDArray[np.float32], trees: int, leaves: int = 40
) -> boosted_trees.Forest:
    """A forest fitted on rows (n, feature)."""
    model = HistGradientBoostingClassifier(
        max_iter=trees, learning_rate=RATE, max_leaf_nodes=leaves, min_samples_leaf=120, l2_regularization=5.0,
        max_features=0.4, early_stopping=False, random_state=5,
    )  # fmt: skip
    model.fit(x, y, sample_weight=np.sqrt(w))
    return forest_files.from_boosting(
        [iteration[0].nodes for iteration in model._predictors], model._baseline_prediction
    )


def described(
    one: boosted_trees.Forest, x: NDArray[np.float32], y: NDArray[np.uint8], w: NDArray[np.float32]
) -> MarginScale:
    """How a forest's margins become probabilities, and its early stages, by cells that it was not fitted on."""
    margin = boosted_trees.margins(one, x, len(one.root))
    at, value = isotonic(margin, y, w, 5e-4)
    sure = (y == 1) & (margin > 0)
    stages: list[tuple[int, float]] = []
    for trees in STAGES:
        after = boosted_trees.margins(one, x, trees)
        stages.append((trees, float(np.quantile(after[sure], LOST))))
        say(f"after {trees} trees {np.average(after >= stages[-1][1], weights=w):.3f} go on")
    return {"at": at, "value": value, "stages": stages}


def main() -> None:
    """Fit the forests and write them with their calibration."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=110)
    parser.add_argument("--check-sites", type=int, default=26)
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    x, labels, w = cells(range(FIT_SEED, FIT_SEED + asked.sites), "fit")
    checks, truth, weight = cells(range(CHECK_SEED, CHECK_SEED + asked.check_sites), "check")
    grown, about = [], {}
    for name, trees in TREES.items():
        one = fitted(x, labels[name], w, trees)
        about[name] = described(one, checks, truth[name], weight)
        grown.append(one)
        say(f"{name}: {len(one.feature)} nodes")
    asked.output.write_bytes(forest_files.dump(grown, {"forests": about, "features": ground.NAMES}))


if __name__ == "__main__":
    main()
