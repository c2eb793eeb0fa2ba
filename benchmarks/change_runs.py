"""Change masks of whole runs on simulated series: what a user gets, with shifts, clouds and light estimated.

    python benchmarks/change_runs.py [--seeds 7000 7001] [--only trains .3m ...] [--folder DIR] [--pictures]
        [--no-zones] [--no-nir]

Series as `changedet simulate` writes them go through `changedet run` with all stages on `auto`; objects and tables are
left out. All dates of a series count. F1 forgives one pixel; false marks are a share of the valid pixels, and on quiet
sites that is the figure that matters; coverage is the share of what both dates show that the mask covers. CPU seconds
are those of the whole run, in this process, for a million pixels and compared date. `--pictures` leaves a PNG of every
date: before, after, the probability and the mask (white right, red false, blue missed, grey not valid).
`--no-zones` leaves out the zones that the simulation writes: without them it is not known where sidings lie.
`--no-nir` leaves near infrared out of the workflow's bands.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import rasterio
import yaml
from numpy.typing import NDArray
from rasterio.vrt import WarpedVRT

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.change import f1  # noqa: E402
from changedet import load_workflow  # noqa: E402
from changedet.pipeline.finished import Run  # noqa: E402
from changedet.pipeline.run import run  # noqa: E402
from changedet.simulate import simulate  # noqa: E402
from changedet.store import RunFolder  # noqa: E402

SETTINGS: dict[str, dict[str, object]] = {
    "quiet": {"kind": "quiet"},
    "growth": {"kind": "growth"},
    "trains": {"kind": "trains"},
    "port": {"kind": "port"},
    "earthworks": {"kind": "earthworks"},
    "clouds": {"kind": "clouds"},
    "winter": {"kind": "winter"},
    "mixed": {"kind": "mixed"},
    "dense": {"kind": "dense"},
    "decoys": {"kind": "decoys"},
    "1m": {"kind": "growth", "gsd_m": 1.0, "size_m": 384.0},
    "1m trains": {"kind": "trains", "gsd_m": 1.0, "size_m": 384.0},
    ".3m": {"kind": "growth", "gsd_m": 0.3, "size_m": 160.0},
    ".3m earthworks": {"kind": "earthworks", "gsd_m": 0.3, "size_m": 160.0},
    ".3m port": {"kind": "port", "gsd_m": 0.3, "size_m": 160.0},
}
"""Arguments of `simulate`."""
UNSEEN = 255
Counts = NDArray[np.float64]


def counts(mask: NDArray[np.float32], truth: NDArray[np.float32]) -> Counts:
    """Marked, marked right, changed, changed and found, valid, shown by both dates: pixels, with one of slack."""
    valid = (truth != UNSEEN) & (mask != UNSEEN)
    near, found = (cv2.dilate((image == 1).astype(np.uint8), np.ones((3, 3), np.uint8)) == 1 for image in (truth, mask))
    marked, changed = (mask == 1) & valid, (truth == 1) & valid
    parts = marked, marked & near, changed, changed & found, valid, truth != UNSEEN
    return np.array([part.sum() for part in parts], float)


def read(path: Path, like: Path) -> NDArray[np.float32]:
    """The first band on the grid of another raster; an area of interest may have made a run's a pixel larger."""
    with rasterio.open(like) as grid, rasterio.open(path) as source:
        to = {"crs": grid.crs, "transform": grid.transform, "width": grid.width, "height": grid.height}
        with WarpedVRT(source, **to) as view:
            return np.asarray(view.read(1), np.float32)


def finished(
    folder: Path, seed: int, asked: dict[str, object], dates: int, pictures: bool, zones: bool, nir: bool
) -> tuple[Run, float]:
    """The run of a series, and its CPU seconds."""
    site = folder / "-".join(str(value) for value in (*asked.values(), seed, dates))
    existing = sorted(site.glob("*.yaml"))
    path = existing[0] if existing else simulate(site, seed=seed, dates=dates, **asked)  # type: ignore[arg-type]
    written = yaml.safe_load(path.read_text())
    written["outputs"]["formats"] = ["masks", "scores", *(["scenes"] if pictures else [])]
    written["objects"] = {"method": "none"}
    if zones and (path.parent / "zones.geojson").exists():
        written["site"]["zones"] = "zones.geojson"
    else:
        written["site"].pop("zones", None)
    if not nir:
        written["bands"].pop("nir", None)
    path.write_text(yaml.safe_dump(written, sort_keys=False))
    begin = time.process_time()
    done = run(load_workflow(path), fresh=True)
    return done, time.process_time() - begin


