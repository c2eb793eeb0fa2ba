"""Programs that open what a run leaves, as a person would; a test that needs one skips where it is missing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

QGIS_PYTHON = "/usr/bin/python3"
QGIS_CHECKER = Path(
    os.environ.get("CHANGEDET_QGIS_CHECK", Path(__file__).resolve().parents[2] / "shared" / "tools" / "check_qgis.py")
)
"""Opens a run folder in QGIS, draws its frames and reports what does not load."""


def qgis_checker() -> Path:
    """The checker's path; skips the test where it or QGIS's Python is missing."""
    python = Path(QGIS_PYTHON)
    has_qgis = python.is_file() and not subprocess.run([python, "-c", "import qgis"], capture_output=True).returncode
    if not has_qgis or not QGIS_CHECKER.is_file():
        pytest.skip("needs QGIS with its Python and the checker named by CHANGEDET_QGIS_CHECK")
    return QGIS_CHECKER
