"""Segments and their moment rectangles."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from changedet.stages.objects.kernels import rectangles, segments


@pytest.mark.parametrize("angle_deg", [0.0, 17.0, 90.0, 133.0])
def test_moment_rectangles_give_back_a_planted_one(angle_deg: float) -> None:
    box = np.array([[40.3, 35.6, 36.0, 9.0, np.radians(angle_deg)]])
    mask = np.zeros((80, 80), np.uint8)
    cv2.fillPoly(mask, [np.round(rectangles.corners(box)[0] * 16).astype(np.int32)], 1, shift=4)
    image = mask[..., None].astype(np.float32) * 0.5
    labels, count = segments.segment(image, np.ones((80, 80), bool), (0.5,), 0.002)[0]
    found = segments.moment_rectangles(labels, count)
    assert count == 2
    x, y, length, width, angle, fill = found[labels[36, 40]]
    assert (x, y, length, width) == pytest.approx((40.3, 35.6, 36.6, 9.6), abs=0.7)
    assert abs((np.degrees(angle) - angle_deg + 90) % 180 - 90) < 1.5
    assert fill > 0.95


def test_segment_joins_no_pixel_without_data() -> None:
    valid = np.ones((20, 20), bool)
    valid[:, 10] = False
    labels, count = segments.segment(np.zeros((20, 20, 1), np.float32), valid, (1.0,), 0.002)[0]
    assert labels[5, 3] != labels[5, 15]
    assert count == 2 + 20
