"""Pictures as networks are shown them that begin with layers taught on photographs: black to white, shadows lifted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.quantiles import quantiles

DARK_SHARE: Final = 0.01
BRIGHT_SHARE: Final = 0.99
"""Quantiles of a scene's sample that are shown black and white."""
GAMMA: Final = 0.7
"""Exponent of what is shown: photographs have their shadows lifted."""
TOP: Final = 1.15
"""Greatest level that is shown, before the exponent; white is 1."""
MISSING: Final = -0.2
"""Shown where nothing is seen; black is -1, white 1."""
SPAN_LEAST: Final = 1e-6
"""Least distance of black and white, in the image's unit."""


@dataclass(frozen=True)
class ShownRange:
    """What is shown black and white, in the unit of the scene.

    Attributes
    ----------
    low, high : float
        Of blue, green and red alike.
    nir_low, nir_high : float
        Of near infrared.
    """

    low: float
    high: float
    nir_low: float
    nir_high: float


def fit_shown_range(sample: Singles, bands: list[int | None]) -> ShownRange:
    """What is shown black and white of a scene.

    Parameters
    ----------
    sample : float32 (cell, band, y, x)
        Its sample; NaN where not valid.
    bands : list of int or None
        Where blue, green, red and near infrared lie; None where there is no such band.

    Returns
    -------
    ShownRange
        0 to 1 where nothing is seen.
    """
    nir = (0.0, 1.0) if bands[3] is None else _ends(sample[:, bands[3]])
    return ShownRange(*_ends(sample[:, [band for band in bands[:3] if band is not None]]), *nir)


def _ends(values: Singles) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = quantiles(values, [DARK_SHARE, BRIGHT_SHARE]).tolist()
    return low, high


def shown(
    image: Singles, bands: list[int | None], gain: list[float], offset: list[float], limits: ShownRange, seen: Bools
) -> Singles:
    """A date as a network sees it.

    Parameters
    ----------
    image : float32 (band, y, x)
    bands : list of int or None
        Where blue, green, red and near infrared lie; None where there is no such band.
    gain, offset : list of float
        Of each band that is there: the line that takes it to the scene of the limits.
    limits : ShownRange
        From `fit_shown_range`.
    seen : bool (y, x)
        Elsewhere `MISSING` is shown.

    Returns
    -------
    float32 (4, y, x)
        Red, green, blue, near infrared, -1 to about 1.2; `MISSING` where not seen, and where there is no such band.
    """
    ends = [(limits.low, limits.high)] * 3 + [(limits.nir_low, limits.nir_high)]
    out = np.full((4, *seen.shape), np.float32(MISSING))
    lines = iter(zip(gain, offset, strict=True))
    for band, (low, high), at in zip(bands, ends, (2, 1, 0, 3), strict=True):
        if band is None:
            continue
        own_gain, own_offset = next(lines)
        scale = np.float32(1.0 / max(high - low, SPAN_LEAST))
        level = (image[band][seen] * np.float32(own_gain) + np.float32(own_offset - low)) * scale
        out[at][seen] = np.clip(level, np.float32(0), np.float32(TOP)) ** np.float32(GAMMA) * 2 - 1
    return out


def part_to_show(seen: Bools, reach_px: int, step_px: int) -> tuple[slice, slice]:
    """The part of a block that a network must be shown, to say what it would say of all that is seen.

    Parameters
    ----------
    seen : bool (y, x)
        Pixels whose answer is wanted; the others are shown as `MISSING`.
    reach_px : int
        How far a pixel of its answer looks.
    step_px : int
        A side of its coarsest cells, on which the block begins.

    Returns
    -------
    (slice, slice)
        Rows and columns; empty where nothing is seen.

    Examples
    --------
    >>> seen = np.zeros((400, 400), bool)
    >>> seen[150:300, 50] = True
    >>> part_to_show(seen, 64, 16)
    (slice(80, 364, None), slice(0, 115, None))
    """
    spans = []
    for along in (seen.any(axis=1), seen.any(axis=0)):
        where = np.flatnonzero(along)
        if not where.size:
            return slice(0), slice(0)
        first = max(0, int(where[0]) - reach_px) // step_px * step_px
        spans.append(slice(first, min(along.size, int(where[-1]) + 1 + reach_px)))
    return spans[0], spans[1]
