"""Boxes matched to places."""

from __future__ import annotations

import numpy as np

from changedet.stages.tracks.kernels.box_matching import match, vote_shift
from changedet.stages.tracks.kernels.boxes import Boxes
from scenarios import box_series as bs


def test_vote_shift_separates_a_dense_row_from_itself_moved_by_one_pitch_by_colours():
    rng = np.random.default_rng(3)
    n = 40
    xy = np.column_stack([np.arange(n) * 2.6, np.zeros(n)])
    places = Boxes(xy, np.full(n, 6.06), np.zeros(n), bs.PALETTE[rng.integers(0, 6, n)], np.ones(n), np.zeros(n))
    shift = np.array([1.4, -0.7])
    moved = places._replace(xy=xy - shift + rng.normal(0, 0.15, (n, 2)))
    assert np.abs(vote_shift(moved, places, 3.0) * (n + 4) / n - shift).max() < 0.15


def test_match_takes_the_rest_of_a_box_that_something_hides_and_no_short_box():
    whole = Boxes(np.zeros((1, 2)), np.array([12.2]), np.zeros(1), np.full((1, 3), 90.0), np.ones(1), np.zeros(1))
    half = whole._replace(xy=np.array([[0.0, 3.05]]), length=np.array([6.1]))
    assert match(half, whole, 2.0).tolist() == [-1]
    assert match(half._replace(cut=np.array([7.6])), whole, 2.0).tolist() == [0]
    # What is hidden lies beyond an end: it moves no box across, and makes none shorter.
    aside = half._replace(xy=np.array([[2.6, 3.05]]), cut=np.array([7.6]))
    assert match(aside, whole, 2.0).tolist() == [-1]
    longer = whole._replace(length=np.array([6.1])), whole._replace(cut=np.array([1.5]))
    assert match(longer[1], longer[0], 2.0).tolist() == [-1]


def test_match_takes_no_pair_that_costs_more_than_a_box_may():
    place = Boxes(np.zeros((1, 2)), np.array([6.06]), np.zeros(1), np.full((1, 3), 90.0), np.ones(1), np.zeros(1))
    other = place._replace(xy=np.array([[0.35, 0.6]]), rgb=np.full((1, 3), 170.0))
    assert match(other, place, 2.0).tolist() == [0]
    assert match(other, place, 2.0, most=np.array([10.0])).tolist() == [-1]
    assert match(other._replace(rgb=place.rgb), place, 2.0, most=np.array([10.0])).tolist() == [0]
