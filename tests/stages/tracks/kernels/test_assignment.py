"""Assignments against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changedet.stages.tracks.kernels.assignment import greedy_assign, optimal_assign

pair_lists = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9)), max_size=14)


@given(pair_lists)
@settings(max_examples=150, deadline=None)
def test_greedy_assign_takes_the_cheapest_pairs_one_by_one(pairs):
    pairs = list({(i, j): (i, j, cost) for i, j, cost in pairs}.values())
    i, j, cost = (np.array(c, dtype) for c, dtype in zip(zip(*pairs, strict=True), (int, int, float), strict=True)) if pairs else (np.zeros(0, int), np.zeros(0, int), np.zeros(0))  # fmt: skip  # noqa: E501
    expected, taken = np.full(6, -1), set()
    for a, b, _ in sorted(pairs, key=lambda p: (p[2], p[0], p[1])):
        if expected[a] < 0 and b not in taken:
            expected[a] = b
            taken.add(b)
    assert np.array_equal(greedy_assign(i, j, cost, 6), expected)


@given(pair_lists)
@settings(max_examples=60, deadline=None)
def test_optimal_assign_costs_what_the_best_of_all_costs(pairs):
    price = {(i, j): float(cost) for i, j, cost in pairs}
    if not price:
        return
    i, j = np.array(list(price)).T
    found = optimal_assign(i, j, np.array(list(price.values())), 6, 4.5)
    chosen = [(a, int(b)) for a, b in enumerate(found) if b >= 0]
    assert len({b for _, b in chosen}) == len(chosen)
    cost = sum(price[pair] for pair in chosen) + 4.5 * (6 - len(chosen))

    def best(row, taken):
        if row == 6:
            return 0.0
        options = [price[row, c] + best(row + 1, taken | {c}) for c in range(6) if (row, c) in price and c not in taken]
        return min([4.5 + best(row + 1, taken), *options])

    assert cost == pytest.approx(best(0, frozenset()))
