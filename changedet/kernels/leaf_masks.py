"""Boosted trees as tests that leave out leaves, so that many pixels take each test at once, without a branch.

Leaves of a tree are numbered from the left. A test that fails leads to the right, so it leaves out all leaves on its
left. When every test of a tree is done, the first leaf that is left is the one that a walk from the root reaches
(Lucchese et al. 2015, doi:10.1145/2766462.2767733). Tests are more than the steps of a walk, but no step waits for the
one before, and a processor takes 8 or 16 pixels in one instruction.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Ints, Shorts, Singles, Words
from changedet.kernels.compiled import compiled, inlined

Masks: TypeAlias = NDArray[np.uint32]
"""A bit for each of 32 leaves."""

MOST_LEAVES: Final = 64
"""Leaves of a tree at most: the bits of two halves."""
HALF: Final = 32
"""Leaves in a half, the bits of a mask."""
ALL: Final = np.uint32(0xFFFFFFFF)
"""A mask that leaves out none."""
TESTS_AT_ONCE: Final = 4
"""Tests between which the mask of a pixel stays in the processor."""
PIXELS_AT_ONCE: Final = 32
"""Pixels are tested in whole multiples: as many as the compiler makes of one loop."""
PARTS: Final = 4
"""Of a tree's tests: for either half of the leaves those where NaN passes, and those where it fails."""
SPREAD: Final = 0x03F79D71B4CB0A89
"""A de Bruijn sequence: every six of its bits in a row are different (Leiserson et al. 1998)."""
SIX_BITS: Final = 58
"""Places by which the first six bits of 64 lie above the last."""
PLACES: Final = tuple(((SPREAD << bit) % 2**64) >> SIX_BITS for bit in range(MOST_LEAVES))
"""Where the value of each leaf lies: the product of its bit and `SPREAD` begins with that number."""


class LeafMasks(NamedTuple):
    """The tests of all trees.

    Attributes
    ----------
    feature : uint32 (test,)
        Which feature is tested.
    value : float32 (test,)
        The greatest value that passes.
    keep : uint32 (test,)
        Leaves that remain where it fails.
    first : int64 (4 * tree + 1,)
        The first test of each of `PARTS` of each tree; each has a multiple of `TESTS_AT_ONCE`.
    leaves : float32 (tree, 64)
        Values of leaves at their `PLACES`.
    """

    feature: Masks
    value: Singles
    keep: Masks
    first: Ints
    leaves: Singles


def leaf_masks(feature: Shorts, value: Singles, left: Words, missing_left: Bools, root: Words) -> LeafMasks:
    """Make the tests of trees.

    Parameters
    ----------
    feature : int16 (node,)
        Which feature decides, negative at a leaf.
    value : float32 (node,)
        The greatest value that goes left; a leaf's value.
    left : int32 (node,)
        The left child, behind its parent; the right one follows it.
    missing_left : bool (node,)
        Where NaN goes.
    root : int32 (tree,)
        The first node of each tree.

    Returns
    -------
    LeafMasks
        In the order of the trees.

    Raises
    ------
    ValueError
        A tree has more than `MOST_LEAVES` leaves.
    """
    ends = np.append(root, len(feature)).astype(np.int64)
    start, count = _leaf_ranges(feature, left, root)
    if len(root) and count[root].max() > MOST_LEAVES:
        raise ValueError(f"a tree of {count[root].max()} leaves, at most {MOST_LEAVES} can be evaluated")
    tree, is_leaf = np.repeat(np.arange(len(root)), np.diff(ends)), feature < 0
    leaves = np.zeros((len(root), MOST_LEAVES), np.float32)
    leaves[tree[is_leaf], np.array(PLACES)[start[is_leaf]]] = value[is_leaf]
    inner = np.flatnonzero(~is_leaf)
    # of either half, those leaves that a failing test leaves out
    low = np.array([[0], [HALF]])
    begin = np.maximum(start[inner] - low, 0)
    end = np.minimum(start[inner] + count[left[inner]] - low, HALF)
    half, test = np.nonzero(begin < end)
    node, begin, end = inner[test], begin[half, test].astype(np.uint64), end[half, test].astype(np.uint64)
    out = ((np.uint64(1) << (end - begin)) - np.uint64(1)) << begin
    at, first = _placed(PARTS * tree[node] + 2 * half + ~missing_left[node], PARTS * len(root))
    tested, limit = np.zeros(first[-1], np.uint32), np.full(first[-1], np.inf, np.float32)
    keep = np.full(first[-1], ALL, np.uint32)
    tested[at], limit[at], keep[at] = feature[node], value[node], ~out.astype(np.uint32)
    return LeafMasks(tested, limit, keep, first, leaves)


