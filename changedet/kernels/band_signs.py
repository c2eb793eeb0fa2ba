"""Signs that bands are not what they are said to be, from how their values go together.

Ranks are compared, so neither gain, offset nor a stretch for the screen matters. What is visible goes together on
almost any ground; near infrared does not where plants grow. Between two dates the difference of two bands keeps its
sign from place to place.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np

from changedet.arrays import Floats, Ints, Singles

MOST_PIXELS: Final = 20_000
THINNED: Final = 4
"""So many times as many are looked through for those that are known in all bands."""
LEAST_PIXELS: Final = 2_000
"""Fewer than this show too little of a site: one field's noise has any order."""
TOGETHER: Final = 0.7
"""Least rank correlation of three bands that are to pass for the visible ones; on 67 simulated dates of eleven kinds
the visible bands have .61 to 1.00."""
APART: Final = 0.55
"""Greatest rank correlation of a band that is to pass for near infrared beside them; on ground with plants, simulated
and real, near infrared has -.4 to .64, on snow and under cloud .75 to .99."""
GAP: Final = 0.25
"""Least distance between the two."""
COLOUR_APART, COLOUR_TOGETHER = 0.35, 0.75
"""The same for pictures of three bands said to be red, green and blue, of which two are compared with one."""
GREEN: Final = 1
"""Index of green among blue, green, red and near infrared."""
PLANT_GREEN: Final = 1.5
"""Ratio of green to the brighter of red and blue from which ground looks green as plants do; those reach 2 where they
are dense (leaves reflect .05 of blue and red, .08 to .1 of green)."""
PLANT_SHARE: Final = 0.3
"""Share of the pixels that must look so. Chosen by hand."""
NEARLY_ALL: Final = 0.95
"""Share of the pixels on which near infrared lies below green: plants and soil are brighter in near infrared, so that
only open water is like this. Chosen by hand."""
LEAST_TEXTURE: Final = 0.4
"""Correlation of neighbouring pixels, below which a band that goes with no other is noise."""
MOST_TRIED: Final = 5
"""Bands up to which all their orders are looked through: for more there is a method, which takes a while to load."""
CONTRARY: Final = -0.12
"""Rank correlation of the difference of two bands between two dates, below which they are exchanged; of bands in one
order it is -.07 (years apart, roughly laid on each other) to .9."""

WORSE: Final = 0.05
"""Rank correlation by which a band may fit worse where it is moved to than where it is said to be, for no more than
chance: exchanged bands of real looks lose at most .02, a meadow that was paved over .1."""

BLUE_APART: Final = -0.15
"""Rank correlation with near infrared of how far blue outshines green or red, below which blue is blue: near infrared
goes with green and red rather than with blue on nearly any ground (509 looks of 13 hands: -.48 and -.32 in the mean,
below 0 on 99 and 93 of 100). Of 626 exchanges of blue that were put into looks of these and found, on none both looks
are below it, on four looks of three sites that dry grass had told exchanged both are."""


def odd_band(values: Singles) -> int:
    """Which of the visible bands and near infrared behaves as near infrared does, where that is another than said.

    Parameters
    ----------
    values : float32 (band, pixel)
        Three visible bands and, last, near infrared; or the three alone. NaN is no data.

    Returns
    -------
    int
        Index of that band; -1 where nothing is wrong or too little is seen. A band of mere noise goes with no other
        either: see `is_picture`. Green too where ground is green as plants are and near infrared darker nearly
        everywhere.
    """
    known = _known(values)
    if known.shape[1] < LEAST_PIXELS:
        return -1
    ranks = _ranks(known)
    together = ranks @ ranks.T / ranks.shape[1]
    count = len(values)
    apart, least = (APART, TOGETHER) if count > 3 else (COLOUR_APART, COLOUR_TOGETHER)
    for odd in range(min(count, 3)):
        others = [i for i in range(count) if i != odd]
        lowest = min(together[i, j] for i, j in itertools.combinations(others, 2))
        highest = max(together[odd, i] for i in others)
        if lowest >= max(least, highest + GAP) and highest <= apart:
            return odd
    return GREEN if count > 3 and _green_outshines(known) else -1


