"""Accuracy of every change method on real pairs with a truth, and false alarms on pairs without change.

    python benchmarks/real_pairs.py [DATA]

DATA is the folder with `taizhou`, `beijing_a`, `sar`, `levir` and `null`; default: the environment variable
CHANGEDET_DATA, else `../shared/data` beside the repository. Scenes are compared in their own grids, by the methods'
defaults, without alignment or normalisation. Accuracy, kappa and F1 are the cleaned mask's; AUC is the score's before
the threshold. These pairs were also looked at when the smoothing and the displacement test were designed: figures on
them are no blind test.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import rankdata

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.blocks import over_sample, per_block  # noqa: E402
from changedet.stages.change.scoring import change_mask  # noqa: E402
from changedet.stages.change.stage import STAGE as CHANGE  # noqa: E402
from changedet.stages.registry import Facts  # noqa: E402

NOT_KNOWN = 255
FINE_M = 1.3
"""Pixels that the trees were fitted for are finer."""
RGB, LANDSAT = ("red", "green", "blue"), ("blue", "green", "red", "nir", "swir1", "swir2")


@dataclass(frozen=True)
class Pair:
    """Two pictures ``(band, y, x)`` and their truth: 1 changed, 0 not, 255 not known; None where nothing changed."""

    name: str
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    truth: NDArray[np.uint8] | None
    resolution_m: float
    roles: tuple[str, ...]


def data_folder() -> Path:
    """The folder of real scenes unless an argument names one."""
    return Path(os.environ.get("CHANGEDET_DATA", ROOT.parent / "shared" / "data"))


def read(path: Path) -> NDArray[np.float32]:
    """All bands (band, y, x) of a picture with or without georeference."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(path) as file:
            return np.asarray(file.read(), np.float32)


def pairs(data: Path) -> Iterator[Pair]:
    """The pairs of the folder."""
    changed, unchanged = (read(data / "taizhou" / f"{name}.bmp")[0] == 255 for name in ("change", "unchanged"))
    truth = np.where(changed, 1, np.where(unchanged, 0, NOT_KNOWN)).astype(np.uint8)
    yield Pair("taizhou", read(data / "taizhou/2000TM"), read(data / "taizhou/2003TM"), truth, 30.0, LANDSAT)
    before, after, label = (read(data / f"beijing_a/beijing_A_{part}.jpg") for part in ("1", "2", "gt"))
    yield Pair("beijing_a", before, after, (label[0] > 127).astype(np.uint8), 0.5, RGB)
    for name, suffix in (("ottawa", "bmp"), ("bern", "png")):
        before, after, label = (read(data / f"sar/{name}_{part}.{suffix}")[:1] for part in ("1", "2", "gt"))
        yield Pair(name, before, after, (label[0] > 127).astype(np.uint8), 10.0, ("amplitude",))
    yield levir(data / "levir")
    first, *others = (read(path) for path in sorted((data / "null").glob("*.tif")))
    for i, other in enumerate(others):
        yield Pair(f"null_{i + 1}", first, other, None, 5.0, ("blue", "green", "red", "nir"))


def levir(folder: Path) -> Pair:
    """The tiles side by side, as one scene."""
    names = sorted(path.name for path in (folder / "label").glob("*.png"))
    before, after, truth = (
        np.concatenate([read(folder / part / name) for name in names], axis=2) for part in ("A", "B", "label")
    )
    return Pair("levir", before, after, (truth[0] > 127).astype(np.uint8), 0.5, RGB)


def auc(score: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Area under the ROC curve, by ranks."""
    positive, negative = int(truth.sum()), int((~truth).sum())
    return float((rankdata(score)[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))


def figures(mask: NDArray[np.uint8], truth: NDArray[np.uint8]) -> tuple[float, float, float]:
    """Accuracy, Cohen's kappa and F1 on the valid pixels."""
    valid = (truth != NOT_KNOWN) & (mask != NOT_KNOWN)
    marked, changed = mask[valid] == 1, truth[valid] == 1
    accuracy = float(np.mean(marked == changed))
    chance = float(marked.mean() * changed.mean() + (1 - marked.mean()) * (1 - changed.mean()))
    hits = float((marked & changed).sum())
    kappa = (accuracy - chance) / (1 - chance) if chance < 1 else 0.0
    return accuracy, kappa, 2 * hits / max(1.0, float(marked.sum() + changed.sum()))


@dataclass(frozen=True)
class Result:
    """What a method gives on a pair; accuracy, kappa, F1 and AUC are NaN where the pair has no truth."""

    chosen: bool
    marked: float
    accuracy: float
    kappa: float
    f1: float
    auc: float
    fit_s: float
    speed: float
    reason: str


def chosen_method(pair: Pair) -> str:
    """The method that `auto` takes."""
    return CHANGE.choose(Facts(pair.resolution_m, pair.roles, gsd_m=(pair.resolution_m,) * 2)).method


def measured(pair: Pair, name: str) -> Result:
    """A method on a pair, with what `auto` gives it where it is the chosen one."""
    facts = Facts(pair.resolution_m, pair.roles, gsd_m=(pair.resolution_m,) * 2)
    choice = CHANGE.choose(facts)
    given = choice.parameters if choice.method == name else {}
    method = CHANGE.get(name)
    pixel_method = method.function(facts, **method.resolve(given))
    before, after = (xr.DataArray(image, dims=("band", "y", "x")) for image in (pair.before, pair.after))
    begin = time.process_time()
    model = over_sample(pixel_method.fit, before, after)
    fitted = time.process_time() - begin
    begin = time.process_time()
    score = per_block(pixel_method.apply, before, after, dtype=np.float32, halo_px=pixel_method.halo_px, model=model)
    speed = score.size / 1e6 / max(1e-9, time.process_time() - begin)
    least_px = model.min_area_m2 / pair.resolution_m**2
    mask = change_mask(score, model.threshold, min_area_m2=least_px).values
    told = (np.nan,) * 4
    if pair.truth is not None:
        valid = (pair.truth != NOT_KNOWN) & np.isfinite(score.values)
        told = *figures(mask, pair.truth), auc(score.values[valid].astype(np.float64), pair.truth[valid] == 1)
    marked = float(np.mean(mask == 1))
    return Result(choice.method == name, marked, *told, fitted, speed, model.diagnostics.reason)


def run(pair: Pair, name: str) -> str:
    """A line of figures of one method on one pair."""
    told = measured(pair, name)
    line = f"{pair.name:10s} {'*' if told.chosen else ' '}{name:10s} marked {told.marked:7.3%}"
    if pair.truth is not None:
        line += f"  accuracy {told.accuracy:.3f}  kappa {told.kappa:.3f}  F1 {told.f1:.3f}  AUC {told.auc:.3f}"
    return f"{line}  fit {told.fit_s:4.1f} s  {told.speed:5.1f} MPix/s  {told.reason}"


def main() -> None:
    """Print a line for each pair and method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=data_folder(), help="folder of the pairs")
    data: Path = parser.parse_args().data
    if not data.is_dir():
        sys.exit(f"{data}: no such folder; give it as the argument or by CHANGEDET_DATA")
    print("* the method that auto chooses")
    for pair in pairs(data):
        sar = "amplitude" in pair.roles
        names = ("log_ratio", "omnibus", "pca_kmeans") if sar else ("cva", "irmad", "isfa", "pca_kmeans", "structure")
        for name in (*names, *(("trees",) if pair.resolution_m < FINE_M else ())):
            print(run(pair, name), flush=True)


if __name__ == "__main__":
    main()
