"""One-to-one assignment of rows to columns by cost."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from changedet.arrays import Floats, Ints


def greedy_assign(i: Ints, j: Ints, cost: Floats, count: int) -> Ints:
    """Greedy one-to-one assignment: ``j`` for each of ``count`` rows, -1 for none; ties go to the lower indices.

    Takes at once all pairs that are the cheapest of both their sides, which gives what taking them one by one gives.
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
    """Least-cost one-to-one assignment (Kuhn 1955, doi:10.1002/nav.3800020109): ``j`` for each of ``count`` rows, -1
    for none.

    Parameters
    ----------
    i, j, cost : arrays (m,)
        The allowed pairs.
    count : int
        Number of rows.
    skip : float
        Cost of leaving a row unassigned.

    Notes
    -----
    Solved for each connected group of pairs by itself, so that a wide site costs no more than its densest block.
    """
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
        table[:, : len(cols)] = 1e9
        table[r, c] = cost[pairs]
        row, column = linear_sum_assignment(table)
        real = (column < len(cols)) & (table[row, column] < skip)
        result[rows[row[real]]] = cols[column[real]]
    return result
