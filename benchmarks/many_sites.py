"""Many tiny sites in one call, in turn and side by side: CPU seconds, wall time, and memory as they are done.

``python benchmarks/many_sites.py DIR 200 --jobs 1 2 --rounds 3``; on a machine that others use too only ratios of wall
times that were taken in turns tell anything. A folder in memory leaves the disk's waits out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from rasterio.transform import from_origin
from scipy.ndimage import gaussian_filter

SIDE: Final = 128
DATES: Final = ("2023-01-01", "2023-05-01")
EVERY_S: Final = 10.0
SAMPLE_S: Final = 2.0
SMALL_KB: Final = 50_000
"""Less is no process that runs sites: multiprocessing has one to clean up."""


def write_sites(folder: Path, count: int) -> list[str]:
    """Workflows that share two scenes of 128 px in pixels of 2 m, of which the second shows a bright square.

    Parameters
    ----------
    folder : Path
        Is made.
    count : int
        Of sites.

    Returns
    -------
    list of str
        Their files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    ground = np.stack([gaussian_filter(rng.normal(size=(SIDE, SIDE)), 2) for _ in range(4)])
    ground = 2000 + 400 * ground / ground.std()
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 4, "dtype": "uint16", "crs": "EPSG:32633"}
    for k, day in enumerate(DATES):
        image = ground + rng.normal(0, 10, ground.shape)
        image[:, 40:70, 50:80] += 1500 * k
        place = from_origin(500_000, 5_800_000, 2, 2)
        with rasterio.open(folder / f"{day}.tif", "w", transform=place, tiled=True, **profile) as out:
            out.write(image.astype("uint16"))
    scenes = "\n".join(f"- {{path: {day}.tif, date: {day}}}" for day in DATES)
    rest = "change: {method: cva}\noutputs: {dir: out, formats: [masks, objects, tables]}\ncompute: {workers: 1}\n"
    files = [folder / f"s{i:04d}.yaml" for i in range(count)]
    for file in files:
        bands = "bands: {blue: 1, green: 2, red: 3, nir: 4}"
        file.write_text(f"site: {{id: {file.stem}}}\nscenes:\n{scenes}\n{bands}\n{rest}")
    return [str(file) for file in files]


def measured(files: list[str], out: Path, jobs: int) -> tuple[float, float]:
    """Run sites in one call, with a line each ten seconds.

    Parameters
    ----------
    files : list of str
        Workflows.
    out : Path
        For the runs.
    jobs : int
        How many go on at once.

    Returns
    -------
    cpu_s, wall_s : float
        Of the call and all its processes.
    """
    shutil.rmtree(out, ignore_errors=True)
    words = [sys.executable, "-m", "changedet", "run", *files, "-q", "--out", str(out), "--jobs", str(jobs)]
    began, before, told = time.monotonic(), os.times(), time.monotonic()
    # Highest of what each process takes, and of all together with shared pages counted once.
    peaks: dict[int, int] = {}
    together = 0
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as running:
        while running.poll() is None:
            time.sleep(SAMPLE_S)
            sizes = {pid: _rolled_up(pid) for pid in _tree(running.pid)}
            peaks |= {pid: max(size[0], peaks.get(pid, 0)) for pid, size in sizes.items()}
            together = max(together, sum(size[1] for size in sizes.values()))
            if time.monotonic() - told > EVERY_S:
                told = time.monotonic()
                done = len(list(out.glob("*/summary.json")))
                each = ", ".join(str(size[0] // 1024) for size in sizes.values())
                print(f"  {told - began:.0f} s: {done} sites done, MB of each process {each}", flush=True)
    after, wall_s = os.times(), time.monotonic() - began
    cpu_s = sum(after[2:4]) - sum(before[2:4])
    each = ", ".join(str(size // 1024) for size in peaks.values() if size > SMALL_KB)
    about = f"{cpu_s:.0f} CPU s, {cpu_s / len(files):.2f} a site, {wall_s:.0f} s wall"
    print(
        f"jobs {jobs}, status {running.returncode}: {about}, peaks {each} MB, together {together // 1024} MB",
        flush=True,
    )
    return cpu_s, wall_s


def _tree(process: int) -> list[int]:
    """A process and those that it began."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [process, *(one for child in children for one in _tree(int(child)))]


def _rolled_up(process: int) -> tuple[int, int]:
    """Resident memory in kB: all, and with pages that several share divided among them."""
    try:
        words = [line.split() for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()]
    except OSError:
        return 0, 0
    found = {line[0]: int(line[1]) for line in words if line[0] in ("Rss:", "Pss:")}
    return found.get("Rss:", 0), found.get("Pss:", 0)


def main() -> None:
    """Run them as often as asked for, the numbers of jobs in turns, and compare wall times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1])
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    files = write_sites(given.folder, given.count)
    for _ in range(given.rounds):
        walls = [measured(files, given.folder / f"out-{jobs}", jobs)[1] for jobs in given.jobs]
        if len(walls) > 1:
            ratios = ", ".join(f"{walls[0] / wall:.2f}" for wall in walls[1:])
            print(f"wall with {given.jobs[0]} job(s) over that with {given.jobs[1:]}: {ratios}", flush=True)


if __name__ == "__main__":
    main()
