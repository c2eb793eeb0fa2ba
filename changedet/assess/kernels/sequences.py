"""Trains met again: boxes in order along a line, chained by place, colour and size, and weighed against chance."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SCALES: Final = (8.0, 5.0)
"""In `changedet.kernels.compare.scaled_lab`: how far apart two looks at one box are, one after the other: while the
cast between the two pictures is not known, and once the first chain has told it."""
WRONG_SIZE: Final = 0.03
STRAY: Final = 0.1
"""Share of boxes whose colour tells nothing: in shade, or not the same box."""
MISSED: Final = 0.7
"""Against a box that one of the two looks missed."""
PLAY_M: Final = 0.7
FARTHEST: Final = 4.0
"""How far the spacing of two boxes may differ between two looks, as a standard deviation, and what any difference costs
at most: wagons may have been taken out."""
REACH: Final = 4
"""Farthest neighbour in either row that a chain goes on to: up to three boxes missed in a row."""
RUN: Final = 8.0
"""Neighbours of one size no farther apart in colour stand together when orders are redrawn."""
LEAST_LINKS: Final = 4
EULER: Final = 0.5772156649


class Row(NamedTuple):
    """Boxes in order: colours (box, 3) by `changedet.kernels.compare.scaled_lab`, size classes (box,), and metres along
    the line (box,).
    """

    lab: Floats
    size: Ints
    along: Floats


class Chain(NamedTuple):
    """Boxes of two rows that stand in one order in both.

    Attributes
    ----------
    score : float
        Log-likelihood ratio of the same train against another one of the same paints.
    first, second : int64 (link,)
        The boxes of either row.
    turned : bool
        Whether the second row runs the other way.
    """

    score: float
    first: Ints
    second: Ints
    turned: bool


def chain(first: Row, second: Row) -> Chain:
    """The likeliest chain, the second row read either way.

    Colours differ between two pictures by a cast, which the chain itself tells: it is the middle difference of its
    boxes.
    """
    ways = [_chained(first, second), _chained(first, Row(second.lab[::-1], second.size[::-1], second.along[::-1]))]
    turned = ways[1][0] > ways[0][0]
    score, one, other = ways[turned]
    return Chain(score, one, len(second.size) - 1 - other if turned else other, turned)


def chance(first: Row, second: Row, found: float, redraws: int, rng: np.random.Generator) -> float:
    """Probability that a train of the same boxes in any other order chains as well.

    Trains of one operator hold the same paints; their order is what tells them apart. Boxes that are loaded as a lot
    stand together, in whatever order: runs of like neighbours are kept together when orders are redrawn. The best
    scores of local alignments follow an extreme-value distribution (Karlin and Altschul 1990,
    doi:10.1073/pnas.87.6.2264), which is fitted to redrawn orders by its moments, so that small probabilities need few
    of them.
    """
    drawn = []
    for _ in range(redraws):
        order = _redrawn(second, rng)
        drawn.append(chain(first, Row(second.lab[order], second.size[order], second.along)).score)
    scale = max(float(np.std(drawn)), 0.3) * np.sqrt(6.0) / np.pi
    reached = (found - (float(np.mean(drawn)) - EULER * scale)) / scale
    # Where redrawn orders do as well, they are counted: few runs have few orders, and no smooth distribution.
    as_good = sum(score >= found for score in drawn)
    return float(max(-np.expm1(-np.exp(-reached)), as_good / (1 + redraws)))


def _redrawn(row: Row, rng: np.random.Generator) -> Ints:
    """Another order of a row's boxes, its runs in any order and either way round."""
    steps = (np.diff(row.lab, axis=0) ** 2).sum(1) > RUN**2
    parts = np.split(np.arange(len(row.size)), np.flatnonzero(steps | (np.diff(row.size) != 0)) + 1)
    turned = rng.random(len(parts)) < 0.5
    return np.concatenate([parts[k][::-1] if turned[k] else parts[k] for k in rng.permutation(len(parts))])


def _chained(first: Row, second: Row) -> tuple[float, Ints, Ints]:
    cast = np.zeros(3)
    for scale in SCALES:
        levelled = Row(second.lab + cast, second.size, second.along)
        score, one, other = _best_chain(_evidence(first, levelled, scale), first.along, second.along)
        if len(one) < LEAST_LINKS:
            break
        cast = np.median(first.lab[one] - second.lab[other], axis=0)
    return float(score), one, other


def _evidence(first: Row, second: Row, scale: float) -> Floats:
    """Log-likelihood ratio (first, second) of every two boxes as one and the same, against any box of the two rows."""
    same = _alike(first, second, scale)
    usual = np.concatenate([_alike(first, second, scale), _alike(second, second, scale)]).mean(0)
    return np.asarray(np.log((1.0 - STRAY) * same / usual + STRAY))


def _alike(first: Row, second: Row, scale: float) -> Floats:
    apart = ((first.lab[:, None] - second.lab[None]) ** 2).sum(-1)
    size = np.where(first.size[:, None] == second.size[None], 1.0 - WRONG_SIZE, WRONG_SIZE)
    return np.asarray(np.exp(-0.5 * apart / scale**2) * size)


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _before(table: Any, along: Any, other: Any, i: Any, j: Any) -> Any:
    """The best chain that may go on to two boxes, and its last link as steps back; -1 for none."""
    value, via = 0.0, -1
    for a in range(1, min(i, REACH) + 1):
        for b in range(1, min(j, REACH) + 1):
            apart = abs(along[i] - along[i - a]) - abs(other[j] - other[j - b])
            cost = MISSED * (a + b - 2) + min(0.5 * (apart / PLAY_M) ** 2, FARTHEST)
            if table[i - a, j - b] - cost > value:
                value, via = table[i - a, j - b] - cost, (a - 1) * REACH + b - 1
    return value, via


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _best_chain(evidence: Any, along: Any, other: Any) -> Any:
    """Score and links of the best local chain, by dynamic programming (Smith and Waterman 1981,
    doi:10.1016/0022-2836(81)90087-5) over the boxes up to `REACH` before, their spacing compared.
    """
    n, m = evidence.shape
    table, came = np.zeros((n, m)), np.full((n, m), -1)
    best, at, to = 0.0, -1, -1
    for i in range(n):
        for j in range(m):
            value, via = _before(table, along, other, i, j)
            value += evidence[i, j]
            if value > 0.0:
                table[i, j], came[i, j] = value, via
            if value > best:
                best, at, to = value, i, j
    links = []
    while at >= 0:
        links.append((at, to))
        via = came[at, to]
        if via < 0:
            break
        at, to = at - via // REACH - 1, to - via % REACH - 1
    one, two = np.empty(len(links), np.int64), np.empty(len(links), np.int64)
    for k in range(len(links)):
        one[k], two[k] = links[len(links) - 1 - k]
    return best, one, two
