"""Replaced, set on top or laid bare: where one stretch of presence at a place is more than one box.

Colours tell: each stretch is cut where a cost of colour about the segments' own colours, plus a price for every cut,
is least (optimal partitioning: Jackson et al. 2005, doi:10.1109/LSP.2001.838216). The price follows from how often
boxes change at this site.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.kernels.compare import linear_rgb, scaled_lab

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

COLOR_SD: Final = 2.0
"""Of one look about its box's own colour, in `scaled_lab`. On simulated sites the median distance of two looks is 1.3
where the box is the same, and 21 where it is not."""
MOST_COST: Final = 12.0
"""Of one look: shade and glare give any colour."""
CUT_PRICE: Final = 3.0
"""Of the colour that a cut adds, beside the price of how rare cuts are."""
FIRST_SHARE: Final = 0.03
SHARE_PRIOR: Final = 30.0
"""Prior share of the pairs of looks between which the box changes, and the pairs that it is worth."""
SHARE_ROUNDS: Final = 3
ALIKE: Final = 4.0
"""Distance of two colours within which nothing is searched."""
ALIKE_COST: Final = 3.5
CAST_ROWS, CAST_RANGE, CAST_ROUNDS, MOST_OFFSET = 12, 40.0, 4, 15.0
SHADE_TINT: Final = np.array([0.85, 1.0, 1.2])
"""Red, green and blue of the light in shade."""
SHADE_PART: Final = (0.08, 0.75)
"""Least and most of the light that comes there."""
SHADE_PRICE: Final = 1.5
SHADE_NOISE: Final = 2.0
ONE_SIDED, FEW = 3.0, 5.0
"""How many times as many boxes must come as go for a new top to be one set upon the old; and the other way round."""


class Stretches(NamedTuple):
    """Stretches of presence: ``place``, ``first`` and ``last`` date index (inclusive), each (n,); ``below`` (n,), the
    stretch that this one stands on top of and hides, -1 for none; ``bared`` (n,), True where it stood there unseen
    before its first date."""

    place: Ints
    first: Ints
    last: Ints
    below: Ints
    bared: Bools


class Surfaces(NamedTuple):
    """What rows show of their boxes: date index, ``rgb`` (n, 3) with NaN for no colour, whether that colour counts,
    ``tiers`` with NaN for unknown."""

    date: Ints
    rgb: Floats
    usable: Bools
    tiers: Floats


def whole(place: Ints, first: Ints, last: Ints) -> Stretches:
    """Stretches of one box each, as far as presence tells."""
    return Stretches(place, first, last, np.full(len(place), -1, np.int64), np.zeros(len(place), bool))


def split_stretches(
    stretches: Stretches, of_row: Ints, rows: Surfaces, comes: float, goes: float
) -> tuple[Stretches, Ints]:
    """Cut stretches where the top box is another one.

    Parameters
    ----------
    stretches : Stretches
        Of one box each, as far as presence tells.
    of_row : int64 (row,)
        The stretch of each row, -1 for none.
    rows : Surfaces
        In order of date within each stretch.
    comes, goes : float
        Boxes that came to empty spots of the site, and that left them empty. Where many more come than go, a new top
        stands upon the old one; where many more go, it was laid bare; else it replaced it.

    Returns
    -------
    stretches : Stretches
        Those given, in their order, ended where they were replaced, then those that begin in a cut.
    of_row : int64 (row,)
    """
    linear = level_colors(rows, of_row)
    suspects = _suspects(linear, rows, of_row, len(stretches.place))
    costs = {k: color_costs(linear[looks]) for k, looks in suspects}
    begins = _priced_cuts(costs, int((rows.usable & (of_row >= 0)).sum()))
    stacks, bares = comes > ONE_SIDED * (goes + FEW), goes > ONE_SIDED * (comes + FEW)
    last, label = stretches.last.copy(), of_row.copy()
    added: list[tuple[int, int, int, int, bool]] = []
    for k, looks in suspects:
        starts = begins[k]
        if len(starts) < 2:
            continue
        mine = np.flatnonzero(of_row == k)
        pile = pile_of(costs[k], starts, rows.tiers[looks], stacks)
        edges = np.array([*rows.date[looks[starts]], stretches.last[k] + 1])
        edges[0] = stretches.first[k]
        number = np.concatenate([[k], len(stretches.place) + len(added) + np.arange(len(pile.begin) - 1)])
        for box in range(1, len(pile.begin)):
            below = int(number[pile.below[box]]) if pile.below[box] >= 0 else -1
            begin, end = int(edges[pile.begin[box]]), int(edges[pile.end[box]])
            added.append((int(stretches.place[k]), begin, end - 1, below, bares))
        last[k] = edges[pile.end[0]] - 1
        label[mine] = number[pile.shown[np.searchsorted(edges[1:-1], rows.date[mine], "right")]]
    extra = np.array(added, np.int64).reshape(-1, 5).T
    joined = [np.concatenate(pair) for pair in zip(stretches._replace(last=last), extra, strict=True)]
    return Stretches(joined[0], joined[1], joined[2], joined[3], joined[4].astype(bool)), label


class Pile(NamedTuple):
    """The boxes of one stretch: ``shown`` (piece,), the box on top in each run of looks of one colour; ``begin`` and
    ``end`` (box,), its first piece and the first without it; ``below`` (box,), what it was set upon, -1 the ground."""

    shown: Ints
    begin: Ints
    end: Ints
    below: Ints


def pile_of(cost: Floats, starts: list[int], tiers: Floats, stacks: bool) -> Pile:
    """What each run of looks of one colour shows; a colour that returns is the old box, from under the one upon it.

    Parameters
    ----------
    cost : float64 (look, look)
        See `color_costs`.
    starts : list of int
        First look of each run.
    tiers : float64 (look,)
        NaN for unknown; a greater height is another box on top.
    stacks : bool
        Whether a new colour stands upon the old box where nothing else tells.
    """
    runs = [slice(a, b) for a, b in zip(starts, [*starts[1:], len(cost)], strict=True)]
    height = [_level(tiers[run]) for run in runs]

    def alike(first: int, second: int) -> bool:
        return float(np.median(cost[runs[second], runs[first]])) < ALIKE_COST

    shown, begin, end, below, standing = [0], [0], [len(starts)], [-1], [0]
    for k in range(1, len(starts)):
        hidden = [box for box in standing[:-1] if alike(begin[box], k)]
        returns = any(alike(k - 1, later) for later in range(k + 1, len(starts)))
        kept = standing.index(hidden[-1]) + 1 if hidden else len(standing)
        if not hidden and not (returns or stacks or height[k] > height[k - 1]):
            kept -= 1
        for box in standing[kept:]:
            end[box] = k
        standing = standing[:kept]
        if not hidden:
            below.append(standing[-1] if standing else -1)
            standing.append(len(begin))
            begin.append(k)
            end.append(len(starts))
        shown.append(standing[-1])
    return Pile(*(np.array(part, np.int64) for part in (shown, begin, end, below)))


def _level(tiers: Floats) -> float:
    known = tiers[np.isfinite(tiers)]
    return float(np.median(known)) if len(known) else 0.0


def level_colors(rows: Surfaces, of_row: Ints) -> Floats:
    """Linear colours (row, 3), 0 to 1, each date's own cast taken out; NaN where there is none."""
    rgb = np.clip(rows.rgb, 1.0, 255.0)
    used = np.flatnonzero((of_row >= 0) & rows.usable & np.isfinite(rgb).all(1))
    if len(used):
        usual = _usual(rgb[used], of_row[used])
        top, most = rgb[used].max(), np.full(3, np.inf)
        for t in np.unique(rows.date[used]):
            here = rows.date[used] == t
            for channel in range(3):
                gain, offset = _cast(usual[here, channel], rgb[used[here], channel])
                rgb[rows.date == t, channel] = (rgb[rows.date == t, channel] - offset) / gain
                most[channel] = min(most[channel], (top - offset) / gain)
        # White ends where the stretch ends: beyond what every date could show, colours do not differ.
        rgb = np.minimum(rgb, most)
    linear: Floats = linear_rgb(np.clip(rgb, 1.0, 255.0) / 255.0)
    return linear


