"""Boxes at the peaks of maps."""

from __future__ import annotations

from functools import partial

import numpy as np

from changedet.stages.objects.kernels import network_peaks, rectangles


def test_decoded_gives_boxes_at_peaks() -> None:
    yy, xx = np.mgrid[:64, :64] + 0.5
    true = np.array([[12.1, 8.23, 12.19, 2.44, 0.4], [14.7, 8.9, 12.19, 2.44, 0.4], [5.05, 18.1, 6.06, 2.44, 2.9]])
    maps = np.full((7, 64, 64), -9.0, np.float32)
    for x, y, length, width, angle in true:
        u = (xx * 0.4 - x) * np.sin(angle) - (yy * 0.4 - y) * np.cos(angle)
        v = (xx * 0.4 - x) * np.cos(angle) + (yy * 0.4 - y) * np.sin(angle)
        peak = 3 - 0.5 * ((u / (0.09 * length)) ** 2 + (v / (0.2 * width)) ** 2)
        better = peak > maps[0]
        maps[0] = np.maximum(maps[0], peak)
        values = (np.sin(2 * angle), np.cos(2 * angle), np.log(length / 6.06), np.log(width / 2.44), -5.0)
        for k, value in enumerate(values, 1):
            maps[k][better] = value
    raw = network_peaks.decoded(maps, 0.4, 0.0)
    order = np.lexsort((raw.boxes[:, 1], raw.boxes[:, 0]))
    np.testing.assert_allclose(raw.boxes[order], true[np.lexsort((true[:, 1], true[:, 0]))], atol=0.06)
    assert rectangles.iou_matrix(raw.boxes, true).max(axis=1).min() > 0.9


def test_confidence_rises_with_the_peak_and_with_the_margin() -> None:
    table = {"gsd_m": [0.3, 1.0], "slope": [1.0, 2.0], "margin": [0.5, 0.5], "intercept": [0.0, -1.0]}
    raw = network_peaks.Peaks(np.zeros((3, 5)), np.array([-2.0, 0.0, 2.0]), np.zeros(3))
    value = partial(network_peaks.confidence, raw, table=table)
    assert (np.diff(value(0.5)) > 0).all()
    np.testing.assert_allclose(value(0.1), 1 / (1 + np.exp([2.0, 0.0, -2.0])))
    np.testing.assert_allclose(value(3.0), 1 / (1 + np.exp([5.0, 1.0, -3.0])))
    told = network_peaks.Peaks(np.zeros((3, 5)), np.zeros(3), np.array([-9.0, 0.0, 2.0]))
    np.testing.assert_allclose(network_peaks.confidence(told, 0.1, table), 1 / (1 + np.exp([-2.0, 0.0, -1.0])))
