"""The network of railway tracks: tiles join without a seam; drawn sites have tracks where they lie, and else none."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.arrays import Singles
from changedet.pipeline.things import rail_network
from changedet.pipeline.things.kernels.rail_beds import BED, beds_of
from changedet.pipeline.things.kernels.siding_pictures import in_one_light
from changedet.pipeline.things.rail_network import odds_of
from changedet.simulate import make_world, render


def picture(kind: str) -> Singles:
    """A look at a drawn site in its own light."""
    blue, green, red = render(make_world(kind, 1, 7811, 0.5, 150.0), 0).image[:3].astype(np.float32)
    return in_one_light(np.stack([red, green, blue]))


def test_tiles_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(3).normal(0, 1, (3, 301, 260)).astype(np.float32)
    image[:, :40, :30] = np.nan
    whole = odds_of(image)
    assert whole.shape == (3, 151, 130)
    monkeypatch.setattr(rail_network, "TILE_PX", 128)
    apart = np.abs(odds_of(image) - whole)
    assert apart[:, :, :120].max() < 1e-3


def test_drawn_tracks_are_found_and_yards_have_none() -> None:
    (bed,) = beds_of(odds_of(picture("trains")))
    assert np.hypot(*(bed.points[-1] - bed.points[0])) > 100
    odds = odds_of(picture("dense"))
    assert not beds_of(odds)
    assert (odds[BED] > 0).mean() < 0.02
