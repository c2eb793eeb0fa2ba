"""What a run loads before it knows whether it is needed: it is paid by every start, and by every process of a pool."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "dask",
    "distributed",
    "xarray",
    "odc",
    "scipy.stats",
    "scipy.optimize",
    "scipy.spatial",
    "scipy.ndimage",
    "numba",
)


def test_what_a_run_may_not_need_is_not_loaded_with_it() -> None:
    code = f"import sys, changedet.cli.text, changedet.pipeline.run; print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
