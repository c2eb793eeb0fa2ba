"""Histograms of orientated gradients, against brute force."""

from __future__ import annotations

import numpy as np
from change_pairs import images
from scipy import ndimage

from changedet.stages.change.kernels import smoothing, structure


def test_structure_is_the_brute_force_histogram_of_orientated_gradients():
    image, valid = images(2, (2, 14, 17))[0], np.ones((14, 17), bool)
    valid[3, 4] = valid[9:11, 0] = False
    found = structure.structure(image, valid, 4, 1.0)
    channels = np.full((4, *valid.shape), np.nan, np.float32)
    for y, x in zip(*np.nonzero(valid), strict=True):
        steps = []
        for band in image.astype(float):
            ends = [
                band[v, u] if 0 <= v < 14 and 0 <= u < 17 and valid[v, u] else band[y, x]
                for v, u in ((y, x + 1), (y, x - 1), (y + 1, x), (y - 1, x))
            ]
            steps.append((ends[0] - ends[1], ends[2] - ends[3]))
        dx, dy = max(steps, key=lambda step: np.hypot(*step))
        channels[:, y, x] = [abs(dx * np.cos(a) + dy * np.sin(a)) for a in np.pi * np.arange(4) / 4]
    for k in range(4):
        np.testing.assert_allclose(found[k], smoothing.gaussian(channels[k], 1.0), rtol=1e-4, atol=1e-4)


def test_structure_difference_sees_an_edge_and_neither_light_nor_a_small_shift():
    rng = np.random.default_rng(5)
    ground = ndimage.gaussian_filter(rng.normal(0, 1, (120, 140)), 1.5) * 200 + 500
    valid = np.ones(ground.shape, bool)
    brighter = ndimage.shift(ground, (0.5, -0.5), order=1, mode="nearest") * 1.6 + 40
    built = brighter.copy()
    built[50:70, 60:90] = np.where(np.arange(30) // 5 % 2, 1500, 300)
    described = [structure.structure(p[None].astype(np.float32), valid, 8, 4.0) for p in (ground, brighter, built)]
    floors = [1.5 * float(np.median(structure.strength(one))) for one in described]
    quiet = structure.structure_difference(described[0], described[1], (floors[0], floors[1]))
    loud = structure.structure_difference(described[0], described[2], (floors[0], floors[2]))
    assert quiet.max() < 0.15
    assert loud[55:65, 65:85].min() > 0.4
    assert loud.max() <= structure.GREATEST
