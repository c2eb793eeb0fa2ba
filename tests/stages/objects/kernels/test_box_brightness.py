"""Brightness of boxes and around them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.stages.objects.kernels import box_brightness

Floats = NDArray[np.float64]


def test_surround_brightness_is_means_in_and_around_a_box() -> None:
    rng = np.random.default_rng(0)
    picture = cv2.GaussianBlur(rng.random((120, 140), np.float32), (0, 0), 2)
    pixel_m = 0.4
    boxes = np.array([[20.0, 25.0, 12.19, 2.44, 0.6], [30.0, 20.0, 6.06, 2.44, 2.2]])
    found = box_brightness.surround_brightness(picture, boxes, pixel_m)
    for (x, y, length, width, angle), row in zip(boxes, found, strict=True):
        turned = cv2.getRotationMatrix2D((x / pixel_m - 0.5, y / pixel_m - 0.5), float(np.degrees(angle)), 1.0)
        upright = cv2.warpAffine(picture, turned, (140, 120), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        left, top = x / pixel_m - 0.5, y / pixel_m - 0.5

        def mean(u: Floats, v: Floats, upright: NDArray[np.float32] = upright, at: tuple[float, float] = (left, top)):
            vv, uu = np.meshgrid(v, u)
            px, py = (at[0] + vv / pixel_m).astype(np.float32), (at[1] - uu / pixel_m).astype(np.float32)
            values = cv2.remap(upright, px, py, cv2.INTER_LINEAR)
            return float(values.mean()), float(values.std())

        u, v = np.linspace(-0.38, 0.38, 9) * length, np.array([-0.3, 0, 0.3]) * width
        beside, beyond = (
            np.array([width / 2 + box_brightness.MARGIN_M]),
            np.array([length / 2 + box_brightness.MARGIN_M]),
        )
        wanted = [*mean(u, v), mean(u, -beside)[0], mean(u, beside)[0], mean(-beyond, v)[0], mean(beyond, v)[0]]
        np.testing.assert_allclose(row, wanted, atol=0.02)
