"""The sites whose runs are frozen: the sample, and a small one of each of six kinds."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from shared_once import shared

from changedet.pipeline.run import run
from changedet.simulate import simulate

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("golden.json")
KINDS = ("trains", "port", "earthworks", "clouds", "mixed", "winter")
SITES = ("sample", *KINDS)
SEED, DATES, SIZE_M = 31, 4, 96.0


def run_site(name: str, folder: Path) -> tuple[Path, Path]:
    """Run a site; its run folder, and the folder that holds its workflow's scenes."""
    if name == "sample":
        return run(ROOT / "workflows" / "sample.yaml", out=str(folder)).path, ROOT
    simulate(folder / "site", kind=name, seed=SEED, dates=DATES, size_m=SIZE_M)
    (workflow,) = (folder / "site").glob("*.yaml")
    return run(workflow, out=str(folder / "out")).path, folder / "site"


def golden_run(name: str, factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """That run folder and its scenes', made once for all tests that read them."""
    folder = shared(factory, f"golden-{name}", partial(run_site, name))
    if name == "sample":
        return folder / "depot-north", ROOT
    (path,) = (folder / "out").iterdir()
    return path, folder / "site"
