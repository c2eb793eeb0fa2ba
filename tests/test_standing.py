"""Built ground over the dates: the chain of each cell against sums over all histories, and on planted series."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from changedet import dated
from changedet.kernels import closing, standing

TOLD = standing.Told(
    np.array([0.65, 0.29, 0.03, 0.03]),
    np.array(
        [
            [0.80, 0.11, 0.001, 0.009, 0.04, 0.001, 0.009, 0.02, 0.004, 0.005, 0.001],
            [0.01, 0.03, 0.001, 0.004, 0.13, 0.001, 0.004, 0.65, 0.015, 0.005, 0.15],
            [0.001, 0.001, 0.001, 0.007, 0.01, 0.005, 0.02, 0.32, 0.605, 0.025, 0.005],
            [0.02, 0.08, 0.001, 0.04, 0.20, 0.001, 0.10, 0.40, 0.018, 0.139, 0.001],
        ]
    ),
)


def by_all_histories(seen):
    """Posterior (date, state) by summing over every history."""
    begin = np.full((4, 4), standing.TURN / 2)
    begin[0, 1:], begin[1:, 0] = standing.BEGIN, standing.END
    for k in range(4):
        begin[k, k] = 1.0 - (begin[k].sum() - begin[k, k])
    found = np.zeros((len(seen), 4))
    for history in itertools.product(range(4), repeat=len(seen)):
        weight = TOLD.shares[history[0]]
        for t, state in enumerate(history):
            weight *= begin[history[t - 1], state] if t else 1.0
            weight *= TOLD.symbols[state, seen[t]] ** standing.TEMPER if seen[t] != closing.UNKNOWN else 1.0
        for t, state in enumerate(history):
            found[t, state] += weight
    return found / found.sum(1, keepdims=True)


@pytest.mark.parametrize("seed", range(4))
def test_levels_and_kinds_are_those_of_all_histories_summed(seed):
    rng = np.random.default_rng(seed)
    seen = rng.choice([*range(standing.SYMBOLS), closing.UNKNOWN], (4, 3, 5)).astype(np.uint8)
    levels, kinds = standing.settled(seen, TOLD)
    for y, x in np.ndindex(3, 5):
        posterior = by_all_histories(seen[:, y, x])
        expected = np.sum([1.0 - posterior[:, 0] >= step for step in standing.STEPS], axis=0)
        expected = np.where(seen[:, y, x] == standing.UNDER_BOX, closing.STORED, expected)
        assert levels[:, y, x].tolist() == expected.tolist()
        assert kinds[:, y, x].tolist() == (1 + posterior[:, 1:].argmax(1)).tolist()


def test_one_date_is_outvoted_and_growth_is_not():
    blink = np.full((6, 1, 1), 7, np.uint8)
    blink[2] = 1
    grown = np.array([0, 0, 0, 7, 7, 7], np.uint8)[:, None, None]
    never = np.full((6, 1, 1), closing.UNKNOWN, np.uint8)
    assert (standing.settled(blink, TOLD)[0] >= 2).all()
    levels = standing.settled(grown, TOLD)[0].ravel()
    assert (levels[:3] <= 1).all()
    assert (levels[3:] >= 2).all()
    assert (standing.settled(never, TOLD)[0] == closing.UNKNOWN).all()


def test_symbols_tell_level_and_kind_apart():
    levels = np.array([[0, 1, 2, 3, closing.STORED, closing.UNKNOWN]], np.uint8)
    kinds = np.array([[1, 1, 2, 3, 1, closing.UNKNOWN]], np.uint8)
    assert standing.symbols(levels, kinds).tolist() == [[0, 1, 5, 9, standing.UNDER_BOX, closing.UNKNOWN]]


def test_rasters_of_all_dates_do_not_depend_on_their_blocks(monkeypatch):
    rng = np.random.default_rng(3)
    levels = rng.choice([0, 1, 2, 3, closing.STORED, closing.UNKNOWN], (5, 13, 7)).astype(np.uint8)
    kinds = np.where(levels == closing.UNKNOWN, closing.UNKNOWN, rng.integers(1, 4, levels.shape)).astype(np.uint8)
    packed = [dated.Packed.of(*one) for one in zip(levels, kinds, strict=True)]
    whole = [np.stack(one) for one in dated.by_all(packed, False, TOLD)]
    monkeypatch.setattr(dated, "BLOCK_CELLS", 20)
    assert all((np.stack(one) == own).all() for one, own in zip(dated.by_all(packed, False, TOLD), whole, strict=True))
    for (own, known, _), given in zip(whole, levels, strict=True):
        assert ((own == closing.UNKNOWN) == (given == closing.UNKNOWN)).all()
        assert (known[given == closing.STORED] == closing.STORED).all()
        assert (known == closing.UNKNOWN).sum() == (levels == closing.UNKNOWN).all(0).sum()
