"""Pixels of a choice in each row of an area, without an array of those that are in both."""

from __future__ import annotations

import numpy as np

from changedet.arrays import Bools, Ints
from changedet.kernels.compiled import compiled


@compiled
def count_rows(chosen: Bools, within: Bools) -> Ints:
    """Count the chosen pixels of each row that lie in an area.

    Parameters
    ----------
    chosen, within : bool (y, x)

    Returns
    -------
    int64 (y,)
        Pixels that are in both.
    """
    out = np.zeros(chosen.shape[0], np.int64)
    for y in range(chosen.shape[0]):
        line, area = chosen[y], within[y]
        count = 0
        for x in range(line.size):
            count += line[x] & area[x]
        out[y] = count
    return out
