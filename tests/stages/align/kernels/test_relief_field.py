"""Fields of shifts where no single shift fits the ground."""

import numpy as np

from changedet.stages.align.kernels.local_field import field_at
from changedet.stages.align.kernels.relief_field import relief_field


def _chips(seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Centres of 64 chips, hills of four pixels between two views, and a generator."""
    y, x = (values.ravel() for values in np.mgrid[32:512:64, 32:512:64])
    centres = np.column_stack([y, x]).astype(float)
    height = np.sin(y / 75.0) * np.cos(x / 90.0)
    return centres, height[:, None] * np.array([[1.5, -3.5]]), np.random.default_rng(seed)


def test_hills_are_followed_and_what_moved_upon_them_is_not():
    centres, hills, rng = _chips()
    shifts = hills + np.array([0.6, -1.1]) + rng.normal(0, 0.1, hills.shape)
    moved = rng.choice(len(centres), 10, replace=False)
    shifts[moved] += rng.uniform(4, 12, (10, 2))

    found = relief_field(centres, shifts, np.ones(len(centres)))

    assert found is not None
    told = found.shift + field_at(found.nodes, centres, found.spacing_px)
    still = np.setdiff1d(np.arange(len(centres)), moved)
    off = np.hypot(*(told - hills - [0.6, -1.1]).T)
    assert np.median(off[still]) < 0.3
    assert np.quantile(off[still], 0.9) < 1.0
    assert not found.agree[moved].any()
    assert found.agree[still].mean() > 0.9


def test_level_ground_has_no_field_though_tops_lean_and_ships_moved():
    centres, _, rng = _chips()
    shifts = rng.normal(0, 0.15, centres.shape) + np.array([1.0, 2.0])
    yard = (centres < 200).all(axis=1)
    shifts[yard] += [2.5, 1.0]
    shifts[rng.choice(len(centres), 5, replace=False)] += [9.0, -3.0]

    assert relief_field(centres, shifts, np.ones(len(centres))) is None


def test_shifts_of_no_order_and_few_chips_have_no_field():
    centres, hills, rng = _chips()

    assert relief_field(centres, rng.uniform(-8, 8, centres.shape), np.ones(len(centres))) is None
    assert relief_field(centres[:19], hills[:19], np.ones(19)) is None
