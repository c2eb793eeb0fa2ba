"""A series on disk, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from changedet.simulate import simulate


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Workflow file of a series of three dates."""
    folder = tmp_path_factory.mktemp("series")
    return simulate(folder, kind="growth", dates=3, seed=3, gsd_m=1.0, size_m=160.0)
