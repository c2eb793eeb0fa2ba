"""Log odds of change by a network that compares what stands on both dates, added to those of the trees.

The first layers of a network that was taught on photographs of everyday things tell edges, ridges and textures from
each other in any light. Differences of their answers between two dates tell a change of things from a change of light
far better than differences of bands do (Saha, Bovolo, Bruzzone 2019, doi:10.1109/TGRS.2018.2886643). The trees know
what a displacement explains, the network knows shape; they err on different ground, so that their log odds add up.
Scenes with near infrared, which is shown as well, and scenes without have networks of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.onnx_session import Session
from changedet.kernels.quantiles import quantiles

STEP_PX: Final = 16
"""Pixels of the network's coarsest cells: a block begins at a multiple of it on the grid, so that cells lie alike."""
NIR_HALO_PX: Final = 64
COLOURS_HALO_PX: Final = 128
"""How far a pixel of the result looks, by the network with near infrared and by that of colours alone: the sum of what
their layers do."""
DARK_SHARE: Final = 0.01
BRIGHT_SHARE: Final = 0.99
"""Quantiles of the earlier date that are shown black and white."""
GAMMA: Final = 0.7
"""Exponent of what is shown: photographs have their shadows lifted."""
TOP: Final = 1.15
"""Greatest level that is shown, before the exponent; white is 1."""
MISSING: Final = -0.2
"""Shown where either date is not seen; black is -1, white 1."""
SHOWN_PX: Final = {NIR_HALO_PX: 400, COLOURS_HALO_PX: 784}
"""Rows at a time, with the halo on either side where there is more: the network then holds no more than the features
of the trees did, of a whole tile 300 MB. A tile of 512 px takes two strips with near infrared, whose halo is a fifth of
them, and one in colours alone."""
COLOURS_CAUTION: Final = 0.8
"""Taken off the log odds of both in colours alone: real pictures are then marked falsely by as much as by the trees
alone (docs/research/change.md)."""
LEAST_ODDS: Final = -5.0
"""What the trees dismiss counts as these log odds: only what the network is sure of can raise it to a mark."""
SPAN_LEAST: Final = 1e-6
"""Least distance of black and white, in the image's unit."""


@dataclass(frozen=True)
class ShownRange:
    """What is shown black and white, in the unit of the earlier date.

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


def fit_shown_range(before: Singles, bands: list[int | None]) -> ShownRange:
    """What is shown black and white of a pair.

    Parameters
    ----------
    before : float32 (cell, band, y, x)
        The sample of the earlier date; NaN where not valid.
    bands : list of int or None
        Where blue, green, red and near infrared lie; None where there is no such band.

    Returns
    -------
    ShownRange
        0 to 1 where nothing is seen.
    """
    nir = (0.0, 1.0) if bands[3] is None else _ends(before[:, bands[3]])
    return ShownRange(*_ends(before[:, [band for band in bands[:3] if band is not None]]), *nir)


def _ends(values: Singles) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = quantiles(values, [DARK_SHARE, BRIGHT_SHARE]).tolist()
    return low, high


def shown(
    image: Singles, bands: list[int | None], gain: list[float], offset: list[float], limits: ShownRange, seen: Bools
) -> Singles:
    """A date as the network sees it.

    Parameters
    ----------
    image : float32 (band, y, x)
    bands : list of int or None
        Where blue, green, red and near infrared lie; None where there is no such band.
    gain, offset : list of float
        Of each band that is there: the line that takes it to the earlier date.
    limits : ShownRange
        From `fit_shown_range`.
    seen : bool (y, x)
        Where both dates are.

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


def network_odds(before: Singles, after: Singles, session: Session, halo_px: int) -> Singles:
    """Log odds of change by the network alone.

    Parameters
    ----------
    before, after : float32 (4, y, x)
        From `shown`; the first pixel lies at a multiple of `STEP_PX` on the grid.
    session : Session
        Of ``change_network.onnx`` or ``change_colours.onnx``.
    halo_px : int
        How far it looks.

    Returns
    -------
    float32 (y, x)
        Right where `halo_px` more are there on each side.
    """
    height, width = before.shape[1:]
    rest = ((0, 0), (0, -height % STEP_PX), (0, -width % STEP_PX))
    pair = [np.pad(image, rest, constant_values=MISSING)[None] for image in (before, after)]
    out = np.empty((height, width), np.float32)
    stop = 0
    while stop < height:
        start, top = stop, max(0, stop - halo_px)
        rows = slice(top, top + SHOWN_PX[halo_px])
        stop = height if rows.stop >= height else rows.stop - halo_px
        odds = session.run(None, {"before": pair[0][:, :, rows], "after": pair[1][:, :, rows]})[0]
        out[start:stop] = odds[start - top : stop - top, :width]
    return out


def with_network_odds(probability: Singles, odds: Singles, caution: float = 0.0) -> Singles:
    """Probabilities of the trees and the network together.

    Parameters
    ----------
    probability : float32 (y, x)
        Of the trees; NaN where either date is.
    odds : float32 (y, x)
        From `network_odds`.
    caution : float
        Taken off the log odds of both.

    Returns
    -------
    float32 (y, x)
        0 to 1; NaN where `probability` is.
    """
    own = np.clip(probability.astype(np.float64), 1e-6, 1.0 - 1e-6)
    together = np.maximum(np.log(own / (1.0 - own)), LEAST_ODDS) + odds - caution
    return np.asarray(1.0 / (1.0 + np.exp(-together)), np.float32)
