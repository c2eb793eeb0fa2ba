"""Built ground over the dates: what one date tells of a cell is weighed with what the other dates tell of it.

Yards, buildings and earthworks come and stay; a date's light, season and haze do not. Each cell is a chain of hidden
states (Rabiner 1989, doi:10.1109/5.18626), read from the level and the kind that each date was given.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.closing import STORED, UNKNOWN, Levels

STATES: Final = ("other", "paving", "building", "earthwork")
SYMBOLS: Final = 11
"""Not built; level 1, 2, 3 of the three kinds; under a stored object."""
UNDER_BOX: Final = SYMBOLS - 1
BEGIN: Final = (0.03, 0.006, 0.06)
"""Chance that open ground is paved, built upon, dug or heaped between two dates."""
END: Final = (0.01, 0.005, 0.05)
"""Chance that each of them is open ground again."""
TURN: Final = 0.02
"""Chance that one of them becomes another."""
TEMPER: Final = 0.6
"""Power of what a date tells: the dates' mistakes are alike."""
STEPS: Final = (0.06, 0.6, 0.98)
"""Probabilities of built ground by all dates: of the greatest, the likely and the least footprint."""


class Told(NamedTuple):
    """How ground is told: ``shares`` (state,) of `STATES`, and ``symbols`` (state, symbol), how often each state is
    told as each symbol on one date; rows sum to 1."""

    shares: NDArray[np.float64]
    symbols: NDArray[np.float64]


def symbols(levels: Levels, kinds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What a date tells of each cell as one number, `UNKNOWN` where it sees nothing; levels and kinds (y, x)."""
    told = 1 + 3 * (np.clip(levels, 1, 3) - 1) + np.clip(kinds, 1, 3) - 1
    found = np.where(levels == 0, 0, np.where(levels == STORED, UNDER_BOX, told))
    return np.where(levels == UNKNOWN, UNKNOWN, found).astype(np.uint8)


def settled(seen: NDArray[np.uint8], told: Told) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Levels and kinds (date, y, x) of cells by all dates.

    Parameters
    ----------
    seen : uint8 (date, y, x)
        Of `symbols`.
    told : Told

    Returns
    -------
    uint8, uint8 (date, y, x)
        Levels as those of one date, `STORED` kept, `UNKNOWN` where no date sees the cell; kinds 1, 2, 3 everywhere.
    """
    dates = seen.shape[0]
    emission = np.ones((256, len(STATES)))
    emission[:SYMBOLS] = told.symbols.T**TEMPER
    flat = np.ascontiguousarray(seen.reshape(dates, -1))
    levels, kinds = _settle(flat, told.shares, emission, _transitions(), np.array(STEPS))
    return levels.reshape(seen.shape), kinds.reshape(seen.shape)


def _transitions() -> NDArray[np.float64]:
    moves = np.full((len(STATES),) * 2, TURN / 2)
    moves[0, 1:], moves[1:, 0] = BEGIN, END
    np.fill_diagonal(moves, 0.0)
    np.fill_diagonal(moves, 1.0 - moves.sum(1))
    return moves


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _forward(seen: Any, shares: Any, emission: Any, moves: Any, ahead: Any) -> None:
    for t in range(len(seen)):
        before = shares if t == 0 else ahead[t - 1] @ moves
        ahead[t] = before * emission[seen[t]]
        ahead[t] /= ahead[t].sum()


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _settle(seen: Any, shares: Any, emission: Any, moves: Any, steps: Any) -> Any:
    dates, cells = seen.shape
    states = len(shares)
    levels, kinds = np.empty((dates, cells), np.uint8), np.empty((dates, cells), np.uint8)
    ahead, back, both = np.empty((dates, states)), np.empty(states), np.empty(states)
    for cell in range(cells):
        _forward(seen[:, cell], shares, emission, moves, ahead)
        back[:] = 1.0
        anything = False
        for t in range(dates - 1, -1, -1):
            both[:] = ahead[t] * back
            both /= both.sum()
            kinds[t, cell] = 1 + np.argmax(both[1:])
            level = 0
            for step in steps:
                level += 1.0 - both[0] >= step
            symbol = seen[t, cell]
            levels[t, cell] = STORED if symbol == UNDER_BOX else level
            anything |= symbol != UNKNOWN
            back[:] = moves @ (emission[symbol] * back)
            back /= back.sum()
        if not anything:
            levels[:, cell] = UNKNOWN
    return levels, kinds
