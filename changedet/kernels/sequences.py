"""Trains met again: ordered colours and sizes of boxes, aligned locally and weighed against chance."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLOUR_SCALE: Final = 14.0
"""In `changedet.kernels.compare.scaled_lab`: distance of two looks at one box under different light."""
LIKE: Final = 1.0
UNLIKE: Final = 1.5
"""Of the same box at most, and against two that differ wholly."""
MISSED: Final = 0.7
"""Against a box that one of the two looks missed."""
EULER: Final = 0.5772156649


class Alignment(NamedTuple):
    """The best local alignment of two sequences: ``score``, ``boxes`` that it pairs, ``first`` and ``last`` of them in
    either sequence, (2,) each, and whether the second one runs the other way round."""

    score: float
    boxes: int
    first: Ints
    last: Ints
    turned: bool


def likeness(first_lab: Floats, first_size: Ints, second_lab: Floats, second_size: Ints) -> Floats:
    """Score (first, second) of every two boxes as the same one, `LIKE` to -`UNLIKE`; of another size class always the
    latter."""
    apart = ((first_lab[:, None] - second_lab[None]) ** 2).sum(-1)
    alike = np.exp(-0.5 * apart / COLOUR_SCALE**2) * (first_size[:, None] == second_size[None])
    return np.asarray((LIKE + UNLIKE) * alike - UNLIKE)


def align(score: Floats) -> Alignment:
    """The best local alignment (Smith and Waterman 1981, doi:10.1016/0022-2836(81)90087-5), the second sequence read
    either way.

    Parameters
    ----------
    score : float64 (first, second)
        See `likeness`.
    """
    found = [(_align(np.ascontiguousarray(way)), turned) for way, turned in ((score, False), (score[:, ::-1], True))]
    (best, boxes, a, b, c, d), turned = max(found, key=lambda item: item[0][0])
    if turned:
        n = score.shape[1]
        b, d = n - 1 - d, n - 1 - b
    return Alignment(float(best), int(boxes), np.array([a, b]), np.array([c, d]), turned)


def chance(score: Floats, found: float, redraws: int, rng: np.random.Generator) -> float:
    """Probability that trains of the same boxes in any other order align as well.

    Trains of one operator hold the same paints; their order is what tells them apart. The best scores of local
    alignments follow an extreme-value distribution (Karlin and Altschul 1990, doi:10.1073/pnas.87.6.2264), which is
    fitted to redrawn orders by its moments, so that small probabilities need few of them.
    """
    drawn = [align(score[:, rng.permutation(score.shape[1])]).score for _ in range(redraws)]
    scale = max(float(np.std(drawn)), 1e-3) * np.sqrt(6.0) / np.pi
    reached = (found - (float(np.mean(drawn)) - EULER * scale)) / scale
    return float(-np.expm1(-np.exp(-reached)))


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _align(score: Any) -> Any:
    n, m = score.shape
    table, came = np.zeros((n + 1, m + 1)), np.zeros((n + 1, m + 1), np.int8)
    best, at, to = 0.0, 0, 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            pair, down, right = table[i - 1, j - 1] + score[i - 1, j - 1], table[i - 1, j], table[i, j - 1]
            value = max(0.0, pair, down - MISSED, right - MISSED)
            if value > 0.0:
                came[i, j] = 1 if value == pair else (2 if value == down - MISSED else 3)
            table[i, j] = value
            if value > best:
                best, at, to = value, i, j
    i, j, boxes, first, second = at, to, 0, at, to
    while came[i, j]:
        step = came[i, j]
        if step == 1:
            boxes, first, second = boxes + 1, i, j
        i, j = i - (step != 3), j - (step != 2)
    return best, boxes, first - 1, second - 1, at - 1, to - 1
