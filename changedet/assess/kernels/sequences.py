"""Trains found again: boxes in order along a line, chained by place, colour and size, and compared with chance."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.kernels.compiled import compiled

# The scales below were chosen on rows of boxes of simulated sites of seeds 600 to 602 (benchmarks/compare.py).
SCALES: Final = (8.0, 5.0)
"""Standard deviations of one box's colours on two dates, in units of `changedet.kernels.colour.scaled_lab`: while the
cast between the two pictures is unknown, and once the first chain has given it."""
WRONG_SIZE: Final = 0.03
"""Probability that one of two looks at a box gives the other size class."""
STRAY: Final = 0.1
"""Share of boxes whose colour is no evidence: in shade, or not the same box."""
MISSED: Final = 0.7
"""Cost, as a log-likelihood, of a box that one of the two looks missed."""
PLAY_M: Final = 0.7
"""Standard deviation of the difference in spacing of two boxes between two looks."""
FARTHEST: Final = 4.0
"""What any difference in spacing costs at most, as a log-likelihood: wagons may have been taken out."""
REACH: Final = 4
"""Farthest neighbour in either row to which a chain goes on: up to three boxes missed in a row."""
RUN: Final = 8.0
"""Greatest distance in colour of neighbours of one size that stay together when orders are redrawn."""
LEAST_LINKS: Final = 4
"""Fewest boxes of a chain that give a cast."""
EULER: Final = 0.5772156649
"""Euler's constant: mean of the standard Gumbel distribution."""
GUMBEL_VARIANCE: Final = 6.0
"""The variance of a Gumbel distribution of scale b is pi^2 b^2 over this."""
LEAST_SPREAD: Final = 0.3
"""Floor of the standard deviation of redrawn scores: few redraws may agree by chance. Chosen by hand."""


class Row(NamedTuple):
    """Boxes in order along a line.

    Attributes
    ----------
    lab : float64 (box, 3)
        Colours, as `changedet.kernels.colour.scaled_lab` gives.
    size : int64 (box,)
        Size classes.
    along : float64 (box,)
        Place along the line, m.
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
        Indices of the boxes in either row.
    turned : bool
        Whether the second row runs the other way.
    """

    score: float
    first: Ints
    second: Ints
    turned: bool


def chain(first: Row, second: Row) -> Chain:
    """The likeliest chain, the second row read either way.

    Colours differ between two pictures by a cast, which the chain itself gives: it is the median difference of its
    boxes.

    Parameters
    ----------
    first, second : Row
        Trains on two dates.

    Returns
    -------
    Chain
        Of a score of 0 and no boxes where nothing is alike.
    """
    ways = [_chained(first, second), _chained(first, Row(second.lab[::-1], second.size[::-1], second.along[::-1]))]
    turned = ways[1][0] > ways[0][0]
    score, one, other = ways[turned]
    return Chain(score, one, len(second.size) - 1 - other if turned else other, turned)


def chance(first: Row, second: Row, found: float, redraws: int, rng: np.random.Generator) -> float:
    """Probability that a train of the same boxes in any other order chains as well.

    Trains of one operator hold the same paints; their order is what distinguishes them. Boxes that are loaded as a lot
    stand together, in whatever order: runs of like neighbours are kept together when orders are redrawn. The best
    scores of local alignments follow an extreme-value distribution (Karlin and Altschul 1990,
    doi:10.1073/pnas.87.6.2264), which is fitted to redrawn orders by its moments, so that small probabilities need few
    of them.

    Parameters
    ----------
    first, second : Row
        Trains on two dates.
    found : float
        Score of their `chain`.
    redraws : int
        Number of other orders to draw.
    rng : numpy.random.Generator
        By which they are drawn.

    Returns
    -------
    float
        0 to 1; not below ``n / (1 + redraws)`` where n redrawn orders score as well.
    """
    drawn = []
    for _ in range(redraws):
        order = _redrawn(second, rng)
        drawn.append(chain(first, Row(second.lab[order], second.size[order], second.along)).score)
    scale = max(float(np.std(drawn)), LEAST_SPREAD) * np.sqrt(GUMBEL_VARIANCE) / np.pi
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
        corrected = Row(second.lab + cast, second.size, second.along)
        score, one, other = _best_chain(_evidence(first, corrected, scale), first.along, second.along)
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
    distance = ((first.lab[:, None] - second.lab[None]) ** 2).sum(-1)
    size = np.where(first.size[:, None] == second.size[None], 1.0 - WRONG_SIZE, WRONG_SIZE)
    return np.asarray(np.exp(-0.5 * distance / scale**2) * size)


@compiled
def _before(table: Floats, along: Floats, other: Floats, i: int, j: int) -> tuple[float, int]:
    """The best chain that may go on to two boxes, and its last link as steps back; -1 for none."""
    value, via = 0.0, -1
    for a in range(1, min(i, REACH) + 1):
        for b in range(1, min(j, REACH) + 1):
            apart = abs(along[i] - along[i - a]) - abs(other[j] - other[j - b])
            cost = MISSED * (a + b - 2) + min(0.5 * (apart / PLAY_M) ** 2, FARTHEST)
            if table[i - a, j - b] - cost > value:
                value, via = table[i - a, j - b] - cost, (a - 1) * REACH + b - 1
    return value, via


@compiled
def _best_chain(evidence: Floats, along: Floats, other: Floats) -> tuple[float, Ints, Ints]:
    # Smith and Waterman 1981, doi:10.1016/0022-2836(81)90087-5, over the boxes up to `REACH` before.
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
