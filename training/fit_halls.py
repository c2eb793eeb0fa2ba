"""Fit how likely what the network draws is a hall, on scenes that taught it nothing, and print the constants.

    python training/fit_halls.py --painted DIR [DIR2 ..]

DIR hold painted sites (seeds from 1000 on) that `train_buildings.py` was not given; simulated scenes of other seeds
join them. The constants are those of `changedet/pipeline/things/kernels/hall_presence.py`; each site is judged by a fit
on the others. One thread, a few minutes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.models.hall_network import odds_of  # noqa: E402
from scenarios.halls import Place, painted_scenes, places_of, signs_of  # noqa: E402
from scenarios.painted import painted_sites  # noqa: E402
from training.building_scenes import simulated  # noqa: E402

OWN_SEEDS, PAINTED_SEEDS = range(21000, 21060), range(1000, 2000)
RIDGE = 1.0
LISTED = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9)


def fitted(values: NDArray[np.float64], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights and offset of a logistic regression on scaled signs."""
    signs = np.column_stack([values, np.ones(len(values))])
    ridge = np.diag([RIDGE] * values.shape[1] + [0.0])
    weights = np.zeros(signs.shape[1])
    for _ in range(60):
        sure = 1 / (1 + np.exp(-signs @ weights))
        bend = (signs * (sure * (1 - sure))[:, None]).T @ signs + ridge
        weights += np.linalg.solve(bend, signs.T @ (truth - sure) - ridge @ weights)
    return weights


def report(places: list[Place]) -> None:
    """Print the constants, and what each threshold lists of sites left out in turn."""
    values, truth = np.array([signs_of(one) for one in places]), np.array([one.is_hall for one in places])
    means, spreads = values.mean(axis=0), values.std(axis=0)
    scaled = (values - means) / spreads
    weights = fitted(scaled, truth)
    for name, numbers in (("MEANS", means), ("SPREADS", spreads), ("WEIGHTS", weights[:-1]), ("OFFSET", weights[-1:])):
        print(name, tuple(np.round(numbers, 3).tolist()))
    names = np.array([one.site for one in places])
    sure = np.zeros(len(places))
    for name in np.unique(names):
        own = names == name
        found = fitted(scaled[~own], truth[~own])
        sure[own] = 1 / (1 + np.exp(-(scaled[own] @ found[:-1] + found[-1])))
    for least in (40.0, 150.0):
        large = np.array([one.part.area_m2 >= least for one in places])
        for limit in LISTED:
            kept = large & (sure >= limit)
            right, false = int((kept & truth).sum()), int((kept & ~truth).sum())
            print(f"{least:.0f} m2, from {limit}: {right} of {int((large & truth).sum())} halls drawn, {false} false")


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--painted", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    places: list[Place] = []
    for folder in given.painted:
        for site in painted_sites(folder, PAINTED_SEEDS):
            scenes = list(painted_scenes(site.folder, judged=True))
            places += places_of(scenes, odds_of) if scenes else []
    for seed in OWN_SEEDS:
        scene = simulated(seed)
        places += places_of([scene._replace(name=f"{scene.name}-{seed}")], odds_of)
    report(places)


if __name__ == "__main__":
    main()
