"""Stretches of presence split where the top box was replaced, set on another, or uncovered.

Colours decide, see `colour_changepoints`, and where there are pictures the light along the roofs may say that they show
one box all the same, see `likeness`. The price of a cut follows from how often boxes change at this site.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.colour import scaled_lab
from changedet.stages.tracks.kernels.colour_casts import colours_without_casts, lit_rows
from changedet.stages.tracks.kernels.colour_changepoints import COLOR_SD, MOST_COST, ColourSeries, pair_costs
from changedet.stages.tracks.kernels.gaps import gap_evidence, split_at_gaps
from changedet.stages.tracks.kernels.new_tops import NewTops, new_tops, told_steps
from changedet.stages.tracks.kernels.roofs import SiteRoofs, site_roofs, top_pairs
from changedet.stages.tracks.kernels.stacking import stack_of
from changedet.stages.tracks.kernels.stretches import Stretches, Surfaces, single_boxes
from changedet.stages.tracks.kernels.top_steps import (
    HeightSteps,
    TopShares,
    height_steps,
    likeliest_meanings,
    meanings,
    top_shares,
    usual_shares,
)

CUT_PRICE: Final = 3.0
"""Of the colour that a cut adds, beside the price of how rare cuts are. Other prices are within .01 of F1 on the
calibration sites (docs/research/tracks.md)."""
LEAST_PRICE: Final = 1.0
"""Of a cut, however much an empty spot before it takes off."""
FIRST_SHARE: Final = 0.03
"""Prior share of the pairs of looks between which the box changes. Chosen by hand, as the next."""
SHARE_PRIOR: Final = 30.0
"""Pairs of looks that it is worth."""
SHARE_ROUNDS: Final = 3
"""In which the site's share of cuts and the cuts are found in turns."""
DOUBTING_ROUNDS: Final = 8
"""As many, where cuts count as probably as their looks say."""
MOST_EVIDENCE: Final = 4.0
"""Greatest log odds that two looks of different colours then give for two boxes. Chosen on own seeds 600 and 601 beside
what was measured: of pairs of looks at one box 2 % (painted teaching sites) and 4 % (own ones) differ to the utmost, of
those at two boxes of one spot 56 and 78 %, log odds of 3.5 and 3.0 (docs/research/tracks.md)."""
AT_REST: Final = 0.005
"""Share of the pairs below which one odd look is no other box. Chosen by hand: where tops change it lies above .01."""
MOST_SHARE: Final = 0.5
"""Greatest share: beyond it cuts would be cheaper than none."""
ALIKE: Final = 4.0
"""Distance of two colours, in `scaled_lab`, within which nothing is searched."""
LEAST_PAIRS: Final = 100
"""Pairs of looks from which the scatter of colours is estimated."""
SAME_BOX_QUANTILE: Final = 0.1
"""Of the distances of pairs of looks: the likest tenth is of one box even where most boxes change."""
OF_TENTH: Final = 2.25
"""Standard deviation over the distance within which a tenth of the pairs lies: .93 for a normal distribution."""
MOST_SD: Final = 3.5
"""Greatest standard deviation of one look about its box's own colour. Chosen by hand."""


COLOURS_SAY: Final = 2.5
"""Times their own cost that a pair of colours costs at most, whatever the light along the roofs says: of 1.5 and 2.5
that with the better masks of painted sites that teach; own ones are alike (docs/research/tracks.md)."""
BOTH_SAY: Final = 0.3
"""Log odds for a cut where the light along the roofs is read: as the lesser of two witnesses counts, costs are low.
Chosen by hand with painted and own sites in view."""


class Split(NamedTuple):
    """Stretches of one box each.

    Attributes
    ----------
    stretches : Stretches
    of_row : int64 (row,)
        The stretch of each row, -1 for none.
    most : float64 (place, date)
        Greatest probability that a box stands there: below 1 where colours show that the spot was empty between two.
    tops : NewTops or None
        How probably another box is on top than on the date before, told as a change or not; None without the light
        along the roofs.
    """

    stretches: Stretches
    of_row: Ints
    most: Floats
    tops: NewTops | None


