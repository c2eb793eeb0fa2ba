"""How a run on `auto` grows with the boxes of a site: a packed yard, and mosaics of its mirrored copies.

    python benchmarks/many_boxes.py FOLDER [--times 1 2 4] [--dates 3]

The yard is `changedet simulate --kind dense` of 256 m; a mosaic has that many copies on a side, so as many boxes a
megapixel. CPU is user + system of a process of its own. A megapixel and date of a mosaic should cost no more than one
of the yard, and the peak be within what `check` promises.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

import numpy as np
import rasterio
from rasterio.windows import Window

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.speed import apart, checked, measured  # noqa: E402
from changedet.simulate import simulate  # noqa: E402

KIND, SEED, GSD_M, SIDE_M = "dense", 5, 0.5, 256.0


def yard(folder: Path, dates: int) -> list[Path]:
    """The scenes of the yard itself.

    Parameters
    ----------
    folder : Path
        Is made.
    dates : int
        How many.

    Returns
    -------
    list of Path
        By date.
    """
    place = folder / f"yard-{dates}"
    if not (place / "truth" / "truth.gpkg").exists():
        apart(partial(simulate, place, kind=KIND, seed=SEED, gsd_m=GSD_M, size_m=SIDE_M, dates=dates))
    return sorted((place / "scenes").glob("*.tif"))


def mosaic(folder: Path, scenes: list[Path], times: int) -> Path:
    """The workflow of a mosaic, which is written with it.

    Parameters
    ----------
    folder : Path
        Is made.
    scenes : list of Path
        Of the yard, of one size.
    times : int
        Copies on a side.

    Returns
    -------
    Path
        It says nothing of methods, angles or zones.
    """
    place = folder / f"mosaic-{len(scenes)}-{times}"
    place.mkdir(parents=True, exist_ok=True)
    with rasterio.open(scenes[0]) as first:
        height, width = first.shape
    for scene in scenes:
        with rasterio.open(scene) as source:
            image = source.read(window=Window(0, 0, width, height), boundless=True, fill_value=1)
            profile = source.profile | {"driver": "GTiff", "width": times * width, "height": times * height}
            profile |= {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate"}
            with rasterio.open(place / scene.name, "w", **profile) as out:
                out.descriptions = source.descriptions
                row = np.concatenate([image[..., :: 1 - 2 * (k % 2)] for k in range(times)], axis=2)
                for k in range(times):
                    part = Window(0, k * height, times * width, height)
                    out.write(row[:, :: 1 - 2 * (k % 2)], window=part)
    path = place / "site.yaml"
    lines = [f"site: {{id: {place.name}}}", 'scenes: [{glob: "*.tif", date_format: "%Y-%m-%d"}]']
    path.write_text("\n".join([*lines, "bands: {blue: 1, green: 2, red: 3, nir: 4}", ""]))
    return path


def main() -> None:
    """Print a row for each mosaic."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--dates", type=int, default=3)
    given = parser.parse_args()
    scenes = yard(given.folder, given.dates)
    print("copies  boxes  CPU s  a MPix and date  of the yard's  peak MB  promised  of it", flush=True)
    alone = None
    for k, times in enumerate([given.times[0], *given.times]):
        path = mosaic(given.folder, scenes, times)
        promised, out = checked(path).promised_mb, path.parent / "out"
        cpu_s, peak_mb, _ = measured(["-m", "changedet", "run", path, "--out", out, "--fresh", "-q"])
        if k == 0:
            continue  # compiled what is compiled once
        summary = json.loads(next(out.glob("*/summary.json")).read_text())
        counts = summary["totals"]["containers"]["last"]["value"]
        with rasterio.open(path.parent / scenes[0].name) as scene:
            each = cpu_s / (scene.width * scene.height / 1e6 * given.dates)
        alone = alone or each
        print(
            f"{times:6d} {counts:6.0f} {cpu_s:6.1f} {each:16.2f} {each / alone:14.2f} {peak_mb:8.0f}"
            f" {promised or 0:9.0f} {peak_mb / promised if promised else 0:6.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
