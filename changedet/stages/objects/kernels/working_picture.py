"""A block resampled to the pixel on which the classical detector works, its colours stretched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.stages.objects.kernels.stretch import LIFT, TOP

WORKING_PIXEL_M: Final = 0.30
"""A container is 8 px wide on this grid; coarser pictures are upsampled to it, finer ones averaged."""
WHOLE_PIXEL: Final = 0.999
"""Share of a resampled pixel that must have data; less than 1 by what rounding takes."""
COLOUR_WEIGHT: Final = 0.7
"""Of red less blue beside brightness where edges are searched; chosen by hand."""
LEAST_EDGE_REACH_M: Final = 0.36
"""Half the distance over which an edge's colour step is taken, metres: a pixel and a bit; chosen by hand."""
EDGE_REACH_GSD: Final = 0.5
"""The same in the sensor's pixels where these are large: over a blurred edge the step is taken further apart."""


@dataclass(frozen=True)
class WorkingPicture:
    """A block on the working grid.

    Attributes
    ----------
    colours : float32 (y, x, band)
        Stretched, 0 to about 1.3, no NaN.
    valid : bool (y, x)
        Where the block has data.
    pixel_m : float
        Pixel of this grid, metres.
    gsd_m : float
        Pixel of the sensor, metres.
    """

    colours: Singles
    valid: Bools
    pixel_m: float
    gsd_m: float

    @property
    def edges(self) -> Singles:
        """Brightness, and red less blue where there are colours, float32 (y, x, 1 or 2) without NaN.

        What an edge search needs, at half the cost.
        """
        bright = self.colours.mean(axis=-1)
        if self.colours.shape[2] < 3:
            return np.ascontiguousarray(bright[..., None])
        pair = np.stack([bright, COLOUR_WEIGHT * (self.colours[..., 2] - self.colours[..., 0])], axis=-1)
        return np.ascontiguousarray(pair * np.float32(np.sqrt(2.0)))

    @property
    def reach_px(self) -> float:
        """Half the distance over which an edge's colour step is taken, working pixels."""
        return max(LEAST_EDGE_REACH_M, EDGE_REACH_GSD * self.gsd_m) / self.pixel_m

    def to_metres(self, boxes_px: Floats) -> Floats:
        """Rectangles in metres.

        Parameters
        ----------
        boxes_px : float64 (n, 5)
            Rectangles in working pixels.

        Returns
        -------
        float64 (n, 5)
            The same in metres; the centre of the first pixel is still 0, 0.
        """
        return boxes_px * [self.pixel_m, self.pixel_m, self.pixel_m, self.pixel_m, 1.0]

    def to_pixels(self, boxes_m: Floats) -> Floats:
        """Rectangles in working pixels: the inverse of `to_metres`.

        Parameters
        ----------
        boxes_m : float64 (n, 5)
            Rectangles in metres.

        Returns
        -------
        float64 (n, 5)
            The same in pixels.
        """
        return boxes_m / [self.pixel_m, self.pixel_m, self.pixel_m, self.pixel_m, 1.0]


def working_picture(
    image: Singles, low: Sequence[float], high: Sequence[float], gsd_m: float, gamma: float
) -> WorkingPicture:
    """Resample a block to the working grid and stretch its colours.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data.
    low, high : sequence of float
        Dark and bright end of each band, of `stretch_limits`.
    gsd_m : float
        Pixel of the block, metres.
    gamma : float
        Exponent of the stretch; below 1 it lifts dark colours.

    Returns
    -------
    WorkingPicture
        Of the whole block.
    """
    valid: Bools = np.all(np.isfinite(image), axis=0)
    every = max(1, int(WORKING_PIXEL_M / gsd_m + 1e-6))
    pixel_m = WORKING_PIXEL_M if gsd_m >= WORKING_PIXEL_M else every * gsd_m
    planes = []
    for band, a, b in zip(image, low, high, strict=True):
        filled: Singles = np.where(valid, band, 0.5 * (a + b)).astype(np.float32)
        plane = _resampled(filled, pixel_m / gsd_m, True)
        planes.append(np.clip((plane - a) / (b - a) + LIFT, 0.0, TOP) ** np.float32(gamma))
    shown = _resampled(valid.astype(np.float32), pixel_m / gsd_m, False) > WHOLE_PIXEL
    colours = np.ascontiguousarray(np.stack(planes, axis=-1), np.float32)
    return WorkingPicture(colours, shown, pixel_m, gsd_m)


def _resampled(plane: Singles, ratio: float, smooth: bool) -> Singles:
    """A plane on pixels `ratio` times as wide, corners held: cubic to finer, means to coarser ones."""
    height, width = plane.shape
    if ratio > 1.0:
        n = round(ratio)
        even = plane[: height // n * n, : width // n * n]
        return np.asarray(even.reshape(height // n, n, width // n, n).mean(axis=(1, 3)), np.float32)
    size = (int(width / ratio + 1e-6), int(height / ratio + 1e-6))
    offset = 0.5 * ratio - 0.5
    matrix = np.array([[ratio, 0.0, offset], [0.0, ratio, offset]])
    flags = (cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)
