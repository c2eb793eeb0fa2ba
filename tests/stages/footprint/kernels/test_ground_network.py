"""What the ground of one date bears, by the network."""

from __future__ import annotations

import numpy as np
from drawn_ground import ROLES, ground_scene

from changedet.kernels.shown_pictures import MISSING
from changedet.stages.footprint.forests import ground_session
from changedet.stages.footprint.kernels import ground_network
from changedet.stages.footprint.kernels.ground_probability import TARGETS


def pictured(cells, roles=ROLES):
    valid = np.isfinite(cells).all(axis=0)
    return ground_network.picture(cells, valid, roles, ground_network.fit_shown(cells[None], roles))


def test_picture_hides_cells_without_data_and_shows_colours_without_near_infrared():
    cells = ground_scene(2)
    cells[1, :10] = np.nan
    picture = pictured(cells)
    assert (picture[:, :10] == np.float32(MISSING)).all()
    colours = pictured(cells[:3], ROLES[:3])
    np.testing.assert_array_equal(colours[:3], picture[:3])
    assert (colours[3] == np.float32(MISSING)).all()


def test_log_odds_are_the_same_bits_in_any_block():
    rng = np.random.default_rng(5)
    cells = np.kron(rng.random((4, 80, 50)), np.ones((1, 9, 9)))[:, :700, :420].astype(np.float32)
    picture, reach = pictured(cells), ground_network.REACH_CELLS
    whole = ground_network.log_odds(picture, ground_session())
    for top, left, height, width in ((8, 16, 333, 250), (304, 0, 396, 420), (0, 72, 600, 301)):
        part = (slice(top, top + height), slice(left, left + width))
        own = ground_network.log_odds(picture[:, part[0], part[1]], ground_session())
        inner = (slice(reach, height - reach), slice(reach, width - reach))
        for name in TARGETS:
            np.testing.assert_array_equal(own[name][inner], whole[name][part][inner])
