"""Fit what judges a cut between two vessels: a logistic of what shows along it, on drawn harbours.

    python training/fit_rafts.py [--seeds 60]

Prints the weights and the bias for `changedet/pipeline/things/kernels/vessels.py`. A CPU minute.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from scipy.ndimage import find_objects
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from changedet.kernels import components
from changedet.pipeline.things.kernels import rafts, vessels
from changedet.pipeline.things.kernels.water import water
from scenarios.harbours import Harbour, harbour

FIRST_SEED: Final = 1000
NEGATIVES: Final = 30
"""Of each part."""
HELD_SHARE: Final = 0.3
"""A part has a vessel that lies in it with as much."""
CLEAN: Final = 0.06
"""A cut that takes less from every vessel parts them."""
UNSURE: Final = 0.2
"""One that takes more than `CLEAN` and less than this teaches nothing."""
RIDGE: Final = 1e-4


def examples(seeds: range) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, FEATURES) of cuts, and whether each parts two vessels."""
    rng = np.random.default_rng(5)
    features, labels = [], []
    for seed in seeds:
        one = harbour(seed)
        shown = np.ones(one.image.shape[1:], bool)
        hull = vessels.hulls(water(one.image, one.gsd_m, None), shown, one.gsd_m)
        if one.quay_m is not None:
            hull[: int(np.ceil(one.quay_m / one.gsd_m)) + 1] = False
        numbers = components.label(hull.astype(np.uint8))
        for k, place in enumerate(find_objects(numbers), 1):
            own = numbers[place] == k
            if own.sum() * one.gsd_m**2 >= vessels.LEAST_M2:
                for found, is_cut in _of_raft(one, place, own, rng):
                    features.append(found)
                    labels.append(np.full(len(found), is_cut))
    return np.vstack(features), np.concatenate(labels)


def _of_raft(
    one: Harbour, place: tuple[slice, slice], own: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, bool]]:
    image = np.ascontiguousarray(one.image[:, place[0], place[1]])
    patch = rafts.patch_of(image, own, rafts.heading_of(image.mean(axis=0), own, None), one.gsd_m)
    masks = [mask for mask in _masks(one, patch, place) if (mask & patch.hull).sum() > 0.5 * mask.sum()]
    planes = rafts.planes_of(patch)
    todo = [rafts.tightened(patch.hull, rafts.Part(0, patch.hull.shape[0], 0, patch.hull.shape[1]))]
    while todo and masks:
        part = todo.pop()
        if part is None:
            continue
        where, found = rafts.cuts_of(part, planes)
        inside = [mask[part.top : part.bottom, part.left : part.right] for mask in masks]
        inside = [cut for cut, mask in zip(inside, masks, strict=True) if cut.sum() > HELD_SHARE * mask.sum()]
        if not len(where) or not inside:
            continue
        parts, is_near = _parting(where, inside, part)
        if parts.any():
            yield found[parts], True
            best = np.flatnonzero(parts)[np.argmax(found[parts, 0] + found[parts, 1])]
            todo += rafts.halves(patch.hull, part, int(where[best, 0]), int(where[best, 1]))
        others = np.flatnonzero(~parts & ~is_near)
        if len(others):
            yield found[rng.choice(others, min(len(others), NEGATIVES), replace=False)], False


def _masks(one: Harbour, patch: rafts.Patch, place: tuple[slice, slice]) -> list[np.ndarray]:
    back = cv2.invertAffineTransform(patch.to_picture)
    found = []
    for vessel in one.vessels:
        centre = vessel.x_m / one.gsd_m - 0.5 - place[1].start, vessel.y_m / one.gsd_m - 0.5 - place[0].start
        size = vessel.length_m / one.gsd_m, vessel.width_m / one.gsd_m
        corners = cv2.boxPoints((centre, size, float(np.degrees(vessel.angle_rad)))) @ back[:, :2].T + back[:, 2]
        mask = np.zeros(patch.hull.shape, np.uint8)
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1)
        if mask.any():
            found.append(mask > 0)
    return found


def _parting(where: np.ndarray, inside: list[np.ndarray], part: rafts.Part) -> tuple[np.ndarray, np.ndarray]:
    parts, is_near = np.zeros(len(where), bool), np.zeros(len(where), bool)
    for axis, first in ((0, part.left), (1, part.top)):
        own = np.flatnonzero(where[:, 0] == axis)
        at = (where[own, 1] - first).astype(int)
        before = np.array([np.concatenate([[0], np.cumsum(mask.sum(axis=axis))])[at] / mask.sum() for mask in inside])
        taken = np.minimum(before, 1 - before).max(axis=0)
        both = (before > 0.5).any(axis=0) & (before < 0.5).any(axis=0)
        parts[own] = both & (taken < CLEAN)
        is_near[own] = both & (taken >= CLEAN) & (taken < UNSURE)
    return parts, is_near


def fit(features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and bias of a logistic with a small ridge."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    scaled = np.column_stack([(features - mean) / spread, np.ones(len(features))])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = scaled @ weights
        free = np.r_[weights[:-1], 0.0]
        value = np.mean(np.logaddexp(0, odds) - odds * labels) + RIDGE * (free**2).sum()
        slope = scaled.T @ (1 / (1 + np.exp(-odds)) - labels) / len(labels) + 2 * RIDGE * free
        return float(value), slope

    best = minimize(loss, np.zeros(scaled.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 400}).x
    return best[:-1] / spread, float(best[-1] - (best[:-1] * mean / spread).sum())


def main() -> None:
    """Fit, and print the constants."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    wanted = parser.parse_args()
    features, labels = examples(range(FIRST_SEED, FIRST_SEED + wanted.seeds))
    weights, bias = fit(features, labels)
    print(f"{len(labels)} cuts, {labels.mean():.3f} of them part two vessels")
    print(f"WEIGHTS: Final = ({', '.join(f'{one:.3f}' for one in weights)})\nBIAS: Final = {bias:.3f}")


if __name__ == "__main__":
    main()
