"""Replaced, set on top or laid bare: where one stretch of presence at a place is more than one box.

Colours tell, see `changedet.kernels.cuts`. The price of a cut follows from how often boxes change at this site.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints, Singles
from changedet.kernels.colour import scaled_lab
from changedet.stages.tracks.kernels.colour_casts import colours_without_casts
from changedet.stages.tracks.kernels.colour_changepoints import COLOR_SD, ColourSeries
from changedet.stages.tracks.kernels.gaps import gap_evidence, split_at_gaps
from changedet.stages.tracks.kernels.stacking import Stack, explain_new_tops, height_steps, stack_of
from changedet.stages.tracks.kernels.stretches import Stretches, Surfaces, whole

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


def split_at_replacements(
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
    linear = colours_without_casts(rows, of_row)
    color_sd = _color_sd(linear, rows, of_row)
    looks, used = _looks_of(linear, rows, of_row, color_sd, len(stretches.place))
    spared = gap_evidence(stretches.place[of_row[used]], rows.date[used], looks.begin, evidence)
    starts, share = _priced_cuts(looks, int((rows.usable & (of_row >= 0)).sum()), spared)
    cut = np.flatnonzero(starts & ~np.isin(np.arange(len(starts)), looks.begin))
    place, first, last, of_row, most = split_at_gaps(
        *stretches[:3], of_row, rows.date, (used[cut - 1], used[cut]), evidence, share
    )
    looks, used = _looks_of(linear, rows, of_row, color_sd, len(place))
    starts = looks.changepoints(np.full(len(used), _price(share)))
    return *_split_stacks(whole(place, first, last), of_row, rows, looks, used, starts, (comes, goes, share)), most


def _split_stacks(
    stretches: Stretches, of_row: Ints, rows: Surfaces, looks: ColourSeries, used: Ints, starts: Bools, flow: Flow
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
        pile = _stack(rows, own, cuts, looks.costs_of(int(place)), flow)
        edges = np.array([*rows.date[own[cuts]], stretches.last[k] + 1])
        edges[0] = stretches.first[k]
        number = np.concatenate([[k], len(stretches.place) + len(added) + np.arange(len(pile.begin) - 1)])
        for box in range(1, len(pile.begin)):
            below = int(number[pile.below[box]]) if pile.below[box] >= 0 else -1
            opened, closed = int(edges[pile.begin[box]]), int(edges[pile.end[box]])
            added.append((int(stretches.place[k]), opened, closed - 1, below, bool(pile.uncovered[box])))
        last[k] = edges[pile.end[0]] - 1
        label[mine] = number[pile.shown[np.searchsorted(edges[1:-1], rows.date[mine], "right")]]
    extra = np.array(added, np.int64).reshape(-1, 5).T
    joined = [np.concatenate(pair) for pair in zip(stretches._replace(last=last), extra, strict=True)]
    return Stretches(joined[0], joined[1], joined[2], joined[3], joined[4].astype(bool)), label


def _stack(rows: Surfaces, own: Ints, cuts: list[int], costs: Singles, flow: Flow) -> Stack:
    """The boxes of one stretch whose looks are the rows ``own``, cut at the looks ``cuts``."""
    run = np.zeros(len(own), np.int64)
    run[cuts[1:]] = 1
    run = np.cumsum(run)
    step, error = height_steps(rows.offset[own], rows.lean[own], run)
    tiers = np.array([_level(rows.tiers[own[run == r]]) for r in range(len(cuts))])
    return stack_of(costs, cuts, explain_new_tops(step, error, np.diff(tiers), *flow))


def _level(tiers: Floats) -> float:
    known = tiers[np.isfinite(tiers)]
    return float(np.median(known)) if len(known) else float("nan")


def _color_sd(linear: Floats, rows: Surfaces, of_row: Ints) -> float:
    """How much colours of one box differ from look to look: from the likest tenth of the pairs of looks, which are of
    one box even where most boxes change."""
    used = np.flatnonzero((of_row >= 0) & rows.usable & ~rows.shaded & np.isfinite(linear).all(1))
    used = used[np.lexsort((rows.date[used], of_row[used]))]
    apart = np.linalg.norm(np.diff(scaled_lab(linear[used]), axis=0), axis=1)[np.diff(of_row[used]) == 0]
    if len(apart) < LEAST_PAIRS:
        return COLOR_SD
    return float(np.clip(OF_TENTH * np.quantile(apart, 0.1), COLOR_SD, MOST_SD))


def _looks_of(linear: Floats, rows: Surfaces, of_row: Ints, color_sd: float, count: int) -> tuple[ColourSeries, Ints]:
    """The looks that are worth a search, and their rows."""
    used = _suspects(linear, rows, of_row, count)
    begin = np.append(np.unique(of_row[used], return_index=True)[1], len(used)).astype(np.int64)
    return ColourSeries.of(linear[used], rows.shaded[used], begin, color_sd), used


def _suspects(linear: Floats, rows: Surfaces, of_row: Ints, count: int) -> Ints:
    """Detections of the stretches whose usable looks differ in colour enough to be worth a search, by stretch and date."""
    used = np.flatnonzero((of_row >= 0) & rows.usable & np.isfinite(linear).all(1))
    owner, lab = of_row[used], scaled_lab(linear[used])
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    np.minimum.at(low, owner, lab)
    np.maximum.at(high, owner, lab)
    wide = np.linalg.norm(np.where(high >= low, high - low, 0.0), axis=1) > ALIKE
    chosen: Ints = used[wide[owner]]
    result: Ints = chosen[np.lexsort((rows.date[chosen], of_row[chosen]))]
    return result


def _priced_cuts(looks: ColourSeries, usable: int, spared: Floats) -> tuple[Bools, float]:
    """Which looks (look,) begin a segment, at the price of a cut that the site's own share of cuts gives, less what an
    empty spot before the look spares; and that share."""
    share, starts = FIRST_SHARE, np.zeros(0, bool)
    for _ in range(SHARE_ROUNDS):
        starts = looks.changepoints(np.maximum(_price(share) - spared, LEAST_PRICE))
        cuts = int(starts.sum()) - (len(looks.begin) - 1)
        share = min((cuts + FIRST_SHARE * SHARE_PRIOR) / (usable + SHARE_PRIOR), 0.5)
    return starts, share


def _price(share: float) -> float:
    """Of a cut, where that share of the pairs of looks holds one."""
    return CUT_PRICE + float(np.log((1 - share) / share))
