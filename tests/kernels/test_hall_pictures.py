"""Pictures for the network of halls: a look's own black and white, and what was not seen."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.hall_pictures import GAMMA, MISSING, TOP, fit_limits, shown


def test_limits_leave_out_the_darkest_and_brightest_hundredth() -> None:
    values = np.arange(1001, dtype=np.float32).reshape(1, 1, -1)
    assert fit_limits(values) == pytest.approx((10, 990))
    assert fit_limits(np.full((3, 4, 4), np.nan, np.float32)) == (0.0, 1.0)


def test_black_white_and_what_is_brighter() -> None:
    colours = np.array([[[0.0, 10.0, 20.0, 99.0, np.nan]]], np.float32)
    low, mid, high, top = -1, 2 * 0.5**GAMMA - 1, 1, 2 * TOP**GAMMA - 1
    assert shown(colours, (0.0, 20.0))[0, 0].tolist() == pytest.approx([low, mid, high, top, MISSING])
