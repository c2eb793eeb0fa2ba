"""Fit the forests that classify the ground of one date (`kernels.ground_probability`) on simulated sites.

    python training/fit_ground.py [--painted DIR] -o first.npz

Fitted on one set of seeds, calibrated on another; `training/fit_surroundings.py` goes on from there. With `--painted`
every second simulated site varies as `scenarios.variety` has it, and painted sites (training/painted_sites.py) teach
what is built; which kind it is, their truth does not tell.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
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
from scenarios import painted  # noqa: E402
from scenarios.ground_sites import Seen, series_of  # noqa: E402
from training.boosting import isotonic  # noqa: E402
from training.progress import say  # noqa: E402

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

PAINTED_FIT, PAINTED_CHECK = (1001,), (1003,)
"""Seeds of the painted sites."""
PAINTED_PX = (1, 2)
"""Pixels of a painted scene along a pixel that is fitted on."""
PAINTED_SHARE = 0.5
"""What painted cells weigh together, of what simulated ones do."""
UNKNOWN = 255
"""Label of a cell whose kind the truth does not tell."""

Rows = tuple[NDArray[np.float32], dict[str, NDArray[np.uint8]], NDArray[np.float32]]


def cells_of(
    seen: Seen, roles: tuple[str, ...], gsd_m: float, with_sun: bool
) -> tuple[NDArray[np.float32], ground.GroundStatistics, float]:
    """A date's cells (band, y, x), its statistics, and the size of a cell in metres."""
    size = ground.factor(gsd_m)
    model = ground.statistics(seen.image[None, : len(roles)], roles)
    if with_sun:
        model = replace(model, sun=seen.sun)
    return ground.averaged(seen.image[: len(roles)], size), model, size * gsd_m


Series = tuple[int, list[Seen], tuple[str, ...], float]


def simulated(seeds: range, various: bool) -> Iterator[Series]:
    """Seed, dates, bands and pixel size of simulated sites; with `various` every second one varies."""
    for seed in seeds:
        yield seed, *series_of(seed, various=various and seed % 2 == 1)


def of_painter(folder: Path | None, seeds: Sequence[int]) -> Iterator[Series]:
    """The same of painted sites, at their own and at larger pixels; none without a folder."""
    for site in painted.painted_sites(folder, seeds) if folder else ():
        for size in PAINTED_PX:
            yield site.seed, *painted.series_of(site, size)


def cells(all_series: Iterable[Series], report: str) -> Rows:
    """Cells of many looks, an even choice of built and other ones."""
    labels: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in TREES}
    tables, weights = [], []
    for seed, series, roles, gsd_m in all_series:
        rng = np.random.default_rng([seed, 93])
        for seen in series:
            own = roles[:3] if rng.random() < WITHOUT_NIR else roles
            shown, model, cell_m = cells_of(seen, own, gsd_m, rng.random() >= WITHOUT_SUN)
            table, valid = ground.features(shown, own, model, cell_m)
            sorts = sorts_of(seen.truth)
            for where in sorts:
                places = np.flatnonzero(where & valid)
                taken = rng.permutation(places)[: ROWS // len(sorts)]
                tables.append(table.reshape(len(table), -1)[:, taken].T)
                weights.append(np.full(len(taken), len(places) / max(1, len(taken)), np.float32))
                for name, label in labels.items():
                    label.append(labelled(seen.truth, name)[taken])
        say(f"{report} {seed}")
    if not tables:
        return (
            np.zeros((0, len(ground.NAMES)), np.float32),
            dict.fromkeys(TREES, np.zeros(0, np.uint8)),
            np.zeros(0, np.float32),
        )
    return np.concatenate(tables), {name: np.concatenate(own) for name, own in labels.items()}, np.concatenate(weights)


def sorts_of(truth: dict[str, NDArray[np.bool_]]) -> tuple[NDArray[np.bool_], ...]:
    """Cells of which as many each are fitted on."""
    if "earthwork" not in truth:
        return truth["built"], ~truth["built"]
    return truth["building"], truth["earthwork"], truth["paving"], ~truth["built"]


def labelled(truth: dict[str, NDArray[np.bool_]], name: str) -> NDArray[np.uint8]:
    """Labels of all cells of a date, `UNKNOWN` for what its truth does not tell."""
    return truth[name].ravel().astype(np.uint8) if name in truth else np.full(truth["built"].size, UNKNOWN, np.uint8)


def beside(own: Rows, other: Rows | None) -> Rows:
    """Both tables in one, the roots of the other's weights adding up to `PAINTED_SHARE` of those of the own ones."""
    if other is None:
        return own
    (x, labels, w), (more, further, v) = own, other
    factor = (PAINTED_SHARE * np.sqrt(w).sum() / np.sqrt(v).sum()) ** 2
    together = {name: np.concatenate([labels[name], further[name]]) for name in labels}
    return np.concatenate([x, more]), together, np.concatenate([w, (factor * v).astype(np.float32)])


def fitted(
    x: NDArray[np.float32], y: NDArray[np.uint8], w: NDArray[np.float32], trees: int, leaves: int = 40
) -> boosted_trees.Forest:
    """A forest fitted on rows (n, feature) whose label is known."""
    known = y != UNKNOWN
    x, y, w = x[known], y[known], w[known]
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
    known = y != UNKNOWN
    x, y, w = x[known], y[known], w[known]
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
    parser.add_argument("--painted", type=Path, help="folder of painted sites")
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    (x, labels, w), (checks, truth, weight) = (
        beside(
            cells(simulated(range(first, first + sites), asked.painted is not None), "simulated"),
            cells(of_painter(asked.painted, seeds), "painted") if asked.painted else None,
        )
        for first, sites, seeds in (
            (FIT_SEED, asked.sites, PAINTED_FIT),
            (CHECK_SEED, asked.check_sites, PAINTED_CHECK),
        )
    )
    grown, about = [], {}
    for name, trees in TREES.items():
        one = fitted(x, labels[name], w, trees)
        about[name] = described(one, checks, truth[name], weight)
        grown.append(one)
        say(f"{name}: {len(one.feature)} nodes")
    asked.output.write_bytes(forest_files.dump(grown, {"forests": about, "features": ground.NAMES}))


if __name__ == "__main__":
    main()
