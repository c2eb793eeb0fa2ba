"""Boosted trees: plain arrays, evaluated in stages, so that most pixels go through few of them.

The sum runs over the trees in one order for every pixel, so a pixel gets the same bits whatever block it is in. Pixels
go through the trees in batches, and those that go on are moved together after each stage.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Ints, Singles
from changedet.kernels.compiled import compiled
from changedet.kernels.leaf_masks import LeafMasks, Masks, add_trees, leaf_masks

LEAF: Final = -1
"""In place of a feature and of a left child."""
BATCH_PX: Final = 512
"""Pixels that go through the trees together: enough that those few that go on still fill an instruction, few enough
that their features fit into the second cache."""

FORESTS: Final = 32
"""Forests whose tests are kept: more than come with the package."""


class Forest(NamedTuple):
    """Trees one behind the other; a node's children are neighbours, the left one first. Equal to itself alone.

    Attributes
    ----------
    feature : int16 (node,)
        `LEAF`, or which feature decides.
    value : float32 (node,)
        The greatest value that goes left; a leaf's share of the margin.
    left : int32 (node,)
        The left child, behind its parent.
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

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


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
    return np.asarray(_summed(forest, rows, valid, counts, least, np.inf, 0)[0], np.float32)


def staged_margins(
    forest: Forest,
    features: Singles,
    valid: Bools,
    stages: Sequence[Sequence[float]],
    most: float = math.inf,
    first_row: int = 0,
) -> Singles:
    """Log odds of every pixel; a pixel below a stage's least margin keeps what it has there, but for `most`.

    Parameters
    ----------
    forest : Forest
        Boosted trees.
    features : float32 (feature, y, x)
        NaN is missing. Contiguous: compiled code would be made anew for another layout.
    valid : bool (y, x)
        Pixels to evaluate, of as many rows of the features or fewer.
    stages : sequence of (trees, least margin)
        After so many trees a pixel must have so much to go on.
    most : float
        What a pixel can have that did not go on.
    first_row : int
        Row of the features that is the first of `valid`.

    Returns
    -------
    float32 (y, x)
        NaN where not valid, of its shape.
    """
    counts = np.array([*(int(trees) for trees, _ in stages), len(forest.root)], np.int64)
    least = np.array([*(margin for _, margin in stages), -np.inf], np.float32)
    return _summed(forest, features, valid, counts, least, most, first_row)


@lru_cache(maxsize=FORESTS)
def _tests(forest: Forest) -> LeafMasks:
    """The tests of a forest, kept for those that are used again: making them takes as long as some hundred pixels."""
    return leaf_masks(forest.feature, forest.value, forest.left, forest.missing_left, forest.root)


def _summed(
    forest: Forest, features: Singles, valid: Bools, counts: Ints, least: Singles, most: float, first_row: int
) -> Singles:
    out = np.full(valid.shape, np.nan, np.float32)
    tests, baseline = _tests(forest), np.float32(forest.baseline)
    _evaluate(features, first_row, valid, tests, baseline, counts, least, np.float32(most), out)
    return out


@compiled
def _evaluate(
    features: Singles,
    first_row: int,
    valid: Bools,
    tests: LeafMasks,
    baseline: np.float32,
    counts: Ints,
    least: Singles,
    most: np.float32,
    out: Singles,
) -> None:
    """Log odds of every pixel, batch by batch."""
    table, mask = np.zeros((features.shape[0], BATCH_PX), np.float32), np.empty((2, BATCH_PX), np.uint32)
    margin, going = np.empty(BATCH_PX, np.float32), np.empty((2, BATCH_PX), np.int64)
    # a literal would be a type of its own, for which all that is called would be compiled once more
    none = int(np.int64(0))
    count = none
    for y in range(valid.shape[0]):
        x = none
        while x < valid.shape[1]:
            count, x = _gathered(features, first_row, valid, y, x, table, going, count)
            if count == BATCH_PX:
                _settle(table, going, count, tests, baseline, counts, least, most, mask, margin, out)
                count = none
    _settle(table, going, count, tests, baseline, counts, least, most, mask, margin, out)


@compiled
def _gathered(
    features: Singles, first_row: int, valid: Bools, y: int, x: int, table: Singles, going: Ints, count: int
) -> tuple[int, int]:
    """Add valid pixels of a row, from a column on, to the batch; how many it then has, and the column to go on from."""
    first = count
    while x < valid.shape[1] and count < BATCH_PX:
        if valid[y, x]:
            going[0, count], going[1, count] = y, x
            count += 1
        x += 1
    if first < count:
        start = going[1, first]
        in_a_row = going[1, count - 1] - start == count - 1 - first
        for feature in range(features.shape[0]):
            # written twice, so that neighbours are copied at once
            if in_a_row:
                for k in range(count - first):
                    table[feature, first + k] = features[feature, first_row + y, start + k]
            else:
                for k in range(first, count):
                    table[feature, k] = features[feature, first_row + y, going[1, k]]
    return count, x


@compiled
def _settle(
    table: Singles,
    going: Ints,
    count: int,
    tests: LeafMasks,
    baseline: np.float32,
    counts: Ints,
    least: Singles,
    most: np.float32,
    mask: Masks,
    margin: Singles,
    out: Singles,
) -> None:
    """Log odds of the pixels of a batch; one below a stage's least margin goes no further."""
    missing, tree = _any_missing(table, count), int(np.int64(0))
    passing = np.empty(table.shape, np.float32) if missing else table
    margin[:] = baseline
    for stage in range(counts.size):
        if count:
            if missing:
                _fill_passing(table, count, passing)
            add_trees(table, passing, count, tests, tree, counts[stage], mask, margin)
            tree = counts[stage]
            count = _still_going(table, going, count, least[stage], most, margin, out)
    for k in range(count):
        out[going[0, k], going[1, k]] = margin[k]


@compiled
def _any_missing(table: Singles, count: int) -> bool:
    for feature in range(table.shape[0]):
        missing = 0
        for k in range(count):
            missing += table[feature, k] != table[feature, k]
        if missing:
            return True
    return False


@compiled
def _fill_passing(table: Singles, count: int, passing: Singles) -> None:
    """The features with less than all values in place of NaN."""
    for feature in range(table.shape[0]):
        for k in range(count):
            value = table[feature, k]
            passing[feature, k] = value if value == value else np.float32(-np.inf)


@compiled
def _still_going(
    table: Singles, going: Ints, count: int, least: np.float32, most: np.float32, margin: Singles, out: Singles
) -> int:
    """Move the pixels that reach a stage's least margin to the front, and say how many they are."""
    kept, left = np.empty(count, np.int64), 0
    for k in range(count):
        if margin[k] < least:
            out[going[0, k], going[1, k]] = min(margin[k], most)
        else:
            going[0, left], going[1, left], margin[left], kept[left] = going[0, k], going[1, k], margin[k], k
            left += 1
    if left < count:
        for feature in range(table.shape[0]):
            for k in range(left):
                table[feature, k] = table[feature, kept[k]]
    return left
