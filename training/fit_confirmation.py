"""Fit which rows below the count threshold a series confirms, on simulated sites, and write their weights.

    python training/fit_confirmation.py [--folder DIR] [--seeds 600-601] [--kinds growth,dense,..] [--again]

Run it whenever the detector or the tracks change, with the sites of training/fit_tracks.py. Each site is followed by
its first two, four and all dates. Only the line of `WEIGHTS` in tracks/kernels/confirmation.py is written anew.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.assess.score.boxes import match_boxes  # noqa: E402
from changedet.assess.score.truth import truth_layer  # noqa: E402
from changedet.kernels.containers import OTHER  # noqa: E402
from changedet.pipeline.date_model import read_date_model  # noqa: E402
from changedet.pipeline.looks import looks_of  # noqa: E402
from changedet.plan import make_plan  # noqa: E402
from changedet.stages.tracks.confirmed import SURE, series_rows  # noqa: E402
from changedet.stages.tracks.kernels import confirmation  # noqa: E402
from changedet.stages.tracks.result import Tracks  # noqa: E402
from changedet.stages.tracks.stage import track  # noqa: E402
from changedet.store import RunFolder  # noqa: E402
from scenarios.track_sites import KINDS, read_site, runs, seeds_of  # noqa: E402

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DETECTOR = "learned"
FIRST_DATES = (2, 4, 8)
"""Of each site, followed on their own."""
OVERLAP = 0.3
"""Intersection over union from which a row is a true box, as `changedet score` has it."""
RIDGE = 1.0
"""Penalty on the squares of all weights but the first."""


def weak_rows(path: Path, kind: str, seed: int) -> Iterator[tuple[Floats, Bools]]:
    """Features of the weak rows that containers' tracks own, and whether a true box is there, by number of dates."""
    site = read_site(path, kind, seed)
    models = {day: read_date_model(RunFolder(path).model(day)) for day in site.dates}
    plan = make_plan(path.parent.parent / f"run_{DETECTOR}.yaml")
    true = truth_layer(path.parent.parent / "truth" / "truth.gpkg", "containers", site.detections.crs)
    true = true[true["visible"].astype(bool)]
    for count in FIRST_DATES:
        days = site.dates[:count]
        own = site.detections[site.detections["date"].dt.date.isin(days)]
        followed = track(own, looks_of(plan, models, days), detector=DETECTOR)
        rows = series_rows(followed)
        containers = (followed.tracks["kind"] != OTHER).to_numpy(bool)
        weak = np.flatnonzero(~rows.counted & (rows.track >= 0))
        weak = weak[containers[rows.track[weak]]]
        yield confirmation.features(rows, weak), _right(followed, true)[weak]


def _right(followed: Tracks, true: pd.DataFrame) -> Bools:
    """Whether a true box is where each row is; each box is of one row, counted ones and the more confident first."""
    table, right = followed.detections, np.zeros(len(followed.detections), bool)
    day_of, true_day = (frame["date"].dt.date.to_numpy() for frame in (table, true))
    rank = table["confidence"].to_numpy(np.float64) + table["counted"].to_numpy(np.float64)
    for day in followed.dates:
        here = np.flatnonzero(day_of == day)
        shapes = true.geometry.to_numpy()[true_day == day]
        pairs = match_boxes(table.geometry.to_numpy()[here], shapes, rank[here], OVERLAP)
        right[here[[i for i, _ in pairs]]] = True
    return right


def fitted(table: Floats, right: Bools) -> Floats:
    """Weights of a logistic regression."""
    sign = np.where(right, 1.0, -1.0)

    def _loss(weights: Floats) -> float:
        return float(np.logaddexp(0.0, -sign * (table @ weights)).sum() + RIDGE * (weights[1:] ** 2).sum() / 2.0)

    return np.asarray(minimize(_loss, np.zeros(table.shape[1])).x, np.float64)


def write(weights: Floats) -> None:
    """Put the detector's weights in the place of those that stand in the kernel's file."""
    path = Path(confirmation.__file__)
    line = f'"{DETECTOR}": ({", ".join(f"{value:.3f}" for value in weights)})'
    path.write_text(re.sub(rf'"{DETECTOR}": \([^)]*\)', line, path.read_text()))


def main() -> None:
    """Fit, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("track_sites"))
    parser.add_argument("--seeds", default="600-601")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--again", action="store_true", help="run the sites once more: a detector has changed")
    given = parser.parse_args()
    parts = [
        part
        for seed in seeds_of(given.seeds)
        for kind in given.kinds.split(",")
        for path in runs(given.folder, DETECTOR, kind, seed, given.again)
        for part in weak_rows(path, kind, seed)
    ]
    table, right = np.concatenate([one for one, _ in parts]), np.concatenate([one for _, one in parts])
    weights = fitted(table, right)
    chosen = table @ weights >= np.log(SURE / (1 - SURE))
    print(f"{len(right)} weak rows of followed containers, {right.mean():.2f} true")
    print(f"confirmed {chosen.sum()}, {right[chosen].mean():.2f} true; of the others {right[~chosen].mean():.2f}")
    print(dict(zip(confirmation.FEATURES, weights.round(3).tolist(), strict=True)))
    write(weights)


if __name__ == "__main__":
    main()
