"""Fit the trees that compare boxes in doubt with the ground around, and write changedet/models/ground_colours.npz.

    python training/fit_ground_colours.py --hands DIR --painted DIR

On the boxes (confidence .1 and more) of the detector without these trees, on all sites of scenarios/hands.py, whose
pictures are kept in one DIR, and on the painted sites of seeds 1704 to 1706 in the other (training/painted_sites.py,
`IN_ROWS`), in pixels of half a metre; either source weighs as much as the other. Some eight CPU minutes. Run it
whenever the network, its company or the second look changes. `OFFSET` keeps as many true boxes of painted sites left
out of the fit as were counted before (docs/research/detector.md); set it anew with them.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock

import cv2
import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
import yaml
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels import forest_files  # noqa: E402
from changedet.kernels.containers import HEIGHT_M, OTHER  # noqa: E402
from changedet.simulate.kinds import make_world  # noqa: E402
from changedet.stages.objects import detector, second_look  # noqa: E402
from changedet.stages.objects.boxes import rectangles_of  # noqa: E402
from changedet.stages.objects.kernels import ground_colours, network, roof_evidence  # noqa: E402
from changedet.stages.objects.stage import EVIDENCE_CONFIDENCE, STAGE  # noqa: E402
from changedet.stages.objects.whole import find  # noqa: E402
from changedet.stages.registry import Facts  # noqa: E402
from scenarios import hands, leaning  # noqa: E402
from scenarios.yards import Yard, as_array, hits, leant, vehicles  # noqa: E402
from training.painted_sites import IN_ROWS, PARKS  # noqa: E402

OUT = ROOT / "changedet" / "models" / second_look.GROUND_COLOURS
OFFSET = -0.35
SOURCE_WEIGHT = 20000.0
"""Of all boxes of a source."""
Boxes = NDArray[np.float64]
Rows = tuple[NDArray[np.float32], NDArray[np.bool_]]


def rectangle(points: Boxes) -> list[float]:
    """A rectangle's corners (4, 2) as x, y, length, width, angle."""
    across, along = sorted((points[1] - points[0], points[3] - points[0]), key=lambda side: float(np.hypot(*side)))
    return [*points.mean(axis=0), *(float(np.hypot(*s)) for s in (along, across)), np.arctan2(along[0], -along[1])]


def hand_yards(folder: Path) -> Iterator[tuple[Yard, Boxes]]:
    """Each date of each hand's sites, and no hidden box."""
    for hand, kind, seed in hands.worlds([*hands.FIRST_SEED], hands.KINDS):
        _, pictures = hands.pictured(folder, hand, kind, seed)
        world = make_world(kind, hands.DATES, seed, hands.GSD_M, hands.SIZE_M, hands.ROLES)
        world.looks = [replace(look, cloud_cover=0.0, nodata_edge=None) for look in world.looks]
        rng = np.random.default_rng([seed, 77])
        for change in hands._changes(hand, seed)[0]:
            change(world, rng)
        for k, image in enumerate(pictures):
            tops = [
                (world.box_outline(s[-1]), world.slots[s[-1].slot].base_m + HEIGHT_M * len(s))
                for s in world.stacks(k).values()
            ]
            others = leant(world, k, vehicles(world, k))
            name = f"{hand}-{kind}-{seed}"
            yield (
                Yard(name, hands.GSD_M, image, hands.ROLES, leant(world, k, tops), "uint16", others),
                np.empty((0, 5)),
            )


