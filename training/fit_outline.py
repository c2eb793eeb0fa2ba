"""Fit what the outline on a lit look without a row says of a box, from finished whole runs with a known truth.

    python training/fit_outline.py --own SITE.. --painted SITE..      # some two CPU minutes

Each SITE is a folder as benchmarks/judge_sites.py or training/painted_sites.py makes it, with its run in `out`: of our
own simulator (seeds 7601 to 7603) and painted (seeds from 1000 on). Trees learn on all looks at places that surely hold
a box or none and upon which no other place's row lies; hands weigh alike, full looks as much as empty ones, and those
without a sure row three times. What their log odds mean on lit looks without a row is counted on sites left out:
`outline` of both tables in tracks/kernels/detector_tables.py, of the hands' mean, and of painted sites for hard ones.
Clutter without a row counts as an empty place. Run it after training/fit_tracks.py --hard; the checksum that it prints
belongs into changedet/models/loader.py.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels import boosted_trees, forest_files  # noqa: E402
from changedet.pipeline.boxes import detections_of  # noqa: E402
from changedet.pipeline.date_model import read_date_model  # noqa: E402
from changedet.pipeline.familiarity import counted_dates  # noqa: E402
from changedet.pipeline.looks import RunLooks, looks_of  # noqa: E402
from changedet.plan import make_plan  # noqa: E402
from changedet.stages.tracks.assemble import medians  # noqa: E402
from changedet.stages.tracks.detections import Detections  # noqa: E402
from changedet.stages.tracks.kernels.appearance import APPEARANCE_BINS, FAINT_LIT, FEATURES  # noqa: E402
from changedet.stages.tracks.kernels.box_outline import NAMES, outline_bins, outline_figures  # noqa: E402
from changedet.stages.tracks.kernels.boxes import mean_boxes  # noqa: E402
from changedet.stages.tracks.kernels.detector_tables import HARD_TABLES, TABLES  # noqa: E402
from changedet.stages.tracks.observations import observe_places  # noqa: E402
from changedet.stages.tracks.outline_odds import TREES, looks_light, taken_looks  # noqa: E402
from training.fit_tracks import plain_tables, put  # noqa: E402
from training.painted_tracks import covered  # noqa: E402

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

OUT = ROOT / "changedet" / "models" / TREES
DETECTOR = "learned"
RADIUS_M = 2.0
FULL, EMPTY = 0.5, 0.2
"""Share of a place that a true roof covers, from which it is full, and below which it is empty."""
WEAK_WEIGHT = 3.0
"""Of looks without a sure row: it is these that the trees are asked about."""
COLOURS = 3
"""Bands of pictures without near infrared, as which each site is seen once more."""
FOLDS = 5


class Taught(NamedTuple):
    """Looks of a site.

    Attributes
    ----------
    rows : float32 (band set, look, figure)
        In all bands, and in colours alone.
    full : bool (look,)
        A box stands there.
    weak, asked, ever : bool (look,)
        The look has no sure row; it is lit and has none at all; the place holds a box on one of the looks.
    painted : bool
    """

    rows: NDArray[np.float32]
    full: Bools
    weak: Bools
    asked: Bools
    ever: Bools
    painted: bool


def looks_at(site: Path, *, painted: bool) -> Taught | None:
    """Looks of a finished run; None without boxes or light."""
    plan = make_plan(next(site.glob("*.yaml")), out=str(site / "out"))
    models = {look.date: read_date_model(plan.folder.model(look.date)) for look in plan.looks}
    looks, found = looks_of(plan, models, counted_dates(plan)), detections_of(plan)
    if found is None:
        return None
    rows = Detections.of(found, looks)
    seen = observe_places(rows, Plain(**vars(looks)), RADIUS_M)
    if seen.appearance is None:
        return None
    count, own = len(seen.counted_rows), seen.place >= 0
    moved = medians((rows.boxes.xy + seen.shift[rows.date])[own], seen.place[own], count)
    boxes = mean_boxes(rows.boxes.take(own), seen.place[own], count)._replace(xy=moved)
    share = covered(site, rows, seen, str(found.crs))
    sure = seen.observed & ((share > FULL) | (share < EMPTY))
    chosen = sure & ~taken_looks(rows, seen.place, boxes, seen.shift, sure)
    light = looks_light(looks, boxes, seen.shift, chosen, rows.unit)
    if light is None:
        return None
    sets = [
        np.column_stack([of_dates(seen.appearance, chosen), outline_figures(light[..., :bands])])
        for bands in (light.shape[2], COLOURS)
    ]
    bins, lit = of_dates(seen.bins, chosen), of_dates(seen.lit, chosen)
    ever = of_dates(np.broadcast_to((share > FULL).any(axis=1)[:, None], share.shape), chosen)
    known = np.isfinite(sets[0][:, len(FEATURES) :]).all(axis=1)
    full, weak, asked, ever = (
        part[known] for part in (of_dates(share, chosen) > FULL, bins <= FAINT_LIT, lit & (bins == 0), ever)
    )
    return Taught(np.stack(sets)[:, known].astype(np.float32), full, weak, asked, ever, painted)


class Plain(RunLooks):
    """Looks without outlines, which are what is to be fitted."""

    def outline_light(self, i: int, xy: Floats, length: Floats, angle: Floats) -> Floats | None:
        """None."""
        del i, xy, length, angle
        return None


def of_dates(values: NDArray[np.generic], chosen: Bools) -> NDArray[np.generic]:
    """Values (place, date, ..) of the chosen looks, date after date."""
    return np.swapaxes(values, 0, 1)[chosen.T]


def grown(sites: Sequence[Taught]) -> boosted_trees.Forest:
    """A forest that tells full looks from empty ones."""
    rows = np.concatenate([part for site in sites for part in site.rows])
    twice = [len(site.rows) for site in sites]
    full, weak = (
        np.concatenate([np.tile(getattr(site, name), n) for site, n in zip(sites, twice, strict=True)])
        for name in ("full", "weak")
    )
    painted = np.concatenate([np.full(n * len(site.full), site.painted) for site, n in zip(sites, twice, strict=True)])
    weight = np.where(weak, WEAK_WEIGHT, 1.0)
    for hand in (True, False):
        for state in (True, False):
            own = (painted == hand) & (full == state)
            weight[own] /= max(own.sum(), 1)
    weight /= weight.mean()
    # Sums depend on the order of rows in their last bits: theirs is that of their values, not of the sites.
    order = np.lexsort((*rows.T, full, weight))
    model = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.05, max_leaf_nodes=8, min_samples_leaf=40, l2_regularization=5.0,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(rows[order], full[order], sample_weight=weight[order])
    return forest_files.from_boosting([step[0].nodes for step in model._predictors], model._baseline_prediction)


def told(sites: Sequence[Taught]) -> Floats:
    """Bins (hand, state, bin) of looks that are asked about, empty and full, by forests of other sites."""
    counts = np.full((2, 2, APPEARANCE_BINS), 0.5)
    for fold in range(FOLDS):
        forest = grown([site for k, site in enumerate(sites) if k % FOLDS != fold])
        for site in sites[fold::FOLDS]:
            used = site.asked & site.ever
            if used.any():
                odds = boosted_trees.margins(forest, site.rows[0][used], len(forest.root))
                np.add.at(counts, (int(site.painted), site.full[used].astype(int), outline_bins(odds) - 1), 1)
    return counts


def main() -> None:
    """Fit, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--own", type=Path, nargs="+", required=True)
    parser.add_argument("--painted", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    found = [
        looks_at(site, painted=hand) for hand in (False, True) for site in getattr(given, ("own", "painted")[hand])
    ]
    sites = [site for site in found if site is not None]
    counts = told(sites)
    shares = counts / counts.sum(axis=2, keepdims=True)
    print(f"{len(sites)} sites\n{counts.astype(int).tolist()}\n{np.round(shares, 3).tolist()}")
    for name, tables, (empty, full) in (
        ("_TABLES", TABLES, shares.mean(axis=0)),
        ("_HARD", HARD_TABLES, shares[1]),
    ):
        new = tables[DETECTOR]._replace(outline=np.stack([empty, full, empty]))
        put({name: plain_tables(tables, DETECTOR, new)})
    about = {"features": NAMES, "looks": int(sum(len(site.full) for site in sites))}
    content = forest_files.dump((grown(sites),), about)
    given.out.write_bytes(content)
    print(f"{given.out.name} {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
