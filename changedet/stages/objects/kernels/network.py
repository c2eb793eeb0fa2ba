"""A network on a fixed pixel of about 0.4 m: resampling, stretch, inference, boxes from its maps.

The network is a U-Net (Ronneberger et al. 2015) that draws a narrow peak at each box's centre (Zhou et al. 2019) with
the box's direction and size at the same place. Pixels are resampled by a ratio of small whole numbers, so that the
network's grid and its pooling lie at the same place of the common grid in every cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.containers import LENGTH_20FT_M, NETWORK_LENGTH_GATE_M, OTHER_LONGEST_M, WIDTH_GATE_M, WIDTH_M

Floats = NDArray[np.float32]
Boxes = NDArray[np.float64]

PIXEL_M = 0.40
"""A box is 6 px wide on this grid; coarser pictures are upsampled to it, finer ones averaged."""
REACH_PX = 72
"""How far around a pixel the network must see, in its own pixels: beyond it lies some 0.01 of a logit."""
STRIDE_PX = 16
LATTICE_PX = 8
"""Halos are multiples of this many pixels of the picture, or of the ratio's numerator."""
GAMMA = 0.6
MOST_MARGIN = 4.0


@dataclass(frozen=True)
class Raw:
    """Boxes as the network gives them.

    Attributes
    ----------
    boxes : (n, 5) metres from the block's corner, see `kernels.rectangles`.
    logit : (n,) of the peak.
    other : (n,) logit of being a box that is no container.
    """

    boxes: Boxes
    logit: NDArray[np.float64]
    other: NDArray[np.float64]


def ratio(resolution_m: float) -> Fraction:
    """The network's pixel over the picture's: the fraction with a power of two, up to 32, above that comes closest.

    >>> ratio(0.5), ratio(0.3), float(ratio(0.66)) * 0.66
    (Fraction(4, 5), Fraction(4, 3), 0.4061538461538462)
    """
    wanted = PIXEL_M / resolution_m
    found = [Fraction(top, max(1, round(top / wanted))) for top in (1, 2, 4, 8, 16, 32)]
    # The simplest within 3 %: sizes are measured in metres, and the training saw pixels 5 % larger and smaller.
    return next((f for f in found if abs(f / wanted - 1) < 0.03), min(found, key=lambda f: abs(f / wanted - 1)))


def halo_px(resolution_m: float) -> int:
    """How far around a cell the network must see, in pixels of the picture."""
    scale = ratio(resolution_m)
    step = max(LATTICE_PX, scale.numerator)
    return int(np.ceil(REACH_PX * float(scale) / step)) * step


def cell_px(resolution_m: float) -> int:
    """Size of a cell in pixels of the picture: few enough pixels of the network for a small memory, enough for a
    small share of halos."""
    return 1024 if resolution_m < 0.4 else 512 if resolution_m < 0.8 else 256


def resampled(image: Floats, scale: Fraction) -> Floats:
    """A picture (band, y, x) without NaN on pixels `scale` times as wide; the left, top edge is held."""
    height, width = image.shape[1:]
    size = (int(width / scale), int(height / scale))
    how = cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
    whole = (round(size[0] * scale), round(size[1] * scale))
    return np.stack(
        [cv2.resize(np.ascontiguousarray(b[: whole[1], : whole[0]]), size, interpolation=how) for b in image]
    )


def stretched(image: Floats, low: Sequence[float], high: Sequence[float]) -> Floats:
    """A picture (band, y, x) with the scene's dark end near 0 and its bright end near 1; NaN becomes mid-grey."""
    a, b = (np.asarray(v, np.float32)[:, None, None] for v in (low, high))
    with np.errstate(invalid="ignore"):
        shown = np.clip((image - a) / (b - a) + 0.02, 0.0, 1.6) ** np.float32(GAMMA)
    return np.where(np.isfinite(shown), shown, np.float32(0.5)).astype(np.float32)


