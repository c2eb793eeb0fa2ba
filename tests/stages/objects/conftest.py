"""A picture with many boxes across the lattice's lines, painted once."""

from __future__ import annotations

import numpy as np
import pytest
from planted_boxes import scene


@pytest.fixture(scope="session")
def wide() -> np.ndarray:
    """Four bands, 144 by 1100 px of 0.5 m; read-only."""
    image = scene(144, 1100)
    image.setflags(write=False)
    return image
