"""Scenes that tests of the plan share."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_scenes import ground, write_scene

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """A folder with a scene of each of `DATES`."""
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50))
    return tmp_path
