"""What the ground tells: plants veto season, laid and lifted ground has a direction, whatever the block."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels.ground_signs import ground_signs, signs_halo_px, with_paving, without_season

SOIL, GRASS, PAVED = (850, 1180, 1600, 2350), (420, 780, 620, 3300), (1500, 1600, 1650, 1700)
DRY, WATER, SHADED = (700, 1000, 1200, 1500), (420, 450, 400, 320), (330, 400, 330, 800)
DARK, SPREAD = [200.0, 150.0, 100.0, 300.0], [300.0, 350.0, 400.0, 800.0]


def ground(colour, seed=0, size=(70, 80)):
    noise = np.random.default_rng(seed).normal(1, 0.03, (4, *size))
    return (np.array(colour, float)[:, None, None] * noise).astype(np.float32)


def signs(before, after, *, is_later=True, nir=True, is_grey=False):
    bands = [0, 1, 2, 3 if nir else None]
    scale = (DARK, SPREAD) if nir else (DARK[:3], SPREAD[:3])
    return ground_signs(before, after, bands, *scale, 0.5, is_later=is_later, is_grey=is_grey)


def test_a_bare_field_that_greens_is_season_and_a_pad_on_grass_is_not():
    greened, laid = signs(ground(SOIL), ground(GRASS, 1)), signs(ground(GRASS), ground(PAVED, 1))
    assert greened.plants.mean() > 0.9
    assert laid.plants.max() == 0
    # a pad that was taken up and sown is gone
    assert signs(ground(PAVED), ground(GRASS, 1)).plants.mean() < 0.1
    # in time a field was ploughed: with the reference last it is the other way round
    assert signs(ground(GRASS), ground(SOIL, 1), is_later=False).plants.mean() > 0.9


@pytest.mark.parametrize("nir", [True, False])
def test_laid_ground_is_a_gain_and_lifted_a_loss(nir):
    laid, lifted = (signs(*pair, nir=nir) for pair in ((ground(GRASS), ground(PAVED)), (ground(PAVED), ground(GRASS))))
    assert (laid.gained > 0).all()
    assert not laid.lost.any()
    assert (lifted.lost > 0).all()
    assert nir or not laid.plants.any()


def test_wide_paving_on_plants_is_known_from_season_water_and_narrow_things():
    inside = np.s_[20:-20, 20:-20]
    assert (signs(ground(GRASS), ground(PAVED, 1)).paved[inside] > 0.9).all()
    # in time it was paved, too, where the reference comes last
    assert (signs(ground(PAVED), ground(GRASS, 1), is_later=False).paved[inside] > 0.9).all()
    for after in (DRY, SOIL, WATER, SHADED):
        assert not signs(ground(GRASS), ground(after, 1)).paved.any()
    assert not signs(ground(PAVED), ground(GRASS, 1)).paved.any()
    assert not signs(ground(GRASS), ground(PAVED, 1), nir=False).paved.any()
    narrow = ground(GRASS, 1)
    narrow[:, :, 20:34] = ground(PAVED, 2)[:, :, 20:34]
    assert not signs(ground(GRASS), narrow).paved.any()


def test_paving_only_raises_and_keeps_what_is_not_seen():
    score = np.array([[0.3, 0.3, np.nan, 0.99]], np.float32)
    found = with_paving(score, np.array([[0.1, 1, 1, 0.6]], np.float32))
    assert found[0, 0] == score[0, 0]
    assert found[0, 1] > 0.95
    assert np.isnan(found[0, 2])
    assert found[0, 3] == score[0, 3]


def test_signs_do_not_depend_on_the_block_and_ignore_what_is_missing():
    before, after = ground(SOIL), ground(GRASS, 1)
    after[:, :20, 20:] = ground(PAVED, 2)[:, :20, 20:]
    before[:, 5, 5] = np.nan
    whole, halo = signs(before, after), signs_halo_px(0.5)
    part = signs(before[:, 10:, 7:], after[:, 10:, 7:])
    for one, other in zip(whole, part, strict=True):
        np.testing.assert_array_equal(one[10 + halo :, 7 + halo :], other[halo:, halo:])
        assert one[5, 5] == 0


@pytest.mark.parametrize("is_later", [True, False])
def test_in_grey_edges_tell_what_came_and_never_that_something_is_gone(is_later):
    smooth = np.full((4, 70, 80), 1200, np.float32)
    rough = smooth * np.random.default_rng(3).normal(1, 0.2, smooth.shape[1:]).astype(np.float32)
    rose, fell = ((smooth, rough), (rough, smooth))[:: 1 if is_later else -1]
    came, levelled = (signs(*pair, is_later=is_later, nir=False, is_grey=True) for pair in (rose, fell))
    assert ((came.gained if is_later else came.lost)[5:-5, 5:-5] > 0).all()
    assert not levelled.gained.any()
    assert not levelled.lost.any()
    in_colours = signs(*fell, is_later=is_later, nir=False)
    assert ((in_colours.lost if is_later else in_colours.gained)[5:-5, 5:-5] > 0).all()


def test_without_season_only_lowers_and_keeps_what_is_not_seen():
    score = np.array([[0.9, 0.9, np.nan, 0.2]], np.float32)
    found = without_season(score, np.array([[0, 1, 1, 0.5]], np.float32))
    assert found[0, 0] == score[0, 0]
    assert found[0, 1] < 0.05
    assert np.isnan(found[0, 2])
    assert 0 < found[0, 3] < 0.2
