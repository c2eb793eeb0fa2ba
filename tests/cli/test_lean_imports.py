"""Libraries without their help: the same functions, in processes of their own."""

from __future__ import annotations

import subprocess
import sys

_LOADED = """
import sys
from changedet.cli.lean_imports import load_leanly
load_leanly()
load_leanly()
import numpy as np
import scipy.stats
from scipy import fft, linalg, ndimage, optimize, sparse, spatial, special
assert sum(type(finder).__name__ == "_LeanFinder" for finder in sys.meta_path) == 1
assert special.expit(0.0) == 0.5
assert linalg.solve(np.eye(2), np.ones(2)).tolist() == [1.0, 1.0]
assert np.isclose(scipy.stats.binom.cdf(1, 2, 0.5), 0.75)
assert np.isclose(scipy.stats.kendalltau([1, 2, 3], [1, 2, 4]).statistic, 1.0)
assert "numpy.f2py.f2py2e" not in sys.modules
assert np.f2py.get_include()
assert "numpy.f2py.f2py2e" in sys.modules
"""


def test_load_leanly() -> None:
    """All of scipy loads and computes; what is put off loads when it is asked for."""
    found = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
