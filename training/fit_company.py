"""Fit the trees that rescore the network's boxes from their neighbours, and write changedet/models/company.npz.

    python training/fit_company.py            # about eight CPU minutes
    python training/fit_company.py --recalibrate --cache DIR      # the released trees, their log odds set anew

Run it whenever the network changes; `--recalibrate` where it changed little. Fitted on the network's own boxes in
simulated scenes that it was not trained on: 50000 to 50439 of training/network_scenes.py, and the simulator's seeds
1000 to 1039, 1100 to 1115 (decoys), 1120 to 1127 (wide), each at four pixel sizes; recalibrated on 40000 to 40440, of
which DIR keeps the scenes. benchmarks/detector.py reports on 900 to 919.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels import boosted_trees, forest_files  # noqa: E402
from changedet.models.loader import file_content  # noqa: E402
from changedet.stages.objects.boxes import rectangles_of, suppress  # noqa: E402
from changedet.stages.objects.kernels import context_rescoring  # noqa: E402
from changedet.stages.objects.rescoring import box_evidence  # noqa: E402
from changedet.stages.objects.stage import STAGE  # noqa: E402
from changedet.stages.objects.whole import find  # noqa: E402
from changedet.stages.registry import Facts  # noqa: E402
from scenarios.yards import GSDS_M, Yard, as_array, hits, simulated  # noqa: E402
from training import calibration  # noqa: E402
from training.network_scenes import cached, photograph, scene  # noqa: E402

OUT = ROOT / "changedet" / "models" / "company.npz"
SCENES = range(50000, 50440)
CHECKS = range(40000, 40440, 11)
"""Scenes to recalibrate on."""
SITES = (("", range(1000, 1040), 200.0), ("decoys", range(1100, 1116), 250.0), ("wide", range(1120, 1128), 250.0))
NOTHING, CONTAINER, OTHER = 0, 1, 2
SITE_WEIGHT = 3.0
"""Whole sites are few beside the scenes, and show what these lack: ground where no box stands."""


def yards(few: int) -> Iterator[tuple[Yard, float]]:
    """Every `few`-th scene at all pixel sizes, and what its boxes weigh."""
    for seed in SCENES[::few]:
        drawn = scene(seed)
        yield from ((photograph(drawn, seed, gsd_m), 1.0) for gsd_m in GSDS_M)
    for kind, seeds, size_m in SITES:
        for seed in seeds[::few]:
            yield from ((simulated(seed, gsd_m, size_m, kind=kind or None), SITE_WEIGHT) for gsd_m in GSDS_M)


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
    """A forest that predicts a label; its log odds are calibrated on boxes that it was not fitted on (see the card)."""
    model = HistGradientBoostingClassifier(
        max_iter=trees, learning_rate=0.06, max_leaf_nodes=12, min_samples_leaf=60, l2_regularization=5.0,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(rows, label, sample_weight=weight)
    return forest_files.from_boosting([step[0].nodes for step in model._predictors], model._baseline_prediction)


def released_anew(cache: Path) -> bytes:
    """The released file with its first forest recalibrated for the network of today."""
    (there, kind), about, _ = forest_files.load(file_content(OUT.name))
    drawn = ((cached(seed, cache), seed) for seed in CHECKS)
    parts = [labelled(photograph(own, seed, gsd_m), 1.0) for own, seed in drawn for gsd_m in GSDS_M]
    rows, label = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    return forest_files.dump((calibration.recalibrated(there, rows, label != NOTHING), kind), about)


def main() -> None:
    """Fit both forests, or recalibrate one, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--recalibrate", action="store_true", help="keep the trees; set their log odds anew")
    parser.add_argument("--cache", type=Path, help="folder for the scenes of --recalibrate")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    if given.recalibrate:
        if given.cache is None:
            parser.error("--recalibrate needs --cache")
        given.out.write_bytes(released_anew(given.cache))
        sys.stdout.write(f"{given.out.name} {hashlib.sha256(given.out.read_bytes()).hexdigest()}\n")
        return
    parts = [labelled(*yard) for yard in yards(1)]
    rows, label, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    box = label != NOTHING
    forests = grown(rows, box, weight, 150), grown(rows[box], label[box] == CONTAINER, weight[box], 100)
    given.out.write_bytes(forest_files.dump(forests, {"features": context_rescoring.NAMES, "rows": len(rows)}))
    digest = hashlib.sha256(given.out.read_bytes()).hexdigest()
    sys.stdout.write(f"{len(rows)} boxes, {np.bincount(label).tolist()}; {given.out.name} {digest}\n")


if __name__ == "__main__":
    main()