def _leaf_ranges(feature: Shorts, left: Words, root: Words) -> tuple[Ints, Ints]:
    """The first leaf below each node, counted from the left of its tree, and how many there are."""
    start, count = np.zeros(feature.size, np.int64), np.ones(feature.size, np.int64)
    levels, nodes = [], np.asarray(root, np.int64)
    while nodes.size:
        nodes = nodes[feature[nodes] >= 0]
        levels.append(nodes)
        nodes = np.concatenate([left[nodes], left[nodes] + 1])
    for nodes in reversed(levels):
        count[nodes] = count[left[nodes]] + count[left[nodes] + 1]
    for nodes in levels:
        start[left[nodes]] = start[nodes]
        start[left[nodes] + 1] = start[nodes] + count[left[nodes]]
    return start, count


def _placed(part: Ints, parts: int) -> tuple[Ints, Ints]:
    """Where each test lies when its part's lie together, filled up to whole groups, and where each part begins."""
    sizes = np.bincount(part, minlength=parts)
    first = np.zeros(parts + 1, np.int64)
    np.cumsum(-(-sizes // TESTS_AT_ONCE) * TESTS_AT_ONCE, out=first[1:])
    order = np.argsort(part, kind="stable")
    at = np.empty(part.size, np.int64)
    at[order] = np.arange(part.size) + (first[:-1] - (np.cumsum(sizes) - sizes))[part[order]]
    return at, first


@compiled
def add_trees(
    table: Singles,
    passing: Singles,
    count: int,
    tests: LeafMasks,
    begin: int,
    end: int,
    mask: Masks,
    margin: Singles,
) -> None:
    """Add the leaves that pixels reach in some trees to their margins, tree by tree.

    Parameters
    ----------
    table : float32 (feature, n)
        Features of pixels, NaN is missing; `n` is a multiple of `PIXELS_AT_ONCE`.
    passing : float32 (feature, n)
        The same with minus infinity for NaN, which passes every test; `table` itself where there is none.
    count : int
        Pixels that are wanted, the first ones.
    tests : LeafMasks
        Of `leaf_masks`.
    begin, end : int
        The first tree, and the first that is not added.
    mask : uint32 (2, n)
        Written to.
    margin : float32 (n,)
        Added to; beyond `count` it is of no use.
    """
    feature, value, keep, first, leaves = tests
    size = -(-count // PIXELS_AT_ONCE) * PIXELS_AT_ONCE
    for tree in range(begin, end):
        for k in range(size):
            mask[0, k] = ALL
            mask[1, k] = ALL
        for part in range(PARTS):
            given = table if part % 2 else passing
            for test in range(first[PARTS * tree + part], first[PARTS * tree + part + 1], TESTS_AT_ONCE):
                _take(given, size, feature, value, keep, test, mask, part // 2)
        for k in range(size):
            left = np.uint64(mask[0, k]) | (np.uint64(mask[1, k]) << np.uint64(HALF))
            lowest = left & (~left + np.uint64(1))
            margin[k] += leaves[tree, (lowest * np.uint64(SPREAD)) >> np.uint64(SIX_BITS)]


@inlined
def _take(
    table: Singles, size: int, feature: Masks, value: Singles, keep: Masks, test: int, mask: Masks, half: int
) -> None:
    """Take four tests, which NaN fails."""
    fa, fb, fc, fd = feature[test], feature[test + 1], feature[test + 2], feature[test + 3]
    va, vb, vc, vd = value[test], value[test + 1], value[test + 2], value[test + 3]
    ka, kb, kc, kd = keep[test], keep[test + 1], keep[test + 2], keep[test + 3]
    for k in range(size):
        first = (ALL if table[fa, k] <= va else ka) & (ALL if table[fb, k] <= vb else kb)
        mask[half, k] &= first & (ALL if table[fc, k] <= vc else kc) & (ALL if table[fd, k] <= vd else kd)
