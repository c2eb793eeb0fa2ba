"""One-to-one assignment of rows to columns by cost: greedy, or at the least total cost."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats, Ints

FORBIDDEN_COST: Final = 1e9
"""Of a pair that is not allowed: finite, as the solver needs it, and above all sums of costs."""


def greedy_assign(i: Ints, j: Ints, cost: Floats, count: int) -> Ints:
    """Greedy one-to-one assignment, cheapest pairs first; ties go to the lower indices.

    Takes at once all pairs that are the cheapest of both their sides, which gives what taking them one by one gives.

    Parameters
    ----------
    i, j : int64 (m,)
        Row and column of each allowed pair.
    cost : float64 (m,)
        Of each pair.
    count : int
        Number of rows.

    Returns
    -------
    int64 (count,)
        The column of each row; -1 for none.
    """
    result = np.full(count, -1, np.int64)
    order = np.lexsort((j, i, cost))
    i, j = i[order], j[order]
    while len(i):
        first_i, first_j = np.zeros(len(i), bool), np.zeros(len(i), bool)
        first_i[np.unique(i, return_index=True)[1]] = True
        first_j[np.unique(j, return_index=True)[1]] = True
        best = first_i & first_j
        result[i[best]] = j[best]
        rest = ~(np.isin(i, i[best]) | np.isin(j, j[best]))
        i, j = i[rest], j[rest]
    return result


def optimal_assign(i: Ints, j: Ints, cost: Floats, count: int, skip: float) -> Ints:
    """One-to-one assignment of the least total cost (Kuhn 1955, doi:10.1002/nav.3800020109).

    Parameters
    ----------
    i, j : int64 (m,)
        Row and column of each allowed pair.
    cost : float64 (m,)
        Of each pair.
    count : int
        Number of rows.
    skip : float
        Cost of leaving a row unassigned.

    Returns
    -------
    int64 (count,)
        The column of each row; -1 for none.

    Notes
    -----
    Solved for each connected group of pairs by itself, so that a wide site costs no more than its densest block.
    """
    # Imported here, as they take a while to load and not every run needs it.
    from scipy.optimize import linear_sum_assignment
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    result = np.full(count, -1, np.int64)
    if not len(i):
        return result
    columns = int(j.max()) + 1
    graph = coo_matrix((np.ones(len(i)), (i, j + count)), shape=(count + columns, count + columns))
    group = connected_components(graph, directed=False)[1][i]
    order = np.argsort(group, kind="stable")
    for pairs in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        rows, r = np.unique(i[pairs], return_inverse=True)
        cols, c = np.unique(j[pairs], return_inverse=True)
        table = np.full((len(rows), len(cols) + len(rows)), skip, np.float64)
        table[:, : len(cols)] = FORBIDDEN_COST
        table[r, c] = cost[pairs]
        row, column = linear_sum_assignment(table)
        real = (column < len(cols)) & (table[row, column] < skip)
        result[rows[row[real]]] = cols[column[real]]
    return result
