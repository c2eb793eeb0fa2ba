"""Empty spots between two boxes."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.gaps import (
    LEAST_GAP_EVIDENCE,
    MISSED_BOX_ODDS,
    gap_evidence,
    longest_gap,
    split_at_gaps,
)


def test_longest_gap_is_the_run_with_most_evidence_for_an_empty_spot():
    rng = np.random.default_rng(5)
    for _ in range(50):
        evidence = rng.normal(0.5, 2, 6)
        sums = {(a, b): -evidence[a:b].sum() for a in range(6) for b in range(a + 1, 7)}
        best = max(sums, key=sums.get)
        assert longest_gap(evidence) == (best if sums[best] > LEAST_GAP_EVIDENCE else (0, 0))
    assert longest_gap(np.empty(0)) == (0, 0)


def test_split_at_gaps_splits_a_stretch_twice():
    place, first, last = np.array([1]), np.array([0]), np.array([8])
    date = np.array([0, 1, 3, 4, 5, 7, 8])
    evidence = np.zeros((2, 9))
    evidence[1, [2, 6]] = -3.0
    cuts = np.array([1, 4]), np.array([2, 5])
    place, first, last, label, most = split_at_gaps(place, first, last, np.zeros(7, int), date, cuts, evidence, 0.05)
    assert (place.tolist(), first.tolist(), last.tolist()) == ([1, 1, 1], [0, 3, 7], [1, 5, 8])
    assert label.tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert np.argwhere(most < 1).tolist() == [[1, 2], [1, 6]]
    said = gap_evidence(np.ones(7, int), date, np.array([0, 7]), evidence)
    assert said.tolist() == [0, 0, 3, 0, 0, 3, 0]


def test_split_at_gaps_leaves_rows_in_a_gap_to_no_stretch_and_says_how_probable_a_missed_box_is():
    place, first, last, date = np.array([0]), np.array([0]), np.array([4]), np.arange(5)
    evidence = np.array([[0.0, 0.0, -3.0, 0.0, 0.0]])
    cuts = np.array([1]), np.array([3])
    for share, odds in ((0.0, np.exp(-3.0)), (0.5, MISSED_BOX_ODDS * 0.5)):
        *_, label, most = split_at_gaps(place, first, last, np.zeros(5, int), date, cuts, evidence, share)
        assert label.tolist() == [0, 0, -1, 1, 1]
        assert most[0, 2] == pytest.approx(odds / (1 + odds))
