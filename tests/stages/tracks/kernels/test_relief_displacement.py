"""Heights and displacements from positions."""

from __future__ import annotations

import numpy as np

from changedet.stages.tracks.kernels.relief_displacement import heights_and_displacements


def leaning(levels, dates=8, seed=3):
    """Where boxes appear, about the feet of their stacks, with each row's date and lean: (n, 2), (n,), (n, 2)."""
    rng = np.random.default_rng(seed)
    lean = rng.normal(0, 0.5, (dates, 2))
    place, date = (part.ravel() for part in np.indices(levels.shape))
    return levels[place, date, None] * lean[date] + rng.normal(0, 0.08, (len(date), 2)), date, lean


def test_heights_and_displacements_come_from_the_tops_positions():
    height = np.repeat([0.0, 0.0, 0.0, 1.0, 2.0, -0.5], 8).reshape(6, 8)
    xy, date, lean = leaning(np.vstack([height] * 5))
    place = np.repeat(np.arange(30), 8)
    centre = np.column_stack([np.bincount(place, c) / 8 for c in xy.T])
    found, tilt = heights_and_displacements(xy - centre[place], date, place, lean - np.median(lean, 0), 30)
    assert np.abs(found - np.tile(height[:, 0], 5)).max() < 0.25
    assert np.corrcoef((tilt - tilt.mean(0)).ravel(), (lean - lean.mean(0)).ravel())[0, 1] > 0.98
