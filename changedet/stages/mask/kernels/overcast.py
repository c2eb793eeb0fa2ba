"""Whether a picture shows its ground at all: an overcast sky, fog or an empty picture leaves none to measure by.

The tests of `cloud_shapes` measure a cloud against the ground around it, and fail where cloud is most of the picture.
Here pictures are known by what they lack: the fine structure that another date shows at the same place. The thresholds
were chosen with these in view: simulated pairs (quiet, growth, earthworks, winter with snow, port, trains; seeds 11,
12, 21, 22) under 0 to 100 % of cloud, clear pairs of Taizhou, Pucallpa, Beijing A and LEVIR, and fractal skies painted
over them. Overcast skies as rough as the ground itself are missed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Singles
from changedet.kernels.medians import median
from changedet.kernels.together import both
from changedet.stages.mask.kernels.cloud_light import extent

Field: TypeAlias = NDArray[np.complex64]
"""Gradients (y, x): x along the real axis; 0 where unknown."""

WINDOW_PX: Final = 31
"""Structure is compared over windows of this width."""
SMOOTHER: Final = (0.3, 0.4)
"""A window with less than this share of the other date's gradient has lost its structure: of the geometric mean, which
knows smooth ground, or of the root mean square, which knows outlines."""
FAINT: Final = (0.1, 0.15)
"""And its own gradient of the logarithm is below this: beside patchy snow any bare ground looks smooth."""
LOST_SHARE: Final = 0.4
"""A picture is doubtful where more of it has lost its structure: clear pairs reach .1, seven tenths of cloud .5."""
PEAK: Final = 5.0
"""Least height of the correlation's peak, in standard deviations, of two pictures of one place: noise reaches 3.5."""
REACH_PX: Final = 12
"""Farthest that two dates lie apart on the overview."""
SEEN_SHARE: Final = 0.25
"""Windows of which less is seen are left out."""
EDGE_PX: Final = 9
"""Gradients this near to what is not seen, in a window of this width, are not known: the reach of the filters."""
LEAST_LIGHT: Final = 1e-3
"""Brightness is kept above this share of the usual one, so that its logarithm exists."""
LEAST_GRADIENT: Final = 1e-4
"""Added to gradients before their logarithm: what 8-bit steps and compression leave of nothing."""
LEAST_KNOWN: Final = 1e-3
"""Least share of a window that a mean is divided by."""
FLAT: Final = 0.05
"""Below this gradient of the logarithm a window has no structure of its own; a snow field has .12."""
FLAT_OUTLINES: Final = 0.1
"""And its root mean square is below this: fields may be smooth, their borders are not."""
FLAT_SHARE: Final = 0.25
"""A picture of which more is flat is worth another look; clear pictures reach .08."""
ALL_FLAT: Final = 0.9
"""An empty picture, fog or an overcast sky is flat over more than this."""
BRIGHT_FLAT: Final = 0.6
"""Of a picture as bright as cloud less need be flat: gaps in a cloud have outlines."""
WIDE_CLOUD: Final = 0.3
"""Least share of a picture, in pixels too coarse for the trees, that such clouds cover: nothing that is built does."""
WIDE_RATIO: Final = 2.0
"""By so much a cloud is brighter there than the same place on the other date, in units that are known: haze, dry fields
and turbid water are up to 1.7 times."""
GREY: Final = 0.18
"""Greatest (max - min) / mean of the visible bands of a cloud, fog or an empty picture."""


def hides_ground(bright: Singles, other: Singles) -> bool:
    """Whether a picture shows nothing of what another date shows at the same place.

    Parameters
    ----------
    bright, other : float32 (y, x)
        Mean of the visible bands of both dates on one grid, NaN for no data; some pixels apart at most.

    Returns
    -------
    bool
        True where the picture has lost the other's structure in most places and the directions of the gradients that
        are left agree no better than by chance. False where the other date has no structure either, or too little is
        seen of both.
    """
    seen = np.asarray(np.isfinite(bright) & np.isfinite(other), bool)
    if seen.sum() < WINDOW_PX**2:
        return False
    own, before = both(lambda: _gradient(bright, seen), lambda: _gradient(other, seen))
    weight = _weight(seen)
    inside = weight > SEEN_SHARE
    fine, sharp = both(
        lambda: _lost(_level, own, before, weight, SMOOTHER[0], FAINT[0]),
        lambda: _lost(_outlines, own, before, weight, SMOOTHER[1], FAINT[1]),
    )
    lost = fine | sharp
    if not inside.any() or lost[inside].mean() <= LOST_SHARE:
        return False
    return _peak(own, before) < PEAK


def shows_nothing_of(bright: Singles, others: Sequence[Singles]) -> bool:
    """Whether a picture shows nothing of what several other dates show at the same place.

    A date under broken clouds has structure where a clear one shows smooth water, and says what an overcast one would
    be told: so one date that shows the same ground decides against all that do not.

    Parameters
    ----------
    bright : float32 (y, x)
        Mean of the visible bands, NaN for no data.
    others : sequence of float32 (y, x)
        Of other dates on the same grid.

    Returns
    -------
    bool
        True where it hides what one of them shows, as of `hides_ground`, and the gradients of none agree with its own.
    """
    if not any(hides_ground(bright, other) for other in others):
        return False
    return not any(_same_ground(bright, other) for other in others)


def _same_ground(bright: Singles, other: Singles) -> bool:
    seen = np.asarray(np.isfinite(bright) & np.isfinite(other), bool)
    return seen.sum() >= WINDOW_PX**2 and _peak(_gradient(bright, seen), _gradient(other, seen)) >= PEAK


