"""Trees as tests of leaves, against a walk by hand."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.leaf_masks import PIXELS_AT_ONCE, PLACES, add_trees, leaf_masks


def grown(rng, leaves, trees):
    """Trees that are split at random, as arrays of nodes."""
    feature, value, left, missing, root = [], [], [], [], []
    for _ in range(trees):
        first = len(feature)
        root.append(first)
        open_nodes = [first]
        feature, left, missing = [*feature, -1], [*left, -1], [*missing, False]
        value.append(rng.normal())
        for _ in range(leaves - 1):
            node = open_nodes.pop(rng.integers(len(open_nodes)))
            feature[node], value[node], left[node] = rng.integers(5), rng.normal(), len(feature)
            missing[node] = bool(rng.integers(2))
            for _ in range(2):
                open_nodes.append(len(feature))
                feature, left, missing = [*feature, -1], [*left, -1], [*missing, False]
                value.append(rng.normal())
    types = np.int16, np.float32, np.int32, np.bool_, np.int32
    return [np.array(one, kind) for one, kind in zip((feature, value, left, missing, root), types, strict=True)]


def walked(nodes, row, tree):
    feature, value, left, missing, root = nodes
    node = root[tree]
    while feature[node] >= 0:
        own = row[feature[node]]
        goes_left = missing[node] if np.isnan(own) else own <= value[node]
        node = left[node] if goes_left else left[node] + 1
    return value[node]


@pytest.mark.parametrize("leaves", [1, 2, 31, 33, 64])
def test_the_leaf_that_is_left_is_the_one_that_a_walk_reaches(leaves):
    rng = np.random.default_rng(leaves)
    nodes = grown(rng, leaves, trees=3)
    table = rng.normal(size=(5, 4 * PIXELS_AT_ONCE)).astype(np.float32)
    table[rng.random(table.shape) < 0.2] = np.nan
    # a value that lies on a threshold goes left
    inner = np.flatnonzero(nodes[0] >= 0)
    if inner.size:
        table[nodes[0][inner[0]], 0] = nodes[1][inner[0]]
    count, margin = 3 * PIXELS_AT_ONCE + 5, np.full(table.shape[1], 2, np.float32)
    passing = np.where(np.isnan(table), np.float32(-np.inf), table)
    add_trees(table, passing, count, leaf_masks(*nodes), 1, 3, np.empty((2, table.shape[1]), np.uint32), margin)
    wanted = [np.float32(2) + walked(nodes, row, 1) + walked(nodes, row, 2) for row in table.T[:count]]
    np.testing.assert_array_equal(margin[:count], wanted)


def test_every_leaf_has_its_place():
    assert sorted(PLACES) == list(range(64))


def test_a_tree_of_too_many_leaves_is_refused():
    with pytest.raises(ValueError, match="65 leaves"):
        leaf_masks(*grown(np.random.default_rng(0), 65, trees=1))
