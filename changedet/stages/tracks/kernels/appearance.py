"""What the pixels of a place say of a box there, beside the detector: does a look resemble those that show the box, or
those that show its spot empty?

Light is linear, 0 at the dark end of a date and 1 at its usual ground; arrays are (place, date, band) unless said
otherwise. Only a weak look asks: one without a row, or with a faint one.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints

FEATURES: Final = (
    *("brightness to box", "tint to box", "brightness to ground", "tint to ground"),
    *("brightness to ring", "tint to ring", "rough"),
)
LOG_ODDS_EDGES: Final = (-3.0, -1.0, 1.0, 3.0)
"""Of the log odds of a box that `appearance_bins` gives a number from 1 on; 0 is none."""
APPEARANCE_BINS: Final = len(LOG_ODDS_EDGES) + 1
LOOK_GROUPS: Final = 4
"""Weak looks: without a row and with a faint one, lit, and the same in deep shade."""
STRONG, FAINT_LIT, FAINT_DIM = 4, 3, 2
"""The score bin from which a look tells a box's colour; the last ones of weak looks, lit and in deep shade."""
LIKE: Final = 0.8
"""Farther than that from box and ground alike a look shows neither, but haze or glare, and says nothing."""
DARK: Final = 0.05
TINT_WEIGHT: Final = 1.5
SHADE_CAST: Final = -1.5
"""Log of the light in deep shade, where no box tells it."""
LEAST_BOXES: Final = 3


def appearance_features(inner: Floats, ring: Floats, rough: Floats, bins: Ints, lit: Bools, clear: Bools) -> Floats:
    """The features (place, date, feature) of each look, in the logarithm; NaN where no look tells the box's colour.

    Parameters
    ----------
    inner, ring : float64
        Light within the place's box, and beside its long sides; NaN where there is none.
    rough : float64 (place, date)
        Standard deviation of the light within the box over the light there.
    bins : int64 (place, date)
        Score bins, see `changedet.kernels.tracks.score_bins`.
    lit, clear : bool (place, date)
        True where the look was clear; where it was or a row was found.
    """
    seen = np.isfinite(inner).all(axis=2)
    strong, empty = lit & seen & (bins >= STRONG), lit & seen & (bins == 0)
    own, beside = (np.log(np.maximum(light, 0.0) + DARK) for light in (inner, ring))
    cast = _cast(own, strong, clear & ~lit & seen & (bins >= FAINT_LIT))
    own, beside = own - np.where(lit[..., None], *cast), beside - np.where(lit[..., None], *cast)
    box, ground = _to_nearest(own, strong), _to_nearest(own, empty)
    bare = own[empty] if empty.any() else beside[np.isfinite(beside).all(axis=2)]
    usual = np.median(bare, axis=0) if len(bare) else np.zeros(own.shape[2])
    ground = np.where(np.isfinite(ground), ground, _apart(own - usual))
    parts = np.concatenate([box, ground, _apart(own - beside), rough[..., None]], axis=2)
    return np.asarray(np.log(parts + DARK))


def _cast(own: Floats, strong: Bools, dim: Bools) -> tuple[Floats, Floats]:
    """What each date (date, band) adds to the logarithm of a box's light, lit and in deep shade."""
    shown = np.where(strong[..., None], own, 0.0)
    usual = shown.sum(1) / np.maximum(strong.sum(1), 1)[:, None]
    known = np.asarray(strong.any(axis=1))
    casts = []
    for mask, least, unknown in ((strong, 1, 0.0), (dim & known[:, None], LEAST_BOXES, SHADE_CAST)):
        cast = np.full(own.shape[1:], unknown)
        for t in np.flatnonzero(mask.sum(0) >= least):
            cast[t] = np.median((own[:, t] - usual)[mask[:, t]], axis=0)
        casts.append(cast)
    return casts[0], casts[1]


def _apart(difference: Floats) -> Floats:
    """Difference in brightness and in tint (place, date, 2) of logarithms of light."""
    brightness = difference.mean(2)
    tint = np.sqrt(((difference - brightness[..., None]) ** 2).sum(2))
    return np.stack([np.abs(brightness), tint], axis=2)


def _to_nearest(own: Floats, chosen: Bools) -> Floats:
    """Difference (place, date, 2) to the liker one of the chosen looks next before and next after; NaN without any."""
    dates = own.shape[1]
    best = np.full((*own.shape[:2], 2), np.nan)
    for order in (range(dates), range(dates - 1, -1, -1)):
        last = np.full((len(own), own.shape[2]), np.nan)
        for t in order:
            apart = _apart(own[:, t : t + 1] - last[:, None])[:, 0]
            nearer = np.isfinite(apart[:, 0]) & ~(_weighed(best[:, t]) <= _weighed(apart))
            best[:, t] = np.where(nearer[:, None], apart, best[:, t])
            last = np.where(chosen[:, t, None], own[:, t], last)
    return best


def _weighed(apart: Floats) -> Floats:
    """Distance (..) of two looks by their difference (.., 2) in brightness and tint."""
    distance: Floats = np.hypot(apart[..., 0], TINT_WEIGHT * apart[..., 1])
    return distance


def appearance_bins(features: Floats, weights: Floats) -> Ints:
    """Bin (place, date) of the log odds of a box by the features; 0 where they are not known, or like neither.

    Parameters
    ----------
    features : float64 (place, date, feature)
    weights : float64 (feature + 1,)
        The last one stands alone.
    """
    odds = features @ weights[:-1] + weights[-1]
    apart = np.exp(features[..., :4]) - DARK
    nearest = np.minimum(_weighed(apart[..., :2]), _weighed(apart[..., 2:]))
    with np.errstate(invalid="ignore"):
        told = np.isfinite(odds) & (nearest < LIKE)
    return np.where(told, 1 + np.digitize(np.nan_to_num(odds), LOG_ODDS_EDGES), 0).astype(np.int64)


def look_groups(bins: Ints, lit: Bools) -> Ints:
    """Group (place, date) of each look, 0 to 3; -1 where the detector's row tells enough."""
    weak = bins <= np.where(lit, FAINT_LIT, FAINT_DIM)
    return np.where(weak, 2 * ~lit + (bins > 0), -1).astype(np.int64)
