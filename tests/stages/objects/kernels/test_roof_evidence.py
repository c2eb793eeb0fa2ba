"""What a roof says against the boxes on it: only wide ones count, and only where they are likely."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.hall_pictures import STEP_M
from changedet.stages.objects.kernels import network, roof_evidence
from changedet.stages.objects.kernels.roof_evidence import LEAST_ODDS, LEAST_ROOF_M, TRUST


def test_hall_picture_is_linear_again() -> None:
    image = np.linspace(10, 200, 3 * 20 * 30, dtype=np.float32).reshape(3, 20, 30)
    low, high = (10.0, 20.0, 0.0), (150.0, 180.0, 220.0)
    linear = roof_evidence.hall_picture(network.stretched(image, low, high))
    truth = (image - np.reshape(low, (3, 1, 1))) / np.reshape(np.subtract(high, low), (3, 1, 1))
    np.testing.assert_allclose(linear, np.clip(truth, 0, None), atol=1e-5)


def test_beneath_takes_wide_roofs_alone() -> None:
    odds = np.full((120, 160), -6.0, np.float32)
    wide, narrow = round(2 * LEAST_ROOF_M / STEP_M), round(0.6 * LEAST_ROOF_M / STEP_M)
    odds[10 : 10 + wide, 20 : 20 + wide] = 3.0
    odds[80 : 80 + narrow, 20:120] = 5.0
    centres = np.array([[20 + wide / 2, 10 + wide / 2], [70.0, 80 + narrow / 2], [150.0, 60.0]]) * STEP_M
    assert roof_evidence.beneath(odds, centres).tolist() == [3.0, -6.0, -6.0]
    # A centre on the very edge of the picture has a place.
    assert roof_evidence.beneath(odds, np.array([[160 * STEP_M, 120 * STEP_M]])).tolist() == [-6.0]
    assert roof_evidence.beneath(odds, np.empty((0, 2))).shape == (0,)


def test_doubted_loses_by_the_roof_and_nothing_else() -> None:
    confidence = np.array([0.6, 0.6, 0.6, 0.6, 0.1, 0.97])
    roof = np.array([1.0, -3.0, np.nan, 2.0, 2.0, 2.0]) + LEAST_ODDS
    container = np.array([True, True, True, False, True, True])
    after = roof_evidence.doubted(confidence, roof, container)
    assert after[1:5].tolist() == confidence[1:5].tolist()
    odds = np.log(after / (1 - after)) - np.log(confidence / (1 - confidence))
    assert odds[[0, 5]].tolist() == pytest.approx([-TRUST, -2 * TRUST])
