"""What tests share: their folder is importable, and the real scenes are found where there are any."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real scenes."""
    folder = Path(os.environ.get("CHANGEDET_DATA", TESTS.parent.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set CHANGEDET_DATA")
    return folder
