"""Fit the trees that weigh all dates and the surroundings (`kernels.surroundings`), and complete `ground.npz`.

    python training/fit_surroundings.py first.npz [--painted DIR ..] -o changedet/models/ground.npz

`first.npz` comes from `training/fit_ground.py`; the network beside its forests is the released one. Fitted on simulated
and painted sites that neither has seen, since they are overconfident on their own; probabilities and thresholds are set
on further simulated sites.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import cv2
import numpy as np
from affine import Affine
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.arrays import Bools  # noqa: E402
from changedet.grid import Grid  # noqa: E402
from changedet.kernels import boosted_trees, forest_files  # noqa: E402
from changedet.stages.footprint.kernels import cell_codes, closing, ground, surroundings  # noqa: E402
from changedet.stages.footprint.kernels.ground_probability import MarginScale, TreesRecord  # noqa: E402
from changedet.stages.footprint.kernels.surroundings import SeriesRecord  # noqa: E402
from changedet.stages.footprint.shapes import built_surface, footprint_polygons  # noqa: E402
from changedet.stages.footprint.stage import date_probabilities  # noqa: E402
from scenarios.ground_sites import Seen  # noqa: E402
from training.fit_ground import (  # noqa: E402
    Rows,
    Series,
    beside,
    cells_of,
    described,
    fitted,
    labelled,
    of_painter,
    simulated,
    sorts_of,
)  # fmt: skip
from training.progress import say  # noqa: E402

FIT_SEED, CHECK_SEED = 83000, 84000
TREES = {"built": 120, "building": 80, "earthwork": 100}
LEAVES = 31
ROWS = 1200
"""Cells of one date of a series."""
WITHOUT_SUN, WITHOUT_BOXES, MISSED, FALSE = 0.25, 0.12, 0.08, 0.4
"""Shares of the series; of stored boxes, and chance of a false one on a date."""
PAINTED_SEEDS = range(1000, 2000)
KINDS_FROM = 0.05
LIKELY = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
LAX = (0.03, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3)
STRICT = (0.7, 0.76, 0.82, 0.87, 0.91, 0.94, 0.97, 0.985)
HELD = 0.95
"""Share of the true areas that the bounds are meant to contain."""
KINDS = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55)
SLACK = 0.01
"""Of IoU: on sites that differ from those fitted on, probabilities of kinds are lower."""


Levels = dict[str, dict[str, list[float]]]


class Classified(NamedTuple):
    """A series classified by the first forests: codes and boxes (date, y, x), the truths of its dates, its cells."""

    codes: NDArray[np.uint8]
    boxes: Bools
    truths: list[dict[str, Bools]]
    cell_m: float
    nir: bool


def classified_of(site: Series, first: Sequence[boosted_trees.Forest], about: TreesRecord) -> Iterator[Classified]:
    """A site with near infrared, where it has it, and without: the whole series, one date of it, some of them."""
    seed, series, roles, gsd_m = site
    rng = np.random.default_rng([seed, 95])
    with_sun, boxes = rng.random() >= WITHOUT_SUN, [boxes_of(seen, rng) for seen in series]
    if rng.random() < WITHOUT_BOXES:
        boxes = [np.zeros_like(one) for one in boxes]
    for own in (roles, roles[:3]) if len(roles) > 3 else (roles,):
        codes = []
        for seen in series:
            shown, model, cell_m = cells_of(seen, own, gsd_m, with_sun)
            codes.append(cell_codes.codes(*date_probabilities(shown, own, model, cell_m, first, about)))
        for chosen in choices(len(series), rng):
            taken = [codes[t] for t in chosen]
            found = np.stack([boxes[t] & (one != cell_codes.UNKNOWN) for t, one in zip(chosen, taken, strict=True)])
            truths = [series[t].truth for t in chosen]
            yield Classified(np.stack(taken), found, truths, gsd_m * ground.factor(gsd_m), len(own) > 3)


def choices(dates: int, rng: np.random.Generator) -> list[list[int]]:
    """All dates, one of them, two or three in a row."""
    start = int(rng.integers(0, max(1, dates - 2)))
    some = list(range(start, min(dates, start + int(rng.integers(2, 4)))))
    return [list(range(dates)), [int(rng.integers(0, dates))], some]


def boxes_of(seen: Seen, rng: np.random.Generator) -> Bools:
    """Stored boxes as a detector finds them: some are missed, a few are false."""
    stored = seen.truth["stored"].copy()
    height, width = stored.shape
    missed = rng.random((height // 6 + 1, width // 6 + 1)) < MISSED
    stored &= ~np.repeat(np.repeat(missed, 6, 0), 6, 1)[:height, :width]
    if rng.random() < FALSE:
        y, x = rng.integers(0, height - 12), rng.integers(0, width - 12)
        stored[y : y + 3, x : x + 12] = True
    return stored


def cells(series: Iterable[Classified], seed: int) -> Rows:
    """Cells of many series, an even choice of built and other ones."""
    labels: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in TREES}
    tables, weights = [], []
    rng = np.random.default_rng([seed, 96])
    for one in series:
        ever = (one.codes != cell_codes.UNKNOWN).any(axis=0)
        features = surroundings.features(one.codes, one.boxes, one.cell_m, one.nir)
        for table, truth in zip(features, one.truths, strict=True):
            label = labels_of(truth)
            sorts = sorts_of(label)
            for where in sorts:
                places = np.flatnonzero(where & ever)
                taken = rng.permutation(places)[: ROWS // len(sorts)]
                tables.append(table.reshape(len(table), -1)[:, taken].T)
                weights.append(np.full(len(taken), len(places) / max(1, len(taken)), np.float32))
                for name, own in labels.items():
                    own.append(labelled(label, name)[taken])
    return np.concatenate(tables), {name: np.concatenate(own) for name, own in labels.items()}, np.concatenate(weights)


def labels_of(truth: dict[str, Bools]) -> dict[str, Bools]:
    """Built ground as a footprint has it, gaps closed."""
    kinds: dict[str, Bools] = {name: truth[name] for name in ("building", "earthwork") if name in truth}
    if "earthwork" in kinds:
        kinds["paving"] = truth["footprint"] & ~kinds["building"] & ~kinds["earthwork"]
    return {"built": truth["footprint"], **kinds}


class ClassifiedDate(NamedTuple):
    """A date of a series classified by the second trees: probabilities (y, x), boxes, what has no data."""

    probability: dict[str, NDArray[np.float32]]
    boxes: Bools
    hidden: Bools
    truth: dict[str, Bools]
    cell_m: float
    nir: bool
    dates: int


def dates_of(series: Iterable[Classified], trees: surroundings.SeriesTrees) -> Iterator[ClassifiedDate]:
    """All dates of the series."""
    for one in series:
        ever = (one.codes != cell_codes.UNKNOWN).any(axis=0)
        features = surroundings.features(one.codes, one.boxes, one.cell_m, one.nir)
        for t, (table, truth) in enumerate(zip(features, one.truths, strict=True)):
            probability = surroundings.probabilities(table, ever, trees)
            hidden = one.codes[t] == cell_codes.UNKNOWN
            yield ClassifiedDate(probability, one.boxes[t], hidden, truth, one.cell_m, one.nir, len(one.codes))


def levels_of(looks: Sequence[ClassifiedDate]) -> list[float]:
    """Thresholds of the greatest, the likely, the least footprint.

    The bounds contain `HELD` of the true areas at the least mean width; the likely one has the best mean IoU.
    """
    likely, lax, strict, true = [], [], [], []
    for look in looks:
        truth = look.truth["footprint"]
        own = [shape_of(look, level) for level in LIKELY]
        likely.append([(shape & truth).sum() / max(1, (shape | truth).sum()) for shape in own])
        lax.append([area_of(look, level, hidden_is_built=True) for level in LAX])
        strict.append([area_of(look, level, hidden_is_built=False) for level in STRICT])
        true.append(truth.sum() * look.cell_m**2)
    best, area = np.mean(likely, axis=0), np.maximum(true, 1.0)
    say("IoU " + " ".join(f"{level:.2f} {iou:.4f}" for level, iou in zip(LIKELY, best, strict=True)))
    bounds = []
    for low, below in zip(STRICT, np.transpose(strict), strict=True):
        for high, above in zip(LAX, np.transpose(lax), strict=True):
            held, width = np.mean((below <= area) & (area <= above)), np.mean((above - below) / area)
            bounds.append((held < HELD, float(width) if held >= HELD else -float(held), float(held), high, low))
    _, width, held, high, low = min(bounds)
    say(f"bounds {high} {low} hold {held:.3f}, {width:.2f} wide")
    return [high, LIKELY[int(np.argmax(best))], low]


def raster_of(look: ClassifiedDate, level: float, own: bool) -> NDArray[np.uint8]:
    """Built ground at a threshold, and boxes; with `own`, what the date does not see is unknown."""
    found = (look.probability["built"] >= level).astype(np.uint8)
    if own:
        found[look.hidden] = closing.UNKNOWN
    found[look.boxes] = closing.STORED
    return found


def shape_of(look: ClassifiedDate, level: float) -> Bools:
    """The footprint (y, x) at a threshold."""
    return built_surface(raster_of(look, level, own=False), 1, look.cell_m, hidden_is_built=False)


def area_of(look: ClassifiedDate, level: float, *, hidden_is_built: bool) -> float:
    """The area of the footprint at a threshold."""
    levels = raster_of(look, level, own=True)
    grid = Grid("EPSG:32633", Affine(look.cell_m, 0, 500_000, 0, -look.cell_m, 5_000_000), levels.shape)
    return float(footprint_polygons(levels, 1, grid, grid.area, hidden_is_built=hidden_is_built).area)


def kinds_of(looks: Sequence[ClassifiedDate], trees: surroundings.SeriesTrees, likely: float) -> dict[str, float]:
    """Mean probabilities from which ground is a building, else an earthwork: the least with nearly the best IoU."""
    chosen = {"building": 0.4, "earthwork": 2.0}
    for name, value in (("building", 2), ("earthwork", 3)):
        found = []
        for least in KINDS:
            about: SeriesRecord = {**trees.record, "kinds": {**chosen, name: least}}
            sums = np.zeros(2)
            for look in looks:
                own = surroundings.kinds(look.probability, trees._replace(record=about)) == value
                own &= (look.probability["built"] >= likely) & ~look.boxes
                truth = look.truth[name] & ~look.boxes
                sums += (own & truth).sum(), (own | truth).sum()
            found.append(sums[0] / sums[1])
        chosen[name] = KINDS[int(np.argmax(np.array(found) >= max(found) - SLACK))]
        say(f"{name} " + " ".join(f"{least:.2f} {iou:.3f}" for least, iou in zip(KINDS, found, strict=True)))
    return chosen


def main() -> None:
    """Fit the second trees and write them with the first ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path)
    parser.add_argument("--sites", type=int, default=50)
    parser.add_argument("--check-sites", type=int, default=22)
    parser.add_argument("--painted", type=Path, nargs="*", default=[], help="folders of painted sites to fit on")
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    first, kept, _ = forest_files.load(asked.first.read_bytes())
    about = cast("TreesRecord", kept)
    own, checks = (
        [one for site in simulated(range(start, start + count), False) for one in classified_of(site, first, about)]
        for start, count in ((FIT_SEED, asked.sites), (CHECK_SEED, asked.check_sites))
    )
    sites = (site for folder in asked.painted for site in of_painter(folder, PAINTED_SEEDS))
    theirs = [one for site in sites for one in classified_of(site, first, about)]
    second, record = fitted_second(beside(cells(own, FIT_SEED), cells(theirs, FIT_SEED) if theirs else None), checks)
    names = [*ground.NAMES, *surroundings.NAMES]
    asked.output.write_bytes(forest_files.dump([*first, *second], {**about, "features": names, "surroundings": record}))