def _green_outshines(known: Singles) -> bool:
    """Whether green is far brighter than red and blue on much of the ground, and brighter than near infrared on all."""
    blue, green, red, infrared = known
    plants = green > PLANT_GREEN * np.maximum(np.maximum(blue, red), 0.0)
    return bool(plants.mean() >= PLANT_SHARE and (infrared < green).mean() >= NEARLY_ALL)


def is_picture(cells: Singles) -> bool:
    """Whether a band shows anything but noise.

    Parameters
    ----------
    cells : float32 (.., y, x)
        Of one band; NaN is no data.

    Returns
    -------
    bool
        True where neighbouring pixels are alike.
    """
    left, right = cells[..., :-1].ravel(), cells[..., 1:].ravel()
    step = max(1, left.size // (THINNED * MOST_PIXELS))
    pairs = _known(np.stack([left[::step], right[::step]]))
    if pairs.shape[1] < LEAST_PIXELS:
        return False
    with np.errstate(invalid="ignore", divide="ignore"):
        return bool(np.corrcoef(pairs[0], pairs[1])[0, 1] >= LEAST_TEXTURE)


def fitting_order(before: Singles, after: Singles) -> tuple[int, ...]:
    """For each band of a date the band of another date that it fits.

    Parameters
    ----------
    before, after : float32 (band, pixel)
        The same bands at the same places; NaN is no data.

    Returns
    -------
    tuple of int
        Indices into `before`; 0, 1, 2, .. where the order is the same, or where the dates do not tell.
    """
    count = len(before)
    same = tuple(range(count))
    known = _known(np.concatenate([before, after]))
    if known.shape[1] < LEAST_PIXELS:
        return same
    first, second = _ranks(known[:count]), _ranks(known[count:])
    fits = first @ second.T / first.shape[1]
    best = _assigned(fits.T)
    moved = [i for i in same if best[i] != i]
    if not moved or any(fits[best[i], i] < fits[i, i] - WORSE for i in moved):
        return same
    contrary = [_contrast(first, second, i, int(best[i])) for i in moved]
    return tuple(int(i) for i in best) if float(np.mean(contrary)) < CONTRARY else same


def shows_blue(values: Singles) -> bool:
    """Whether a band is blue beside another one, by near infrared, which goes with it least of all.

    Parameters
    ----------
    values : float32 (band, pixel)
        The band said to be blue, the other one, and near infrared; NaN is no data.

    Returns
    -------
    bool
        False where too little is seen.
    """
    known = _known(values)
    if known.shape[1] < LEAST_PIXELS:
        return False
    blue, other, infrared = _ranks(known)
    with np.errstate(invalid="ignore", divide="ignore"):
        return bool(np.corrcoef(blue - other, infrared)[0, 1] < BLUE_APART)


def _known(values: Singles) -> Singles:
    """The pixels that are known in all bands, thinned to some."""
    some = values[:, :: max(1, values.shape[1] // (THINNED * MOST_PIXELS))]
    known = some[:, np.isfinite(some).all(axis=0)]
    return known[:, :: max(1, known.shape[1] // MOST_PIXELS)]


def _contrast(first: Floats, second: Floats, i: int, j: int) -> float:
    """Correlation of the difference of two bands between two dates; NaN, which is below nothing, where it is flat."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.corrcoef(first[i] - first[j], second[i] - second[j])[0, 1])


def _assigned(fits: Floats) -> Ints:
    """The column of each row, no two the same, with the greatest sum of fits."""
    best = fits.argmax(axis=1)
    if len(set(best.tolist())) == len(best):
        return np.asarray(best, np.int64)
    rows = np.arange(len(fits))
    if len(fits) <= MOST_TRIED:
        orders = np.array(list(itertools.permutations(rows)))
        return np.asarray(orders[fits[rows, orders].sum(axis=1).argmax()], np.int64)
    # Imported here, as it takes a while and bands that fit themselves do not need it.
    from scipy.optimize import linear_sum_assignment

    return np.asarray(linear_sum_assignment(-fits)[1])


def _mean_ranks(values: Singles) -> Floats:
    """Ranks from 1, equal values sharing the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place], np.float64)


def _ranks(values: Singles) -> Floats:
    """Ranks with mean 0 and variance 1; a flat band has 0."""
    ranks = np.stack([_mean_ranks(band) for band in values])
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return np.asarray(centred / np.where(spread > 0, spread, 1.0), np.float64)
