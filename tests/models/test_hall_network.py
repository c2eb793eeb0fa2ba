"""The network of halls: tiles that join without a seam, and pictures of any pixel size."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.models import hall_network
from changedet.models.hall_network import odds_of, roof_odds


def test_tiles_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.random.default_rng(3).uniform(-1, 1, (3, 250, 360)).astype(np.float32)
    whole = odds_of(picture)
    monkeypatch.setattr(hall_network, "TILE_PX", 128)
    apart = np.abs(odds_of(picture) - whole)
    assert whole.shape == (2, 250, 360)
    assert np.quantile(apart, 0.99) < 0.12


def test_roof_odds_lie_on_the_pictures_own_pixels() -> None:
    image = np.random.default_rng(1).normal(100, 4, (3, 160, 200)).astype(np.float32)
    image[:, 40:100, 60:140] = 240
    image[:, 100:112, 60:140] = 20
    odds = roof_odds(image, 0.5)
    assert odds.shape == (160, 200)
    assert odds[50:90, 70:130].mean() > odds[:30].mean() + 2
    image[:, :20] = np.nan
    assert np.isfinite(roof_odds(image, 0.5)).all()
    assert not roof_odds(np.full_like(image, np.nan), 0.5).any()
    assert roof_odds(image[:1], 0.5).shape == (160, 200)


def test_maps_join_over_tiles_and_cover_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.random.default_rng(3).uniform(-1, 1, (3, 347, 371)).astype(np.float32)
    whole = hall_network.answer_of(picture)
    assert [drawn.shape for drawn in whole.maps] == [(64, 44, 47), (112, 22, 24)]
    np.testing.assert_array_equal(whole.odds, odds_of(picture))
    monkeypatch.setattr(hall_network, "TILE_PX", 128)
    for drawn, again in zip(whole.maps, hall_network.answer_of(picture).maps, strict=True):
        assert again.shape == drawn.shape
        assert np.quantile(np.abs(again - drawn), 0.95) < 0.1 * drawn.std()