def steepest(picture: Floats) -> float:
    """The greatest brightness gradient of a stretched picture (band, y, x): sum of both Sobel means, per pixel."""
    bright = picture.mean(axis=0)
    steps = [np.abs(cv2.Sobel(bright, cv2.CV_32F, *axis, scale=0.25)) for axis in ((1, 0), (0, 1))]
    return float((steps[0] + steps[1]).max(initial=0.0))


@lru_cache(maxsize=2)
def session(model: bytes) -> Any:
    """An onnxruntime session of one thread; one a process."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    # An arena keeps twice the memory of the largest block for good, and spares 4 % of the time.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def maps(
    model: bytes, picture: Floats, mean: Sequence[float], spread: Sequence[float], origin: tuple[int, int] = (0, 0)
) -> Floats:
    """The network's maps (6, y, x) of a stretched picture of three bands.

    Centre (logit), sine and cosine of twice the angle, logarithm of length and width over a 20-foot box's, other
    (logit). `origin` is a row and column of the picture where its pooling begins, also before its first: the same
    place of the common grid gives the same maps wherever a picture is cut.
    """
    a, b = (np.asarray(v, np.float32)[:, None, None] for v in (mean, spread))
    height, width = picture.shape[1:]
    top, left = (-place % STRIDE_PX for place in origin)
    short = [(0, 0), (top, -(top + height) % STRIDE_PX), (left, -(left + width) % STRIDE_PX)]
    filled = np.pad((picture - a) / b, short)
    out = session(model).run(None, {"picture": filled[None]})[0]
    return np.asarray(out[0, :, top : top + height, left : left + width], np.float32)


def decoded(found: Floats, pixel_m: float, least_logit: float) -> Raw:
    """Boxes at the peaks of the centre map, their places refined to a fraction of a pixel."""
    centre = found[0]
    top = cv2.dilate(centre, np.ones((3, 3), np.uint8))
    inner = np.zeros(centre.shape, bool)
    inner[1:-1, 1:-1] = True
    y, x = np.nonzero((centre >= top) & (centre > least_logit) & inner)
    here = found[:, y, x].astype(np.float64)
    dx, dy = _tops(centre, y, x)
    angle = np.mod(np.arctan2(here[1], here[2]) / 2, np.pi)
    length, width = LENGTH_20FT_M * np.exp(np.clip(here[3], -1, 1.5)), WIDTH_M * np.exp(np.clip(here[4], -1, 1))
    boxes = np.column_stack([(x + 0.5 + dx) * pixel_m, (y + 0.5 + dy) * pixel_m, length, width, angle])
    other = here[5]
    longest = np.where(other > 0, OTHER_LONGEST_M, NETWORK_LENGTH_GATE_M[1])
    fits = (length >= NETWORK_LENGTH_GATE_M[0]) & (length <= longest)
    fits &= (width >= WIDTH_GATE_M[0]) & (width <= WIDTH_GATE_M[1])
    return Raw(boxes[fits], here[0][fits], other[fits])


def _tops(centre: Floats, y: NDArray[np.intp], x: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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


def confidence(raw: Raw, resolution_m: float, table: Mapping[str, Sequence[float]]) -> NDArray[np.float64]:
    """Probability that a box is there and is what it is taken for, interpolated between the calibration's resolutions.

    Parameters
    ----------
    raw : boxes
    resolution_m : the sensor's pixel, metres.
    table : ``gsd_m`` ascending, and the weights of a logistic regression: ``slope`` of the peak's logit, ``margin`` of
        `margins`, ``intercept``.
    """
    where, at = np.log(max(resolution_m, 1e-3)), np.log(np.asarray(table["gsd_m"], float))
    slope, margin, intercept = (float(np.interp(where, at, table[name])) for name in ("slope", "margin", "intercept"))
    judged = slope * raw.logit + margin * margins(raw) + intercept
    return np.asarray(1 / (1 + np.exp(-np.clip(judged, -40, 40))))


def margins(raw: Raw) -> NDArray[np.float64]:
    """How surely each box is told from the other class: 0 to `MOST_MARGIN`."""
    return np.minimum(np.abs(raw.other), MOST_MARGIN)
