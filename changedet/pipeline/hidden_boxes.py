"""Boxes that others lie upon, as masks have them."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from changedet.arrays import Bools, Ints
from changedet.pipeline.kernels.box_decisions import ARRIVED, LEFT, STAYED

UNDER: Final = 0.2
"""Share of a box's base from which what stands there stands in its place; neighbours overlap by less."""
UPON: Final = 0.5
"""Share of a box's base from which a box that hides it lies upon it: bases of tall stacks are not always sure."""

Shapes = NDArray[np.object_]


def with_hidden(decision: Ints, before: Bools, after: Bools, bases: Shapes) -> Ints:
    """Boxes that another hides on one of both dates are marked with that which came or left upon them.

    What the mask compares are the tops of the stacks.

    Parameters
    ----------
    decision : int64 (n,)
        Of `changedet.pipeline.kernels.box_decisions`, by the tracks alone.
    before, after : bool (n,)
        True where another box hides it on the reference, and on the date.
    bases : array of polygons (n,)
        On the ground.

    Returns
    -------
    int64 (n,)
        Of boxes that stayed some came or left.
    """
    own = np.flatnonzero((decision == STAYED) & (before != after))
    upon = stands_on(bases[own], shapely.STRtree(bases[np.isin(decision, (ARRIVED, LEFT))]), UPON)
    out = decision.copy()
    out[own[upon]] = np.where(before[own[upon]], ARRIVED, LEFT)
    return out


def stands_on(bases: Shapes, shown: shapely.STRtree, share: float) -> Bools:
    """Whether one of some boxes covers a share of each base.

    Parameters
    ----------
    bases : array of polygons (n,)
        On the ground.
    shown : shapely.STRtree
        Of the other boxes.
    share : float
        Of the base, 0 to 1.

    Returns
    -------
    bool (n,)
        False where none meets it.
    """
    base, box = shown.query(bases, predicate="intersects")
    shared = shapely.area(shapely.intersection(bases[base], shown.geometries.take(box)))
    out = np.zeros(len(bases), bool)
    out[base[shared >= share * shapely.area(bases[base])]] = True
    return out
