"""Outlines of the marked cells of a raster, for hatching."""

from __future__ import annotations

import cv2
import numpy as np

from changedet.arrays import Bools, Floats
from changedet.outputs.figure.data import Box


def traced(marked: Bools, frame: Box) -> list[Floats]:
    """The borders of marked regions and of the holes in them.

    Parameters
    ----------
    marked : bool (y, x)
        The raster.
    frame : (west, south, east, north)
        What it covers.

    Returns
    -------
    list of float64 (point, 2)
        Closed rings in the frame's coordinates; drawn by the even-odd rule or in their directions, holes stay holes.
    """
    padded = np.pad(marked.astype(np.uint8), 1)
    # Cells become four pixels each, so that a border runs around a cell and not through its centre.
    large = np.kron(padded, np.ones((2, 2), np.uint8))
    found, _ = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    west, south, east, north = frame
    rows, columns = marked.shape
    rings = []
    for ring in found:
        corners = (ring[:, 0, :].astype(np.float64) + 0.5) / 2 - 1
        x = west + np.clip(corners[:, 0] / columns, 0, 1) * (east - west)
        y = north - np.clip(corners[:, 1] / rows, 0, 1) * (north - south)
        points = np.column_stack([x, y])
        rings.append(np.vstack([points, points[:1]]))
    return rings
