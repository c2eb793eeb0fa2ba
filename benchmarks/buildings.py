"""How many halls of painted sites are listed, how many of the listed are halls, and whether the bounds of counts hold.

    python benchmarks/buildings.py DIR [DIR2 ..] [--seeds 38 43 44]

DIR hold painted sites with `truth/things.gpkg` (`training/painter`; of sites painted before it held `buildings_cut`
write it anew by `paint.py .. --tops`). Stacks are left out by the true boxes, in place of a run's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.pipeline.buildings import odds_of  # noqa: E402
from changedet.pipeline.kernels import hall_presence  # noqa: E402
from changedet.pipeline.kernels.hall_pictures import STEP_M  # noqa: E402
from scenarios.halls import SAME, Place, Scene, painted_scenes, places_of, signs_of  # noqa: E402
from scenarios.painted import painted_sites  # noqa: E402


def listed(places: Sequence[Place]) -> list[tuple[Place, hall_presence.Stay, float]]:
    """Places that a run would list."""
    least = hall_presence.LISTED_M2 * np.exp(hall_presence.AREA_EXCESS)
    found = [(one, hall_presence.stay(one.part.core), hall_presence.probability(signs_of(one))) for one in places]
    return [
        one for one in found if one[0].part.area_m2 >= least and one[2] >= hall_presence.LISTED and one[1].first >= 0
    ]


def by_look(scenes: Sequence[Scene], places: Sequence[Place]) -> list[tuple[int, int, int, bool]]:
    """Of each look: true halls, counted ones, right ones, whether the bounds hold."""
    kept, rows = listed(places), []
    for t, scene in enumerate(scenes):
        sizes = np.bincount(np.maximum(scene.halls, 0).ravel())[1:] * STEP_M**2
        true = int((sizes >= hall_presence.LISTED_M2).sum())
        stands = [float(stay.stands[t]) for _, stay, _ in kept]
        number, low, high = hall_presence.count([sure for _, _, sure in kept], stands)
        right = sum(
            s > hall_presence.RATHER and one.overlap[t] >= SAME for s, (one, _, _) in zip(stands, kept, strict=True)
        )
        rows.append((true, number, int(right), low <= true <= high))
    return rows


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, nargs="*", default=list(range(100)))
    given = parser.parse_args()
    every: list[tuple[int, int, int, bool]] = []
    for site in (site for folder in given.folders for site in painted_sites(folder, given.seeds)):
        scenes = list(painted_scenes(site.folder, judged=True))
        rows = by_look(scenes, places_of(scenes, odds_of)) if scenes else []
        every += rows
        true, number, right, held = np.array(rows, int).reshape(-1, 4).sum(axis=0)
        print(
            f"{site.kind} {site.seed}: true {true}, listed {number}, right {right}; bounds hold {held} of {len(rows)}"
        )
    if every:
        table = np.array(every, int)
        wrong = np.abs(table[:, 1] - table[:, 0]) / np.maximum(table[:, 0], 1)
        print(f"all: {table.sum(axis=0).tolist()} of {len(table)} looks, mean error of a count {wrong.mean():.3f}")


if __name__ == "__main__":
    main()
