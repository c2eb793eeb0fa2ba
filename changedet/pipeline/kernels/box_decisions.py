"""A change score after what the tracks decide about boxes: came, left or stayed."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Floats, Ints, Singles

NONE: Final = 0
ARRIVED: Final = 1
LEFT: Final = 2
STAYED: Final = 3
MOVER: Final = 4
"""A trailer, bus or lorry: whether it came or left, it is no change."""
WHOLE_GROUND: Final = 0.5
"""Share of the ground around a box, changed, from which the ground below and beside it counts as changed too."""


class BoxPixels(NamedTuple):
    """Boxes on pixels, as numbers from 1; 0 where none is. All int32 (y, x).

    Attributes
    ----------
    arrived, left : int32 (y, x)
        Bases of boxes that came or left.
    still : int32 (y, x)
        Bases of boxes that stayed, and of movers.
    swept : int32 (y, x)
        Base, roof and walls of every box as either date shows them.
    around : int32 (y, x)
        The ground around every box.
    exchanged : int32 (y, x)
        Bases of boxes that came or left in whose place another stood.
    """

    arrived: NDArray[np.int32]
    left: NDArray[np.int32]
    still: NDArray[np.int32]
    swept: NDArray[np.int32]
    around: NDArray[np.int32]
    exchanged: NDArray[np.int32]


class Decided(NamedTuple):
    """What is left of a score.

    Attributes
    ----------
    score : float32 (y, x)
        Above the threshold on bases of boxes that came or left; not above it on those that stayed, on movers and on
        walls and roofs of any box, but where the ground around has changed.
    gained, lost : float32 (y, x)
        1 where a box came, and where one left; both where one stands in the place of another.
    """

    score: Singles
    gained: Singles
    lost: Singles


def with_boxes(
    score: Singles,
    threshold: float,
    boxes: BoxPixels,
    decision: Ints,
    probability: Floats,
    patched: Bools | None = None,
) -> Decided:
    """Let boxes decide about the pixels that they cover.

    Parameters
    ----------
    score : float32 (y, x)
        Probability of change; NaN is not observed, and stays so but for `patched`.
    threshold : float
        Changed above it.
    boxes : BoxPixels
        With the surroundings of every box that meets the wanted pixels.
    decision : int64 (box,)
        `ARRIVED`, `LEFT`, `STAYED` or `MOVER`.
    probability : float64 (box,)
        Of a box that came or left, that it did.
    patched : bool (y, x), optional
        Where both dates show boxes, though snow in patches hides the ground of one: what came or left is marked there.

    Returns
    -------
    Decided
        `score` itself is not changed.
    """
    free = (boxes.swept == 0) & np.isfinite(score)
    changed_ground = _ground_changed(score, threshold, boxes.around, free, len(decision))
    out = score.copy()
    held = np.append(False, ~changed_ground)[boxes.swept]
    stays = np.append(False, (decision == STAYED) | ~changed_ground)[boxes.still]
    limit = np.float32(threshold)
    np.minimum(out, limit, out=out, where=(held | stays) & np.isfinite(out))
    moved = (boxes.arrived > 0) | (boxes.left > 0)
    odds = np.append(0.0, probability)
    sure = np.maximum(odds[boxes.arrived], odds[boxes.left]).astype(np.float32)
    least = np.nextafter(limit, np.float32(np.inf))
    np.maximum(out, np.maximum(sure, least), out=out, where=moved & np.isfinite(out))
    if patched is not None:
        np.copyto(out, np.maximum(sure, least), where=moved & patched & np.isnan(out))
    gained, lost = ((part > 0) | (boxes.exchanged > 0) for part in (boxes.arrived, boxes.left))
    return Decided(out, gained.astype(np.float32), lost.astype(np.float32))


def _ground_changed(score: Singles, threshold: float, around: NDArray[np.int32], free: Bools, count: int) -> Bools:
    """Whether most of the free ground around each box (box,) has changed; not so where there is none."""
    numbers = around[free]
    whole = np.bincount(numbers, minlength=count + 1)[1:]
    marked = np.bincount(numbers, score[free] > threshold, minlength=count + 1)[1:]
    return np.asarray((whole > 0) & (marked > WHOLE_GROUND * whole), bool)
