"""Lengths of long boxes corrected by their ends in the picture."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.containers import ENDS_LENGTH_GATE_M, WIDTH_GATE_M
from changedet.stages.objects.kernels.edge_fit import fit_edges
from changedet.stages.objects.kernels.working_picture import WorkingPicture

ENDS_SHARE: Final = 0.5
"""Of a long box's length taken from its ends, the rest from the network; chosen on simulated seeds 700 to 747."""
SHORTER_M, LONGER_M = -1.0, 2.0
"""How far the ends may lie from the network's length: beyond, they are another box's; chosen by hand."""


def corrected_lengths(picture: Singles, boxes: Floats, which: Bools, pixel_m: float, gsd_m: float) -> Floats:
    """Boxes with the lengths of the long ones moved towards their measured ends.

    The network draws 45-foot boxes, of which it was trained on few, almost as short as 40-foot ones.

    Parameters
    ----------
    picture : float32 (3, y, x)
        Stretched.
    boxes : float64 (n, 5)
        Metres from the picture's corner.
    which : bool (n,)
        Boxes that may be corrected: containers.
    pixel_m : float
        Pixel of the picture, metres.
    gsd_m : float
        Pixel of the sensor, metres.

    Returns
    -------
    float64 (n, 5)
        The boxes, those of `ENDS_LENGTH_GATE_M` with new lengths.
    """
    long = np.flatnonzero(which & (boxes[:, 2] > ENDS_LENGTH_GATE_M[0]) & (boxes[:, 2] < ENDS_LENGTH_GATE_M[1]))
    if not long.size:
        return boxes
    colours = np.ascontiguousarray(np.moveaxis(picture, 0, 2))
    shown = WorkingPicture(colours, np.ones(colours.shape[:2], bool), pixel_m, gsd_m)
    seeds = shown.to_pixels(boxes[long])
    seeds[:, :2] -= 0.5
    ends_m = fit_edges(shown.edges, seeds, pixel_m, shown.reach_px, WIDTH_GATE_M)[:, 2] * pixel_m
    out = boxes.copy()
    out[long, 2] += ENDS_SHARE * np.clip(ends_m - boxes[long, 2], SHORTER_M, LONGER_M)
    return out
