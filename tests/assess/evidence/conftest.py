"""A small finished run, and copies of it that a test may spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_scenes import series, write_workflow

from changedet.pipeline.run import run

DATES = ("2023-01-01", "2023-03-01")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two dates with every output; the second scene may not be shown."""
    folder = tmp_path_factory.mktemp("evidence")
    series(folder, 200, 240, DATES)
    scenes = [
        {"date": DATES[0], "path": f"{DATES[0]}.tif", "credit": "Own work", "licence": "CC-BY-4.0", "sensor": "A"},
        {"date": DATES[1], "path": f"{DATES[1]}.tif", "licence": {"name": "Closed", "show_pixels": False}},
    ]
    site = {"id": "site", "name": "A & <b>", "place": "Nowhere"}
    return run(write_workflow(folder, (), site=site, scenes=scenes, outputs={"formats": "all"})).path


@pytest.fixture
def own(finished: Path, tmp_path: Path) -> Path:
    """The same run where a test may spoil it."""
    return Path(shutil.copytree(finished, tmp_path / "site"))
