"""The network on a picture."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.objects.kernels import network


def test_steepest_is_zero_on_even_ground() -> None:
    flat = np.full((3, 40, 40), 0.4, np.float32)
    assert network.steepest(flat) == 0.0
    flat[:, :, 20:] = 0.9
    assert network.steepest(flat) == pytest.approx(0.5)
