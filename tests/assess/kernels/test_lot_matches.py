"""Lags and pairs of lots, against trying all."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from changedet.assess.kernels.lot_matches import best_lag, pairs_at


def test_best_lag_agrees_with_trying_every_day() -> None:
    rng = np.random.default_rng(4)
    for _ in range(60):
        shape = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
        weight = rng.uniform(0, 5, shape) * (rng.random(shape) < 0.6)
        low = rng.integers(0, 60, shape).astype(float)
        high = low + rng.integers(1, 60, shape)
        totals = []
        for day in range(121):
            fits = np.where((low <= day) & (day <= high), weight, 0)
            totals.append(min(fits.max(1).sum(), fits.max(0).sum()))
        boxes, begin, end = best_lag(weight, low, high, 120.0)
        assert boxes == pytest.approx(max(totals))
        if boxes:
            assert totals[int(begin)] == pytest.approx(boxes)
            assert totals[int(end)] == pytest.approx(boxes)


def test_pairs_at_are_the_best_of_all_assignments() -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        weight = rng.uniform(0, 5, (3, 4)) * (rng.random((3, 4)) < 0.7)
        rows, columns = pairs_at(weight, np.zeros((3, 4)), np.ones((3, 4)), 0.5)
        best = max(sum(weight[i, j] for i, j in enumerate(p)) for p in itertools.permutations(range(4), 3))
        assert weight[rows, columns].sum() == pytest.approx(best)
        assert (weight[rows, columns] > 0).all()
