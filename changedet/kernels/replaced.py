"""Replaced, set on top or laid bare: where one stretch of presence at a place is more than one box.

Colours tell, see `changedet.kernels.cuts`. The price of a cut follows from how often boxes change at this site.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.kernels.compare import linear_rgb, scaled_lab
from changedet.kernels.cuts import Looks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

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
    used = _suspects(linear, rows, of_row, len(stretches.place))
    owner, begin = np.unique(of_row[used], return_index=True)
    looks = Looks.of(linear[used], np.append(begin, len(used)))
    starts = _priced_cuts(looks, int((rows.usable & (of_row >= 0)).sum()))
    stacks, bares = comes > ONE_SIDED * (goes + FEW), goes > ONE_SIDED * (comes + FEW)
    last, label = stretches.last.copy(), of_row.copy()
    by_stretch = np.argsort(of_row, kind="stable")
    bounds = np.searchsorted(of_row[by_stretch], np.arange(len(stretches.place) + 1))
    added: list[tuple[int, int, int, int, bool]] = []
    for place in np.flatnonzero(np.add.reduceat(starts, looks.begin[:-1]) > 1) if len(used) else ():
        k, own = owner[place], slice(looks.begin[place], looks.begin[place + 1])
        cuts = [int(start) for start in np.flatnonzero(starts[own])]
        mine = by_stretch[bounds[k] : bounds[k + 1]]
        pile = pile_of(looks.costs_of(int(place)), cuts, rows.tiers[used[own]], stacks)
        edges = np.array([*rows.date[used[own][cuts]], stretches.last[k] + 1])
        edges[0] = stretches.first[k]
        number = np.concatenate([[k], len(stretches.place) + len(added) + np.arange(len(pile.begin) - 1)])
        for box in range(1, len(pile.begin)):
            below = int(number[pile.below[box]]) if pile.below[box] >= 0 else -1
            opened, closed = int(edges[pile.begin[box]]), int(edges[pile.end[box]])
            added.append((int(stretches.place[k]), opened, closed - 1, below, bares))
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


def pile_of(cost: NDArray[np.float32], starts: list[int], tiers: Floats, stacks: bool) -> Pile:
    """What each run of looks of one colour shows; a colour that returns is the old box, from under the one upon it.

    Parameters
    ----------
    cost : float32 (look, look)
        See `changedet.kernels.cuts.color_costs`.
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


def _suspects(linear: Floats, rows: Surfaces, of_row: Ints, count: int) -> Ints:
    """Rows of the stretches whose usable looks differ in colour enough to be worth a search, by stretch and date."""
    used = np.flatnonzero((of_row >= 0) & rows.usable & np.isfinite(linear).all(1))
    owner, lab = of_row[used], scaled_lab(linear[used])
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    np.minimum.at(low, owner, lab)
    np.maximum.at(high, owner, lab)
    wide = np.linalg.norm(np.where(high >= low, high - low, 0.0), axis=1) > ALIKE
    chosen: Ints = used[wide[owner]]
    result: Ints = chosen[np.lexsort((rows.date[chosen], of_row[chosen]))]
    return result


def _priced_cuts(looks: Looks, usable: int) -> Bools:
    """Which looks (look,) begin a segment, at the price of a cut that the site's own share of cuts gives."""
    share, starts = FIRST_SHARE, np.zeros(0, bool)
    for _ in range(SHARE_ROUNDS):
        starts = looks.cut(CUT_PRICE + float(np.log((1 - share) / share)))
        cuts = int(starts.sum()) - (len(looks.begin) - 1)
        share = min((cuts + FIRST_SHARE * SHARE_PRIOR) / (usable + SHARE_PRIOR), 0.5)
    return starts