def picture(done: Run, truth_path: Path, name: str, out: Path) -> None:
    """A PNG of one date: before, after, probability, and the mask against the truth."""
    folder, day = RunFolder(done.path), truth_path.stem.split("_")[0]
    change = folder.path / "change"
    mask, truth = read(change / f"{day}_mask.tif", truth_path), read(truth_path, truth_path)
    score = np.nan_to_num(read(change / f"{day}_score.tif", truth_path))
    panes = [_shown(done.path / "scenes" / f"{date}.tif", mask.shape) for date in (done.summary["reference_date"], day)]
    panes.append(np.repeat((255 * score).astype(np.uint8)[..., None], 3, axis=2))
    verdict = np.zeros((*mask.shape, 3), np.uint8)
    verdict[(mask == 1) & (truth == 1)] = 255
    verdict[(mask == 1) & (truth == 0)] = (0, 0, 255)
    verdict[(mask == 0) & (truth == 1)] = (255, 80, 0)
    verdict[(mask == UNSEEN) | (truth == UNSEEN)] = 90
    verdict[(mask == UNSEEN) & (truth != UNSEEN)] = (0, 110, 110)
    cv2.imwrite(str(out / f"{name.replace(' ', '_')}_{day}.png"), np.hstack([*panes, verdict]))


def _shown(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    with rasterio.open(path) as source:
        names = [str(name) for name in source.descriptions]
        image = source.read([names.index(role) + 1 for role in ("blue", "green", "red")]).astype(float)
    top = np.percentile(image, 99)
    shown = (np.clip(image.transpose(1, 2, 0) / top, 0, 1) ** (1 / 1.6) * 255).astype(np.uint8)
    return np.asarray(shown[: shape[0], : shape[1]])


def report(name: str, by_date: list[Counts], cpu_s: float) -> str:
    """One line of figures."""
    total = np.sum(by_date, axis=0)
    false = (total[0] - total[1]) / total[4]
    line = f"{name:15s} F1 {f1(total):.3f}  false {false:.3%}  recall {total[3] / max(total[2], 1):.3f}"
    dates = " ".join(f"{f1(one):.2f}" for one in by_date)
    return f"{line}  coverage {total[4] / total[5]:.3f}  CPU s/MPix {1e6 * cpu_s / total[5]:.2f}  dates {dates}"


def main() -> None:
    """Print a line of figures for each setting."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[7000, 7001])
    parser.add_argument("--only", nargs="+", default=list(SETTINGS))
    parser.add_argument("--dates", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="keeps series and runs here; else they are thrown away")
    parser.add_argument("--pictures", action="store_true", help="in the folder")
    parser.add_argument("--no-zones", action="store_true")
    parser.add_argument("--no-nir", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        folder: Path = args.folder or Path(spare)
        sums: dict[str, list[Counts]] = defaultdict(list)
        for name in args.only:
            spent = 0.0
            for seed in args.seeds:
                given = args.dates, args.pictures, not args.no_zones, not args.no_nir
                done, cpu_s = finished(folder, seed, SETTINGS[name], *given)
                truths = sorted((done.path.parents[1] / "truth").glob("*_mask.tif"))
                masks = [RunFolder(done.path).path / "change" / path.name for path in truths]
                own = [counts(read(mask, path), read(path, path)) for mask, path in zip(masks, truths, strict=True)]
                for path in truths if args.pictures else ():
                    picture(done, path, f"{name}_{seed}", folder)
                if len(args.seeds) > 1:
                    print(f"  {report(f'{name} {seed}', own, cpu_s)}", flush=True)
                sums[name] += own
                spent += cpu_s
            print(report(name, [np.sum(sums[name], axis=0)], spent).split("  dates")[0], flush=True)


if __name__ == "__main__":
    main()
