"""Where the real scenes lie that tests may look at; what needs them skips, with a reason, where they are missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("CHANGEDET_DATA", ROOT.parent / "shared" / "data"))
WHY = f"no real scenes at {DATA}; set CHANGEDET_DATA"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=WHY)
"""Marks a test that reads `DATA`."""
