"""Where two boxes explain the colours of a series of looks at one place at less cost than one box does.

Each series is cut where a cost of colours about the segments' own colours, plus a price for every cut, is least
(optimal partitioning: Jackson et al. 2005, doi:10.1109/LSP.2001.838216).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints, Singles
from changedet.kernels.colour import XYZ, scaled_lab
from changedet.kernels.compiled import compiled
from changedet.stages.tracks.kernels.colour_light import rim_apart, shade_apart, squared_distance

COLOR_SD: Final = 1.5
"""Least standard deviation of one look about its box's own colour, in `scaled_lab`: the tails are long. On simulated
sites the median distance of two looks is 1.3 where the box is the same, and 21 where it is not."""
MOST_COST: Final = 12.0
"""Of one look: shade and glare give any colour. Chosen by hand."""
SHADE_TINT: Final = (0.85, 1.0, 1.2)
"""Red, green and blue of the light in shade, as measured on rows behind a building of a simulated site."""
SHADE_PRICE: Final = 1.5
"""Cost of explaining a look by shade where nothing else shows it. Chosen by hand."""
SHADE_NOISE: Final = 2.5
"""Times `COLOR_SD`: the scatter of colours in shade and at the rims of clouds. Chosen by hand."""


class ColourSeries(NamedTuple):
    """Costs of the colours of looks at several places, place after place, in order of date.

    Each look at a place costs, as a look at a box of another look's colour, half the squared distance in standard
    deviations, or that of the colour which the box has in shade, where less light comes and bluer, whichever is less.
    Where just one of the looks is known to lie in deep shade, that one is the darker, and pays nothing for it; colours
    of two such looks scatter as colours in shade do.

    Attributes
    ----------
    begin : int64 (place + 1,)
        First look of each place, and the number of looks.
    table : int64 (place + 1,)
        Where each place's square table of costs begins in ``costs``.
    costs : float32 (sum of squares,)
        Of a look (row) at a box of the other's colour (column), 0 to `MOST_COST`.
    """

    begin: Ints
    table: Ints
    costs: Singles

    @classmethod
    def of(
        cls, linear: Floats, shaded: Bools, begin: Ints, color_sd: float = COLOR_SD, rim: Bools | None = None
    ) -> ColourSeries:
        """Costs from colours.

        Parameters
        ----------
        linear : float64 (look, 3)
            Linear light of all places' looks, 0 to 1.
        shaded : bool (look,)
            True where the look lay in deep shade.
        begin : int64 (place + 1,)
            First look of each place, and the number of looks.
        color_sd : float
            Standard deviation of one look about its box's own colour, in `scaled_lab`.
        rim : bool (look,), optional
            True where clouds may have lightened or dimmed the look; by default none did.

        Returns
        -------
        ColourSeries
            With the costs of each pair of looks at one place.
        """
        table = np.concatenate([[0], np.cumsum(np.diff(begin) ** 2)]).astype(np.int64)
        costs = np.empty(int(table[-1]), np.float32)
        constants = np.array([color_sd, SHADE_NOISE * color_sd, SHADE_PRICE, MOST_COST])
        dimmed = np.zeros(len(linear), np.bool_) if rim is None else rim
        _fill_costs(
            linear, scaled_lab(linear), shaded, dimmed, begin, table, np.array(SHADE_TINT), XYZ, constants, costs
        )
        return cls(begin, table, costs)

    def costs_of(self, place: int) -> Singles:
        """The costs of one place.

        Parameters
        ----------
        place : int
            Its index.

        Returns
        -------
        float32 (look, look)
            As of `costs`.
        """
        n = int(self.begin[place + 1] - self.begin[place])
        return self.costs[self.table[place] : self.table[place + 1]].reshape(n, n)

    def pairs(self) -> tuple[Ints, Ints]:
        """Looks of each of the costs.

        Returns
        -------
        first, second : int64 (sum of squares,)
            Of the look and of that whose colour it is measured by.
        """
        size = np.diff(self.begin)
        own = np.arange(int(self.table[-1])) - np.repeat(self.table[:-1], size**2)
        edge, start = np.repeat(size, size**2), np.repeat(self.begin[:-1], size**2)
        return start + own // np.maximum(edge, 1), start + own % np.maximum(edge, 1)

    def steps(self) -> Floats:
        """Cost of each look beside the one before it.

        Returns
        -------
        float64 (look,)
            At a box of the other's colour, either way round, the lesser; 0 for the first look of each place.
        """
        size = np.diff(self.begin)
        looks, number = np.repeat(size, size), np.arange(int(self.begin[-1])) - np.repeat(self.begin[:-1], size)
        own = np.repeat(self.table[:-1], size) + number * (looks + 1)
        later = number > 0
        cost = np.zeros(len(own))
        cost[later] = np.minimum(self.costs[own[later] - 1], self.costs[own[later] - looks[later]])
        return cost

    def changepoints(self, price: Floats) -> Bools:
        """Which looks begin a segment of the cheapest partition of their place.

        Parameters
        ----------
        price : float64 (look,)
            Of a cut before each look.

        Returns
        -------
        bool (look,)
            True for the first look of each place, and for the first after each cut.
        """
        starts = np.zeros(int(self.begin[-1]), np.bool_)
        most = int(np.diff(self.begin).max(initial=0))
        work = np.zeros((most + 1, most)), np.zeros(most + 1), np.zeros(most + 1, np.int64)
        _cut_places(self.costs, self.begin, self.table, price, *work, starts)
        return starts


def pair_costs(linear: Floats, shaded: Bools, rim: Bools, first: Ints, second: Ints) -> Floats:
    """Cost of pairs of looks as looks at one box, however great.

    Parameters
    ----------
    linear : float64 (look, 3)
        Linear light, 0 to 1.
    shaded : bool (look,)
        True where the look lay in deep shade.
    rim : bool (look,)
        True where clouds may have lightened or dimmed the look.
    first, second : int64 (pair,)
        Looks.

    Returns
    -------
    float64 (pair,)
        As of `ColourSeries`, without its `MOST_COST`, the lesser of both ways round.
    """
    constants = np.array([COLOR_SD, SHADE_NOISE * COLOR_SD, SHADE_PRICE, np.inf])
    out = np.empty(len(first))
    _fill_pairs(linear, scaled_lab(linear), shaded, rim, first, second, np.array(SHADE_TINT), XYZ, constants, out)
    return out


@compiled
def _fill_costs(
    linear: Floats,
    lab: Floats,
    shaded: Bools,
    rim: Bools,
    begin: Ints,
    table: Ints,
    tint: Floats,
    xyz: Floats,
    constants: Floats,
    out: Singles,
) -> None:
    for place in range(len(begin) - 1):
        first, n = begin[place], begin[place + 1] - begin[place]
        for i in range(n):
            for j in range(n):
                cost = _cost(linear, lab, shaded, rim, first + i, first + j, tint, xyz, constants)
                out[table[place] + i * n + j] = cost


@compiled
def _fill_pairs(
    linear: Floats,
    lab: Floats,
    shaded: Bools,
    rim: Bools,
    first: Ints,
    second: Ints,
    tint: Floats,
    xyz: Floats,
    constants: Floats,
    out: Floats,
) -> None:
    for k in range(len(first)):
        ahead = _cost(linear, lab, shaded, rim, first[k], second[k], tint, xyz, constants)
        out[k] = min(ahead, _cost(linear, lab, shaded, rim, second[k], first[k], tint, xyz, constants))


@compiled
def _cost(
    linear: Floats, lab: Floats, shaded: Bools, rim: Bools, a: int, b: int, tint: Floats, xyz: Floats, constants: Floats
) -> float:
    """Cost of one look at a box of another's colour."""
    color_sd, shade_sd, shade_price, most = constants
    plain_sd = shade_sd if shaded[a] and shaded[b] else color_sd
    cost = squared_distance(lab[a], lab[b]) / (2 * plain_sd**2)
    dark, lit = (b, a) if shaded[b] and not shaded[a] else (a, b)
    apart = shade_apart(linear[dark], linear[lit], lab[lit], tint, xyz) / (2 * shade_sd**2)
    cost = min(cost, apart if shaded[a] != shaded[b] else apart + shade_price)
    if rim[a] or rim[b]:
        under, open_ = (a, b) if rim[a] else (b, a)
        cost = min(cost, rim_apart(linear[under], linear[open_], lab[under], xyz) / (2 * shade_sd**2))
    return float(min(cost, most))


@compiled
def _segment_cost(summed: Floats, begin: int, end: int) -> float:
    """Cost of the looks of a segment about the one among them whose colour suits them best."""
    cost = np.inf
    for c in range(begin, end):
        cost = min(cost, summed[end, c] - summed[begin, c])
    return cost


@compiled
def _cut_places(
    costs: Singles, begin: Ints, table: Ints, price: Floats, summed: Floats, best: Floats, came: Ints, starts: Bools
) -> None:
    for place in range(len(begin) - 1):
        first, n = begin[place], begin[place + 1] - begin[place]
        for i in range(n):
            for j in range(n):
                summed[i + 1, j] = summed[i, j] + costs[table[place] + i * n + j]
        for end in range(1, n + 1):
            best[end] = np.inf
            for a in range(end):
                total = best[a] + _segment_cost(summed, a, end) + (price[first + a] if a > 0 else 0.0)
                if total < best[end]:
                    best[end], came[end] = total, a
        end = n
        while end > 0:
            end = came[end]
            starts[first + end] = True
