"""Boosted trees evaluated in stages, against a walk by hand."""

from __future__ import annotations

import numpy as np

from changedet.kernels import boosted_trees
from changedet.stages.change.kernels import feature_names
from changedet.stages.change.learned import change_trees


def by_hand(grown, row, count):
    margin = np.float32(grown.baseline)
    for node in grown.root[:count]:
        while grown.feature[node] != boosted_trees.LEAF:
            value = row[grown.feature[node]]
            left = grown.missing_left[node] if np.isnan(value) else value <= grown.value[node]
            node = grown.left[node] if left else grown.left[node] + 1
        margin += grown.value[node]
    return margin


def test_staged_margins_stop_where_they_say_and_nowhere_else():
    (grown, *_), *_ = change_trees()
    rng = np.random.default_rng(5)
    table = rng.normal(100, 300, (len(feature_names.names()), 6, 70)).astype(np.float32)
    table[rng.random(table.shape) < 0.1] = np.nan
    valid = np.ones((6, 70), bool)
    valid[2, 3] = False
    rows = table.reshape(len(table), -1).T
    early, late = (np.array([by_hand(grown, row, count) for row in rows]).reshape(6, 70) for count in (9, 10**6))
    least = float(np.median(early))
    found = boosted_trees.staged_margins(grown, table, valid, [[9, least]])
    wanted = np.where(early < np.float32(least), early, late)
    wanted[2, 3] = np.nan
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(boosted_trees.margins(grown, rows, 9), early.ravel())
    bounded = boosted_trees.staged_margins(grown, table, valid, [[9, least]], least - 5)
    held = np.where(early < np.float32(least), np.minimum(early, np.float32(least - 5)), late)
    np.testing.assert_array_equal(bounded[valid], held[valid])
