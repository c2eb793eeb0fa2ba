"""Roofs are detected cell by cell: the same on any tile."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from changedet.blocks import tiles
from changedet.pipeline.tile_signs import roofs_between
from changedet.plan import LATTICE_PX
from changedet.stages.change.method import ChangeMethod

HALO_PX = 16
GSD_M = 4.0
"""So coarse that less than the halo is shown."""


def _by_blocks(before: np.ndarray, after: np.ndarray, network: np.ndarray, *, model: object) -> np.ndarray:
    """Answers of a network that sees all of its block, and tells each pixel from the others."""
    own = np.abs(after[0] - before[0]) + network
    return (own + own.mean() + np.arange(own.shape[1]) / 1000).astype(np.float32)


def test_any_tile_gives_the_same_bits() -> None:
    """A tile of four cells, and each of these by itself; the last ones are narrow."""
    rng = np.random.default_rng(1)
    height, width = LATTICE_PX + 40, LATTICE_PX + 300
    shape = height + 2 * HALO_PX, width + 2 * HALO_PX
    before, after = (rng.random((3, *shape), np.float32) for _ in range(2))
    network = rng.random(shape, np.float32)
    method = ChangeMethod(fit=cast("Any", None), apply=cast("Any", None), roofs=_by_blocks)
    about = cast("Any", None), HALO_PX, GSD_M
    whole = roofs_between(method, (before, after), network, *about)
    assert whole is not None
    assert whole.shape == (height, width)
    for cell in tiles((height, width), LATTICE_PX):
        rows, columns = (slice(a, a + n + 2 * HALO_PX) for a, n in zip((cell.y, cell.x), cell.shape, strict=True))
        pair = before[:, rows, columns], after[:, rows, columns]
        alone = roofs_between(method, pair, network[rows, columns], *about)
        np.testing.assert_array_equal(alone, whole[cell.slices])


def test_methods_that_know_no_roofs_say_nothing() -> None:
    """All but trees in colours alone."""
    image = np.zeros((3, 40, 40), np.float32)
    method = ChangeMethod(fit=cast("Any", None), apply=cast("Any", None))
    assert roofs_between(method, (image, image), image[0], cast("Any", None), HALO_PX, GSD_M) is None