class _Added(NamedTuple):
    """A stretch that begins in a cut, as in `Stretches`."""

    place: int
    first: int
    last: int
    below: int
    uncovered: bool


def split_at_replacements(
    stretches: Stretches, of_row: Ints, rows: Surfaces, evidence: Floats, comes: float, goes: float
) -> Split:
    """Cut stretches where the top box is another one.

    Parameters
    ----------
    stretches : Stretches
        Of one box each, as far as presence shows.
    of_row : int64 (row,)
        The stretch of each row, -1 for none.
    rows : Surfaces
        In order of date within each stretch.
    evidence : float64 (place, date)
        Log-likelihood of what the date shows were the place full, less that were it empty.
    comes, goes : float
        Boxes that came to empty spots of the site, and that left them empty.

    Returns
    -------
    Split
        Those given, in their order, ended where they were replaced, then those that begin in a cut.
    """
    linear = colours_without_casts(rows, of_row)
    color_sd, roofs = _color_sd(linear, rows, of_row), site_roofs(linear, rows, of_row)
    compared = (of_row >= 0) & (rows.usable if roofs is None else rows.usable | roofs.faint)
    at = np.full(len(of_row), -1, np.int64)
    at[compared] = stretches.place[of_row[compared]]
    steps = height_steps(rows.offset, rows.displacement, rows.date, at)
    usual = usual_shares(comes, goes)
    shares, tops = (
        (None, None) if roofs is None else _tops(roofs, steps, usual, linear, rows, stretches, of_row, evidence.shape)
    )
    series, used = _series_of(linear, rows, of_row, color_sd, roofs, len(stretches.place))
    discount = gap_evidence(stretches.place[of_row[used]], rows.date[used], series.begin, evidence)
    starts, share = _priced_cuts(series, int((rows.usable & (of_row >= 0)).sum()), discount, roofs)
    cut = np.flatnonzero(starts & ~np.isin(np.arange(len(starts)), series.begin))
    place, first, last, of_row, most = split_at_gaps(
        *stretches[:3], of_row, rows.date, (used[cut - 1], used[cut]), evidence, share
    )
    series, used = _series_of(linear, rows, of_row, color_sd, roofs, len(place))
    odds = 0.0 if roofs is None else BOTH_SAY
    starts = series.changepoints(np.full(len(used), _price(share) - odds))
    split, of_row = _split_stacks(
        single_boxes(place, first, last), of_row, rows, (series, used, starts), steps, shares, usual
    )
    return Split(split, of_row, most, tops)


def _tops(
    roofs: SiteRoofs,
    steps: HeightSteps,
    usual: tuple[float, float, float],
    linear: Floats,
    rows: Surfaces,
    stretches: Stretches,
    of_row: Ints,
    shape: tuple[int, int],
) -> tuple[TopShares, NewTops]:
    """What new tops mean on a site, and how probable they are."""
    pairs = top_pairs(roofs, linear, rows, of_row)
    shares = top_shares(pairs.other, *told_steps(steps, pairs.first, pairs.second), usual)
    return shares, new_tops(pairs, roofs.site.share, shares, steps, rows, stretches, of_row, shape)


