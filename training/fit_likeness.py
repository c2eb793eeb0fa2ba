"""Fit what tells that two looks at one place show two boxes, and write its weights.

    python training/fit_likeness.py --own SITE... --painted SITE...

Each SITE is a folder with a workflow, its finished run in ``out`` and ``truth``, of our own simulator or painted
(training/painter), with at least two dates. Either hand counts as much as the other, however many pairs it has. Only
`WEIGHTS` and `CONSTANT` of tracks/kernels/likeness.py are written anew. Run it when the detector or the colours of
boxes change.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.assess.score.boxes import match_boxes  # noqa: E402
from changedet.pipeline.boxes import detections_of  # noqa: E402
from changedet.pipeline.date_model import read_date_model  # noqa: E402
from changedet.pipeline.familiarity import counted_dates  # noqa: E402
from changedet.pipeline.looks import looks_of  # noqa: E402
from changedet.plan import make_plan  # noqa: E402
from changedet.stages.tracks.by_place import surfaces_of  # noqa: E402
from changedet.stages.tracks.detections import Detections  # noqa: E402
from changedet.stages.tracks.kernels import likeness  # noqa: E402
from changedet.stages.tracks.kernels.colour_casts import colours_without_casts  # noqa: E402
from changedet.stages.tracks.kernels.colour_changepoints import pair_costs  # noqa: E402
from changedet.stages.tracks.observations import observe_places  # noqa: E402
from scenarios import leaning  # noqa: E402

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

RADIUS_M = 2.0
HIT = 0.3
"""Intersection over union from which a row shows a true roof."""
RIDGE = 1.0
"""Penalty on the squares of the weights of figures of variance 1."""


def labelled_pairs(site: Path) -> tuple[Floats, Bools]:
    """Figures (pair, figure) of all pairs of looks at each place, and whether they show two boxes."""
    plan = make_plan(next(site.glob("*.yaml")), out=str(site / "out"))
    models = {look.date: read_date_model(plan.folder.model(look.date)) for look in plan.looks}
    looks, found = looks_of(plan, models, counted_dates(plan)), detections_of(plan)
    if found is None:
        raise SystemExit(f"{site}: no boxes were looked for")
    rows = Detections.of(found, looks)
    seen = observe_places(rows, looks, RADIUS_M)
    surfaces = surfaces_of(rows, looks, seen)
    if surfaces.light is None:
        raise SystemExit(f"{site}: no pictures in colour")
    linear, box = colours_without_casts(surfaces, seen.place), true_boxes(site, rows)
    known = np.isfinite(surfaces.light).all(axis=(1, 2)) & np.isfinite(linear).all(axis=1)
    used = np.flatnonzero(surfaces.usable & known)
    used = used[np.lexsort((rows.date[used], seen.place[used]))]
    first, second = _pairs(seen.place[used], len(rows.dates))
    beside, first, second = second - first == 1, used[first], used[second]
    cost = pair_costs(linear, surfaces.shaded, surfaces.rim, first, second)
    told = (box[first] >= 0) & (box[second] >= 0)
    logs, shade = likeness.roof_logs(surfaces.light, rows.date, first[beside], second[beside])
    figures = likeness.figures(logs, shade, first[told], second[told], cost[told])
    return figures, box[first[told]] != box[second[told]]


def _pairs(place: Ints, most: int) -> tuple[Ints, Ints]:
    """All pairs of looks at one place, of looks in the order of places."""
    pairs = [np.flatnonzero(place[step:] == place[:-step]) for step in range(1, min(most, len(place)))]
    steps = np.repeat(np.arange(1, len(pairs) + 1), [len(part) for part in pairs])
    first = np.concatenate(pairs)
    return first, first + steps


def true_boxes(site: Path, rows: Detections) -> Ints:
    """The true box (row,) whose roof each row shows, -1 for none."""
    table = gpd.read_file(site / "truth" / "truth.gpkg", layer="containers").to_crs(rows.given.crs)
    day = pd.to_datetime(table["date"], utc=True).dt.date.to_numpy()
    number = pd.factorize(table["object_id"])[0]
    views = pd.read_csv(site / "truth" / "truth.csv").set_index("date")
    shapes, box = rows.given.geometry.to_numpy()[rows.order], np.full(len(rows.date), -1, np.int64)
    for i, date in enumerate(rows.dates):
        here, true = np.flatnonzero(rows.date == i), np.flatnonzero(day == date)
        roofs = leaning.roofs(table.iloc[true], views.loc[str(date)])
        for one, other in match_boxes(shapes[here], roofs, rows.boxes.weight[here], HIT):
            box[here[one]] = number[true[other]]
    return box


def fitted(table: Floats, two: Bools, counts: Floats) -> tuple[Floats, float]:
    """Weights of a logistic regression of pairs that count so much, and its constant less the log odds of the pairs."""
    middle, spread = table.mean(axis=0), table.std(axis=0)
    scaled = np.column_stack([(table - middle) / spread, np.ones(len(table))])
    sign = np.where(two, 1.0, -1.0)

    def _loss(weights: Floats) -> float:
        return float(counts @ np.logaddexp(0.0, -sign * (scaled @ weights)) + RIDGE * (weights[:-1] ** 2).sum() / 2)

    found = np.asarray(minimize(_loss, np.zeros(scaled.shape[1])).x, np.float64)
    weights, share = found[:-1] / spread, np.average(two, weights=counts)
    return weights, float(found[-1] - weights @ middle - np.log(share / (1 - share)))


def main() -> None:
    """Fit, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--own", type=Path, nargs="+", required=True)
    parser.add_argument("--painted", type=Path, nargs="+", required=True)
    given = parser.parse_args()
    hands = [[labelled_pairs(site) for site in sites] for sites in (given.own, given.painted)]
    size = [sum(len(two) for _, two in hand) for hand in hands]
    counts = np.repeat(sum(size) / (2.0 * np.array(size)), size)
    table, two = (np.concatenate(parts) for parts in zip(*hands[0], *hands[1], strict=True))
    weights, constant = fitted(table, two, counts)
    print(f"{len(two)} pairs, of two boxes {two.mean():.3f}")
    path = Path(likeness.__file__)
    words = f"WEIGHTS: Final = ({', '.join(f'{value:.3f}' for value in weights)})"
    text = re.sub(r"WEIGHTS: Final = \([^)]*\)", words, path.read_text())
    path.write_text(re.sub(r"CONSTANT: Final = [-0-9.]+", f"CONSTANT: Final = {constant:.3f}", text))
    print(words, f"CONSTANT {constant:.3f}")


if __name__ == "__main__":
    main()
