"""Replaced, set on top or laid bare: where one stretch of presence at a place is more than one box.

Colours tell, see `changedet.kernels.cuts`. The price of a cut follows from how often boxes change at this site.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.kernels.colour import linear_rgb, scaled_lab
from changedet.stages.tracks.kernels.colour_changepoints import COLOR_SD, Looks
from changedet.stages.tracks.kernels.gaps import parted, spoken_for
from changedet.stages.tracks.kernels.stacking import Pile, height_steps, new_tops, pile_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Flow = tuple[float, float, float]
"""Boxes that come to empty spots of the site, that leave them empty, and the share of looks at which tops change."""

CUT_PRICE: Final = 3.0
"""Of the colour that a cut adds, beside the price of how rare cuts are."""
LEAST_PRICE: Final = 1.0
FIRST_SHARE: Final = 0.03
SHARE_PRIOR: Final = 30.0
"""Prior share of the pairs of looks between which the box changes, and the pairs that it is worth."""
SHARE_ROUNDS: Final = 3
ALIKE: Final = 4.0
"""Distance of two colours within which nothing is searched."""
LEAST_PAIRS: Final = 100
OF_TENTH: Final = 2.25
"""Standard deviation over the distance within which a tenth of the pairs lies: .93 for a normal distribution."""
MOST_SD: Final = 3.5
CAST_PASSES, CAST_REACHES = 6, (8.0, 4.0, 2.0, 2.0)
CAST_NOISE, DARK = 0.1, 0.05
"""Of one look's linear light, relative to it and a dark surface's."""
GAINS, GAIN_SD = (0.25, 4.0), 0.3
OFFSET_SD, MOST_OFFSET = 0.02, 0.1
LEAST_LIGHT = 3e-4


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
    whether they lay in deep shade, ``tiers`` with NaN for unknown; ``offset`` (n, 2), where they lie about one spot of
    their place, and ``lean`` (n, 2), how far the look moves the top of one box more, in metres."""

    date: Ints
    rgb: Floats
    usable: Bools
    shaded: Bools
    tiers: Floats
    offset: Floats
    lean: Floats


def whole(place: Ints, first: Ints, last: Ints) -> Stretches:
    """Stretches of one box each, as far as presence tells."""
    return Stretches(place, first, last, np.full(len(place), -1, np.int64), np.zeros(len(place), bool))


def split_stretches(
    stretches: Stretches, of_row: Ints, rows: Surfaces, evidence: Floats, comes: float, goes: float
) -> tuple[Stretches, Ints, Floats]:
    """Cut stretches where the top box is another one.

    Parameters
    ----------
    stretches : Stretches
        Of one box each, as far as presence tells.
    of_row : int64 (row,)
        The stretch of each row, -1 for none.
    rows : Surfaces
        In order of date within each stretch.
    evidence : float64 (place, date)
        Log-likelihood of what the date shows were the place full, less that were it empty.
    comes, goes : float
        Boxes that came to empty spots of the site, and that left them empty. Where more come than go, a new top
        rather stands upon the old one; where more go, it was rather laid bare.

    Returns
    -------
    stretches : Stretches
        Those given, in their order, ended where they were replaced, then those that begin in a cut.
    of_row : int64 (row,)
    most : float64 (place, date)
        Greatest probability that a box stands there: below 1 where colours tell that the spot was empty between two.
    """
    linear = level_colors(rows, of_row)
    color_sd = _color_sd(linear, rows, of_row)
    looks, used = _looks_of(linear, rows, of_row, color_sd, len(stretches.place))
    spared = spoken_for(stretches.place[of_row[used]], rows.date[used], looks.begin, evidence)
    starts, share = _priced_cuts(looks, int((rows.usable & (of_row >= 0)).sum()), spared)
    cut = np.flatnonzero(starts & ~np.isin(np.arange(len(starts)), looks.begin))
    place, first, last, of_row, most = parted(
        *stretches[:3], of_row, rows.date, (used[cut - 1], used[cut]), evidence, share
    )
    looks, used = _looks_of(linear, rows, of_row, color_sd, len(place))
    starts = looks.cut(np.full(len(used), _price(share)))
    return *_piled(whole(place, first, last), of_row, rows, looks, used, starts, (comes, goes, share)), most


