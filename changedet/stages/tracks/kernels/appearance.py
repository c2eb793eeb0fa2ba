"""Evidence from a place's pixels that a box stands there, beside the detector's scores.

Is a look like those that show the box, or like those that show its spot empty? Light is linear, 0 at the dark end of a
date and 1 at its usual ground; arrays are (place, date, band) unless said otherwise. Only weak looks use it: those
without a row, or with a faint one.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints

FEATURES: Final = (
    *("brightness to box", "tint to box", "brightness to ground", "tint to ground"),
    *("brightness to ring", "tint to ring", "rough"),
)
"""Of a look: differences to the nearest look at the box, to that at the empty spot, to what lies beside the box, and
how much the light varies within it."""
DISTANCES: Final = 4
"""The first features, which are the differences to box and ground."""
LOG_ODDS_EDGES: Final = (-3.0, -1.0, 1.0, 3.0)
"""Of the log odds of a box that `appearance_bins` gives a number from 1 on; 0 is none."""
APPEARANCE_BINS: Final = len(LOG_ODDS_EDGES) + 1
"""Bins of the log odds."""
LOOK_GROUPS: Final = 4
"""Of weak looks: without a row and with a faint one, lit, and the same in deep shade."""
STRONG: Final = 4
"""Score bin from which a look shows a box's colour."""
FAINT_LIT: Final = 3
"""Last score bin of a weak look that is lit."""
FAINT_SHADED: Final = 2
"""The same of one in deep shade."""
MOST_DISTANCE: Final = 0.8
"""Farther than that from box and ground alike a look shows neither, but haze or glare, and decides nothing. Chosen by
hand."""
DARK: Final = 0.05
"""Added to light before its logarithm is taken: that of a dark surface."""
TINT_WEIGHT: Final = 1.5
"""Of a difference in tint beside one in brightness, which sun and wetness change. Chosen by hand."""
SHADE_CAST: Final = -1.5
"""Log of the light in deep shade, where no box of the date gives it. Chosen by hand."""
LEAST_APART: Final = 0.3
"""Distance of a box from the emptiest look at its spot, from which looks without a row that are nearer to the box show
it again: a third more light, or as much in tint. Chosen by hand."""
LIKE_BOX: Final = 0.5
"""That nearness, as a share of this distance: half the way."""
SHOWS_BOX: Final = 4
"""Bin of the log odds from which the pixels of a look show a box: odds of e and more."""
LEAST_BOXES: Final = 3
"""Boxes that show a date's light in deep shade."""


def appearance_features(inner: Floats, ring: Floats, rough: Floats, bins: Ints, lit: Bools, observed: Bools) -> Floats:
    """The features of each look, each date's cast taken out.

    Parameters
    ----------
    inner, ring : float64 (place, date, band)
        Light within the place's box, and beside its long sides; NaN where there is none.
    rough : float64 (place, date)
        Standard deviation of the light within the box over the light there.
    bins : int64 (place, date)
        Score bins, see `emissions.score_bins`.
    lit, observed : bool (place, date)
        True where the look was clear and not in deep shade; where it shows the place at all or a row was found.

    Returns
    -------
    float64 (place, date, feature)
        Logarithms, of `FEATURES`; NaN where no look shows the box's colour.
    """
    has_light = np.isfinite(inner).all(axis=2)
    strong, empty = lit & has_light & (bins >= STRONG), lit & has_light & (bins == 0)
    own, beside = (np.log(np.maximum(light, 0.0) + DARK) for light in (inner, ring))
    casts = _casts(own, strong, observed & ~lit & has_light & (bins >= FAINT_LIT))
    own, beside = own - np.where(lit[..., None], *casts), beside - np.where(lit[..., None], *casts)
    box = _to_nearest(own, strong)
    empty &= ~_like_box(box, empty)
    ground = _to_nearest(own, empty)
    bare = own[empty] if empty.any() else beside[np.isfinite(beside).all(axis=2)]
    usual = np.median(bare, axis=0) if len(bare) else np.zeros(own.shape[2])
    ground = np.where(np.isfinite(ground), ground, _difference(own - usual))
    parts = np.concatenate([box, ground, _difference(own - beside), rough[..., None]], axis=2)
    return np.asarray(np.log(parts + DARK))


def _like_box(box: Floats, empty: Bools) -> Bools:
    """Looks (place, date) without a row that are more like the box than like the emptiest one.

    A row of boxes of one colour is missed on look after look in the same light; each would bear out that the others
    show an empty spot.
    """
    distance = np.where(empty, _distance(box), np.nan)
    farthest = np.fmax.reduce(distance, axis=1, keepdims=True)
    return np.asarray((farthest >= LEAST_APART) & (distance < LIKE_BOX * farthest))


