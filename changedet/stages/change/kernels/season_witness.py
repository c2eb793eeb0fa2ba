"""Ground that is dug or stripped in grass, confirmed by a look of the reference's season in another year.

Grass dries out and greens, crops ripen, are cut and ploughed, and the trees are as sure of a field as of a pit in it.
So the network bounds them, which says little of dug ground: log odds of -1 to 1. Beside straw in August bare soil is
none, and a look of that month denies a pit that all others show. A look of the reference's own season, a year later,
is the best witness: grass and crops are then as they were, and what it marks is none of the season's doing. Where each
such look is sure, that of other seasons which sees nothing does not count, and the network bounds the trees no more.
Sums are of whole numbers, so a pixel gets the same whatever block it is computed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes, Shorts, Singles
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.held_ground import seen_by, wide_parts
from changedet.stages.change.kernels.leaf_fall import same_season
from changedet.stages.change.kernels.wide_ground import NEAR_M, STEP, half_px, said_where, wide_halo_px

CONFIRMED: Final = 0.5
"""Probability above which a pair by itself marks a pixel. Chosen, like `MOST_DOUBT`, with a drawn depot and a laterite
yard in view (docs/research/change.md, "A look of the reference's season")."""
LEAST_LOOKS: Final = 2
"""That mark it, that of the season among them: one alone may show a field that bears another crop."""
MOST_DOUBT: Final = -0.7
"""Least log odds of the network over such marks within 20 m: in the mean of dug and stripped ground -.4 and more, of
ploughed fields -.8 and less."""
NEXT_YEAR_DAYS: Final = 270
"""Apart from the reference at least, so that a summer or a winter lies between."""


def of_one_season(reference_day: int, days: Sequence[int]) -> tuple[bool, ...]:
    """Which looks are of the reference's season, of another year.

    Parameters
    ----------
    reference_day : int
        Counted from any day.
    days : sequence of int
        Of each look, counted from the same day.

    Returns
    -------
    tuple of bool
        Of each look.
    """
    return tuple(abs(day - reference_day) >= NEXT_YEAR_DAYS and same_season(reference_day, day) for day in days)


def confirmed_ground(
    scores: Sequence[Singles],
    steps: Sequence[Bytes],
    has_nir: Sequence[bool],
    in_season: Sequence[bool],
    gsd_m: float,
) -> Bools:
    """Find wide ground that looks mark and those of the reference's season confirm.

    Parameters
    ----------
    scores : sequence of float32 (y, x)
        Probability of change of each pair with the reference, away from it in order, with `wide_halo_px` more on each
        side than what is wanted; NaN is not observed.
    steps : sequence of uint8 (y, x)
        Of `wide_ground.whole_steps`, of the same size.
    has_nir : sequence of bool
        Of each pair: in colours alone dry meadows pass for bare ground, so the others count as not observed.
    in_season : sequence of bool
        Of each pair whether its look is of the reference's season, as of `of_one_season`; none is where it is empty.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (date, y, x)
        Without the halo; False on looks that do not mark it.
    """
    halo, half = wide_halo_px(gsd_m), half_px(NEAR_M, gsd_m)
    core = slice(halo, -halo), slice(halo, -halo)
    found = np.zeros((len(scores), *scores[0][core].shape), np.bool_)
    if not any(season and nir for season, nir in zip(in_season, has_nir, strict=False)):
        return found
    held, looks = _confirmed(scores, steps, has_nir, in_season)
    enough = looks >= LEAST_LOOKS
    if enough.any():
        # squares of `wide_parts` reach twice beyond what is wanted
        sure = enough & _not_doubted(held, steps, halo - 2 * half)
        for k, own in enumerate(held):
            found[k] = wide_parts(own & sure, half)[core]
    return found


def _confirmed(
    scores: Sequence[Singles], steps: Sequence[Bytes], has_nir: Sequence[bool], in_season: Sequence[bool]
) -> tuple[list[Bools], Shorts]:
    """Of each date the pixels that it and all later looks of the season mark; and how many dates do, up to the last.

    Later dates are confirmed by the last look of the season, and confirm nothing themselves: a field may have ripened.
    """
    seen = [seen_by(*of) for of in zip(scores, steps, has_nir, strict=True)]
    held = [own & (score > np.float32(CONFIRMED)) for score, own in zip(scores, seen, strict=True)]
    shape = scores[0].shape
    last = np.zeros(shape, np.bool_)
    witnessed = []
    for own, shown, season in zip(held, seen, in_season, strict=True):
        last = np.where(shown, own, last) if season else last
        witnessed.append(last)
    said, sure, looks = np.zeros(shape, np.bool_), np.ones(shape, np.bool_), np.zeros(shape, np.int16)
    for k in range(len(held) - 1, -1, -1):
        if in_season[k]:
            sure &= held[k] | ~seen[k]
            said |= seen[k]
        held[k] &= np.where(said, sure, witnessed[k])
        looks += held[k] & said
    return held, looks


def _not_doubted(held: Sequence[Bools], steps: Sequence[Bytes], around: int) -> Bools:
    """Where the network does not doubt what is held around, in the mean over its looks."""
    said, number = np.zeros(held[0].shape, np.int32), np.zeros(held[0].shape, np.int32)
    for where, own in zip(held, steps, strict=True):
        said += said_where(own, where)
        number += where
    return np.asarray(box_sum(said, around) >= MOST_DOUBT * STEP * box_sum(number, around), np.bool_)
