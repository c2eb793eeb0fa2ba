"""Two-state chains against the enumeration of all histories."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from changedet.stages.tracks.kernels.detector_tables import TABLES
from changedet.stages.tracks.kernels.emissions import emissions
from changedet.stages.tracks.kernels.markov import forward_backward, given_ever_present, viterbi


def test_forward_backward_and_viterbi_equal_all_histories_enumerated():
    rng = np.random.default_rng(1)
    absent, present = rng.uniform(0.01, 1, (3, 5)), rng.uniform(0.01, 1, (3, 5))
    birth, death, start = rng.uniform(0.02, 0.5, 4), rng.uniform(0.02, 0.5, 4), 0.6
    again = np.array([1.0, 0.3, 0.05])
    read = forward_backward(absent, present, birth, death, start, again)
    best = viterbi(absent, present, birth, death, start, again)
    for n in range(3):
        weights = {}
        for path in itertools.product((0, 1), repeat=5):
            p = start if path[0] else 1 - start
            for t, state in enumerate(path):
                p *= present[n, t] if state else absent[n, t]
                if t:
                    change = birth[t - 1] if not path[t - 1] else death[t - 1]
                    p *= change if path[t - 1] != state else 1 - change
                    p *= again[n] if state and not path[t - 1] and any(path[:t]) else 1
            weights[path] = p
        total = sum(weights.values())
        assert read.log_likelihood[n] == pytest.approx(np.log(total))
        for t in range(5):
            assert read.present[n, t] == pytest.approx(sum(p for path, p in weights.items() if path[t]) / total)
        for t in range(4):
            births = sum(p for path, p in weights.items() if not path[t] and path[t + 1]) / total
            deaths = sum(p for path, p in weights.items() if path[t] and not path[t + 1]) / total
            assert (read.births[n, t], read.deaths[n, t]) == (pytest.approx(births), pytest.approx(deaths))
        # A place is one because a box stood there once.
        never, once = weights.pop((0,) * 5), total
        assert tuple(best[n].astype(int)) == max(weights, key=weights.get)
        held = given_ever_present(read, absent, birth, start)
        assert held.present[n] == pytest.approx(read.present[n] * once / (once - never))
        empty = (1 - start) * np.prod(1 - birth)
        assert held.log_likelihood[n] == pytest.approx(np.log((once - never) / (1 - empty)))


def test_viterbi_sums_what_a_hidden_stretch_holds_over_its_dates():
    """Full, hidden for five dates, then a look that half speaks for a box: it left on any of six dates, or stayed."""
    present, absent = np.ones((2, 7)), np.ones((2, 7))
    present[:, 0], absent[:, 0] = 0.9, 0.001
    present[0, 6], absent[0, 6] = 0.1, 0.9
    present[1, 6], absent[1, 6] = 0.3, 0.9
    path = viterbi(absent, present, np.full(6, 0.01), np.full(6, 0.04), 0.6, np.ones(2))
    gone = 1 - (1 - 0.04) ** 6
    assert 0.9 * 0.04 < 0.1 * (1 - 0.04) ** 6 < 0.9 * gone < 0.3 * (1 - gone)
    assert path.tolist() == [[True] * 6 + [False], [True] * 7]


def test_viterbi_takes_a_hidden_first_date_as_the_first_that_shows():
    present, absent = np.ones((2, 4)), np.ones((2, 4))
    present[:, 2:], absent[0, 2:] = 0.9, 0.1
    present[1, 2], absent[1, 2], absent[1, 3] = 0.1, 0.9, 0.1
    path = viterbi(absent, present, np.full(3, 0.1), np.full(3, 0.1), 0.5, np.ones(2))
    assert path.tolist() == [[True] * 4, [False] * 3 + [True]]


def test_forward_backward_of_a_place_never_observed_tends_to_the_stationary_share():
    bins, observed = np.zeros((1, 60), np.int64), np.zeros((1, 60), bool)
    ones = emissions(bins, observed, TABLES["learned"].absent)
    read = forward_backward(ones, ones, np.full(59, 0.08), np.full(59, 0.04), 0.6, np.ones(1))
    assert read.present[0, 0] == pytest.approx(0.6)
    assert read.present[0, -1] == pytest.approx(0.08 / 0.12, abs=1e-3)
