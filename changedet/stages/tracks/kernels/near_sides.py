"""Boxes that lie where an oblique view shows the side of a stack: beside another box, on the side that is seen.

A lit side looks like a box, and it always has a roof beside it, as boxes in a block have. What it has not is a row on
the other looks. So of places with few rows that lie so, fewer are real than neighbours say.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Floats
from changedet.stages.tracks.kernels.boxes import Boxes, axial_difference, local_offset
from changedet.stages.tracks.kernels.neighbours import FARTHEST_OVERLAP_M, PARALLEL_DEG, near_pairs

ACROSS_M: Final = (1.2, 3.2)
"""Distance across from a roof to a box on its side: from half a box's width to that of a box beside it with a gap.
Chosen by hand, as the next two."""
SHARED: Final = 0.5
"""Share of the shorter one's length by which both lie beside each other at least."""
LEAST_LEAN: Final = 0.12
"""Displacement across the boxes for a metre of height from which a side is seen: seven degrees off nadir."""
LEAST_ROOF: Final = 0.3
"""Confidence from which a row is a roof that may have a side, as of `stack_faces.LEAST_WEIGHT`."""


def on_near_sides(boxes: Boxes, about: Boxes, view: Floats) -> Bools:
    """Which boxes lie where a date shows the side of a stack.

    Parameters
    ----------
    boxes : Boxes
        The n boxes in question.
    about : Boxes
        All m boxes of the same date, those of ``boxes`` among them.
    view : float64 (2,)
        How far the date displaces a roof for each metre of its height, in metres east and north; NaN where it is not
        known.

    Returns
    -------
    bool (n,)
        False of all where the view is not known.
    """
    found = np.zeros(len(boxes.xy), bool)
    roofs = about.take(about.weight > LEAST_ROOF)
    if not np.isfinite(view).all():
        return found
    i, j = near_pairs(boxes, roofs, FARTHEST_OVERLAP_M)
    along, across = local_offset(boxes.xy[i], roofs.xy[j], boxes.angle[i])
    turn = np.deg2rad(boxes.angle[i])
    # A roof lies from its side the way the view displaces it.
    lean = view[0] * np.cos(turn) - view[1] * np.sin(turn)
    behind = across * np.sign(lean)
    beside = (behind > ACROSS_M[0]) & (behind < ACROSS_M[1]) & (np.abs(lean) > LEAST_LEAN)
    beside &= np.abs(along) < (1.0 - SHARED) * np.minimum(boxes.length[i], roofs.length[j])
    found[i[beside & (axial_difference(boxes.angle[i], roofs.angle[j]) < PARALLEL_DEG)]] = True
    return found
