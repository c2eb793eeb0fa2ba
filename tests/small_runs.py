"""Three small dates, and how runs of them are compared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import geopandas as gpd

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")


SHAPE = (300, 1100)
"""Three tiles of the usual 512 px, twice five of 256 px; wider than an overview."""


NARROW = (300, 400)
"""One tile of the usual 512 px, twice two of 256 px."""


APART = {"change": {"method": "cva", "persistence": "none"}}
"""Each date by itself: a pair that becomes a series is read anew, see test_series_masks.py."""


def rasters(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.tif"))}


def times(folder: Path) -> dict[str, int]:
    kept = [*folder.rglob("*.tif"), *folder.rglob("*.gtif"), *(folder / ".changedet").rglob("*.json")]
    state = folder / ".changedet"
    records = {state / "seal.json", state / "inputs.json", *(state / "steps").glob("*")}
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in kept if path not in records}


def assert_same(one: Path, other: Path) -> None:
    first, second = rasters(one), rasters(other)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert (one / "timeseries.csv").read_text() == (other / "timeseries.csv").read_text()
    for layer in ("changes", "containers", "tracks", "footprint"):
        tables = [gpd.read_file(folder / "objects.gpkg", layer=layer) for folder in (one, other)]
        assert tables[0].equals(tables[1]), layer
    assert (one / "summary.json").read_text() == (other / "summary.json").read_text()


def assert_nothing_left(folder: Path) -> None:
    assert [str(path) for path in folder.rglob("*") if ".part" in path.name] == []


def command(workflow: Path, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "changedet", "run", str(workflow), "--out", str(out), *more]


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "changedet", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=180)
