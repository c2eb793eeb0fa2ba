"""Boosted trees: plain arrays, evaluated in stages, so that most pixels go through few of them.

The sum runs over the trees in one order for every pixel, so a pixel gets the same bits whatever block it is in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import AnyArray, Bools, Ints, Singles
from changedet.kernels.compiled import compiled, inlined

Roots: TypeAlias = tuple[np.uint32, np.uint32, np.uint32, np.uint32]
"""First nodes of four trees."""

LEAF: Final = -1
"""In place of a feature and of a left child."""
RUN_PX: Final = 64
"""Pixels of a row that go through the trees together: their features fill the nearest cache, and no more."""


class Forest(NamedTuple):
    """Trees one behind the other; a node's children are neighbours, the left one first.

    Attributes
    ----------
    feature : int16 (node,)
        `LEAF`, or which feature decides.
    value : float32 (node,)
        The greatest value that goes left; a leaf's share of the margin.
    left : int32 (node,)
        The left child.
    missing_left : bool (node,)
        Where NaN goes.
    root : int32 (tree,)
        The first node of each tree.
    baseline : float
        The margin before any tree.
    """

    feature: NDArray[np.int16]
    value: Singles
    left: NDArray[np.int32]
    missing_left: Bools
    root: NDArray[np.int32]
    baseline: float


def margins(forest: Forest, table: Singles, trees: int) -> Singles:
    """Log odds of rows of a table.

    Parameters
    ----------
    forest : Forest
        Boosted trees.
    table : float32 (n, feature)
        NaN is missing.
    trees : int
        How many of them are summed, from the first.

    Returns
    -------
    float32 (n,)
        Never NaN.
    """
    # turned round here: compiled code would be made for another layout
    rows = np.ascontiguousarray(np.asarray(table, np.float32).T)[:, None, :]
    valid = np.ones(rows.shape[1:], bool)
    counts, least = np.array([trees], np.int64), np.array([-np.inf], np.float32)
    return np.asarray(_summed(forest, rows, valid, counts, least, np.inf)[0], np.float32)


def staged_margins(
    forest: Forest,
    features: Singles,
    valid: Bools,
    stages: Sequence[Sequence[float]],
    most: float = math.inf,
) -> Singles:
    """Log odds of every pixel; a pixel below a stage's least margin keeps what it has there, but for `most`.

    Parameters
    ----------
    forest : Forest
        Boosted trees.
    features : float32 (feature, y, x)
        NaN is missing.
    valid : bool (y, x)
        Pixels to evaluate.
    stages : sequence of (trees, least margin)
        After so many trees a pixel must have so much to go on.
    most : float
        What a pixel can have that did not go on.

    Returns
    -------
    float32 (y, x)
        NaN where not valid.
    """
    counts = np.array([*(int(trees) for trees, _ in stages), len(forest.root)], np.int64)
    least = np.array([*(margin for _, margin in stages), -np.inf], np.float32)
    return _summed(forest, features, valid, counts, least, most)


_NODE: Final = np.dtype([("value", np.float32), ("code", np.int32)])
FEATURE_BITS: Final = 8
"""Of a node's code, the lowest bits, which hold the feature: there are at most 256."""
LEFT_BIT: Final = FEATURE_BITS + 1
"""Where the left child begins in the code, after one bit for where NaN goes."""


def _packed(forest: Forest) -> AnyArray:
    """What a step needs of a node in one place: its value, and left child, where NaN goes and feature in one number.

    A leaf has the number -1.
    """
    nodes = np.empty(len(forest.feature), _NODE)
    nodes["value"] = forest.value
    below = (forest.missing_left.astype(np.int32) << FEATURE_BITS) | forest.feature
    nodes["code"] = np.where(forest.feature < 0, LEAF, (forest.left << LEFT_BIT) | below)
    return nodes


def _summed(forest: Forest, features: Singles, valid: Bools, counts: Ints, least: Singles, most: float) -> Singles:
    found = _evaluate(features, valid, _packed(forest), forest.root, forest.baseline, counts, least, np.float32(most))
    return np.asarray(found, np.float32)


@inlined
def _child(nodes: AnyArray, at: np.uint32, code: np.int32, own: Singles, missing: bool) -> np.uint32:
    # unsigned, as numba tests of a signed index whether it counts from the end
    packed = np.uint32(code)
    v = own[packed & np.uint32(255)]
    right = np.uint32(v > nodes[at].value)
    if missing and v != v:
        right = np.uint32(packed & np.uint32(256) == 0)
    return (packed >> np.uint32(LEFT_BIT)) + right


