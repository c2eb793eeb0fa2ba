"""States over the looks: one bad look does not break a story, two good ones do; bounds hold what they say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from changedet.pipeline.things.kernels import work_states
from changedet.pipeline.things.kernels.work_states import (
    EMPTY,
    FILLED,
    IN_USE,
    ROOFED,
    count_bounds,
    read,
    since,
    sum_bounds,
)


def likely(states: list[int], other: float = 0.05) -> np.ndarray:
    found = np.full((len(states), work_states.STATES), other)
    found[np.arange(len(states)), states] = 1
    return found


def test_the_likeliest_states_are_read_and_probabilities_sum_to_one() -> None:
    story = [EMPTY, EMPTY, IN_USE, IN_USE, ROOFED, ROOFED]
    found = read(likely(story))
    assert found.state.tolist() == story
    assert_allclose(found.probability.sum(axis=1), 1)
    assert (found.probability.argmax(axis=1) == story).all()


def test_a_weak_look_between_others_is_read_as_they_are() -> None:
    weak = likely([EMPTY, EMPTY, EMPTY])
    weak[1] = [0.5, 0.6, 0.1, 0.1]
    assert read(weak).state.tolist() == [EMPTY] * 3
    weak[1] = [0.01, 1, 0.01, 0.01]
    assert read(weak).state.tolist() == [EMPTY, IN_USE, EMPTY]


def test_a_look_that_shows_nothing_says_nothing() -> None:
    hidden = likely([IN_USE, EMPTY, IN_USE])
    hidden[1] = 1
    assert read(hidden).state.tolist() == [IN_USE] * 3


def test_features_compare_with_earlier_looks_and_leave_hidden_ones_out() -> None:
    signs = np.ones((3, 12))
    signs[:, 8] = [1.0, 0.5, 2.0]
    signs[1, 0] = np.nan
    found = work_states.features(signs, np.array([0, 9, 9]))
    assert np.isnan(found[1]).all()
    assert_allclose(found[[0, 2], 13], 0)
    assert found[2, 12] == work_states.MOST_BOXES
    signs[1, 0] = 1
    assert work_states.features(signs, np.array([0, 9, 9]))[1, 13] == pytest.approx(np.log(0.5))
    assert_allclose(work_states.by_look(np.full((2, 20), np.nan)), 1)


def test_log_odds_of_a_hall_are_compared_with_all_looks_so_far() -> None:
    signs = np.ones((3, 12))
    signs[:, 10], signs[:, 11] = [-5.0, -2.0, -9.0], [-4.0, 1.0, -8.0]
    found = work_states.features(signs, np.zeros(3, np.int64))
    assert_allclose(found[:, 17:], [[0, 0, 0], [5, 0, 3], [0, -7, 0]])


def test_boxes_on_a_floor_are_use() -> None:
    table = np.tile(work_states.CENTRE, (2, 1))
    table[:, 12] = [0, 3]
    table[1, 0] = 0.2
    assert work_states.by_look(table).argmax(axis=1).tolist() == [EMPTY, IN_USE]


def test_since_leaves_out_looks_that_show_nothing() -> None:
    state, shown = np.array([0, 0, 1, 1]), np.array([True, False, True, True])
    after, by = since(state, shown)
    assert after.tolist() == [-1, -1, 0, 0]
    assert by.tolist() == [0, 0, 2, 2]


def test_bounds_hold_as_often_as_they_say() -> None:
    rng, held = np.random.default_rng(1), 0
    for _ in range(300):
        true = int(rng.integers(3, 30))
        hits = int(rng.binomial(true, 0.9))
        number = hits + int(rng.binomial(6, hits / 150))
        _, low, high = count_bounds(np.ones(number), 0.9, 0.9, 0.95)
        held += low <= true <= high
    assert held / 300 >= 0.9


def test_sums_of_sure_events_are_themselves() -> None:
    assert sum_bounds(np.array([1.0, 1.0, 0.0]), 0.95) == (2, 2)
    low, high = sum_bounds(np.full(10, 0.5), 0.95)
    assert (low, high) == (2, 8)
    assert count_bounds(np.zeros(0), 0.9, 0.8, 0.95)[:2] == (0.0, 0.0)
    assert FILLED + 1 == work_states.STATES
