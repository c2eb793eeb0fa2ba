"""Fit what surroundings say of whether a box lies among houses, and write changedet/models/box_homes.npz.

    python training/fit_homes.py --painted DIR     # some five CPU minutes

The network of halls, as it is, sees the pictures of training/fit_places.py; means of its maps around each box are the
features of a logistic regression (`changedet/stages/objects/kernels/box_homes.py`) that tells the released detector's
boxes of house colonies, true and false ones and as they are without places, from those of all other kinds of sites.
Colonies and other kinds of both hands weigh alike, and pictures within each of these four. The offset is that at which
on either hand one in twenty true boxes outside colonies, at most, lies among houses. Run it whenever the network of
halls changes.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.models import hall_network  # noqa: E402
from changedet.stages.objects import second_look  # noqa: E402
from changedet.stages.objects.boxes import rectangles_of  # noqa: E402
from changedet.stages.objects.kernels import box_homes  # noqa: E402
from scenarios.yards import Yard  # noqa: E402
from training import fit_looks, painted_sites  # noqa: E402
from training.fit_places import (  # noqa: E402
    GSD_M,
    LEAST_SPREAD,
    OWN_SEEDS,
    PAINTED,
    SPREAD,
    STRENGTH,
    judged_boxes,
    said,
    shown,
    written,
)
from training.network_scenes import HOME_KINDS, HOMES_FROM, TRAINS_FROM, photograph, scene  # noqa: E402

OUT = ROOT / "changedet" / "models" / second_look.HOMES
TAUGHT_ON = 0.3
"""Least confidence of the boxes that teach: a candidate of a series at least."""
COUNTED = 0.5
ELSEWHERE = 0.95
"""Share of the true boxes outside colonies that do not lie among houses."""
FOLDS = 2


@dataclass(frozen=True)
class Teaching:
    """Boxes: features (n, feature), whether each is true, counted, in a colony, is painted; number of its picture."""

    features: NDArray[np.float32]
    right: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    colony: NDArray[np.bool_]
    painted: NDArray[np.bool_]
    picture: NDArray[np.int64]

    def part(self, rows: NDArray[np.bool_]) -> Teaching:
        """Some of the boxes."""
        return Teaching(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def boxes_of(yard: Yard, number: int, *, colony: bool, painted: bool) -> Teaching | None:
    """All containers of a picture that are found, with what lies around them."""
    known = judged_boxes(yard, TAUGHT_ON)
    if known is None:
        return None
    judged, rows = known
    sure = judged["confidence"].to_numpy(float)
    maps = second_look.halls_of(shown(yard), yard.gsd_m).maps
    centres = rectangles_of(judged, yard.gsd_m)[rows, :2]
    features = box_homes.features(maps, hall_network.MAP_STEPS_PX, centres)
    right, counted = fit_looks.truly(judged, yard)[rows], sure[rows] >= COUNTED
    same = (np.full(len(right), value) for value in (colony, painted, number))
    return Teaching(features, right, counted, *same)


def taught(folder: Path) -> Teaching:
    """Boxes of both hands' pictures."""
    parts = []
    for name in PAINTED:
        for yard in painted_sites.yards([folder / name], (GSD_M,)):
            parts.append(boxes_of(yard, len(parts), colony=name.startswith("colonies"), painted=True))
    for seed in OWN_SEEDS:
        number = seed % 10000
        home = HOMES_FROM <= number < TRAINS_FROM and HOME_KINDS[seed % len(HOME_KINDS)] == "colony"
        parts.append(boxes_of(photograph(scene(seed), seed, GSD_M), len(parts), colony=home, painted=False))
    kept = [part for part in parts if part is not None]
    names = Teaching.__dataclass_fields__
    return Teaching(*(np.concatenate([getattr(part, name) for part in kept]) for name in names))


def fitted(known: Teaching) -> tuple[NDArray[np.float64], ...]:
    """Mean and spread of the features, and their weights."""
    mean, spread = known.features.mean(axis=0), known.features.std(axis=0) + LEAST_SPREAD
    _, index, count = np.unique(known.picture, return_inverse=True, return_counts=True)
    weight = 1.0 / count[index]
    for colony in (False, True):
        for painted in (False, True):
            own = (known.colony == colony) & (known.painted == painted)
            weight[own] *= len(own) / max(weight[own].sum(), LEAST_SPREAD)
    standard = SPREAD * (known.features - mean) / spread
    model = LogisticRegression(C=STRENGTH, max_iter=3000).fit(standard, known.colony, sample_weight=weight / 4)
    return mean, spread, SPREAD * model.coef_[0]


def level_of(known: Teaching, odds: NDArray[np.float64]) -> float:
    """Log odds that one in twenty true boxes outside colonies exceeds, on the hand where that is more."""
    elsewhere = known.right & known.counted & ~known.colony
    return max(float(np.quantile(odds[elsewhere & own], ELSEWHERE)) for own in (known.painted, ~known.painted))


def main() -> None:
    """Fit and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--painted", type=Path, required=True, help="folder of training/painted_sites.py")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    known = taught(given.painted)
    odds = np.empty(len(known.right))
    for fold in range(FOLDS):
        left_out = known.picture % FOLDS == fold
        odds[left_out] = said(known.features[left_out], fitted(known.part(~left_out)))
    level = level_of(known, odds)
    for name, hand in (("painted", known.painted), ("own", ~known.painted)):
        for place, own in (("colonies", known.colony), ("elsewhere", ~known.colony)):
            for what, rows in (("true", known.right), ("false", ~known.right)):
                chosen = odds[hand & own & rows & known.counted]
                print(f"{name}, {place}: of {len(chosen)} {what} {np.mean(chosen > level):.3f} lie among houses")
    fit = fitted(known)
    digest = written(given.out, fit, -level_of(known, said(known.features, fit)))
    print(f"{len(known.right)} boxes; {given.out.name} {digest}")


if __name__ == "__main__":
    main()