@inlined
def _leaf(nodes: AnyArray, root: int, own: Singles, missing: bool) -> np.float32:
    at = np.uint32(root)
    code = nodes[at].code
    while code >= 0:
        at = _child(nodes, at, code, own, missing)
        code = nodes[at].code
    value: np.float32 = nodes[at].value
    return value


@inlined
def _four_more(nodes: AnyArray, roots: Roots, own: Singles, missing: bool, margin: np.float32) -> np.float32:
    """Four trees at once: while one waits for its memory the others go on."""
    a, b, c, d = roots
    p, q, r, s = nodes[a].code, nodes[b].code, nodes[c].code, nodes[d].code
    while p >= 0 or q >= 0 or r >= 0 or s >= 0:
        if p >= 0:
            a = _child(nodes, a, p, own, missing)
            p = nodes[a].code
        if q >= 0:
            b = _child(nodes, b, q, own, missing)
            q = nodes[b].code
        if r >= 0:
            c = _child(nodes, c, r, own, missing)
            r = nodes[c].code
        if s >= 0:
            d = _child(nodes, d, s, own, missing)
            s = nodes[d].code
    margin += nodes[a].value
    margin += nodes[b].value
    margin += nodes[c].value
    total: np.float32 = margin + nodes[d].value
    return total


@compiled
def _evaluate(
    features: Singles,
    valid: Bools,
    nodes: AnyArray,
    root: NDArray[np.int32],
    baseline: float,
    counts: Ints,
    least: Singles,
    most: np.float32,
) -> Singles:
    """Log odds of every pixel, a run of neighbours at a time.

    Their features are turned round once, as reading one value from each of a hundred planes for every pixel costs as
    much as the trees; and each tree takes them one behind the other, while it lies in the nearest cache.
    """
    out = np.full(valid.shape, np.nan, np.float32)
    table = np.empty((RUN_PX, features.shape[0]), np.float32)
    margin, going = np.empty(RUN_PX, np.float32), np.empty(RUN_PX, np.int64)
    for y in range(valid.shape[0]):
        for first in range(0, valid.shape[1], RUN_PX):
            seen = valid[y, first : first + RUN_PX]
            count = 0
            for k in range(seen.size):
                if seen[k]:
                    going[count] = k
                    count += 1
            if count:
                missing = _turned(features, y, first, table[: seen.size])
                margin[:] = baseline
                _add(table, missing, nodes, root, counts, least, most, margin, going[:count])
                for k in range(seen.size):
                    if seen[k]:
                        out[y, first + k] = margin[k]
    return out


@compiled
def _turned(features: Singles, y: int, first: int, table: Singles) -> bool:
    """Copy the features of a run of pixels into a row of the table each; whether any is missing."""
    missing = False
    for feature in range(features.shape[0]):
        run = features[feature, y, first : first + len(table)]
        for k in range(run.size):
            missing |= run[k] != run[k]
        for k in range(run.size):
            table[k, feature] = run[k]
    return missing


@compiled
def _add(
    table: Singles,
    missing: bool,
    nodes: AnyArray,
    root: NDArray[np.int32],
    counts: Ints,
    least: Singles,
    most: np.float32,
    margin: Singles,
    going: Ints,
) -> None:
    """Add trees to the margins of the rows that go on; one below a stage's least margin goes no further."""
    size, tree = going.size, 0
    for stage in range(counts.size):
        while tree + 4 <= counts[stage]:
            a, b, c, d = root[tree], root[tree + 1], root[tree + 2], root[tree + 3]
            four = np.uint32(a), np.uint32(b), np.uint32(c), np.uint32(d)
            for j in range(size):
                k = going[j]
                # written twice, so that the walk without NaN is compiled without the test
                if missing:
                    margin[k] = _four_more(nodes, four, table[k], True, margin[k])
                else:
                    margin[k] = _four_more(nodes, four, table[k], False, margin[k])
            tree += 4
        while tree < counts[stage]:
            for j in range(size):
                k = going[j]
                margin[k] += _leaf(nodes, root[tree], table[k], missing)
            tree += 1
        size = _still_going(margin, going[:size], least[stage], most)


@inlined
def _still_going(margin: Singles, going: Ints, least: np.float32, most: np.float32) -> int:
    """Move the rows that reach a stage's least margin to the front, and say how many they are."""
    left = 0
    for j in range(going.size):
        k = going[j]
        if margin[k] < least:
            margin[k] = min(margin[k], most)
        else:
            going[left] = k
            left += 1
    return left
