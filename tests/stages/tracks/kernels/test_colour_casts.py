"""Colours without each date's cast."""

from __future__ import annotations

import numpy as np

from changedet.stages.tracks.kernels.colour_casts import colours_without_casts
from changedet.stages.tracks.kernels.stretches import Surfaces


def test_colours_without_casts_level_a_date_stretched_between_other_ends():
    """Clouds raise the bright end of date 3; every other place changes its box there."""
    rng = np.random.default_rng(8)
    places, dates = 40, 6
    light = np.repeat(rng.uniform(0.05, 0.6, (places, 1, 3)), dates, 1)
    light[::2, 3:] = rng.uniform(0.05, 0.6, (places // 2, 1, 3))
    shown = light.copy()
    shown[:, 3] = 0.02 + 0.4 * light[:, 3]
    srgb = 255 * (1.055 * shown.reshape(-1, 3) ** (1 / 2.4) - 0.055)
    n = places * dates
    nothing = np.zeros((n, 2))
    rows = Surfaces(
        np.tile(np.arange(dates), places),
        srgb,
        np.ones(n, bool),
        np.zeros(n, bool),
        np.zeros(n, bool),
        np.zeros(n, bool),
        np.full(n, np.nan),
        nothing,
        nothing,
    )
    levelled = colours_without_casts(rows, np.repeat(np.arange(places), dates)).reshape(places, dates, 3)
    assert np.abs(levelled[1::2, 3] / levelled[1::2, 2] - 1).max() < 0.1
    assert np.abs(levelled[:, 1] - light[:, 1]).max() < 0.02