def _split_stacks(
    stretches: Stretches,
    of_row: Ints,
    rows: Surfaces,
    cuts: tuple[ColourSeries, Ints, Bools],
    steps: HeightSteps,
    shares: TopShares | None,
    usual: tuple[float, float, float],
) -> tuple[Stretches, Ints]:
    """Stretches and the stretch of each row (row,), cut before the looks ``starts`` (look,) at the rows ``used``."""
    series, used, starts = cuts
    owner = of_row[used[series.begin[:-1]]]
    last, label = stretches.last.copy(), of_row.copy()
    by_stretch = np.argsort(of_row, kind="stable")
    bounds = np.searchsorted(of_row[by_stretch], np.arange(len(stretches.place) + 1))
    added: list[_Added] = []
    places = _places_with_cuts(series, used, starts)
    for one, told in zip(places, _told_meanings(places, rows, steps, shares, usual), strict=True):
        k = owner[one.place]
        mine = by_stretch[bounds[k] : bounds[k + 1]]
        stack = stack_of(series.costs_of(one.place), one.starts, told)
        edges = np.array([*rows.date[one.looks[one.starts]], stretches.last[k] + 1])
        edges[0] = stretches.first[k]
        number = np.concatenate([[k], len(stretches.place) + len(added) + np.arange(len(stack.begin) - 1)])
        for box in range(1, len(stack.begin)):
            below = int(number[stack.below[box]]) if stack.below[box] >= 0 else -1
            opened, closed = int(edges[stack.begin[box]]), int(edges[stack.end[box]])
            added.append(_Added(int(stretches.place[k]), opened, closed - 1, below, bool(stack.uncovered[box])))
        last[k] = edges[stack.end[0]] - 1
        label[mine] = number[stack.shown[np.searchsorted(edges[1:-1], rows.date[mine], "right")]]
    extra = np.array(added, np.int64).reshape(-1, len(_Added._fields)).T
    joined = [np.concatenate(pair) for pair in zip(stretches._replace(last=last), extra, strict=True)]
    return Stretches(joined[0], joined[1], joined[2], joined[3], joined[4].astype(bool)), label


class _Cuts(NamedTuple):
    """A place of a series that is cut: its index, the rows of its looks, and the first look of each run."""

    place: int
    looks: Ints
    starts: list[int]


def _places_with_cuts(series: ColourSeries, used: Ints, starts: Bools) -> list[_Cuts]:
    found: list[_Cuts] = []
    for place in np.flatnonzero(np.add.reduceat(starts, series.begin[:-1]) > 1) if len(used) else ():
        own = slice(series.begin[place], series.begin[place + 1])
        found.append(_Cuts(int(place), used[own], [int(start) for start in np.flatnonzero(starts[own])]))
    return found


def _told_meanings(
    places: list[_Cuts],
    rows: Surfaces,
    steps: HeightSteps,
    shares: TopShares | None,
    usual: tuple[float, float, float],
) -> list[Ints]:
    """Meaning of the tops of each run after the first, by place; without ``shares`` these tops alone give them."""
    if not places:
        return []
    second = np.concatenate([one.looks[one.starts[1:]] for one in places])
    first = np.concatenate([one.looks[np.array(one.starts[1:]) - 1] for one in places])
    told = told_steps(steps, first, second)
    if shares is None:
        shares = top_shares(np.ones(len(second)), *told, usual)
    likely = likeliest_meanings(meanings(shares, *told, np.concatenate([_tier_steps(rows, one) for one in places])))
    return np.split(likely, np.cumsum([len(one.starts) - 1 for one in places])[:-1])


def _tier_steps(rows: Surfaces, cuts: _Cuts) -> Floats:
    """By how much the levels (run - 1,) that shadows tell differ from run to run."""
    runs = np.split(cuts.looks, cuts.starts[1:])
    return np.diff([_level(rows.tiers[run]) for run in runs])


def _level(tiers: Floats) -> float:
    known = tiers[np.isfinite(tiers)]
    return float(np.median(known)) if len(known) else float("nan")


def _color_sd(linear: Floats, rows: Surfaces, of_row: Ints) -> float:
    """How much colours of one box differ from look to look: from the likest tenth of the pairs of looks."""
    used = lit_rows(linear, rows, of_row)
    apart = np.linalg.norm(np.diff(scaled_lab(linear[used]), axis=0), axis=1)[np.diff(of_row[used]) == 0]
    if len(apart) < LEAST_PAIRS:
        return COLOR_SD
    return float(np.clip(OF_TENTH * np.quantile(apart, SAME_BOX_QUANTILE), COLOR_SD, MOST_SD))


