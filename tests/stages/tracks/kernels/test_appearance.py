"""Appearance of looks on built light."""

from __future__ import annotations

import numpy as np

from changedet.stages.tracks.kernels.appearance import (
    DARK,
    FEATURES,
    appearance_bins,
    appearance_features,
    look_groups,
    missed_boxes,
)

RED, GREY, BLUE = np.array([1.6, 0.4, 0.4]), np.array([1.0, 1.0, 1.0]), np.array([0.3, 0.5, 1.8])


BOX, GROUND = slice(0, 2), slice(2, 4)


def light_of(*colours):
    """Light (place, date, band) of ten places that all show the same colours."""
    return np.repeat(np.array(colours)[None], 10, axis=0)


def described(inner, bins, lit=None):
    lit = np.ones(bins.shape, bool) if lit is None else lit
    ring = np.broadcast_to(GREY, inner.shape)
    return appearance_features(inner, ring, np.full(bins.shape, 0.1), bins, lit, np.ones(bins.shape, bool))


def test_appearance_features_of_a_look_without_a_row_lie_nearer_to_what_it_shows():
    bins = np.tile([5, 0, 0, 5], (10, 1))
    missed = described(light_of(RED, GREY, RED, RED), bins)[:, 2]
    gone = described(light_of(RED, GREY, GREY, RED), bins)[:, 2]
    assert (missed[:, BOX] < missed[:, GROUND]).all()
    assert (gone[:, BOX] > gone[:, GROUND]).all()


def test_appearance_features_do_not_change_with_a_dates_own_cast():
    bins = np.tile([5, 0, 5, 5], (10, 1))
    inner = light_of(RED, GREY, RED, RED)
    bins[5:, 1], inner[5:, 1] = 5, RED
    bins[:3, 3], inner[:3, 3] = 0, GREY
    plain = described(inner, bins)
    veiled = inner.copy()
    # A gain before the logarithm's small offset, for those that show boxes as for those that show ground.
    veiled[:, 3] = 1.7 * (inner[:, 3] + DARK) - DARK
    told = described(veiled, bins)
    np.testing.assert_allclose(told[:3, 3, :4], plain[:3, 3, :4], atol=1e-9)


def test_appearance_features_take_the_light_of_shade_from_the_boxes_in_it():
    bins, lit = np.tile([5, 5, 5, 3], (10, 1)), np.tile([True, True, True, False], (10, 1))
    bins[:4, 3] = 0
    inner = light_of(RED, RED, RED, 0.15 * RED)
    inner[:2, 3] = 0.15 * BLUE
    features = described(inner, bins, lit)[:, 3]
    assert (features[2:4, 1] < np.log(0.02 + DARK)).all()
    assert (features[:2, 1] > np.log(0.3)).all()


def test_appearance_bins_are_none_where_no_look_shows_the_box():
    bins = np.tile([3, 0, 2], (10, 1))
    features = described(light_of(RED, GREY, RED), bins)
    weights = np.ones(len(FEATURES) + 1)
    assert np.isnan(features[..., 0]).all()
    assert (appearance_bins(features, weights) == 0).all()


def test_appearance_bins_rise_with_the_odds_and_haze_has_none():
    features = np.full((1, 6, len(FEATURES)), np.log(0.1 + DARK))
    features[0, :5, 6] = [-4.0, -2.0, 0.0, 2.0, 4.0]
    features[0, 5, :4] = np.log(2.0)
    weights = np.array([0, 0, 0, 0, 0, 0, 1.0, 0])
    assert appearance_bins(features, weights).tolist() == [[1, 2, 3, 4, 5, 0]]


def test_look_groups_are_of_weak_looks_only():
    bins, lit = np.array([[0, 2, 3, 4, 0, 2, 3]]), np.array([[True] * 4 + [False] * 3])
    assert look_groups(bins, lit).tolist() == [[0, 1, 1, -1, 2, 3, -1]]


def test_a_box_that_is_missed_twice_in_a_row_is_no_empty_spot():
    bins = np.tile([0, 5, 0, 0, 0], (10, 1))
    twice = described(light_of(GREY, RED, RED, RED, GREY), bins)
    assert (twice[:, 2:4, BOX] < twice[:, 2:4, GROUND]).all()
    # a spot that is like its box on all looks tells nothing of either
    alike = described(light_of(RED, RED, RED, RED, RED), bins)
    np.testing.assert_allclose(alike[:, 2, BOX], alike[:, 2, GROUND])


def test_missed_boxes_are_what_pixels_show_beyond_chance():
    told = np.array([[5, 5, 1, 0, 4]] * 20)
    bins, lit = np.array([[0, 5, 0, 0, 0]] * 20), np.array([[True, True, True, True, False]] * 20)
    found = missed_boxes(told, bins, lit, np.full(told.shape, 0.1), 0.03).sum(0)
    np.testing.assert_allclose(found, [20 * 0.9 * 0.97, 0.0, -20 * 0.9 * 0.03, 0.0, 0.0])
