"""Fixtures of whole runs: three small dates and their finished run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import rasterio
from small_runs import DATES, NARROW, SHAPE
from small_scenes import series, write_scene, write_workflow

from changedet.pipeline.run import run
from changedet.plan import resources


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three dates of `SHAPE`."""
    folder = tmp_path_factory.mktemp("scenes")
    series(folder, *SHAPE, DATES)
    return folder


@pytest.fixture(scope="session")
def reference_run(scenes: Path) -> Path:
    """A run of those by default means."""
    return run(write_workflow(scenes, DATES), out=str(scenes / "out")).path


@pytest.fixture
def tiles_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles of the chunk's own size, else rounded up to 512 px for the detectors, of which small scenes have none."""
    monkeypatch.setattr(resources, "LATTICE_PX", 64)


@pytest.fixture(scope="session")
def narrow_scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three dates of `NARROW`."""
    folder = tmp_path_factory.mktemp("narrow")
    series(folder, *NARROW, DATES)
    return folder


@pytest.fixture
def own(narrow_scenes: Path, tmp_path: Path) -> Path:
    """Those where a test may spoil them: a run of its own takes half of what it takes on `SHAPE`."""
    for date in DATES:
        shutil.copy2(narrow_scenes / f"{date}.tif", tmp_path)
    return tmp_path


@pytest.fixture
def some_lack_nir(own: Path) -> Path:
    """Its scenes, the second without near infrared, and with a square that only near infrared tells."""
    with rasterio.open(own / f"{DATES[1]}.tif") as source:
        write_scene(own / f"{DATES[1]}.tif", source.read()[:3])
    with rasterio.open(own / f"{DATES[2]}.tif", "r+") as out:
        near = out.read(4)
        near[150:250, 300:400] //= 3
        out.write(near, 4)
    return own
