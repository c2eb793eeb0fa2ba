"""Fit what a box's place says of it, and write changedet/models/box_places.npz.

    python training/fit_places.py --painted DIR     # some ten CPU minutes

The network of halls, as it is, sees the pictures; means of its maps within each box are the features of a logistic
regression (`changedet/stages/objects/kernels/box_places.py`), fitted on the released detector's boxes in own scenes and
in the painted sites of DIR (training/painted_sites.py) without these weights: many show houses, coaches and closed
wagons, others yards of all kinds, as otherwise a yard would speak for no box. The painted ones have a slope and an
intercept of their own for what is known before, so that the weights are those that both hands share. `TRUST` of what
the weights say is believed; the offset is the least at which on neither hand fewer true boxes count than before, on
sites left out of the fit. Run it whenever the network of boxes, its company, the second look or the network of halls
changes.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.containers import OTHER  # noqa: E402
from changedet.kernels.doubts import HOME_ODDS  # noqa: E402
from changedet.models import hall_network  # noqa: E402
from changedet.stages.objects import detector, rescoring, second_look  # noqa: E402
from changedet.stages.objects.boxes import rectangles_of  # noqa: E402
from changedet.stages.objects.kernels import box_places, network  # noqa: E402
from changedet.stages.objects.kernels.box_looks import DOUBTFUL  # noqa: E402
from scenarios.yards import Yard  # noqa: E402
from training import fit_looks, painted_sites  # noqa: E402
from training.network_scenes import photograph, scene  # noqa: E402

OUT = ROOT / "changedet" / "models" / second_look.PLACES
GSD_M = 0.5
OWN_SEEDS = (
    *range(60000, 60264, 5), *range(60264, 60440, 8), *range(60500, 60740, 5), *range(60740, 60880, 5),
    *range(60502, 60880, 5), *range(60940, 61040), *range(61040, 61100, 2),
)  # fmt: skip
"""Scenes of training/network_scenes.py that no network was taught on: all kinds, more of the later ones, all homes."""
PAINTED = (
    *(site.name for site in painted_sites.AT_HOME),
    *(f"outposts-{seed}" for seed in (*range(1101, 1107), *range(1111, 1114))),
    *(f"darkrail-{seed}" for seed in range(1101, 1105)),
    *(f"{kind}-{seed}" for kind in ("earthworks", "winter") for seed in (*range(1011, 1015), 1021)),
    *(f"rail-{seed}" for seed in (1011, 1012)),
    *(f"dense-{seed}" for seed in (1101, 1102, 1103)),
    "port-1011",
)
TAUGHT_ON = 0.03
"""Least confidence of the boxes that teach."""
STRENGTH, SPREAD, LEAST_SPREAD = 0.1, 0.1, 1e-3
"""Inverse of the penalty of the weights (scikit-learn's C), of features of that spread. Chosen as what the fit on
either hand makes of the other one (docs/research/detector.md)."""
TRUST = 0.6
"""Of the log odds; as for the ground's colours, since what was fitted is sure of itself."""
FOLDS = 4
BOUND = 1e-4
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Teaching:
    """Boxes: features (n, feature), log odds before, whether each is one, is painted, the number of its picture."""

    features: NDArray[np.float32]
    before: Floats
    right: Bools
    painted: Bools
    picture: NDArray[np.int64]

    def part(self, rows: Bools) -> Teaching:
        """Some of the boxes."""
        return Teaching(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def shown(yard: Yard) -> NDArray[np.float32]:
    """The picture (3, y, x) as a second look sees it."""
    bands = list(detector.bands_used(yard.roles))
    model = network.statistics(yard.image[None], bands)
    picture = yard.image[bands]
    mean = np.asarray(model.mean, np.float32)[:, None, None]
    stretched = network.stretched(picture, model.low, model.high)
    return np.where(np.isfinite(picture).all(axis=0), stretched, mean)


def judged_boxes(yard: Yard, least: float) -> tuple[pd.DataFrame, Bools] | None:
    """Boxes of a picture before anything is known of their places, and which are containers of so much confidence."""
    table = fit_looks.found(yard).drop(columns=[rescoring.PLACE, HOME_ODDS], errors="ignore")
    if "logit" not in table or table.empty:
        return None
    judged = rescoring.rescored(table, yard.gsd_m)
    rows = (judged["kind"] != OTHER).to_numpy() & (judged["confidence"].to_numpy(float) > least)
    return (judged, rows) if rows.any() else None


def boxes_of(yard: Yard, is_painted: bool, number: int) -> Teaching | None:
    """All containers of a picture that are found, with what their places show."""
    known = judged_boxes(yard, TAUGHT_ON)
    if known is None:
        return None
    judged, rows = known
    sure = judged["confidence"].to_numpy(float)
    maps = second_look.halls_of(shown(yard), yard.gsd_m).maps
    features = box_places.features(maps, hall_network.MAP_STEPS_PX, rectangles_of(judged, yard.gsd_m)[rows])
    before = logit(np.clip(sure[rows], BOUND, 1 - BOUND))
    right = fit_looks.truly(judged, yard)[rows]
    return Teaching(features, before, right, np.full(len(right), is_painted), np.full(len(right), number))


def pictures(folder: Path) -> Iterator[tuple[Yard, bool]]:
    """Pictures of both hands, and whether each is painted."""
    for yard in painted_sites.yards([folder / name for name in PAINTED], (GSD_M,)):
        yield yard, True
    for seed in OWN_SEEDS:
        yield photograph(scene(seed), seed, GSD_M), False


def fitted(known: Teaching) -> tuple[Floats, Floats, Floats]:
    """Mean and spread of the features, and their weights, both hands alike."""
    mean, spread = known.features.mean(axis=0), known.features.std(axis=0) + LEAST_SPREAD
    standard = SPREAD * (known.features - mean) / spread
    painted, share = known.painted.astype(float), known.painted.mean()
    columns = np.column_stack([known.before, known.before * painted, painted, standard])
    weight = np.where(known.painted, 0.5 / share, 0.5 / (1 - share))
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(columns, known.right, sample_weight=weight)
    return mean, spread, TRUST * SPREAD * model.coef_[0, 3:]


def said(features: NDArray[np.float32], fit: tuple[Floats, ...]) -> Floats:
    """Log odds without the offset."""
    mean, spread, weight = fit
    return np.asarray(((features - mean) / spread) @ weight)


def offset_of(known: Teaching) -> float:
    """The least offset at which on neither hand fewer true boxes count than before; prints what it does."""
    odds = np.empty(len(known.before))
    for fold in range(FOLDS):
        left_out = known.picture % FOLDS == fold
        odds[left_out] = said(known.features[left_out], fitted(known.part(~left_out)))
    asked = known.before > logit(DOUBTFUL[0])
    offsets = []
    for name, hand in (("painted", known.painted), ("own", ~known.painted)):
        own = hand & asked
        after, right = known.before[own] + odds[own], known.right[own]
        counted = known.before[own] > 0
        level = np.sort(after[right])[::-1][int((counted & right).sum()) - 1]
        offsets.append(-float(level))
        false = int((counted & ~right).sum()), int(((after >= level) & ~right).sum())
        print(f"{name}: {int((counted & right).sum())} true, false {false[0]}, then {false[1]}, offset {-level:.3f}")
    return max(offsets)


def written(out: Path, fit: tuple[Floats, ...], offset: float) -> str:
    """Write a file of weights; its SHA-256."""
    content = io.BytesIO()
    # Of two floats that differ in their last bits only one is written, so that the file is the same on any machine.
    mean, spread, weight = (np.round(value, 6).astype(np.float32) for value in fit)
    np.savez(content, mean=mean, spread=spread, weight=weight, offset=np.round(offset, 3))
    out.write_bytes(content.getvalue())
    return hashlib.sha256(content.getvalue()).hexdigest()


def main() -> None:
    """Fit and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--painted", type=Path, required=True, help="folder of training/painted_sites.py")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    found = (boxes_of(yard, is_painted, k) for k, (yard, is_painted) in enumerate(pictures(given.painted)))
    parts = [part for part in found if part is not None]
    names = Teaching.__dataclass_fields__
    known = Teaching(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    digest = written(given.out, fitted(known), offset_of(known))
    print(f"{len(known.right)} boxes, {int(known.right.sum())} true; {given.out.name} {digest}")


if __name__ == "__main__":
    main()
