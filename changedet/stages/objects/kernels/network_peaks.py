"""Boxes at the peaks of the network's maps, and how sure each is by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Floats, Singles
from changedet.kernels.containers import (
    LENGTH_20FT_M,
    NETWORK_LENGTH_GATE_M,
    OTHER_LONGEST_M,
    WIDTH_GATE_M,
    WIDTH_M,
)
from changedet.stages.objects.kernels.logistic import sigmoid

LOG_SIZE_BOUNDS: Final = (-1.0, 1.5)
"""Least and greatest logarithm of a length over that of 20 feet."""
LOG_WIDTH_BOUND: Final = 1.0
"""Greatest size of the logarithm of a width over a container's."""
MOST_MARGIN: Final = 4.0
"""Log odds of the class beyond it are equally sure; training/train_network.py calibrates on clipped ones, too."""
LEAST_GSD_M: Final = 1e-3
"""For the logarithm of a pixel."""
CENTRE, SINE, COSINE, LOG_LENGTH, LOG_WIDTH, OTHER_LOGIT = range(6)
"""The maps of `maps`."""


class Peaks(NamedTuple):
    """Boxes as the network gives them.

    Attributes
    ----------
    boxes : float64 (n, 5)
        Metres from the block's corner, see `rectangles`.
    logit : float64 (n,)
        Log odds of the peak.
    other : float64 (n,)
        Log odds of being a box that is no container.
    """

    boxes: Floats
    logit: Floats
    other: Floats


def decoded(found: Singles, pixel_m: float, least_logit: float) -> Peaks:
    """Boxes at the peaks of the centre map, their places refined to a fraction of a pixel.

    Parameters
    ----------
    found : float32 (6, y, x)
        Of `maps`.
    pixel_m : float
        Their pixel, metres.
    least_logit : float
        Lower peaks are left out.

    Returns
    -------
    Peaks
        In raster order; boxes of impossible sizes are left out.
    """
    centre = found[CENTRE]
    top = cv2.dilate(centre, np.ones((3, 3), np.uint8))
    inner = np.zeros(centre.shape, bool)
    inner[1:-1, 1:-1] = True
    y, x = np.nonzero((centre >= top) & (centre > least_logit) & inner)
    here = found[:, y, x].astype(np.float64)
    dx, dy = _tops(centre, y, x)
    angle = np.mod(np.arctan2(here[SINE], here[COSINE]) / 2, np.pi)
    length = LENGTH_20FT_M * np.exp(np.clip(here[LOG_LENGTH], *LOG_SIZE_BOUNDS))
    width = WIDTH_M * np.exp(np.clip(here[LOG_WIDTH], -LOG_WIDTH_BOUND, LOG_WIDTH_BOUND))
    boxes = np.column_stack([(x + 0.5 + dx) * pixel_m, (y + 0.5 + dy) * pixel_m, length, width, angle])
    other = here[OTHER_LOGIT]
    longest = np.where(other > 0, OTHER_LONGEST_M, NETWORK_LENGTH_GATE_M[1])
    fits = (length >= NETWORK_LENGTH_GATE_M[0]) & (length <= longest)
    fits &= (width >= WIDTH_GATE_M[0]) & (width <= WIDTH_GATE_M[1])
    return Peaks(boxes[fits], here[CENTRE][fits], other[fits])


def _tops(centre: Singles, y: NDArray[np.intp], x: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Where the paraboloid through a peak and its neighbours has its top: x and y from the peak, -0.5 to 0.5."""
    f = {(j, i): centre[y + j, x + i].astype(np.float64) for j in (-1, 0, 1) for i in (-1, 0, 1)}
    gx, gy = (f[0, 1] - f[0, -1]) / 2, (f[1, 0] - f[-1, 0]) / 2
    xx, yy = f[0, 1] - 2 * f[0, 0] + f[0, -1], f[1, 0] - 2 * f[0, 0] + f[-1, 0]
    xy = (f[1, 1] - f[1, -1] - f[-1, 1] + f[-1, -1]) / 4
    curve = xx * yy - xy**2
    # Peaks turned against the axes are ridges: without the mixed term their tops slide along them.
    good = (curve > 1e-6) & (xx < 0)
    safe = np.where(good, curve, 1.0)
    dx, dy = -(yy * gx - xy * gy) / safe, -(xx * gy - xy * gx) / safe
    return tuple(np.clip(np.where(good, d, 0.0), -0.5, 0.5) for d in (dx, dy))  # type: ignore[return-value]


def confidence(peaks: Peaks, gsd_m: float, table: Mapping[str, Sequence[float]]) -> Floats:
    """Probability that each box is there and of its class, by itself.

    Parameters
    ----------
    peaks : Peaks
        Boxes.
    gsd_m : float
        The sensor's pixel, metres.
    table : mapping of str to sequence of float
        ``gsd_m`` ascending, and the weights of a logistic regression at each: ``slope`` of the peak's logit,
        ``margin`` of `margins`, ``intercept``; interpolated between.

    Returns
    -------
    float64 (n,)
        0 to 1.
    """
    where, at = np.log(max(gsd_m, LEAST_GSD_M)), np.log(np.asarray(table["gsd_m"], float))
    slope, margin, intercept = (float(np.interp(where, at, table[name])) for name in ("slope", "margin", "intercept"))
    logit = slope * peaks.logit + margin * margins(peaks) + intercept
    return sigmoid(logit)


def margins(peaks: Peaks) -> Floats:
    """How surely the class of each box is known.

    Parameters
    ----------
    peaks : Peaks
        Boxes.

    Returns
    -------
    float64 (n,)
        Size of the log odds between the classes, 0 to `MOST_MARGIN`.
    """
    return np.minimum(np.abs(peaks.other), MOST_MARGIN)
