"""Fit the forests of paving, buildings and earthworks (`changedet/model/ground.npz`) on simulated sites.

    python training/fit_ground.py -o changedet/model/ground.npz
    python training/fit_ground.py --keep-forests -o changedet/model/ground.npz

Fitted on one set of seeds, calibrated on another; `benchmarks/footprint.py` reports on a third. What the forests tell
of each kind of ground (`kernels.standing`) is counted on the calibration sites, with near infrared and without; with
``--keep-forests`` that alone is done again.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine
from sklearn.ensemble import HistGradientBoostingClassifier

from changedet.kernels import closing, forest, ground, standing
from changedet.simulate import Truth, World, make_world, render
from changedet.simulate.render import weather
from training.boosting import isotonic, say

GSDS_M = (0.5, 0.3, 1.0, 0.5, 0.75, 0.5)
KINDS = (
    "growth",
    "earthworks",
    "quiet",
    "trains",
    "port",
    "dense",
    "earthworks",
    "winter",
    "wide",
    "growth",
    "mixed",
    "decoys",
    "clouds",
)
ROLES = {"paving": ("yard", "rail", "quay"), "building": ("building",), "earthwork": ("earthwork",)}
TREES, RATE = 60, 0.12
LEVELS = (0.18, 0.5, 0.87)
"""Probabilities of the greatest, the likely and the least footprint."""
RARE = 0.001
"""Share of each state's cells that is told as each symbol beside those counted: nothing is impossible."""
ROWS = 6000
"""Cells of one look."""


def world_of(seed: int, dates: int = 3) -> World:
    """A site of a seed: kind, pixel size and season follow from it."""
    rng = np.random.default_rng([seed, 91])
    gsd_m, kind = GSDS_M[seed % len(GSDS_M)], KINDS[seed % len(KINDS)]
    start = dt.date(2022, 1, 1) + dt.timedelta(int(rng.integers(0, 365)))
    size_m = float(np.clip(420 * gsd_m, 160.0, 300.0))
    return make_world(kind, dates, seed, gsd_m, size_m, start=start, interval_days=int(rng.integers(40, 100)))


def looks(
    seed: int, without_nir: float = 0.35
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_], dict[str, NDArray[np.bool_]]]]:
    """Features, data and truths of the cells of each look of a site; near infrared is left out of a share of looks."""
    world = world_of(seed)
    truth = Truth(world)
    for index, look in enumerate(world.looks):
        rng = np.random.default_rng([seed, 92, index])
        roles = [role for role in ("blue", "green", "red", "nir") if role in look.bands]
        if not {"red", "green", "blue"} <= set(roles):
            continue
        picture = render(world, index)
        bands = picture.image[[look.bands.index(role) for role in roles]]
        image = np.where(bands == 0, np.nan, bands).astype(np.float32)
        if rng.random() < without_nir and "nir" in roles:
            image, roles = image[:3], roles[:3]
        size = ground.factor(look.gsd_m)
        model = ground.fit(image[None], roles)
        if rng.random() < 0.75:
            azimuth = np.radians(look.sun_azimuth_deg)
            model["sun"] = [float(np.sin(azimuth)), float(np.cos(azimuth))]
        cells = ground.averaged(image, size)
        table, valid = ground.features(cells, roles, model, size * look.gsd_m)
        a, b, c, d, e, f = picture.to_ground
        place = Affine(a * size, b * size, c, d * size, e * size, f)
        sky = weather(world, look, picture.to_ground, picture.image.shape[1:])
        valid &= ~cells_of(sky.hidden, size, cells.shape[1:])
        yield table, valid, truths(truth, index, cells.shape[1:], place)


