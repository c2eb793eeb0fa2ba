"""Where the colours of a series of looks at one place are cheaper told by two boxes than by one.

Each series is cut where a cost of colour about the segments' own colours, plus a price for every cut, is least (optimal
partitioning: Jackson et al. 2005, doi:10.1109/LSP.2001.838216).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Floats, Ints, Singles
from changedet.kernels.colour import CIE_LINEAR, CIE_OFFSET, CIE_SLOPE, LIGHTNESS_WEIGHT, XYZ, scaled_lab

COLOR_SD: Final = 1.5
"""Least standard deviation of one look about its box's own colour, in `scaled_lab`: the tails are long. On simulated
sites the median distance of two looks is 1.3 where the box is the same, and 21 where it is not."""
MOST_COST: Final = 12.0
"""Of one look: shade and glare give any colour."""
SHADE_TINT: Final = (0.85, 1.0, 1.2)
"""Red, green and blue of the light in shade."""
SHADE_PART: Final = (0.08, 0.75)
"""Least and most of the light that comes there."""
SHADE_PRICE: Final = 1.5
SHADE_NOISE: Final = 2.5


class ColourSeries(NamedTuple):
    """ColourSeries of several places, place after place, in order of date.

    Attributes
    ----------
    begin : int64 (place + 1,)
        First look of each place, and the number of looks.
    table : int64 (place + 1,)
        Where each place's square table of costs begins in ``costs``.
    costs : float32 (sum of squares,)
        See `colour_costs`.
    """

    begin: Ints
    table: Ints
    costs: Singles

    @classmethod
    def of(cls, linear: Floats, shaded: Bools, begin: Ints, color_sd: float = COLOR_SD) -> ColourSeries:
        """From the linear colours (look, 3), 0 to 1, of all places, whether each lay in deep shade (look,), and the
        standard deviation of one look about its box's own colour, in `scaled_lab`."""
        table = np.concatenate([[0], np.cumsum(np.diff(begin) ** 2)]).astype(np.int64)
        costs = np.empty(int(table[-1]), np.float32)
        constants = np.array([color_sd, SHADE_NOISE * color_sd, SHADE_PRICE, MOST_COST])
        _fill_costs(linear, scaled_lab(linear), shaded, begin, table, np.array(SHADE_TINT), XYZ, constants, costs)
        return cls(begin, table, costs)

    def costs_of(self, place: int) -> Singles:
        """The costs (look, look) of a place."""
        n = int(self.begin[place + 1] - self.begin[place])
        return self.costs[self.table[place] : self.table[place + 1]].reshape(n, n)

    def changepoints(self, price: Floats) -> Bools:
        """Which looks (look,) begin a segment of the cheapest partition of their place, at the price (look,) of a cut
        before each."""
        starts = np.zeros(int(self.begin[-1]), np.bool_)
        _cut_places(self.costs, self.begin, self.table, price, starts)
        return starts


def colour_costs(linear: Floats, shaded: Bools | None = None) -> Singles:
    """Cost (look, look) of the first as a look at a box of the second's colour, for the looks at one place.

    Half the squared distance in standard deviations, or that of the colour which the box has in shade, where less light
    comes and bluer, whichever is less; at most `MOST_COST`. Where just one of the looks is known to lie in deep shade,
    that one is the darker, and pays nothing for it; colours of two such looks scatter as colours in shade do.
    """
    dark = np.zeros(len(linear), bool) if shaded is None else shaded
    return ColourSeries.of(linear, dark, np.array([0, len(linear)])).costs_of(0)


def changepoints(costs: NDArray[np.floating[Any]], price: float) -> list[int]:
    """First looks of the segments of the cheapest partition of one place, see `ColourSeries.cut`.

    Parameters
    ----------
    costs : (look, look)
        Cost of a look (row) in a segment whose colour is another's (column).
    price : float
        Of each cut.
    """
    n = len(costs)
    looks = ColourSeries(np.array([0, n]), np.array([0, n * n]), np.asarray(costs, np.float32).ravel())
    return [int(start) for start in np.flatnonzero(looks.changepoints(np.full(n, price)))]


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _fill_costs(
    linear: Any, lab: Any, shaded: Any, begin: Any, table: Any, tint: Any, xyz: Any, constants: Any, out: Any
) -> None:
    color_sd, shade_sd, shade_price, most = constants
    for place in range(len(begin) - 1):
        first, n = begin[place], begin[place + 1] - begin[place]
        for i in range(n):
            for j in range(n):
                a, b = first + i, first + j
                plain_sd = shade_sd if shaded[a] and shaded[b] else color_sd
                cost = _squared(lab[a], lab[b]) / (2 * plain_sd**2)
                dark, lit = (b, a) if shaded[b] and not shaded[a] else (a, b)
                apart = _shade_apart(linear[dark], linear[lit], lab[lit], tint, xyz) / (2 * shade_sd**2)
                cost = min(cost, apart if shaded[a] != shaded[b] else apart + shade_price)
                out[table[place] + i * n + j] = min(cost, most)


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _shade_apart(dark: Any, lit: Any, lit_lab: Any, tint: Any, xyz: Any) -> float:
    """Squared distance of a colour, were it lit as the other is; infinite where shade cannot be why it is darker."""
    part, bright = np.empty(3), np.empty(3)
    for c in range(3):
        part[c] = dark[c] / (lit[c] * tint[c])
    share = max(min(part[0], part[1]), min(max(part[0], part[1]), part[2]))
    if not SHADE_PART[0] < share < SHADE_PART[1]:
        return np.inf
    for c in range(3):
        bright[c] = min(max(dark[c] / (share * tint[c]), 0.0), 1.0)
    return float(_squared(_lab(bright, xyz), lit_lab))


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _squared(first: Any, second: Any) -> float:
    return float((first[0] - second[0]) ** 2 + (first[1] - second[1]) ** 2 + (first[2] - second[2]) ** 2)


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _lab(linear: Any, xyz: Any) -> tuple[float, float, float]:
    """As `changedet.kernels.compare.scaled_lab`, of one colour."""
    bent = np.empty(3)
    for k in range(3):
        value = xyz[k, 0] * linear[0] + xyz[k, 1] * linear[1] + xyz[k, 2] * linear[2]
        bent[k] = np.cbrt(value) if value > CIE_LINEAR else CIE_SLOPE * value + CIE_OFFSET
    return LIGHTNESS_WEIGHT * (116.0 * bent[1] - 16.0), 500.0 * (bent[0] - bent[1]), 200.0 * (bent[1] - bent[2])


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _cut_places(costs: Any, begin: Any, table: Any, price: Any, starts: Any) -> None:
    for place in range(len(begin) - 1):
        first, n = begin[place], begin[place + 1] - begin[place]
        summed = np.zeros((n + 1, n))
        for i in range(n):
            for j in range(n):
                summed[i + 1, j] = summed[i, j] + costs[table[place] + i * n + j]
        best, came = np.zeros(n + 1), np.zeros(n + 1, np.int64)
        for end in range(1, n + 1):
            best[end] = np.inf
            for a in range(end):
                segment = np.inf
                for c in range(a, end):
                    segment = min(segment, summed[end, c] - summed[a, c])
                total = best[a] + segment + (price[first + a] if a > 0 else 0.0)
                if total < best[end]:
                    best[end], came[end] = total, a
        end = n
        while end > 0:
            end = came[end]
            starts[first + end] = True
