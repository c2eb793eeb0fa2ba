"""How much brighter a date is than another at each place, in units of what sunlit, open ground shows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.medians import median
from changedet.kernels.together import both, together
from changedet.stages.mask.kernels.neighbourhoods import local_line

LEAST_CELLS: Final = 64
"""With fewer cells seen on both dates there is no usual ratio; chosen by hand."""
NEAR_USUAL: Final = 0.15
"""Cells whose logarithm of the brightness ratio lies this near the usual one give the usual ratio of each band."""
LINE_SIGMA: Final = 5.0
"""Standard deviation, in cells, of the neighbourhoods in which contrasts of two dates are compared."""
LINE_REACH: Final = 22
"""Rows around a strip that its neighbourhoods reach: OpenCV cuts the Gaussian off at four standard deviations."""
TRUST_ROWS: Final = 512
"""Of a strip."""
HAZE_SHARE: Final = 0.3
"""An added light of this share of the brightness takes a cell's weight by a factor of e."""
MUCH_BRIGHTER: Final = 2.5
"""Of the darker quarter of the ratios: a cell that is so much brighter and white may be cloud, not ground."""
CLOUD_SATURATION: Final = 0.18
"""Greatest (max - min) / mean of the visible bands of a cell that may be cloud; gravel and sand have .2 to .5."""
DARK_QUARTER: Final = 25
"""Percentile of the ratios that stands for ground, with clouds over up to three quarters of the scene."""
LEAST_TRUST: Final = 0.1
"""Weight of a cell whose surroundings do not look as before: where all are so, the common ratio has to do."""
MODE_RANGE, MODE_STEP = 4.0, 0.05
"""Logarithms of ratios are counted from minus to plus the range, in bins of this width."""
MODE_SIGMA_BINS, MODE_REACH_BINS = 1.5, 4
"""Their histogram is smoothed by a Gaussian of this standard deviation, cut off at this reach."""
MODE_SHARE: Final = 0.4
"""A mode counts from this share of the highest one: ground under broken clouds may make a lower one than shadow."""
LEAST_VALUE: Final = 1e-3
"""Bands are kept above this share of their usual value, so that logarithms exist."""


class CloudBands(NamedTuple):
    """Which bands of an image clouds are found by.

    Attributes
    ----------
    white : (int, int, int)
        Blue, green and red, in which a cloud is equally bright.
    nir : int or None
        Near infrared.
    swir1 : int or None
        Short-wave infrared at 1.6 micrometres, in which snow is dark.
    """

    white: tuple[int, int, int]
    nir: int | None
    swir1: int | None = None


class UsualLight(NamedTuple):
    """What a pair of overviews is measured with.

    Attributes
    ----------
    ratios : tuple of float
        Usual ratio of the later to the earlier date on sunlit, open ground, for each band.
    ground : float
        Usual brightness on the earlier date, the mean of the visible bands.
    """

    ratios: tuple[float, ...]
    ground: float


def usual_light(own: Singles, before: Singles, valid: Bools, bands: CloudBands) -> UsualLight:
    """Usual ratios of sunlit, open ground, one for each band.

    Parameters
    ----------
    own, before : float32 (band, y, x)
        Overviews of two dates, above 0, as `filled` gives.
    valid : bool (y, x)
        Where both have data.
    bands : CloudBands
        Of both.

    Returns
    -------
    UsualLight
        Of the pair.
    """
    white = some_bands(own, bands.white)
    bright, other = white.mean(axis=0), some_bands(before, bands.white).mean(axis=0)
    usual = usual_ratio(bright, other, saturation(white, bright), valid)
    near = valid & (np.abs(np.log(bright / (usual * other))) < NEAR_USUAL)
    ratios = (float(np.exp(np.median(np.log(a[near] / b[near])))) for a, b in zip(own, before, strict=True))
    return UsualLight(tuple(ratios), float(np.median(other[valid])))


def usual_ratio(bright: Singles, other: Singles, colour: Singles, valid: Bools) -> float:
    """Brightness over the other date's on sunlit, open ground.

    The highest common ratio of what is not white and much brighter, most of all where contrast is the other date's:
    ground in the shadow of clouds makes a mode of its own below it.

    Parameters
    ----------
    bright, other : float32 (y, x)
        Mean of the visible bands of two dates, above 0, as `filled` gives them.
    colour : float32 (y, x)
        `saturation` of the first.
    valid : bool (y, x)
        Where both have data.

    Returns
    -------
    float
        Above 0.
    """
    ratio = bright / other
    ground = median(other[valid])
    trust, open_ground = both(
        lambda: _trust(other, bright, valid, ground),
        lambda: valid & ~(_is_risen(ratio, valid) & (colour < CLOUD_SATURATION)),
    )
    if not open_ground.any():
        return float(np.median(ratio[valid]))
    return float(np.exp(_highest_mode(np.log(ratio[open_ground]), trust[open_ground])))


