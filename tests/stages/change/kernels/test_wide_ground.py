"""Probabilities whose part of the trees is bounded by what the network says of wide ground."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels import wide_ground as kernel

GSD_M = 0.5
HALO = kernel.wide_halo_px(GSD_M)
SHAPE = (2 * HALO + 90, 2 * HALO + 110)
CORE = (slice(HALO, -HALO), slice(HALO, -HALO))
LEAST = np.full((90, 110), kernel.LEAST_TREES[0], np.float32)
NO_ROOFS = np.zeros_like(LEAST)


def probability(odds):
    return 1 / (1 + np.exp(-np.asarray(odds, np.float64)))


def pair(trees, network):
    """What a pair gives of log odds of trees and network: score, kept odds, plants."""
    trees, network = (np.broadcast_to(np.float32(image), SHAPE).copy() for image in (trees, network))
    return probability(trees + network).astype(np.float32), kernel.kept_odds(network), nothing()


def nothing():
    return np.zeros(SHAPE, np.float32)


def bounded(score, network, plants):
    """Of one pair alone."""
    steps = kernel.whole_steps(network)
    around = kernel.marks_around(score, steps, GSD_M)
    return kernel.bounded_by_network(score, steps, plants[CORE], around, LEAST, NO_ROOFS, GSD_M)


def test_kept_odds_are_whole_steps_within_their_bounds_where_they_count():
    kept = kernel.kept_odds(np.array([0.26, -9.0, 9.0, np.nan], np.float32))
    np.testing.assert_array_equal(kept, np.array([0.25, -3, 3, np.nan], np.float32))


def test_whole_steps_hold_kept_odds():
    kept = kernel.kept_odds(np.array([-9.0, -1.3, 0.0, 2.2, 9.0, np.nan], np.float32))
    steps = kernel.whole_steps(kept)
    assert steps[5] == kernel.UNSAID
    np.testing.assert_array_equal((steps[:5] - np.float32(kernel.EVEN)) / kernel.STEP, kept[:5])
    assert (steps[:5] > kernel.UNSAID).all()


def test_dates_that_mark_the_same_ground_are_asked_together():
    score, network, plants = pair(4.0, -0.5)
    sure, agreed, _ = pair(4.0, 2.0)
    alone, other = (
        kernel.marks_around(one, kernel.whole_steps(odds), GSD_M) for one, odds in ((score, network), (sure, agreed))
    )
    both = alone[0] + other[0], alone[1] + other[1]
    steps = kernel.whole_steps(network)
    assert (kernel.bounded_by_network(score, steps, plants[CORE], alone, LEAST, NO_ROOFS, GSD_M) < 0.5).all()
    together = kernel.bounded_by_network(score, steps, plants[CORE], both, LEAST, NO_ROOFS, GSD_M)
    np.testing.assert_array_equal(together, score[CORE])


def test_trees_that_the_network_contradicts_over_a_field_are_not_heard():
    noise = np.random.default_rng(1).normal(0, 1.5, SHAPE)
    score, network, plants = pair(7.0, -1.0 + noise)
    assert (score > 0.5).mean() > 0.9
    found = bounded(score, network, plants)
    assert (found > 0.5).mean() < 0.15
    assert (found <= score[CORE]).all()


def test_what_the_network_agrees_with_stays_bit_for_bit():
    score, network, plants = pair(4.0, 1.0)
    np.testing.assert_array_equal(bounded(score, network, plants), score[CORE])


def test_a_small_thing_is_no_field():
    trees, network = np.full(SHAPE, -5.0), np.full(SHAPE, -3.0)
    middle = slice(HALO + 40, HALO + 46), slice(HALO + 40, HALO + 46)
    trees[middle], network[middle] = 5.0, -1.0
    found = bounded(*pair(trees, network))
    assert (found[40:46, 40:46] > 0.5).all()
    assert (found > 0.5).sum() == 36


def test_trees_do_not_dismiss_what_the_network_is_sure_of_over_a_square():
    trees, network = np.full(SHAPE, -5.0), np.full(SHAPE, -3.0)
    wide, single = (slice(HALO + 10, HALO + 50), slice(HALO + 10, HALO + 50)), (HALO + 70, HALO + 80)
    network[wide] = network[single] = 2.0
    found = bounded(*pair(trees, network))
    assert (found[20:40, 20:40] > 0.5).all()
    assert found[70, 80] == pytest.approx(probability(-3.0))
    assert not (found > 0.5)[:, 60:].any()


def test_plants_and_what_the_network_does_not_know_keep_their_score():
    score, network, plants = pair(-5.0, 2.0)
    covered = probability(-5.0 + 2.0 - 6.0).astype(np.float32)
    assert (bounded(np.full(SHAPE, covered), network, plants + 1) < 0.05).all()
    unknown = np.full(SHAPE, np.float32(np.nan))
    np.testing.assert_array_equal(bounded(score, unknown, plants), score[CORE])
    network[HALO + 5, HALO + 5] = score[HALO + 7, HALO + 7] = np.nan
    found = bounded(score, network, plants)
    assert found[5, 5] == score[HALO + 5, HALO + 5]
    assert np.isnan(found[7, 7])
    assert np.isfinite(found).sum() == found.size - 1


def test_any_window_gives_the_same_bits():
    rng = np.random.default_rng(3)
    smooth = np.kron(rng.normal(0, 2, (SHAPE[0] // 10 + 1, SHAPE[1] // 10 + 1)), np.ones((10, 10)))
    score, network, plants = pair(rng.normal(0, 4, SHAPE), smooth[: SHAPE[0], : SHAPE[1]])
    whole = bounded(score, network, plants)
    assert (whole != score[CORE]).any()
    part = slice(20, SHAPE[0] - 13), slice(31, SHAPE[1] - 2)
    own = bounded(score[part], network[part], plants[part])
    np.testing.assert_array_equal(own, whole[20 : whole.shape[0] - 13, 31 : whole.shape[1] - 2])


def test_trees_do_not_dismiss_what_other_looks_are_sure_of():
    score, network, plants = pair(-9.0, 0.6)
    steps = kernel.whole_steps(network)
    around = kernel.marks_around(score, steps, GSD_M)
    assert (kernel.bounded_by_network(score, steps, plants[CORE], around, LEAST, NO_ROOFS, GSD_M) < 0.1).all()
    agreed = np.zeros_like(LEAST)
    found = kernel.bounded_by_network(score, steps, plants[CORE], around, agreed, NO_ROOFS, GSD_M)
    np.testing.assert_allclose(found, probability(network[0, 0]), rtol=1e-5)


def test_trees_do_not_dismiss_a_roof_that_came():
    score, network, plants = pair(-9.0, 0.25)
    steps = kernel.whole_steps(network)
    around = kernel.marks_around(score, steps, GSD_M)
    came = NO_ROOFS.copy()
    came[30:60, 30:60] = 0.9
    found = kernel.bounded_by_network(score, steps, plants[CORE], around, LEAST, came, GSD_M)
    assert (found[30:60, 30:60] > 0.5).all()
    np.testing.assert_array_equal(np.where(came > 0, 0, found), np.where(came > 0, 0, bounded(score, network, plants)))
