"""Quality classes of the masks that providers deliver."""

from __future__ import annotations

import numpy as np

from changedet.imagery.kernels import provider_masks
from changedet.kernels.pixel_classes import CLEAR, CLOUD, HAZE, MASKED, NODATA, SHADOW, SNOW


def test_from_qa_pixel_and_from_udm2() -> None:
    bits = np.array([[1, 2, 4, 8, 16, 32, 64, 8 + 32, 1 + 8, 16 + 32]], np.uint16)
    assert provider_masks.from_qa_pixel(bits).tolist() == [
        [NODATA, CLOUD, HAZE, CLOUD, SHADOW, SNOW, CLEAR, CLOUD, NODATA, SHADOW]
    ]
    udm2 = np.zeros((8, 1, 8), np.uint8)
    udm2[0, 0, 0] = 1
    for pixel, band in enumerate((1, 2, 3, 4, 5), 1):
        udm2[band, 0, pixel] = 1
    udm2[7, 0, 6] = 1
    assert provider_masks.from_udm2(udm2)[0].tolist() == [CLEAR, SNOW, SHADOW, HAZE, HAZE, CLOUD, NODATA, MASKED]
    assert provider_masks.from_udm2(np.array([[[1, 0]]], np.uint8)).tolist() == [[CLEAR, MASKED]]
    assert provider_masks.from_scl(np.array([[12, 255]])).tolist() == [[MASKED, MASKED]]