def cells_of(pixels: NDArray[np.bool_], size: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    height, width = shape
    return pixels[: height * size, : width * size].reshape(height, size, width, size).any(axis=(1, 3))


def truths(truth: Truth, index: int, shape: tuple[int, ...], place: Affine) -> dict[str, NDArray[np.bool_]]:
    """Where each kind is, and any of them: by the base outline, buildings over earthworks over paving."""
    found = {}
    taken = np.zeros(shape, bool)
    boxes = [shapely.Polygon(truth.world.box_outline(stack[-1])) for stack in truth.world.stacks(index).values()]
    for name in ("building", "earthwork", "paving"):
        shapes = truth.standing(index, ROLES[name])
        drawn = drawn_of(shapes + boxes if name == "paving" else shapes, shape, place)
        found[name] = drawn & ~taken
        taken |= drawn
    stored = drawn_of(boxes, shape, place)
    return {"built": taken, **{name: found[name] for name in ground.KINDS}, "stored": stored}


def drawn_of(shapes: list[shapely.Geometry], shape: tuple[int, ...], place: Affine) -> NDArray[np.bool_]:
    if not shapes:
        return np.zeros(shape, bool)
    return rasterize([(one, 1) for one in shapes], out_shape=shape, transform=place, dtype="uint8") == 1


def told(seeds: range, grown: Sequence[forest.Forest], about: dict[str, Any], nir: bool) -> NDArray[np.float64]:
    """How many cells of each state of `kernels.standing` are told as each of its symbols."""
    counts = np.zeros((len(standing.STATES), standing.SYMBOLS))
    for seed in seeds:
        for table, valid, truth in looks(seed, 0.0 if nir else 1.0):
            probability = ground.probabilities(table, valid, grown, about)
            levels = np.sum([probability["built"] >= level for level in about["levels"]], axis=0, dtype=np.uint8)
            levels = np.where(truth["stored"], closing.STORED, levels)
            symbols = standing.symbols(levels, ground.kinds(probability))
            state = np.sum([(k + 1) * truth[name] for k, name in enumerate(ground.KINDS)], axis=0)
            np.add.at(counts, (state[valid], symbols[valid]), 1)
        say(f"told {seed}")
    return counts


def standing_tables(seeds: range, grown: Sequence[forest.Forest], about: dict[str, Any]) -> dict[str, Any]:
    """Shares of the states, and how each is told, with near infrared and without."""
    found = {}
    for name, nir in (("nir", True), ("plain", False)):
        counts = told(seeds, grown, about, nir)
        rows = counts + RARE * counts.sum(1, keepdims=True)
        shares, rows = counts.sum(1) / counts.sum(), rows / rows.sum(1, keepdims=True)
        found[name] = {"shares": shares.round(4).tolist(), "told": rows.round(5).tolist()}
    return found


def cells(seeds: range, report: str) -> tuple[NDArray[np.float32], dict[str, NDArray[np.uint8]], NDArray[np.float32]]:
    """Cells of many looks, an even choice of built and other ones."""
    tables, labels, weights = [], {name: [] for name in ("built", *ground.KINDS)}, []
    for seed in seeds:
        rng = np.random.default_rng([seed, 93])
        for table, valid, truth in looks(seed):
            for where in (truth["building"], truth["earthwork"], truth["paving"], ~truth["built"]):
                places = np.flatnonzero(where & valid)
                taken = rng.permutation(places)[: ROWS // 4]
                tables.append(table.reshape(len(table), -1)[:, taken].T)
                weights.append(np.full(len(taken), len(places) / max(1, len(taken)), np.float32))
                for name, own in labels.items():
                    own.append(truth[name].ravel()[taken].astype(np.uint8))
        say(f"{report} {seed}")
    return np.concatenate(tables), {name: np.concatenate(own) for name, own in labels.items()}, np.concatenate(weights)


def fitted(x: NDArray[np.float32], y: NDArray[np.uint8], w: NDArray[np.float32], seed: int) -> forest.Forest:
    model = HistGradientBoostingClassifier(
        max_iter=TREES, learning_rate=RATE, max_leaf_nodes=24, min_samples_leaf=120, l2_regularization=5.0,
        max_features=0.5, early_stopping=False, random_state=seed,
    )  # fmt: skip
    model.fit(x, y, sample_weight=np.sqrt(w))
    return forest.from_boosting([iteration[0].nodes for iteration in model._predictors], model._baseline_prediction)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=132)
    parser.add_argument("--check-sites", type=int, default=44)
    parser.add_argument("--keep-forests", action="store_true")
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    if asked.keep_forests:
        grown, about, _ = forest.load(asked.output.read_bytes())
    else:
        grown, about = fitted_forests(asked.sites, asked.check_sites)
    about["standing"] = standing_tables(range(81000, 81000 + asked.check_sites), grown, about)
    forest.save(asked.output, grown, about)


def fitted_forests(sites: int, check_sites: int) -> tuple[Sequence[forest.Forest], dict[str, Any]]:
    x, labels, w = cells(range(80000, 80000 + sites), "fit")
    checks, truth, weight = cells(range(81000, 81000 + check_sites), "check")
    grown, about = [], {}
    for name, y in labels.items():
        one = fitted(x, y, w, 5)
        margin = forest.margins(one, checks, len(one.root))
        at, value = isotonic(margin, truth[name], weight)
        stage = forest.margins(one, checks, 12)
        sure = (truth[name] == 1) & (margin > 0)
        about[name] = {"at": at, "value": value, "stages": [[12, float(np.quantile(stage[sure], 0.004))]]}
        grown.append(one)
        share = np.average(stage >= about[name]["stages"][0][1], weights=weight)
        say(f"{name}: {len(one.feature)} nodes, {share:.3f} go on")
    return grown, {"forests": about, "features": ground.NAMES, "levels": LEVELS}


if __name__ == "__main__":
    main()
