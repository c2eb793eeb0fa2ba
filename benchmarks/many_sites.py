"""Many tiny sites in one call: CPU seconds and memory as they are done. ``python benchmarks/many_sites.py DIR 500``."""

from __future__ import annotations

import resource
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


def main(folder: str, count: str) -> None:
    """Run them in one call, with a line each ten seconds.

    Parameters
    ----------
    folder : str
        For scenes, workflows and runs; a file system in memory leaves the disk's waits out.
    count : str
        Of sites.
    """
    words = [sys.executable, "-m", "changedet", "run", *write_sites(Path(folder), int(count)), "-q"]
    began = time.monotonic()
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as running:
        while running.poll() is None:
            time.sleep(EVERY_S)
            found = [line.split()[1] for line in _status(running.pid) if line.startswith("VmRSS")]
            done = len(list(Path(folder).glob("out/*/summary.json")))
            if found:
                print(f"{time.monotonic() - began:.0f} s: {done} sites done, {int(found[0]) // 1024} MB", flush=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = used.ru_utime + used.ru_stime
    about = f"{cpu_s:.0f} CPU s, {cpu_s / int(count):.2f} a site, peak {used.ru_maxrss // 1024} MB"
    print(f"status {running.returncode}: {about}")


def _status(process: int) -> list[str]:
    try:
        return Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    main(*sys.argv[1:])