def _series_of(
    linear: Floats, rows: Surfaces, of_row: Ints, color_sd: float, roofs: SiteRoofs | None, count: int
) -> tuple[ColourSeries, Ints]:
    """The looks that are worth a search, and their rows."""
    usable = rows.usable if roofs is None else rows.usable | roofs.faint
    used = _suspects(linear, rows.date, of_row, usable, count)
    begin = np.append(np.unique(of_row[used], return_index=True)[1], len(used)).astype(np.int64)
    series = ColourSeries.of(linear[used], rows.shaded[used], begin, color_sd, rows.rim[used])
    if roofs is None or not len(used):
        return series, used
    first, second = (used[pair] for pair in series.pairs())
    colour = pair_costs(linear, rows.shaded, rows.rim, first, second)
    odds = roofs.log_odds(first, second, colour)
    # A look without light is judged by its colour alone.
    least = np.where(np.isfinite(odds), np.clip(CUT_PRICE + odds, 0.0, COLOURS_SAY * colour), colour)
    costs = np.where(first == second, 0.0, np.minimum(least, MOST_COST)).astype(np.float32)
    return series._replace(costs=costs), used


def _suspects(linear: Floats, date: Ints, of_row: Ints, usable: Bools, count: int) -> Ints:
    """Rows of the stretches whose usable looks differ in colour enough to be worth a search, by stretch and date."""
    used = np.flatnonzero((of_row >= 0) & usable & np.isfinite(linear).all(1))
    owner, lab = of_row[used], scaled_lab(linear[used])
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    np.minimum.at(low, owner, lab)
    np.maximum.at(high, owner, lab)
    wide = np.linalg.norm(np.where(high >= low, high - low, 0.0), axis=1) > ALIKE
    chosen: Ints = used[wide[owner]]
    result: Ints = chosen[np.lexsort((date[chosen], of_row[chosen]))]
    return result


def _priced_cuts(series: ColourSeries, usable: int, discount: Floats, roofs: SiteRoofs | None) -> tuple[Bools, float]:
    """Which looks (look,) begin a segment, and the share of cuts.

    At the price of a cut that the site's own share gives, less what an empty spot before the look takes off. At a yard
    at rest a cut costs more than one odd look: counted whole, such looks would keep up the share that lets them cut.
    Where roofs are compared, they tell the share.
    """
    if roofs is not None:
        share = roofs.site.share
        return series.changepoints(np.maximum(_price(share) - discount - BOTH_SAY, LEAST_PRICE)), share
    evidence = np.exp(np.minimum(series.steps() + discount - CUT_PRICE, MOST_EVIDENCE))
    starts, share = _cuts_in_turns(series, usable, discount, DOUBTING_ROUNDS, evidence)
    return (starts, share) if share < AT_REST else _cuts_in_turns(series, usable, discount, SHARE_ROUNDS)


def _cuts_in_turns(
    series: ColourSeries, usable: int, discount: Floats, rounds: int, evidence: Floats | None = None
) -> tuple[Bools, float]:
    """Cuts and their share, found in turns; with each look's odds of two boxes a cut counts as probably as they say."""
    share, starts = FIRST_SHARE, np.zeros(0, bool)
    for _ in range(rounds):
        starts = series.changepoints(np.maximum(_price(share) - discount, LEAST_PRICE))
        cut = starts.copy()
        cut[series.begin[:-1]] = False
        cuts = float(cut.sum())
        if evidence is not None:
            odds = evidence[cut] * share / (1 - share)
            cuts = float((odds / (1 + odds)).sum())
        share = min((cuts + FIRST_SHARE * SHARE_PRIOR) / (usable + SHARE_PRIOR), MOST_SHARE)
    return starts, share


def _price(share: float) -> float:
    """Of a cut, where that share of the pairs of looks holds one."""
    price = CUT_PRICE + float(np.log((1 - share) / share))
    return max(price, MOST_COST + LEAST_PRICE) if share < AT_REST else price
