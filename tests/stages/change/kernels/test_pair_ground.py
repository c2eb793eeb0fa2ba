"""Pairs: what was parked on ground that both looks show alike is no change; slabs, halls and building sites are."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels.movers import (
    GONE,
    GROUND,
    NOTHING,
    STANDS,
    mover_halo_px,
    without_movers,
)
from changedet.stages.change.kernels.pair_ground import pair_halo_px, stays_ground

GSD_M = 1.0
SIZE = 200
AIRCRAFT = (np.s_[90:130, 98:104], np.s_[106:116, 80:122], np.s_[124:128, 94:108])
"""Fuselage, wings and tail of 40 m by 42 m: no square of 25 m fits in."""
SLAB = (np.s_[85:125, 80:120],)


def looked_at(shape, kind, around=NOTHING, *, is_later=True):
    """Score at a thing's middle, and how much of the whole scene is ground that stays."""
    kinds = np.full((SIZE, SIZE), around, np.uint8)
    score = np.full((SIZE, SIZE), 0.02, np.float32)
    for part in shape:
        kinds[part], score[part] = kind, 0.99
    rim = pair_halo_px(GSD_M)
    core = slice(rim, -rim)
    stays = stays_ground(score, kinds, GSD_M, is_later=is_later)
    standing = np.concatenate([kinds[None], np.full((3, SIZE, SIZE), 128, np.uint8)])[:, core, core]
    found = without_movers(score[None, core, core], [standing], stays[None].astype(np.float32), GSD_M)[0]
    halo = rim + mover_halo_px(GSD_M)
    return found[100 - halo, 100 - halo], stays


@pytest.mark.parametrize("kind", [GONE, STANDS])
def test_an_aircraft_on_an_apron_is_no_change_whichever_look_shows_it(kind):
    score, stays = looked_at(AIRCRAFT, kind)
    assert score < 0.5
    assert not stays.any()


def test_a_slab_is_new_ground_and_one_that_was_left_is_not():
    assert looked_at(SLAB, STANDS)[0] > 0.9
    assert looked_at(SLAB, GONE)[0] < 0.5


def test_time_runs_backwards_where_the_reference_is_the_later_look():
    assert looked_at(SLAB, GONE, is_later=False)[0] > 0.9
    assert looked_at(SLAB, STANDS, is_later=False)[0] < 0.5


def test_what_stands_where_the_ground_differs_belongs_to_works():
    score, stays = looked_at(AIRCRAFT, STANDS, GROUND)
    assert score > 0.9
    assert stays.all()


def test_pixels_do_not_depend_on_what_is_cut_out():
    rng = np.random.default_rng(3)
    kinds = rng.choice([NOTHING, GROUND, STANDS, GONE], p=[0.5, 0.25, 0.15, 0.1], size=(SIZE, SIZE)).astype(np.uint8)
    score = np.kron(rng.random((10, 10)), np.ones((20, 20))).astype(np.float32)
    whole = stays_ground(score, kinds, GSD_M, is_later=True)
    part = stays_ground(score[13:-7, 20:-11], kinds[13:-7, 20:-11], GSD_M, is_later=True)
    assert (whole[13:-7, 20:-11] == part).all()
    assert whole.any()
    assert not whole.all()
