"""Features of the ground of one date."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_ground import PLANT, ROLES

from changedet.stages.footprint.kernels import ground


def test_features_equal_plain_loops():
    rng = np.random.default_rng(4)
    cells = rng.uniform(0.02, 0.5, (4, 40, 44)).astype(np.float32)
    table, valid = ground.features(cells, ROLES, PLANT, 1.0)
    assert valid.all()
    found = dict(zip(ground.NAMES, table[:, 20, 20], strict=True))
    bright = np.clip(cells[:3] / np.float32(0.5), -0.5, 2).mean(axis=0)
    around = bright[13:28, 13:28]
    assert found["bright"] == pytest.approx(bright[20, 20], abs=1e-5)
    assert found["bright_wide"] == pytest.approx(around.mean(), abs=1e-3)
    assert found["rough_wide"] == pytest.approx(around.std(), abs=1e-3)
    assert (found["darkest"], found["brightest"]) == pytest.approx((around.min(), around.max()), abs=1e-5)
    east, north = bright[20, 21] - bright[20, 19], bright[19, 20] - bright[21, 20]
    assert found["slope"] == pytest.approx(0.6 * east + 0.8 * north, abs=0.02)
    green = (cells[3] - cells[2]) / (cells[3] + cells[2]) - 0.2
    planted = np.argwhere(green >= 0)
    nearest = np.abs(planted - [20, 20]).max(axis=1).min()
    assert found["width"] == min(nearest, 12)