def fitted_second(rows: Rows, checks: Sequence[Classified]) -> tuple[list[boosted_trees.Forest], SeriesRecord]:
    """The second trees, and their record by the check sites."""
    x, labels, w = rows
    held, truth, weight = cells(checks, CHECK_SEED)
    say(f"{len(x)} rows, {len(held)} to check")
    grown: list[boosted_trees.Forest] = []
    about: dict[str, MarginScale] = {}
    for name, count in TREES.items():
        grown.append(fitted(x, labels[name], w, count, LEAVES))
        about[name] = described(grown[-1], held, truth[name], weight)
        say(f"{name}: {len(grown[-1].feature)} nodes")
    record: SeriesRecord = {"forests": about, "kinds_from": KINDS_FROM, "levels": {}, "kinds": {}}
    trees = surroundings.SeriesTrees(grown, record, True)
    levels, kinds = thresholds(checks, trees)
    return grown, {**record, "levels": levels, "kinds": kinds}


def thresholds(checks: Sequence[Classified], trees: surroundings.SeriesTrees) -> tuple[Levels, dict[str, float]]:
    """Thresholds of built ground, with and without near infrared, of one date and of several; those of its kinds."""
    looks = list(dates_of(checks, trees))
    levels: Levels = {}
    for name, nir in (("nir", True), ("plain", False)):
        own = [look for look in looks if look.nir == nir]
        one, more = ([look for look in own if (look.dates > 1) == several] for several in (False, True))
        levels[name] = {"one": levels_of(one), "more": levels_of(more)}
    told = [look for look in looks if look.nir]
    return levels, kinds_of(told, trees, levels["nir"]["more"][1])


if __name__ == "__main__":
    main()