def _piled(
    stretches: Stretches, of_row: Ints, rows: Surfaces, looks: Looks, used: Ints, starts: Bools, flow: Flow
) -> tuple[Stretches, Ints]:
    """Stretches and the stretch of each row (row,), cut before the looks ``starts`` (look,) at the rows ``used``."""
    owner = of_row[used[looks.begin[:-1]]]
    last, label = stretches.last.copy(), of_row.copy()
    by_stretch = np.argsort(of_row, kind="stable")
    bounds = np.searchsorted(of_row[by_stretch], np.arange(len(stretches.place) + 1))
    added: list[tuple[int, int, int, int, bool]] = []
    for place in np.flatnonzero(np.add.reduceat(starts, looks.begin[:-1]) > 1) if len(used) else ():
        k, own = owner[place], used[looks.begin[place] : looks.begin[place + 1]]
        cuts = [int(start) for start in np.flatnonzero(starts[looks.begin[place] : looks.begin[place + 1]])]
        mine = by_stretch[bounds[k] : bounds[k + 1]]
        pile = _pile(rows, own, cuts, looks.costs_of(int(place)), flow)
        edges = np.array([*rows.date[own[cuts]], stretches.last[k] + 1])
        edges[0] = stretches.first[k]
        number = np.concatenate([[k], len(stretches.place) + len(added) + np.arange(len(pile.begin) - 1)])
        for box in range(1, len(pile.begin)):
            below = int(number[pile.below[box]]) if pile.below[box] >= 0 else -1
            opened, closed = int(edges[pile.begin[box]]), int(edges[pile.end[box]])
            added.append((int(stretches.place[k]), opened, closed - 1, below, bool(pile.bared[box])))
        last[k] = edges[pile.end[0]] - 1
        label[mine] = number[pile.shown[np.searchsorted(edges[1:-1], rows.date[mine], "right")]]
    extra = np.array(added, np.int64).reshape(-1, 5).T
    joined = [np.concatenate(pair) for pair in zip(stretches._replace(last=last), extra, strict=True)]
    return Stretches(joined[0], joined[1], joined[2], joined[3], joined[4].astype(bool)), label


def _pile(rows: Surfaces, own: Ints, cuts: list[int], costs: NDArray[np.float32], flow: Flow) -> Pile:
    """The boxes of one stretch whose looks are the rows ``own``, cut at the looks ``cuts``."""
    run = np.zeros(len(own), np.int64)
    run[cuts[1:]] = 1
    run = np.cumsum(run)
    step, error = height_steps(rows.offset[own], rows.lean[own], run)
    tiers = np.array([_level(rows.tiers[own[run == r]]) for r in range(len(cuts))])
    return pile_of(costs, cuts, new_tops(step, error, np.diff(tiers), *flow))


def _level(tiers: Floats) -> float:
    known = tiers[np.isfinite(tiers)]
    return float(np.median(known)) if len(known) else float("nan")


def level_colors(rows: Surfaces, of_row: Ints) -> Floats:
    """Linear colours (row, 3), 0 to 1, each date's own cast taken out; NaN where there is none.

    A date is shown between its own dark and bright ends, which clouds and snow move: a line of linear light, whose
    gain and offset come from the boxes that other dates show, too.
    """
    linear = linear_rgb(np.clip(rows.rgb, 1.0, 255.0) / 255.0)
    used = np.flatnonzero((of_row >= 0) & rows.usable & ~rows.shaded & np.isfinite(linear).all(1))
    used = used[np.lexsort((rows.date[used], of_row[used]))]
    if not len(used):
        return linear
    follows = np.flatnonzero(np.diff(of_row[used]) == 0)
    first, second = used[np.concatenate([follows, follows + 1])], used[np.concatenate([follows + 1, follows])]
    shown, top, most = linear.copy(), linear[used].max(), np.full(3, np.inf)
    known = rows.date[first] > rows.date[second]
    for number in range(CAST_PASSES):
        most[:] = np.inf
        for t in np.unique(rows.date[used]):
            # At first a date is only told by those before it, which have been levelled.
            here = (rows.date[first] == t) & (known | (number > 0))
            gain, offset = _cast(linear[second[here]], shown[first[here]])
            mine = rows.date == t
            linear[mine] = (shown[mine] - offset) / gain
            most = np.minimum(most, (top - offset) / gain)
    # White ends where the stretch ends: beyond what every date could show, colours do not differ.
    levelled: Floats = np.clip(np.minimum(linear, most), LEAST_LIGHT, 1.0)
    return levelled