def painted_yards(folder: Path) -> Iterator[tuple[Yard, Boxes]]:
    """Each date of the painted sites with several dates, and the roofs that something hides."""
    for site in (folder / painting.name for painting in IN_ROWS if painting.kind != PARKS):
        layer = gpd.read_file(site / "truth" / "truth.gpkg", layer="containers")
        days = pd.to_datetime(layer["date"]).dt.strftime("%Y-%m-%d")
        table = pd.read_csv(site / "truth" / "truth.csv").set_index("date")
        for scene in yaml.safe_load((site / "workflow.yaml").read_text())["scenes"]:
            with rasterio.open(site / scene["path"]) as source:
                image, place = source.read().astype(np.float32), source.transform
            image[:, (image == 0).all(axis=0)] = np.nan
            own, row = layer[days == str(scene["date"])], table.loc[str(scene["date"])]
            moved = np.array([row["shift_east_m"] - place.c, row["shift_north_m"] - place.f])
            corners = ((shapely.get_coordinates(roof)[:4] + moved) * [1, -1] for roof in leaning.roofs(own, row))
            boxes = np.array([rectangle(points) for points in corners]).reshape(-1, 5)
            seen = own["visible"].to_numpy(bool)
            roles = hands.ROLES[: len(image)]
            yield Yard(site.name, float(place.a), image, roles, boxes[seen], "uint16", np.empty((0, 5))), boxes[~seen]


def labelled(yard: Yard, hidden: Boxes) -> Rows:
    """Features of the boxes that are found in a picture, and whether each is one; hidden ones and vehicles left out."""
    facts = Facts(yard.gsd_m, yard.roles, dates=1, gsd_m=(yard.gsd_m,), dtype=yard.dtype)
    method = replace(STAGE.get("learned").function(facts), count_confidence=EVIDENCE_CONFIDENCE)
    # The trees are fitted on what is known without them.
    with mock.patch.object(second_look, "COARSEST_M", 0.0):
        table = find(as_array(yard), method)
    table = table.iloc[np.argsort(-table["confidence"].to_numpy(), kind="stable")]
    boxes, is_container = rectangles_of(table, yard.gsd_m), (table["kind"] != OTHER).to_numpy()
    right, left_out = np.zeros(len(table), bool), ~is_container
    right[hits(boxes, yard.boxes)[0]] = True
    for known in (hidden, yard.others):
        left_out[hits(boxes, known)[0]] = True
    chosen = is_container & (right | ~left_out)
    if not chosen.any():
        return np.empty((0, len(ground_colours.NAMES)), np.float32), np.empty(0, bool)
    sure = np.where(is_container, table["confidence"].to_numpy(np.float64), 0.0)
    return ground_colours.features(light(yard), boxes, sure, chosen, yard.gsd_m), right[chosen]


def light(yard: Yard) -> NDArray[np.float32]:
    """The picture as a cell's boxes are compared with its ground."""
    bands = detector.bands_used(yard.roles)
    model = network.statistics(yard.image[None], bands)
    picture = yard.image[list(bands)]
    shown = network.stretched(picture, model.low, model.high)
    mean = np.asarray(model.mean, np.float32)[:, None, None]
    return roof_evidence.hall_picture(np.where(np.isfinite(picture).all(axis=0), shown, mean))


def fitted(sources: Sequence[Rows]) -> bytes:
    """The file of trees from the rows of each source."""
    rows, right = (np.concatenate(column) for column in zip(*sources, strict=True))
    weight = np.concatenate([np.full(len(own), SOURCE_WEIGHT / len(own)) for _, own in sources])
    # Sums depend on the order of rows in their last bits: theirs is that of their values, not of the sites.
    order = np.lexsort((*rows.T, right, weight))
    rows, right, weight = rows[order], right[order], weight[order]
    model = HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=60, l2_regularization=5.0,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(rows, right, sample_weight=weight)
    forest = forest_files.from_boosting([step[0].nodes for step in model._predictors], model._baseline_prediction)
    about = {"features": ground_colours.NAMES, "rows": len(rows), "offset": OFFSET}
    return forest_files.dump((forest,), about)


def main() -> None:
    """Fit and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hands", type=Path, required=True)
    parser.add_argument("--painted", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    sources = []
    for yards in (painted_yards(given.painted), hand_yards(given.hands)):
        parts = [labelled(*yard) for yard in yards]
        sources.append((np.concatenate([rows for rows, _ in parts]), np.concatenate([right for _, right in parts])))
    given.out.write_bytes(fitted(sources))
    boxes, true = (sum(len(right) for _, right in sources), sum(int(right.sum()) for _, right in sources))
    digest = hashlib.sha256(given.out.read_bytes()).hexdigest()
    sys.stdout.write(f"{boxes} boxes, {true} true; {given.out.name} {digest}\n")


if __name__ == "__main__":
    main()