def _lost(
    level: Callable[[Field, Singles], Singles], own: Field, before: Field, weight: Singles, share: float, faint: float
) -> Bools:
    return np.asarray(level(own, weight) < np.minimum(faint, share * level(before, weight)), bool)


def wide_clouds(bands: Singles, other: Singles, floor: float) -> Bools:
    """Clouds over most of a picture, which leave the tests of outlines no ground to measure by.

    Parameters
    ----------
    bands, other : float32 (band, y, x)
        Visible bands of the picture and of another date, in reflectance of one unit; 0 or NaN for no data.
    floor : float
        No cloud is darker.

    Returns
    -------
    bool (y, x)
        As white and bright as a cloud, and twice as bright as before; nowhere where less than `WIDE_CLOUD` is.
    """
    bright, before = bands.mean(axis=0), other.mean(axis=0)
    seen = np.asarray((bright > 0) & (before > 0), bool)
    with np.errstate(invalid="ignore"):
        turned = seen & (bright > floor) & (bright > WIDE_RATIO * before) & (extent(bands) < 2.0 * GREY * bright)
    if not seen.any() or turned[seen].mean() < WIDE_CLOUD:
        return np.zeros_like(seen)
    return np.asarray(turned, bool)


def is_doubtful(bright: Singles) -> bool:
    """Whether so much of a picture has no structure that it should be compared with another date.

    Parameters
    ----------
    bright : float32 (y, x)
        Mean of the visible bands, NaN for no data.

    Returns
    -------
    bool
        False where nothing is seen.
    """
    return _flat_share(bright, np.inf) > FLAT_SHARE


def is_featureless(bands: Singles, floor: float) -> bool:
    """Whether a picture is grey and smooth nearly everywhere.

    Parameters
    ----------
    bands : float32 (band, y, x)
        Visible bands, NaN for no data.
    floor : float
        No cloud is darker; 0 where the units are unknown.

    Returns
    -------
    bool
        False where too little is seen.
    """
    seen = np.asarray(np.isfinite(bands).all(axis=0), bool)
    if seen.sum() < WINDOW_PX**2:
        return False
    values = bands.reshape(len(bands), -1) if seen.all() else bands[:, seen]
    grey = extent(values) < GREY * np.maximum(values.mean(axis=0), 1e-6)
    if grey.mean() <= 0.5:
        return False
    bright = 0 < floor < float(np.median(values))
    return _flat_share(bands.mean(axis=0), FLAT_OUTLINES) > (BRIGHT_FLAT if bright else ALL_FLAT)


def _flat_share(bright: Singles, outlines: float) -> float:
    seen = np.asarray(np.isfinite(bright), bool)
    weight = _weight(seen)
    inside = weight > SEEN_SHARE
    if not inside.any():
        return 0.0
    gradient = _gradient(bright, seen)
    level, outline = both(lambda: _level(gradient, weight), lambda: _outlines(gradient, weight))
    flat = (level < FLAT) & (outline < outlines)
    return float(flat[inside].mean())


def _gradient(bright: Singles, seen: Bools) -> Field:
    """Gradient of the logarithm, which light and haze scale little; 0 beside what is not seen."""
    usual = max(median(bright[seen]), 1e-6) if seen.any() else 1.0
    filled = cv2.GaussianBlur(np.where(seen, bright, np.float32(usual)), (0, 0), 1.0)
    level = np.log(np.maximum(filled, np.float32(LEAST_LIGHT * usual)))
    away = cv2.erode(seen.astype(np.uint8), np.ones((EDGE_PX, EDGE_PX), np.uint8), borderValue=1).astype(bool)
    along = cv2.Sobel(level, -1, 1, 0) + np.complex64(1j) * cv2.Sobel(level, -1, 0, 1)
    return np.where(away, along, 0).astype(np.complex64)


def _weight(seen: Bools) -> Singles:
    """Share of each window whose gradient is known."""
    away = cv2.erode(seen.astype(np.uint8), np.ones((EDGE_PX, EDGE_PX), np.uint8), borderValue=1)
    return np.asarray(cv2.blur(away.astype(np.float32), (WINDOW_PX, WINDOW_PX)), np.float32)


def _level(gradient: Field, weight: Singles) -> Singles:
    """Geometric mean of the gradient over each window: a few sharp edges do not make up for smooth ground."""
    known = (gradient != 0) | (weight == 1)
    size = np.log(np.abs(gradient) + np.float32(LEAST_GRADIENT))
    total = cv2.blur(np.where(known, size, 0).astype(np.float32), (WINDOW_PX, WINDOW_PX))
    return np.asarray(np.exp(total / np.maximum(weight, LEAST_KNOWN)), np.float32)


def _outlines(gradient: Field, weight: Singles) -> Singles:
    """Root mean square of the gradient over each window."""
    power = cv2.blur(np.square(np.abs(gradient)).astype(np.float32), (WINDOW_PX, WINDOW_PX))
    return np.asarray(np.sqrt(np.maximum(power, 0) / np.maximum(weight, LEAST_KNOWN)), np.float32)


def _peak(own: Field, before: Field) -> float:
    """Height of the orientation correlation's peak among small shifts, in standard deviations of the others."""
    # Imported here for a quick start.
    from scipy import fft

    pair = [field / (np.abs(field) + 0.5 * np.median(np.abs(field)) + 1e-9) for field in (own, before)]
    size = [fft.next_fast_len(n + REACH_PX) for n in own.shape]
    product = np.conj(fft.fft2(pair[1], size)) * fft.fft2(pair[0], size)
    agreement = np.real(fft.ifft2(product))
    near = np.ix_(*[np.abs(np.fft.fftfreq(n) * n) <= REACH_PX for n in size])
    peak = float(agreement[near].max())
    agreement[near] = 0.0
    return peak / max(float(agreement.std()), 1e-9)
