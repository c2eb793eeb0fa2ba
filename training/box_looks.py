"""Pictures along found boxes, and their regions, for a network that was trained on photographs.

A picture lies along its box, whatever its direction, at `PIXEL_M`, and is standardised by its own surroundings, so that
the same box looks alike in every frame.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.stages.objects import detector
from changedet.stages.objects.kernels import network
from scenarios.yards import Yard

PIXEL_M = 0.2
"""A box is 12 px wide, so that maps of a quarter and an eighth still show it."""
SHOWN_PX = (80, 128)
"""Rows and columns of a picture."""
LEAST_CONTRAST = 0.05
"""Added to a picture's standard deviation, by which it is divided."""
BESIDE_M = 2.4
"""Width of the strips beside a box and of those at its ends: another box's."""
REGIONS = ("inside", "sides", "ends", "rest")
Floats = NDArray[np.float32]
Boxes = NDArray[np.float64]


def pictures(yard: Yard, boxes: Boxes) -> Floats:
    """Standardised pictures (n, 3, rows, columns) along boxes (n, 5)."""
    bands = list(detector.bands_used(yard.roles))
    scene = network.statistics(yard.image[None], bands)
    shown = network.stretched(yard.image[bands], scene.low, scene.high)
    mean, spread = (np.asarray(v, np.float32)[:, None, None] for v in (scene.mean, scene.spread))
    image = np.ascontiguousarray(np.moveaxis((shown - mean) / spread, 0, 2))
    parts = [standardised(_turned(image, box, yard.gsd_m)) for box in boxes]
    return np.stack(parts) if parts else np.empty((0, 3, *SHOWN_PX), np.float32)


def _turned(image: Floats, box: Boxes, gsd_m: float) -> Floats:
    """What lies around a box (`SHOWN_PX`, 3), its length along the columns."""
    x, y, _, _, angle = box
    along, across = np.array([np.sin(angle), -np.cos(angle)]), np.array([np.cos(angle), np.sin(angle)])
    turn = np.column_stack([along, across]) * PIXEL_M / gsd_m
    middle = (np.array(SHOWN_PX[::-1]) - 1) / 2
    move = np.array([x, y]) / gsd_m - 0.5 - turn @ middle
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size = SHOWN_PX[::-1]
    turned = cv2.warpAffine(image, np.column_stack([turn, move]), size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.float32)


def standardised(around: Floats) -> Floats:
    """A picture (3, rows, columns) of mean 0, the spread of its brightness 1."""
    spread = around.mean(axis=2).std() + LEAST_CONTRAST
    return np.ascontiguousarray(np.moveaxis((around - around.mean()) / spread, 2, 0), np.float32)


def regions(lengths: Boxes, widths: Boxes, step: int) -> Floats:
    """Weights (n, region, rows, columns) of the cells of a map in each of `REGIONS`, their sum 1.

    The middle of a cell is where strides with TensorFlow's padding put it: half a pixel before its end.
    """
    rows, columns = (((np.arange(size // step) + 1) * step - 0.5 - size / 2) * PIXEL_M for size in SHOWN_PX)

    def within(places: Boxes, halves: Boxes) -> Boxes:
        return np.clip(0.5 - (np.abs(places)[None] - halves[:, None]) / (step * PIXEL_M), 0, 1)

    long, wide = within(columns, lengths / 2)[:, None], within(rows, widths / 2)[:, :, None]
    longer = within(columns, lengths / 2 + BESIDE_M)[:, None]
    wider = within(rows, widths / 2 + BESIDE_M)[:, :, None]
    parts = np.stack([wide * long, (wider - wide) * long, wide * (longer - long), 1 - wider * longer], axis=1)
    return np.asarray(parts / (parts.sum(axis=(2, 3), keepdims=True) + 1e-6), np.float32)
