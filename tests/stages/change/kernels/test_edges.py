"""Histograms of directions, by hand."""

from __future__ import annotations

import numpy as np

from changedet.stages.change.kernels import (
    edges,
)


def turned(image, valid, y, x):
    """Steepness and direction of a pixel, by the arc tangent; none where a neighbour is not seen."""
    if not (valid[y, [x - 1, x + 1]].all() and valid[[y - 1, y + 1], x].all()):
        return 0, 0
    across, down = int(image[y, x + 1]) - int(image[y, x - 1]), int(image[y + 1, x]) - int(image[y - 1, x])
    way = round(np.degrees(np.arctan2(down, across)) % 180 / 45) % 4
    a, d = sorted((abs(across), abs(down)))
    return way, min(d + a // 2, edges.STRONGEST)


def test_edges_are_histograms_of_directions_by_hand_too():
    rng = np.random.default_rng(21)
    pair = [rng.integers(-900, 900, (40, 42)).astype(np.int16) for _ in range(2)]
    valid = rng.random((40, 42)) > 0.05
    out = np.empty((len(edges.edge_names()), 40, 42), np.float32)
    edges.edges((pair[0], pair[1]), valid, out)
    half = edges.EDGES_PX[0] // 2
    for y, x in ((20, 21), (12, 30)):
        sums = np.zeros((2, 4))
        for date, image in enumerate(pair):
            for v in range(y - half, y + half + 1):
                for u in range(x - half, x + half + 1):
                    way, steep = turned(image, valid, v, u)
                    sums[date, way] += steep
        cosine = sums[0] @ sums[1] / np.linalg.norm(sums[0]) / np.linalg.norm(sums[1])
        n = valid[y - half : y + half + 1, x - half : x + half + 1].sum()
        wanted = [1 - cosine, *np.log2(1 + sums.sum(axis=1) / n)]
        np.testing.assert_allclose(out[:3, y, x], wanted, atol=0.02)


def test_edges_differ_for_a_new_wall_and_not_for_another_light():
    rng = np.random.default_rng(22)
    before = rng.normal(0, 60, (60, 60)) + np.where(np.arange(60) < 30, 0, 500)[:, None]
    after = before.copy()
    after[:, 30:] += 900
    valid, out = np.ones((60, 60), bool), np.empty((2, len(edges.edge_names()), 60, 60), np.float32)
    for k, other in enumerate((1.6 * before + 200, after)):
        edges.edges((before.astype(np.int16), other.astype(np.int16)), valid, out[k])
    assert out[0, 0, 30, 30] < 0.02
    assert out[1, 0, 30, 30] > 0.2
