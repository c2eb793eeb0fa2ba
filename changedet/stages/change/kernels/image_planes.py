"""Both dates as integer planes: bands, brightness, chromaticities, vegetation index and saturation.

Values are in units of the scene's own spread, after a robust line per band. They are integers, so that sums over a
neighbourhood are exact and do not depend on the block a pixel is computed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from changedet.arrays import Bools, Ints, Shorts, Singles
from changedet.kernels.compiled import compiled, inlined
from changedet.kernels.quantiles import quantiles
from changedet.stages.change.kernels.feature_names import ROLES
from changedet.stages.change.kernels.patch_search import CHROMA_UNIT, UNIT
from changedet.stages.change.kernels.tolerance import fit_line, line_of_light

Planes: TypeAlias = dict[str, tuple[Shorts, Shorts]]
"""int16 (y, x) of both dates by name, one of `PLANES`."""

FIT_PIXELS: Final = 200_000
"""Pixels from which the line and the spread are estimated; a fixed stride picks them."""
LIMIT: Final = 16384
"""Greatest absolute value of a plane: half of what int16 holds, so that differences fit."""
PLANES: Final = (*ROLES, "brightness", "green_share", "red_share", "ndvi", "saturation")
"""Bands and brightness in `UNIT` to a spread, the others in `CHROMA_UNIT` to 1."""
BRIGHTNESS: Final = PLANES.index("brightness")
GREEN_SHARE: Final = PLANES.index("green_share")
RED_SHARE: Final = PLANES.index("red_share")
NDVI: Final = PLANES.index("ndvi")
SATURATION: Final = PLANES.index("saturation")
LOW_SIGMA: Final = 0.16
HIGH_SIGMA: Final = 0.84
"""Quantiles one standard deviation below and above the median of a Gaussian."""
DARK_SHARE: Final = 0.005
"""Quantile that is a band's dark level."""
LEAST_SPREAD: Final = 1e-3
"""Least spread as a share of a band's greatest value."""


@dataclass(frozen=True)
class BandScale:
    """Line, spread and dark level of the bands that are compared, a number for each role that is there.

    Attributes
    ----------
    gain, offset : list of float
        The line that takes the later date to the earlier one.
    spread : list of float
        Half the distance between the quantiles one standard deviation from the median, of the earlier date.
    dark : list of float
        Its dark level.
    by_lasting : bool
        Whether the line is that of what stands on both dates, as that of most ground was of the season.
    """

    gain: list[float]
    offset: list[float]
    spread: list[float]
    dark: list[float]
    by_lasting: bool = False


def fit_scale(before: Singles, after: Singles, bands: list[int | None], lasting: Bools | None = None) -> BandScale:
    """Line, spread and dark level of the bands that are compared.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        NaN where not valid.
    bands : list of int or None
        Where each of `ROLES` lies; None where the scene has no such band.
    lasting : bool (cell, y, x), optional
        Pixels of the same structure on both dates: a line by which most of these changed is not taken.

    Returns
    -------
    BandScale
        Of the bands that are there; neutral numbers where no pixel is valid.
    """
    used = [band for band in bands if band is not None]
    seen = np.isfinite(before[:, used]).all(axis=1) & np.isfinite(after[:, used]).all(axis=1)
    valid = np.asarray(seen, np.bool_)
    x, y = _thinned(before, after, used, valid)
    line = every = fit_line(x, y)
    if lasting is not None:
        line = line_of_light(every, (x, y), _thinned(before, after, used, valid & lasting))
    if not len(x):
        ones = [1.0] * len(used)
        return BandScale(gain=ones, offset=[0.0] * len(used), spread=ones, dark=[0.0] * len(used))
    shares = (LOW_SIGMA, DARK_SHARE, HIGH_SIGMA)
    low, dark, high = np.transpose([quantiles(band.astype(np.float64), shares) for band in x.T])
    least = np.maximum(LEAST_SPREAD * np.abs(x).max(axis=0), 1e-6)
    spread = np.maximum((high - low) / 2, least)
    return BandScale(
        gain=line.gain, offset=line.offset, spread=spread.tolist(), dark=dark.tolist(), by_lasting=line is not every
    )


def _thinned(before: Singles, after: Singles, used: list[int], chosen: Bools) -> tuple[Singles, Singles]:
    """Chosen pixels (n, band) of both dates, at most about `FIT_PIXELS` of them."""
    x, y = (np.stack([image[:, band][chosen] for band in used], axis=1) for image in (before, after))
    stride = max(1, len(x) // FIT_PIXELS)
    return x[::stride], y[::stride]


def image_planes(before: Singles, after: Singles, bands: list[int | None], scale: BandScale, valid: Bools) -> Planes:
    """Both dates as integer planes.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        NaN where not valid.
    bands : list of int or None
        As for `fit_scale`.
    scale : BandScale
        From `fit_scale`.
    valid : bool (y, x)
        Where all bands of both are there.

    Returns
    -------
    dict of str to pair of int16 (y, x)
        Each of `PLANES`, 0 where not valid and where the scene has no such band.
    """
    used = np.array([band for band in bands if band is not None], np.int64)
    table = np.array([scale.gain, scale.offset, scale.spread, scale.dark], np.float32)
    own = table.copy()
    own[0], own[1] = 1.0, 0.0
    found = []
    for image, numbers in ((before, own), (after, table)):
        out = np.zeros((len(PLANES), *valid.shape), np.int16)
        _quantise(np.ascontiguousarray(image, np.float32), used, numbers, valid, np.zeros(4, np.float32), out)
        found.append(out)
    return {key: (found[0][k], found[1][k]) for k, key in enumerate(PLANES)}


@inlined
def _whole(value: np.float32) -> np.int16:
    limit = np.float32(LIMIT)
    return np.int16(np.rint(min(max(value, -limit), limit)))


@compiled
def _quantise(image: Singles, used: Ints, numbers: Singles, valid: Bools, value: Singles, out: Shorts) -> None:
    unit, chroma = np.float32(UNIT), np.float32(CHROMA_UNIT)
    for y in range(valid.shape[0]):
        for x in range(valid.shape[1]):
            if not valid[y, x]:
                continue
            light = np.float32(0.0)
            for k in range(used.size):
                value[k] = numbers[0, k] * image[used[k], y, x] + numbers[1, k]
                level = (value[k] - numbers[3, k]) / numbers[2, k]
                out[k, y, x] = _whole(level * unit)
                if k < 3:
                    light += level
            out[BRIGHTNESS, y, x] = _whole(light * unit / np.float32(3.0))
            b, g, r = max(value[0], np.float32(0)), max(value[1], np.float32(0)), max(value[2], np.float32(0))
            total = b + g + r
            if total > 0:
                out[GREEN_SHARE, y, x] = _whole(g / total * chroma)
                out[RED_SHARE, y, x] = _whole(r / total * chroma)
                out[SATURATION, y, x] = _whole((max(b, g, r) - min(b, g, r)) / total * chroma)
            if used.size > 3:
                n = max(value[3], np.float32(0))
                out[NDVI, y, x] = _whole((n - r) / (n + r) * chroma) if n + r > 0 else 0