def _usual(rgb: Floats, owner: Ints) -> Floats:
    """Median colour (row, 3) of each row's stretch."""
    columns = []
    for column in rgb.T:
        order = np.lexsort((column, owner))
        first = np.searchsorted(owner[order], owner)
        size = np.searchsorted(owner[order], owner, "right") - first
        columns.append((column[order][first + (size - 1) // 2] + column[order][first + size // 2]) / 2)
    return np.column_stack(columns)


def _cast(usual: Floats, shown: Floats) -> tuple[float, float]:
    """Gain and offset by which a date shows colours: a line through the most of its rows, a gain alone if they are few
    or all alike."""
    gain, offset = float(np.median(shown / usual)), 0.0
    for _ in range(CAST_ROUNDS):
        residual = np.abs(shown - offset - gain * usual)
        kept = residual <= 2.0 * np.median(residual)
        if kept.sum() < CAST_ROWS or np.ptp(usual[kept]) < CAST_RANGE:
            break
        # Most of a busy date's rows are other boxes than before: the line stays near the gain alone.
        slope, base = np.polyfit(usual[kept], shown[kept], 1)
        gain, offset = float(np.clip(slope, 0.7, 1.5)), float(np.clip(base, -MOST_OFFSET, MOST_OFFSET))
    return gain, offset


def color_costs(linear: Floats) -> Floats:
    """Cost (look, look) of the first as a look at a box of the second's colour.

    Half the squared distance in standard deviations, or that of the colour which the box has in shade, where less light
    comes and bluer, whichever is less; at most `MOST_COST`.
    """
    lab = scaled_lab(linear)
    plain = ((lab[:, None] - lab[None]) ** 2).sum(2) / (2 * COLOR_SD**2)
    part = np.median(linear[:, None] / (linear[None] * SHADE_TINT), axis=2)
    lit = np.clip(linear[:, None] / (part[:, :, None] * SHADE_TINT), 0.0, 1.0)
    brightened = scaled_lab(lit.reshape(-1, 3)).reshape(*part.shape, 3)
    shaded = ((brightened - lab[None]) ** 2).sum(2) / (2 * (SHADE_NOISE * COLOR_SD) ** 2) + SHADE_PRICE
    shaded = np.where((part > SHADE_PART[0]) & (part < SHADE_PART[1]), shaded, np.inf)
    cost: Floats = np.minimum(np.minimum(plain, shaded), MOST_COST)
    return cost


def _suspects(linear: Floats, rows: Surfaces, of_row: Ints, count: int) -> list[tuple[int, Ints]]:
    """Stretches whose usable looks differ in colour enough to be worth a search, each with those rows."""
    used = np.flatnonzero((of_row >= 0) & rows.usable & np.isfinite(linear).all(1))
    owner, lab = of_row[used], scaled_lab(linear[used])
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    np.minimum.at(low, owner, lab)
    np.maximum.at(high, owner, lab)
    wide = np.linalg.norm(np.where(high >= low, high - low, 0.0), axis=1) > ALIKE
    chosen = used[wide[owner]]
    order = chosen[np.lexsort((rows.date[chosen], of_row[chosen]))]
    groups = np.split(order, np.flatnonzero(np.diff(of_row[order])) + 1) if len(order) else []
    return [(int(of_row[group[0]]), group) for group in groups]


def _priced_cuts(costs: dict[int, Floats], looks: int) -> dict[int, list[int]]:
    """First looks of each suspect's segments, at the price of a cut that the site's own share of cuts gives."""
    share = FIRST_SHARE
    tables = {k: _segment_costs(cost) for k, cost in costs.items()}
    begins: dict[int, list[int]] = {}
    for _ in range(SHARE_ROUNDS):
        price = CUT_PRICE + float(np.log((1 - share) / share))
        begins = {k: cut_points(table, price) for k, table in tables.items()}
        cuts = sum(len(found) - 1 for found in begins.values())
        share = min((cuts + FIRST_SHARE * SHARE_PRIOR) / (looks + SHARE_PRIOR), 0.5)
    return begins


def _segment_costs(cost: Floats) -> Floats:
    """Cost (look, end) of the looks from one to before another as one box, of the colour of the look that fits best;
    infinite where there is none."""
    n = len(cost)
    table = np.full((n, n + 1), np.inf)
    summed = np.vstack([np.zeros(n), np.cumsum(cost, axis=0)])
    for a in range(n):
        for b in range(a + 1, n + 1):
            table[a, b] = (summed[b, a:b] - summed[a, a:b]).min()
    return table


def cut_points(table: Floats, price: float) -> list[int]:
    """Where the segments of the cheapest partition begin.

    Parameters
    ----------
    table : float64 (look, look + 1)
        Cost of each run of looks, first and end (exclusive).
    price : float
        Of each cut.
    """
    n = len(table)
    best, came = np.zeros(n + 1), np.zeros(n + 1, np.int64)
    for end in range(1, n + 1):
        total = best[:end] + table[:end, end] + price * (np.arange(end) > 0)
        came[end] = int(total.argmin())
        best[end] = total[came[end]]
    starts, end = [], n
    while end > 0:
        end = int(came[end])
        starts.append(end)
    return starts[::-1]
