"""Ground that footprints tell as built: since which look, and which of its pixels are marked."""

from __future__ import annotations

import numpy as np

from changedet.stages.change.kernels.ground_built import built_since, changed_where_built, ground_halo_px

SHAPE = (80, 90)
YARD = (slice(20, 60), slice(20, 70))


def surface(*places):
    out = np.zeros(SHAPE, bool)
    for place in places:
        out[place] = True
    return out


def test_ground_is_built_since_the_first_look_of_an_unbroken_row():
    old, comes_and_goes = (slice(0, 10), slice(0, 10)), (slice(65, 75), slice(0, 10))
    looks = [surface(comes_and_goes), surface(old), surface(old, YARD, comes_and_goes), surface(old, YARD)]
    since = built_since([*looks, surface(old, YARD, comes_and_goes)], reference=1)
    assert (since[YARD] == 1).all()
    assert (since[comes_and_goes] == 3).all()
    assert not since[old].any()
    assert (since > 0).sum() == 40 * 50 + 100


def test_likely_pixels_are_marked_and_their_gaps_filled():
    probability = np.full(SHAPE, 0.02, np.float32)
    probability[YARD] = 0.2
    probability[30:32, 20:70] = 0.02
    probability[40:52, 40:52] = 0.02
    probability[55, 60] = np.nan
    built = surface(YARD)
    held = changed_where_built(probability, built, 1.0)
    assert held[22:40, 22:68].all()
    assert not held[42:50, 42:50].any()
    assert not held[55, 60]
    assert not held[~built].any()


def test_without_the_footprint_or_any_likelihood_nothing_is_marked():
    likely, unlikely = np.full(SHAPE, 0.3, np.float32), np.full(SHAPE, 0.05, np.float32)
    assert not changed_where_built(likely, surface(), 1.0).any()
    assert not changed_where_built(unlikely, surface(YARD), 1.0).any()


def test_narrow_parts_are_left_out():
    probability, strip = np.full(SHAPE, 0.3, np.float32), (slice(20, 23), slice(10, 80))
    assert not changed_where_built(probability, surface(strip), 1.0).any()
    probability[strip] = 0.9
    assert not changed_where_built(probability, surface(strip), 1.0).any()


def test_a_pixel_gets_the_same_in_whatever_block():
    random = np.random.default_rng(7)
    probability = (0.2 * (random.random(SHAPE) > 0.01)).astype(np.float32)
    built = random.random(SHAPE) > 0.01
    whole = changed_where_built(probability, built, 0.5)
    halo = ground_halo_px(0.5)
    part = (slice(20, 70), slice(20, 75))
    cut = changed_where_built(probability[part], built[part], 0.5)
    core = (slice(halo, -halo), slice(halo, -halo))
    assert cut[core].any()
    np.testing.assert_array_equal(cut[core], whole[part][core])
