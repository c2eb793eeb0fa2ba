"""How many halls of painted sites are listed, how many of the listed are halls, and whether the bounds of counts hold.

    python benchmarks/buildings.py DIR [DIR2 ..] [--seeds 38 43 44] [--runs DIR3]

DIR hold painted sites with `truth/things.gpkg` (`training/painter`; of sites painted before it held `buildings_cut`
write it anew by `paint.py .. --tops`). Stacks are left out by the true boxes, unless --runs names a folder for whole
runs: then all is as a run says it. What the frame cuts counts neither way.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet import load_workflow, run  # noqa: E402
from changedet.kernels.hall_pictures import STEP_M  # noqa: E402
from changedet.models.hall_network import odds_of  # noqa: E402
from changedet.pipeline.things.kernels import hall_presence  # noqa: E402
from scenarios.halls import SAME, UNSURE, Place, Scene, clear_days, outlines_of, painted_scenes, places_of, signs_of  # noqa: E402
from scenarios.painted import painted_sites  # noqa: E402

Row: TypeAlias = tuple[int, int, int, bool]
"""Of a look: true halls, counted ones, right ones, whether the bounds hold."""


def listed(places: Sequence[Place]) -> list[tuple[Place, hall_presence.Stay, float]]:
    """Places that a run would list."""
    least = hall_presence.LISTED_M2 * np.exp(hall_presence.AREA_EXCESS)
    found = [(one, hall_presence.stay(one.part.core), hall_presence.probability(signs_of(one))) for one in places]
    return [
        one for one in found if one[0].part.area_m2 >= least and one[2] >= hall_presence.LISTED and one[1].first >= 0
    ]


def by_look(scenes: Sequence[Scene], places: Sequence[Place]) -> list[Row]:
    """Of each look without cloud, by the parts of the code, without a run."""
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


def of_run(site: Path, folder: Path) -> list[Row]:
    """The same of a whole run, which is left in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("scenes", "aoi.geojson", "zones.geojson"):
        if (site / name).exists() and not (folder / name).exists():
            (folder / name).symlink_to((site / name).resolve())
    content = yaml.safe_load((site / "workflow.yaml").read_text())
    (folder / "workflow.yaml").write_text(yaml.safe_dump(content | {"buildings": True}))
    done = run(load_workflow(folder / "workflow.yaml"))
    layer = gpd.read_file(done.path / "objects.gpkg", layer="buildings")
    first, last = (layer[name].astype(str).str[:10] for name in ("first_seen", "last_seen"))
    counts = pd.read_csv(done.path / "timeseries.csv")
    counts = counts[counts["zone"].isna()].set_index("date")
    rows = []
    for day in clear_days(site):
        every, cut = (outlines_of(site / "truth" / "things.gpkg", name, day) for name in ("buildings", "buildings_cut"))
        true = [one for one in every if one.area >= hall_presence.LISTED_M2]
        stand = layer.geometry[(first <= day) & (day <= last)]
        found = [one for one in stand if all(one.intersection(c).area <= UNSURE * one.area for c in cut)]
        right = sum(any(one.intersection(h).area >= SAME * one.union(h).area for h in true) for one in found)
        held = (
            counts.loc[day, "buildings_low"] <= len(true) + len(cut) and len(true) <= counts.loc[day, "buildings_high"]
        )
        rows.append((len(true), len(found), right, bool(held)))
    return rows


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, nargs="*", default=list(range(100)))
    parser.add_argument("--runs", type=Path, help="judge whole runs, which are kept in this folder")
    given = parser.parse_args()
    every: list[Row] = []
    for site in (site for folder in given.folders for site in painted_sites(folder, given.seeds)):
        if given.runs:
            rows = of_run(site.folder, given.runs / site.folder.name)
        else:
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
