"""Defects of run folders, of what a run takes and of what it leaves, each with a check: see defects.py."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import rasterio
from small_rasters import write

from benchmarks.defect_site import DATES, NAMES, SIDE, Site, midway, part, text_of


def _and_back(site: Site, *words: str, **other: object) -> str:
    return site.run() or site.run(**other) or site.run(*words)


part(1, "formats changed and back")(lambda site: _and_back(site, outputs={"formats": ["tables"]}))
part(1, "reference changed and back")(lambda site: _and_back(site, before=DATES[2]))
part(1, "method changed and back")(
    lambda site: _and_back(site, change={"method": "none"}) or _and_back(site, change={"method": "irmad"})
)
part(1, "formats changed, then --fresh")(lambda site: _and_back(site, "--fresh", outputs={"formats": ["tables"]}))


@part(1, "masks of a dropped date stay")
def _stale(site: Site) -> str:
    said = site.run() or site.run(dates=DATES[:2])
    return said or ", ".join(path.name for path in site.run_folder.rglob(f"{DATES[2]}*.tif"))


@part(2, "a counting run leaves a mark in the home folder")
def _telemetry(site: Site) -> str:
    home = site.folder / "home"
    home.mkdir()
    env = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    os.environ.pop("ORT_DISABLE_TELEMETRY", None)
    small = ["--dates", 1, "--size", 48, "--gsd", 0.5, "--name", "small"]
    site.call("simulate", site.folder / "sim", *small)
    done = site.call("run", site.folder / "sim" / "small.yaml", "--out", site.out, **env)
    left = [str(p.relative_to(home)) for p in home.rglob("*") if p.is_file() and "matplotlib" not in p.parts]
    return f"status {done.returncode}: {done.stderr[-160:]}" if done.returncode else ", ".join(left)


UNDISTURBED: dict[Path, dict[str, str]] = {}
"""Results of a run of three scenes, by package."""


def _swapped(site: Site, how: str, moment: int) -> str:
    scene = site.folder / f"{DATES[1]}.tif"
    kept = scene.read_bytes()
    if site.package not in UNDISTURBED:
        said = midway(site, "undisturbed", 10**9)
        if said != "done":
            return said
        UNDISTURBED[site.package] = site.contents()
        shutil.rmtree(site.out)
    with rasterio.open(scene) as source:
        write(site.folder / "other", source.read()[:, ::-1], descriptions=NAMES)
    (site.folder / "other").rename(site.folder / f"{DATES[1]}.tif.other")
    said = midway(site, how, moment)
    if said != "done":
        return "" if f"{DATES[1]}.tif" in said and "\n" not in said else f"says {said[:160]!r}"
    # What is published must be of what was hashed: the scene as it was, or as it is now.
    sums = {row["date"]: row["files"][0]["sha256"] for row in json.loads(text_of(site, "run.json"))["inputs"]}
    is_old = sums[DATES[1]] == hashlib.sha256(kept).hexdigest()
    is_new = scene.exists() and sums[DATES[1]] == hashlib.sha256(scene.read_bytes()).hexdigest()
    found = site.contents()
    if is_new:
        shutil.rmtree(site.out)
        midway(site, "undisturbed", 10**9)
    expected = UNDISTURBED[site.package] if is_old else site.contents() if is_new else {}
    return "" if found == expected else "done; figures are not those of the scene whose hash is given"


for _how, _moment in product(("replaced", "truncated", "removed"), (1, 2, 3, 6)):
    part(3, f"a scene {_how} when {_moment} tasks are done")(partial(_swapped, how=_how, moment=_moment))


def _damaged(site: Site, spoil: Callable[[Path], object]) -> str:
    said = site.run()
    expected = site.contents()
    spoil(site.run_folder / ".changedet")
    return said or site.run() or ("" if site.contents() == expected else "other results")


def _each(pattern: str, content: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def spoil(state: Path) -> None:
        for path in [one for one in state.glob(pattern) if one.is_file()]:
            status = path.stat()
            path.write_bytes(content(path.read_bytes()))
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    return spoil


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def _garbage(content: bytes) -> bytes:
    return b"\xff" * len(content)


part(4, "empty records of steps")(lambda site: _damaged(site, _each("steps/*.json", lambda _: b"")))
part(4, "truncated rasters of its own")(lambda site: _damaged(site, _each("**/*.gtif", lambda all_: all_[:500])))
part(4, "garbage in hashes of inputs")(
    lambda site: _damaged(site, lambda state: [_each(p, _garbage)(state) for p in ("checksums/*", "inputs*")])
)


@part(4, "a byte of its own rasters, size and time kept")
def _own_damage(site: Site) -> str:
    changed = {"change": {"method": "cva", "min_area_m2": 60.0}}
    said = site.run(**changed)
    expected = site.contents()
    shutil.rmtree(site.out)
    said = said or site.run()
    _each("**/*.gtif", _flipped)(site.run_folder / ".changedet")
    return said or site.run(**changed) or ("" if site.contents() == expected else "other results")


@part(4, "a byte of a result, size and time kept")
def _silent_damage(site: Site) -> str:
    said = site.run()
    mask = site.run_folder / "change" / f"{DATES[1]}_mask.tif"
    _each(f"{DATES[1]}_mask.tif", _flipped)(mask.parent)
    return said or site.refused("verify", site.run_folder, said=mask.name)


@part(7, "a cluster that a workflow names")
def _cluster(site: Site) -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        scheduler = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        said = site.refused("run", site.workflow(compute={"scheduler": scheduler}), "--out", site.out, timeout=20)
        try:
            server.accept()[0].close()
        except TimeoutError:
            return said
    return "connects"


def _values(site: Site, dtype: str, value: float) -> str:
    dice = np.random.default_rng(5)
    for day in DATES[:2]:
        values = dice.integers(1, 200, (4, SIDE, SIDE)).astype(dtype)
        values[:, 3, 4] = value
        write(site.folder / f"{day}.tif", values, descriptions=NAMES)
    given = rasterio.open(site.folder / f"{DATES[0]}.tif").read()
    said = site.run(dates=DATES[:2])
    found = rasterio.open(site.run_folder / "scenes" / f"{DATES[0]}.tif").read() if not said else given
    if found.dtype != given.dtype:
        return f"{given.dtype} becomes {found.dtype}"
    return said or ("" if np.array_equal(found, given) else f"{value} becomes {found[0, 3, 4]}")


for _dtype, _value in (("uint8", 0), ("uint16", 0), ("uint32", 2**32 - 2), ("float64", 0.1), ("float32", 1e30)):
    part(11, f"{_value} of {_dtype}")(partial(_values, dtype=_dtype, value=_value))


@part(12, "compute.memory that no run keeps")
def _memory(site: Site) -> str:
    return site.refused("check", site.workflow(compute={"memory": "100MB"}), said="give at least")


@part(12, "a limit on addresses")
def _addresses(site: Site) -> str:
    words = ["check", site.workflow()]
    return site.refused(*words, said="limit", statuses=(1, 2), shell="ulimit -v 900000")
