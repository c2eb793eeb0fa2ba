"""What tests share: their folder and `scenarios` are importable, real scenes are found where there are any."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from real import DATA, WHY


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real scenes."""
    if not DATA.is_dir():
        pytest.skip(WHY)
    return DATA