def _casts(own: Floats, strong: Bools, shaded: Bools) -> tuple[Floats, Floats]:
    """What each date (date, band) adds to the logarithm of a box's light, lit and in deep shade."""
    shown = np.where(strong[..., None], own, 0.0)
    usual = shown.sum(1) / np.maximum(strong.sum(1), 1)[:, None]
    known = np.asarray(strong.any(axis=1))
    casts = []
    for mask, least, unknown in ((strong, 1, 0.0), (shaded & known[:, None], LEAST_BOXES, SHADE_CAST)):
        cast = np.full(own.shape[1:], unknown)
        for t in np.flatnonzero(mask.sum(0) >= least):
            cast[t] = np.median((own[:, t] - usual)[mask[:, t]], axis=0)
        casts.append(cast)
    return casts[0], casts[1]


def _difference(logs: Floats) -> Floats:
    """Differences in brightness and in tint (place, date, 2) of differences (place, date, band) of logarithms."""
    brightness = logs.mean(2)
    tint = np.sqrt(((logs - brightness[..., None]) ** 2).sum(2))
    return np.stack([np.abs(brightness), tint], axis=2)


def _to_nearest(own: Floats, chosen: Bools) -> Floats:
    """Difference (place, date, 2) to the liker of the chosen looks next before and next after; NaN without any."""
    dates = own.shape[1]
    best = np.full((*own.shape[:2], 2), np.nan)
    for order in (range(dates), range(dates - 1, -1, -1)):
        last = np.full((len(own), own.shape[2]), np.nan)
        for t in order:
            apart = _difference(own[:, t : t + 1] - last[:, None])[:, 0]
            nearer = np.isfinite(apart[:, 0]) & ~(_distance(best[:, t]) <= _distance(apart))
            best[:, t] = np.where(nearer[:, None], apart, best[:, t])
            last = np.where(chosen[:, t, None], own[:, t], last)
    return best


def _distance(apart: Floats) -> Floats:
    """Distance (..) of two looks by their difference (.., 2) in brightness and tint."""
    distance: Floats = np.hypot(apart[..., 0], TINT_WEIGHT * apart[..., 1])
    return distance


def appearance_bins(features: Floats, weights: Floats) -> Ints:
    """Bin of the log odds of a box by the features.

    Parameters
    ----------
    features : float64 (place, date, feature)
        See `appearance_features`.
    weights : float64 (feature + 1,)
        Of a logistic regression; the last one is the constant.

    Returns
    -------
    int64 (place, date)
        1 to `APPEARANCE_BINS`; 0 where the features are not known, or the look is like neither box nor ground.
    """
    odds = features @ weights[:-1] + weights[-1]
    apart = np.exp(features[..., :DISTANCES]) - DARK
    nearest = np.minimum(_distance(apart[..., :2]), _distance(apart[..., 2:]))
    with np.errstate(invalid="ignore"):
        decides = np.isfinite(odds) & (nearest < MOST_DISTANCE)
    return np.where(decides, 1 + np.digitize(np.nan_to_num(odds), LOG_ODDS_EDGES), 0).astype(np.int64)


def missed_boxes(told: Ints, bins: Ints, lit: Bools, present: Floats, by_chance: float) -> Floats:
    """How many more boxes than are expected the pixels of lit looks without a row show.

    That boxes are missed one by one is what presence is inferred by. Those of one colour side by side are missed
    together, where light or haze hides their seams, and are taken to have left.

    Parameters
    ----------
    told : int64 (place, date)
        Of `appearance_bins`.
    bins : int64 (place, date)
        Score bins, see `emissions.score_bins`.
    lit : bool (place, date)
        True where the look was clear and not in deep shade.
    present : float64 (place, date)
        Posterior probability of a box.
    by_chance : float
        Share of empty places whose pixels show one all the same.

    Returns
    -------
    float64 (place, date)
        To be summed over places, whose sum is about 0 where all that seems gone is gone; below 0 where the pixels show
        none.
    """
    without = lit & (bins == 0) & (told > 0)
    return np.where(without, (1.0 - present) * ((told >= SHOWS_BOX) - by_chance), 0.0)


def look_groups(bins: Ints, lit: Bools) -> Ints:
    """Group of each weak look.

    Parameters
    ----------
    bins : int64 (place, date)
        Score bins, see `emissions.score_bins`.
    lit : bool (place, date)
        True where the look was clear and not in deep shade.

    Returns
    -------
    int64 (place, date)
        0 to ``LOOK_GROUPS - 1``; -1 where the detector's row is strong enough.
    """
    weak = bins <= np.where(lit, FAINT_LIT, FAINT_SHADED)
    return np.where(weak, 2 * ~lit + (bins > 0), -1).astype(np.int64)