def _trust(other: Singles, bright: Singles, valid: Bools, ground: float) -> Singles:
    """How much a cell's contrast is the other date's."""
    out = np.empty(valid.shape, np.float32)

    def _fill(top: int) -> None:
        rows = slice(top, min(top + TRUST_ROWS, len(out)))
        around = slice(max(0, top - LINE_REACH), rows.stop + LINE_REACH)
        layers = other[around] / ground, bright[around] / ground, valid[around].astype(np.float32)
        line = local_line(*layers, LINE_SIGMA)
        slope, offset, correlation = (
            layer[rows.start - around.start :][: rows.stop - rows.start]
            for layer in (line.slope, line.offset, line.correlation)
        )
        added = offset * ground / (HAZE_SHARE * bright[rows])
        alike = np.clip(correlation, 0, 1) ** 2 * np.exp(-np.square(added))
        out[rows] = np.where(slope > 0, alike, 0) + LEAST_TRUST

    # Strip by strip: a line has twelve layers, which would be the most that a large scene's clouds hold.
    together([partial(_fill, top) for top in range(0, len(out), TRUST_ROWS)])
    return out


def _is_risen(ratio: Singles, valid: Bools) -> Bools:
    return np.asarray(ratio > MUCH_BRIGHTER * np.percentile(ratio[valid], DARK_QUARTER), bool)


def brightness_ratio(bands: Singles, reference: Singles, valid: Bools) -> Singles | None:
    """How much brighter than the reference each cell is, sunlit ground being 1.

    Parameters
    ----------
    bands, reference : float32 (band, y, x)
        Visible bands of both dates; NaN for no data in the reference.
    valid : bool (y, x)
        Where the date itself has data.

    Returns
    -------
    float32 (y, x) or None
        NaN where the reference is not seen; None where too little is.
    """
    seen = valid & np.asarray(np.isfinite(reference).all(axis=0), bool)
    if seen.sum() < LEAST_CELLS:
        return None
    (bright, colour), other = both(lambda: _light(bands, seen), lambda: filled(reference, seen).mean(axis=0))
    usual = usual_ratio(bright, other, colour, seen)
    return np.where(seen, bright / (usual * other), np.nan).astype(np.float32)


def _light(bands: Singles, seen: Bools) -> tuple[Singles, Singles]:
    """Brightness and saturation, above 0: bands of an overview are large, and not held longer than this."""
    own = filled(bands, seen)
    bright = own.mean(axis=0)
    return bright, saturation(own, bright)


def filled(image: Singles, valid: Bools) -> Singles:
    """Bands above 0, with the usual value where not valid.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data.
    valid : bool (y, x)
        True somewhere.

    Returns
    -------
    float32 (band, y, x)
        Without NaN.
    """
    usual = np.array([median(band[valid]) for band in image], image.dtype)[:, None, None]
    least = LEAST_VALUE * np.abs(usual) + 1e-6
    out = np.where(valid, image, usual)
    return np.asarray(np.maximum(out, least, out=out), np.float32)


def saturation(bands: Singles, bright: Singles) -> Singles:
    """How far colours are from grey, ``(max - min) / mean``.

    Parameters
    ----------
    bands : float32 (band, y, x)
        Visible bands.
    bright : float32 (y, x)
        Their mean.

    Returns
    -------
    float32 (y, x)
        0 for white and grey; 2 and more for a pure colour.
    """
    return np.asarray(extent(bands) / np.maximum(bright, np.float32(1e-6)), np.float32)


def some_bands(image: Singles, bands: Sequence[int]) -> Singles:
    """Some bands of an image, of those side by side no copy.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN is no data.
    bands : sequence of int
        Which, in their order.

    Returns
    -------
    float32 (band, y, x)
        Not to be written to.
    """
    first, after = bands[0], bands[0] + len(bands)
    return image[first:after] if list(bands) == list(range(first, after)) else image[list(bands)]


def extent(bands: Singles) -> Singles:
    """The greatest of each pixel's bands less the least one.

    Parameters
    ----------
    bands : float32 (band, ...)
        At least one band.

    Returns
    -------
    float32 (...)
        NaN where any band is.
    """
    # Band by band: numpy's reduction over the first axis takes ten times as long.
    return np.asarray(reduce(np.maximum, bands) - reduce(np.minimum, bands), np.float32)


def _highest_mode(values: Singles, weights: Singles) -> float:
    """The highest of the common values."""
    edges: Floats = np.arange(-MODE_RANGE, MODE_RANGE, MODE_STEP)
    counts, _ = np.histogram(values, edges, weights=weights)
    around = np.arange(-MODE_REACH_BINS, MODE_REACH_BINS + 1)
    smooth = np.convolve(counts, np.exp(-0.5 * (around / MODE_SIGMA_BINS) ** 2), "same")
    inner = smooth[1:-1]
    high = inner >= MODE_SHARE * smooth.max()
    tops = np.flatnonzero((inner >= smooth[:-2]) & (inner > smooth[2:]) & high) + 1
    return float(edges[tops[-1]] + MODE_STEP / 2) if tops.size else float(np.median(values))
