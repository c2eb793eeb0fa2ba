"""Fit the trees that rescore the network's boxes from their neighbours, and write changedet/models/company.npz.

    python training/fit_company.py --cache DIR --painted DIR      # half a CPU hour

Run it whenever the network changes. Fitted on the network's own boxes in scenes of training/network_scenes.py that it
was not trained on (`LOTS`, of which the cache keeps the scenes), in sites of the simulator, and in painted sites of
look-alikes (`PAINTED`). These did teach the network, so that what is false there is rarer than elsewhere. The log odds
are then `SHARE` of the new trees' and the rest of those in training/networks/company.npz, which were fitted on the
first kinds of scenes alone, and `OFFSET` more that a box is there.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels import boosted_trees, forest_files  # noqa: E402
from changedet.stages.objects.boxes import rectangles_of, suppress  # noqa: E402
from changedet.stages.objects.kernels import context_rescoring  # noqa: E402
from changedet.stages.objects.rescoring import box_evidence  # noqa: E402
from changedet.stages.objects.stage import STAGE  # noqa: E402
from changedet.stages.objects.whole import find  # noqa: E402
from changedet.stages.registry import Facts  # noqa: E402
from scenarios.yards import GSDS_M, Yard, as_array, hits, simulated  # noqa: E402
from training import painted_sites  # noqa: E402
from training.network_scenes import (  # noqa: E402
    DRY_FROM,
    FLEETS_FROM,
    HOMES_FROM,
    LOTS_FROM,
    PAIRS_FROM,
    SELDOM_FROM,
    TRAINS_FROM,
    WIDE_FROM,
    cached,
    photograph,
)

OUT = ROOT / "changedet" / "models" / "company.npz"
BEFORE = ROOT / "training" / "networks" / "company.npz"
SHARE, OFFSET = 0.5, 0.2
"""Chosen with sites of other hands and real pictures in view (docs/research/detector.md)."""
NOTHING, CONTAINER, OTHER = 0, 1, 2
SITE_WEIGHT = 3.0
"""Whole sites are few beside the scenes, and show what these lack: ground where no box stands."""


class Lot(NamedTuple):
    """Scenes of a kind, each by several cameras.

    Attributes
    ----------
    seeds : range
        Of the scenes.
    usual_m : tuple of float
        Pixels in which each is shown.
    turning : int
        And in so many of `GSDS_M` by turns.
    """

    seeds: range
    usual_m: tuple[float, ...] = ()
    turning: int = 0

    def pixels(self, seed: int) -> list[float]:
        """Pixel sizes of a scene, metres, ascending."""
        turns = (GSDS_M[(seed // self.seeds.step + k) % len(GSDS_M)] for k in range(self.turning))
        return sorted({*self.usual_m, *turns})


def _lot(first: int, end: int, step: int, usual_m: tuple[float, ...] = (0.5,), turning: int = 0) -> Lot:
    return Lot(range(SEED + first, SEED + end, step), usual_m, turning)


SEED = 50000
LOTS = (
    _lot(0, LOTS_FROM, 2, (), 2),
    _lot(WIDE_FROM, HOMES_FROM, 4, (), 2),
    _lot(WIDE_FROM + 2, HOMES_FROM, 4, (), 1),
    _lot(HOMES_FROM, TRAINS_FROM, 2, (0.3, 0.5)),
    _lot(HOMES_FROM + 1, TRAINS_FROM, 2, turning=1),
    _lot(TRAINS_FROM, PAIRS_FROM, 8),
    _lot(PAIRS_FROM, SELDOM_FROM, 2, turning=1),
    _lot(SELDOM_FROM, FLEETS_FROM, 6),
    _lot(FLEETS_FROM, DRY_FROM, 2, turning=1),
    _lot(DRY_FROM, DRY_FROM + 140, 2, turning=1),
)
"""Scenes that taught no network: of the first kinds, wide and last ones, houses, trains, pairs of 20-foot boxes, seldom
ones, fleets of dull boxes, dry skies."""
SITES = (
    ("", Lot(range(1000, 1040, 2), (0.5,), 1), 200.0),
    ("decoys", Lot(range(1100, 1116), GSDS_M), 250.0),
    ("wide", Lot(range(1120, 1128, 2), (0.5,), 1), 250.0),
)
PAINTED = ("lookalikes", "decoys", "parks", "quiet")
"""Kinds of painted sites, in pixels of `PAINTED_M`."""
PAINTED_M = 0.5


def yards(cache: Path, painted: Path) -> Iterator[tuple[Yard, float]]:
    """Every picture, and what its boxes weigh."""
    for lot in LOTS:
        for seed in lot.seeds:
            drawn = cached(seed, cache)
            yield from ((photograph(drawn, seed, gsd_m), 1.0) for gsd_m in lot.pixels(seed))
    for kind, lot, size_m in SITES:
        for seed in lot.seeds:
            yield from ((simulated(seed, gsd_m, size_m, kind=kind or None), SITE_WEIGHT) for gsd_m in lot.pixels(seed))
    whole = [path.parent for path in sorted(painted.glob("*/workflow.yaml"))]
    sites = [site for site in whole if site.name.rsplit("-", 1)[0] in PAINTED]
    yield from ((yard, 1.0) for yard in painted_sites.yards(sites, (PAINTED_M,)))


def labelled(yard: Yard, weight: float) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float64]]:
    """Features of the peaks of a picture, what stands there, and their weights."""
    facts = Facts(yard.gsd_m, yard.roles, dates=1, gsd_m=(yard.gsd_m,), dtype=yard.dtype)
    method = STAGE.get("learned").function(facts)
    alone = replace(method, settle=partial(suppress, resolution_m=yard.gsd_m), count_confidence=0.0)
    table = find(as_array(yard), alone)
    if "logit" not in table:
        return np.empty((0, len(context_rescoring.NAMES)), np.float32), np.empty(0, np.int64), np.empty(0)
    truth = np.concatenate([yard.boxes, yard.others])
    found, which = hits(rectangles_of(table, yard.gsd_m), truth)
    label = np.full(len(table), NOTHING)
    label[found] = np.where(which < len(yard.boxes), CONTAINER, OTHER)
    peaks = table["logit"].notna().to_numpy()
    return (
        context_rescoring.features(box_evidence(table, yard.gsd_m))[peaks],
        label[peaks],
        np.full(peaks.sum(), weight),
    )


def grown(
    rows: NDArray[np.float32], label: NDArray[np.bool_], weight: NDArray[np.float64], trees: int
) -> boosted_trees.Forest:
    """A forest that predicts a label; see the card."""
    model = HistGradientBoostingClassifier(
        max_iter=trees, learning_rate=0.06, max_leaf_nodes=12, min_samples_leaf=60, l2_regularization=5.0,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(rows, label, sample_weight=weight)
    return forest_files.from_boosting([step[0].nodes for step in model._predictors], model._baseline_prediction)


def mixed(first: boosted_trees.Forest, second: boosted_trees.Forest, share: float) -> boosted_trees.Forest:
    """A forest of the trees of two, whose log odds are a share of the second's and the rest of the first's."""
    nodes = len(first.feature)
    parts = [
        one._replace(
            value=np.where(one.feature == boosted_trees.LEAF, weight * one.value, one.value).astype(np.float32),
            left=np.where(one.feature == boosted_trees.LEAF, one.left, one.left + start),
            root=one.root + start,
        )
        for one, weight, start in ((first, 1 - share, 0), (second, share, nodes))
    ]
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts]).astype(getattr(first, name).dtype)
        for name in ("feature", "value", "left", "missing_left", "root")
    }
    return first._replace(**columns, baseline=(1 - share) * first.baseline + share * second.baseline)


def released(rows: NDArray[np.float32], label: NDArray[np.int64], weight: NDArray[np.float64]) -> bytes:
    """The file, by the features of peaks (n, len(NAMES)), what stands there, and their weights."""
    box = label != NOTHING
    new = grown(rows, box, weight, 150), grown(rows[box], label[box] == CONTAINER, weight[box], 100)
    before, _, _ = forest_files.load(BEFORE.read_bytes())
    there, kind = (mixed(old, own, SHARE) for old, own in zip(before, new, strict=True))
    forests = there._replace(baseline=there.baseline + OFFSET), kind
    return forest_files.dump(forests, {"features": context_rescoring.NAMES, "rows": len(rows)})


def main() -> None:
    """Fit both forests and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the scenes")
    parser.add_argument("--painted", type=Path, required=True, help="folder of training/painted_sites.py")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    parts = [labelled(*yard) for yard in yards(given.cache, given.painted)]
    rows, label, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    given.out.write_bytes(released(rows, label, weight))
    digest = hashlib.sha256(given.out.read_bytes()).hexdigest()
    sys.stdout.write(f"{len(rows)} boxes, {np.bincount(label).tolist()}; {given.out.name} {digest}\n")


if __name__ == "__main__":
    main()
