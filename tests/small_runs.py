"""Three small dates, and how runs of them are compared."""

from __future__ import annotations

import gc
import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import geopandas as gpd

from changedet.cli.app import main

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
    """What the command prints and leaves with, within this process: a process of its own loads all libraries first."""
    words, out, err = [*map(str, arguments)], io.StringIO(), io.StringIO()
    hooks, threshold, status = (sys.unraisablehook, sys.excepthook), gc.get_threshold(), 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main(words)
    except SystemExit as left:
        status = int(str(left.code))
    finally:
        # The command sets these for its process.
        (sys.unraisablehook, sys.excepthook), _ = hooks, gc.set_threshold(*threshold)
    return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())
