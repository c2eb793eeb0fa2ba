"""Sides of stacks that oblique views show."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.containers import HEIGHT_M
from changedet.stages.tracks.kernels.stack_faces import likely_faces
from changedet.stages.tracks.kernels.stack_levels import Roofs, level_posterior

VIEWS = np.array([[0.05, 0.02], [-0.03, 0.06], [0.42, 0.1], [-0.04, -0.05], [0.02, -0.06]])
OBLIQUE = 2


def yard(seed: int = 3) -> tuple[Roofs, np.ndarray]:
    """Pairs of rows of one to five levels on five dates, one of them oblique, and sides of tall stacks found on it."""
    rng = np.random.default_rng(seed)
    spots = np.array([[9.0 * k, 13.0 * row] for row in range(6) for k in range(8)])
    levels = rng.integers(1, 6, len(spots))
    count = len(VIEWS)
    date = np.repeat(np.arange(count), len(spots))
    xy = np.tile(spots, (count, 1)) + HEIGHT_M * np.tile(levels, count)[:, None] * VIEWS[date]
    tall = levels >= 4
    lean = VIEWS[OBLIQUE]
    # The middle of what shows of a side below a roof of 2.44 m.
    sides = spots[tall] + (HEIGHT_M * levels[tall, None] / 2) * lean - [2.44 / 2, 0.0]
    both = np.concatenate([xy + rng.normal(0, 0.1, xy.shape), sides])
    dates = np.append(date, np.full(len(sides), OBLIQUE))
    ones = np.ones(len(both))
    is_side = np.arange(len(both)) >= len(xy)
    tracks = np.where(is_side, -1, np.tile(np.arange(len(spots)), count + 1)[: len(both)])
    weight = np.where(is_side, 0.8, 0.95)
    return Roofs(both, tracks, dates, VIEWS[dates], np.nan * ones, 12.2 * ones, 0.0 * ones, weight), is_side


@pytest.mark.parametrize("seed", [3, 4])
def test_likely_faces_are_sides_alone(seed: int) -> None:
    roofs, is_side = yard(seed)
    found = likely_faces(roofs, level_posterior(roofs))
    assert is_side.sum() >= 10
    assert found[is_side].mean() > 0.7
    assert found[~is_side].mean() < 0.02


def test_likely_faces_are_none_without_oblique_looks_or_other_dates() -> None:
    roofs, _ = yard()
    for chosen in (roofs.date != OBLIQUE, roofs.date == OBLIQUE):
        some = roofs.take(np.flatnonzero(chosen))
        assert not likely_faces(some, level_posterior(some)).any()
