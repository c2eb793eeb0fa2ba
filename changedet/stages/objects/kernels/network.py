"""The container network on its fixed pixel of about 0.4 m: resampling, stretch, inference, boxes from its maps.

The network is a U-Net (Ronneberger et al. 2015, doi:10.1007/978-3-319-24574-4_28) that draws a narrow peak at each
box's centre (Zhou et al. 2019, arXiv:1904.07850) with the box's direction and size at the same place. Pixels are
resampled by a ratio of small whole numbers, so that the network's grid and its pooling lie at the same place of the
common grid in every cell.

The file holds two networks, most of them in whole numbers of 8 bits (training/quantise_network.py), of which the second
sees the picture in a mirror; where the first look shows anything, both
look once more at the picture turned by half, and the mean of all maps counts. What stands on the ground does not depend
on the way round, so what differs between the answers is chance (Krizhevsky, Sutskever, Hinton 2012, section 4.1,
doi:10.1145/3065386).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.onnx_session import session
from changedet.stages.objects.kernels.network_grid import REACH_PX, STRIDE_PX
from changedet.stages.objects.kernels.network_peaks import CENTRE
from changedet.stages.objects.kernels.own_light import in_own_light
from changedet.stages.objects.kernels.stretch import GAMMA, LIFT, TOP, open_limits

LEAST_SPREAD: Final = 1e-3
"""Added to a band's standard deviation, by which the picture is divided."""
MOST_BELOW: Final = 4.0
"""How many spreads black may lie below a scene's mean: of scenes that taught the network less than one in ten has more.
Where nearly all is one bright ground it is five to eleven, and all that stands there is one black to the network."""
MISSING: Final = 0.5
"""Stretched value of pixels without data: mid-grey."""
SOBEL_SCALE: Final = 0.25
"""A Sobel filter's sums as the mean of its four differences."""
DECIMALS: Final = 6
"""To which means and spreads are kept."""
LEAST_AGAIN: Final = -2.0
"""Log odds of a centre from which on a place is looked at again: boxes that counted in the end had -1.1 and more at the
first look (475 on three painted dates)."""