def _cast(usual: Floats, shown: Floats) -> tuple[Floats, Floats]:
    """Gains (3,) and offsets (3,) of linear light with which a date shows the colours (row, 3) that the looks before
    and after show: a line through those rows whose box is the same, nought and one unless they say otherwise."""
    if not len(usual):
        return np.ones(3), np.zeros(3)
    scale = CAST_NOISE * (usual + DARK)
    start = np.median((shown + DARK) / (usual + DARK), axis=0)
    gain, offset = start, np.zeros(3)
    for reach in CAST_REACHES:
        apart = (((shown - offset - gain * usual) / scale) ** 2).sum(1)
        weight = 1.0 / (1.0 + apart / reach**2) ** 2
        for c in range(3):
            design = np.column_stack([usual[:, c], np.ones(len(usual))]) / scale[:, c, None]
            normal = (design.T * weight) @ design + np.diag([GAIN_SD**-2, OFFSET_SD**-2])
            right = (design.T * weight) @ (shown[:, c] / scale[:, c]) + (start[c] / GAIN_SD**2, 0.0)
            gain[c], offset[c] = np.linalg.solve(normal, right)
        gain, offset = np.clip(gain, *GAINS), np.clip(offset, -MOST_OFFSET, MOST_OFFSET)
    return gain, offset


def _color_sd(linear: Floats, rows: Surfaces, of_row: Ints) -> float:
    """How much colours of one box differ from look to look: from the likest tenth of the pairs of looks, which are of
    one box even where most boxes change."""
    used = np.flatnonzero((of_row >= 0) & rows.usable & ~rows.shaded & np.isfinite(linear).all(1))
    used = used[np.lexsort((rows.date[used], of_row[used]))]
    apart = np.linalg.norm(np.diff(scaled_lab(linear[used]), axis=0), axis=1)[np.diff(of_row[used]) == 0]
    if len(apart) < LEAST_PAIRS:
        return COLOR_SD
    return float(np.clip(OF_TENTH * np.quantile(apart, 0.1), COLOR_SD, MOST_SD))


def _looks_of(linear: Floats, rows: Surfaces, of_row: Ints, color_sd: float, count: int) -> tuple[Looks, Ints]:
    """The looks that are worth a search, and their rows."""
    used = _suspects(linear, rows, of_row, count)
    begin = np.append(np.unique(of_row[used], return_index=True)[1], len(used)).astype(np.int64)
    return Looks.of(linear[used], rows.shaded[used], begin, color_sd), used


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


def _priced_cuts(looks: Looks, usable: int, spared: Floats) -> tuple[Bools, float]:
    """Which looks (look,) begin a segment, at the price of a cut that the site's own share of cuts gives, less what an
    empty spot before the look spares; and that share."""
    share, starts = FIRST_SHARE, np.zeros(0, bool)
    for _ in range(SHARE_ROUNDS):
        starts = looks.cut(np.maximum(_price(share) - spared, LEAST_PRICE))
        cuts = int(starts.sum()) - (len(looks.begin) - 1)
        share = min((cuts + FIRST_SHARE * SHARE_PRIOR) / (usable + SHARE_PRIOR), 0.5)
    return starts, share


def _price(share: float) -> float:
    """Of a cut, where that share of the pairs of looks holds one."""
    return CUT_PRICE + float(np.log((1 - share) / share))
