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


def rows_of(light: np.ndarray) -> Surfaces:
    """Rows of places (place, date, 3) in linear light, each seen on each date."""
    places, dates, _ = light.shape
    n = places * dates
    srgb = 255 * np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, 12.92 * light).reshape(-1, 3)
    unknown, nothing, none = np.full(n, np.nan), np.zeros((n, 2)), np.zeros(n, bool)
    return Surfaces(np.tile(np.arange(dates), places), srgb, ~none, none, none, none, unknown, nothing, nothing)


def test_colours_without_casts_are_as_the_first_date_shows_them_and_end_where_a_date_shows_white():
    light = np.random.default_rng(9).uniform(0.05, 0.3, (40, 2, 3))
    light[:, 1] = light[:, 0]
    light[0] = 0.7
    shown = light.copy()
    shown[:, 1] = np.minimum(2 * light[:, 1], 1.0)
    levelled = colours_without_casts(rows_of(shown), np.repeat(np.arange(40), 2)).reshape(40, 2, 3)
    np.testing.assert_allclose(levelled[1:, 0], light[1:, 0], rtol=0.02)
    np.testing.assert_allclose(levelled[1:, 1], light[1:, 1], rtol=0.1)
    np.testing.assert_allclose(levelled[0, 0], levelled[0, 1], rtol=0.02, err_msg="white on the second date")
    assert levelled[0].max() < 0.6
