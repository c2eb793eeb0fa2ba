"""Ground of which several looks in a row say that it changed."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels import lasting_ground as kernel
from changedet.stages.change.kernels import wide_ground

GSD_M = 0.5
HALO = wide_ground.wide_halo_px(GSD_M)
SHAPE = (2 * HALO + 90, 2 * HALO + 110)
PIT = np.s_[HALO + 20 : HALO + 70, HALO + 20 : HALO + 70]
MIDDLE, BANK, FAR = (45, 45), (22, 45), (3, 45)


def looks(*odds_of_pit, unseen=(), meadow=True):
    """What `lasting_ground` says where the network has these log odds of a pit, and -3 of all else."""
    scores, steps = [], []
    for k, odds in enumerate(odds_of_pit):
        network = np.full(SHAPE, -3.0, np.float32)
        network[PIT] = odds
        score = np.full(SHAPE, np.nan if k in unseen else 0.1, np.float32)
        scores.append(score)
        steps.append(
            wide_ground.whole_steps(wide_ground.kept_odds(np.where(np.isfinite(score), network, np.float32(np.nan))))
        )
    return kernel.lasting_ground(scores, steps, np.full((len(scores), 90, 110), meadow), GSD_M)


def test_what_three_looks_in_a_row_say_lifts_what_trees_dismiss():
    found = looks(1.5, 1.2, 1.4)
    assert found.least.shape == found.sure.shape == (3, 90, 110)
    for t in range(3):
        assert found.least[(t, *MIDDLE)] == kernel.LEAST_WITHIN
        assert found.least[(t, *BANK)] == np.float32(kernel.LEAST_BESIDE)
        assert found.least[(t, *FAR)] == np.float32(wide_ground.LEAST_TREES[0])
        assert found.sure[(t, *BANK)] == 1


def test_one_look_that_differs_from_its_neighbours_lifts_nothing():
    found = looks(-3.0, 3.0, -3.0, -3.0)
    assert (found.least == np.float32(wide_ground.LEAST_TREES[0])).all()
    assert (found.sure == 0).all()


def test_a_run_counts_for_its_own_looks_alone():
    found = looks(-3.0, -3.0, 2.0, 2.0, 2.0)
    assert found.sure[(slice(None), *MIDDLE)].tolist() == [0, 0, 1, 1, 1]


def test_looks_that_do_not_show_a_pixel_are_passed_over():
    found = looks(2.0, -3.0, 2.0, 2.0, unseen=(1,))
    assert found.sure[(slice(None), *MIDDLE)].tolist() == [1, 0, 1, 1]


@pytest.mark.parametrize(("odds", "expected"), [((2.0, 2.0), 1.0), ((2.0,), 0.0), ((2.0, -3.0), 0.0)])
def test_two_looks_must_agree_where_there_are_no_more(odds, expected):
    assert looks(*odds).sure[(0, *MIDDLE)] == expected


def test_nothing_lasts_where_no_plants_grow():
    found = looks(2.0, 2.0, 2.0, meadow=False)
    assert not found.sure.any()
    assert (found.least == np.float32(wide_ground.LEAST_TREES[0])).all()


def test_a_pixel_is_the_same_whatever_block_it_lies_in():
    rng = np.random.default_rng(3)
    scores = [rng.uniform(0, 1, SHAPE).astype(np.float32) for _ in range(4)]
    scores[1][:60, :70] = np.nan
    steps = [rng.integers(0, 177, SHAPE).astype(np.uint8) for _ in range(4)]
    is_still = rng.uniform(size=(4, 90, 110)) < 0.1
    whole = kernel.lasting_ground(scores, steps, is_still, GSD_M)
    cut = [[one[20:, 30:] for one in images] for images in (scores, steps)]
    part = kernel.lasting_ground(*cut, is_still[:, 20:, 30:], GSD_M)
    for one, other in zip(whole, part, strict=True):
        np.testing.assert_array_equal(one[..., 20:, 30:], other)


def test_looks_that_stand_alone_agree_about_nothing():
    found = kernel.nothing_lasts(2, (3, 4))
    assert found.least.shape == (2, 3, 4)
    assert (found.least == np.float32(wide_ground.LEAST_TREES[0])).all()
    assert not found.sure.any()