@dataclass(frozen=True)
class NetworkStatistics:
    """A scene's statistics for the network.

    Attributes
    ----------
    low, high : tuple of float
        Dark and bright end of the three bands that are shown to it, in the scene's own unit.
    mean, spread : tuple of float
        Of the stretched scene, band by band: of the scene, so that no cell has its own.
    gsd_m : float or None
        The date's own pixel, metres, where known: coarser than the grid's, it was upsampled.
    shadow : tuple of float or None
        Where a roof's shadow lies, of `stack_height.reach_per_metre`: metres right and down per metre of height; None
        where the sun is not known.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    gsd_m: float | None = None
    shadow: tuple[float, ...] | None = None


def statistics(samples: Singles, bands: Sequence[int]) -> NetworkStatistics:
    """A scene's statistics from its fixed sample.

    Parameters
    ----------
    samples : float32 (cell, band, y, x)
        NaN for no data.
    bands : sequence of int
        The three bands that are shown to the network.

    Returns
    -------
    NetworkStatistics
        Without the date's pixel and shadow; the sum of the spreads is at least 1 / `MOST_BELOW` of that of the means.
    """
    chosen = samples[:, list(bands)]
    low, high = open_limits(chosen)
    mean, spread = [], []
    for band in range(3):
        values = chosen[:, band][np.isfinite(chosen[:, band])][None, None]
        shown = stretched(values[None, 0], [low[band]], [high[band]]) if values.size else np.zeros(1)
        mean.append(round(float(shown.mean(dtype=np.float64)), DECIMALS))
        spread.append(round(float(shown.std(dtype=np.float64)) + LEAST_SPREAD, DECIMALS))
    widened = max(1.0, sum(mean) / (MOST_BELOW * sum(spread)))
    return NetworkStatistics(low, high, tuple(mean), tuple(round(widened * s, DECIMALS) for s in spread))


def stretched(image: Singles, low: Sequence[float], high: Sequence[float]) -> Singles:
    """A picture with the scene's dark end near 0 and its bright end near 1.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data, which becomes mid-grey.
    low, high : sequence of float
        Dark and bright end of each band.

    Returns
    -------
    float32 (band, y, x)
        0 to about 1.3, no NaN.
    """
    a, b = (np.asarray(v, np.float32)[:, None, None] for v in (low, high))
    with np.errstate(invalid="ignore"):
        shown = np.clip((image - a) / (b - a) + LIFT, 0.0, TOP) ** np.float32(GAMMA)
    return np.where(np.isfinite(shown), shown, np.float32(MISSING)).astype(np.float32)


def steepest(picture: Singles) -> float:
    """The greatest brightness gradient of a picture: sum of both Sobel means.

    Parameters
    ----------
    picture : float32 (band, y, x)
        Stretched.

    Returns
    -------
    float
        Per pixel, 0 and more.
    """
    bright = picture.mean(axis=0)
    steps = [np.abs(cv2.Sobel(bright, cv2.CV_32F, *axis, scale=SOBEL_SCALE)) for axis in ((1, 0), (0, 1))]
    return float((steps[0] + steps[1]).max(initial=0.0))


class Seen(NamedTuple):
    """What the network sees in a picture.

    Attributes
    ----------
    maps : float32 (6, y, x)
        Centre (logit), sine and cosine of twice the angle, logarithm of length and width over a 20-foot box's, other
        (logit).
    description : float64 (n,) or None
        Means and root mean squares of feature maps over what is clear of the picture: the network's own description of
        what it was shown, see training/describe_network.py. None of a network without that output, and where no block
        is clear.
    described : int
        Pixels of the picture that it is of.
    """

    maps: Singles
    description: Floats | None
    described: int


def seen(
    model: bytes,
    picture: Singles,
    mean: Sequence[float],
    spread: Sequence[float],
    origin: tuple[int, int] = (0, 0),
    clear: Bools | None = None,
) -> Seen:
    """The network's maps of a picture, and its description.

    Parameters
    ----------
    model : bytes
        The network's file.
    picture : float32 (3, y, x)
        Stretched.
    mean, spread : sequence of float
        Of the stretched scene, band by band.
    origin : tuple of int
        Row and column of the picture where the network's pooling begins, also before its first: the same place of the
        common grid gives the same maps wherever a picture is cut.
    clear : bool (y, x), optional
        Pixels of the picture that show the ground; by default all.

    Returns
    -------
    Seen
        Maps of the picture's own pixels, and the description of the first look.
    """
    a, b = (np.asarray(v, np.float32)[:, None, None] for v in (mean, spread))
    height, width = picture.shape[1:]
    top, left = (-place % STRIDE_PX for place in origin)
    short = [(0, 0), (top, -(top + height) % STRIDE_PX), (left, -(left + width) % STRIDE_PX)]
    filled = np.pad(in_own_light((picture - a) / b), short)
    maps, *more = session(model).run(None, {"picture": filled[None]})
    found = np.array(maps[0], np.float32)
    inside = (slice(None), *looked_at_again(found[CENTRE]))
    turned = np.ascontiguousarray(filled[inside][:, ::-1, ::-1])
    if turned.size:
        # Maps hold sine and cosine of twice the angle, which half a turn leaves as they are.
        again = session(model).run(None, {"picture": turned[None]})[0][0]
        found[inside] = (found[inside] + again[:, ::-1, ::-1]) / 2
    open_ground = np.pad(np.ones(picture.shape[1:], bool) if clear is None else clear, short[1:])
    description, described = _described(more[0][0], open_ground) if more else (None, 0)
    return Seen(found[:, top : top + height, left : left + width].copy(), description, described)


def _described(blocks: Singles, clear: Bools) -> tuple[Floats | None, int]:
    """Means and root mean squares over the blocks that are clear all over, and how many pixels these have.

    Clouds and what is not in the picture make a scene no less like those that were learned.
    """
    rows, columns = blocks.shape[1:]
    kept = clear.reshape(rows, STRIDE_PX, columns, STRIDE_PX).all(axis=(1, 3))
    if not kept.any():
        return None, 0
    mean, power = np.split(blocks[:, kept].mean(axis=1, dtype=np.float64), 2)
    return np.concatenate([mean, np.sqrt(power)]), int(kept.sum()) * STRIDE_PX**2


def looked_at_again(centre: Singles) -> tuple[slice, slice]:
    """The part of a picture that the second look must show, so that it sees all that can change a peak.

    Parameters
    ----------
    centre : float32 (y, x)
        Log odds of a box's centre at the first look; sizes are multiples of `network_grid.STRIDE_PX`.

    Returns
    -------
    tuple of slice
        Rows and columns in multiples of `network_grid.STRIDE_PX`; empty without a peak.
    """
    hit = centre > LEAST_AGAIN
    if not hit.any():
        return slice(0, 0), slice(0, 0)
    spans = []
    for along, size in zip((hit.any(axis=1), hit.any(axis=0)), centre.shape, strict=True):
        where = np.flatnonzero(along)
        first, last = int(where[0]) - REACH_PX, int(where[-1]) + 1 + REACH_PX
        spans.append(slice(max(0, first // STRIDE_PX * STRIDE_PX), min(size, -(-last // STRIDE_PX) * STRIDE_PX)))
    return spans[0], spans[1]
