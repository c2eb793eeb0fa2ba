"""The command ``run`` as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from changedet.simulate import simulate

RUN = """
import atexit, gc, sys

def still_open():
    import rasterio
    left = [one.name for one in gc.get_objects() if isinstance(one, rasterio.DatasetReader) and not one.closed]
    print("open at exit:", left)

atexit.register(still_open)  # first in, last out: after all that the package does at exit
from changedet.cli.app import main
main(sys.argv[1:])
"""


@pytest.mark.slow
def test_run_closes_its_files_before_python_ends(tmp_path: Path) -> None:
    """What is left open rasterio 1.5 reports on stderr; here it is counted with any rasterio."""
    workflow = simulate(tmp_path, kind="growth", dates=3, size_m=64.0)
    words = [sys.executable, "-c", RUN, "run", str(workflow), "--out", str(tmp_path / "out"), "--fresh", "-q"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "open at exit: []\n"
    assert [line for line in done.stderr.splitlines() if not line.startswith("warning: ")] == []
