"""Ships at a quay, from what of a berth is no water along it: cranes, lines and fenders are too short to be one."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Floats

LEAST_DEEP_M: Final = 4.0
"""Across the quay, of what is no water: fenders and the quay's own lean are less."""
GAP_M: Final = 6.0
"""Along the quay: shade across a deck and dark holds are shorter, gaps between two ships longer."""
LEAST_LONG_M: Final = 40.0
"""Of a ship; a crane that leans over the water, with its boom askew, reaches 30 m along the quay."""
SOLID: Final = 0.5
"""Share of a ship's length that a line along the quay must hold to be of the ship: booms across it hold less."""
CRANE_M: Final = 16.0
"""Cranes: what stands out along the quay no further is taken off before ends are read."""


class Moored(NamedTuple):
    """A ship at a quay.

    Attributes
    ----------
    along : (float, float)
        Its ends along the berth, metres from the berth's first end.
    across : (float, float)
        Its sides, metres from the berth's first side.
    fill : float
        Share of the rectangle that is no water.
    """

    along: tuple[float, float]
    across: tuple[float, float]
    fill: float


def moored(dry: Bools, pixel_m: float) -> list[Moored]:
    """Find the ships of a berth.

    Parameters
    ----------
    dry : bool (across, along)
        What of the berth is no water; False beyond what is shown.
    pixel_m : float

    Returns
    -------
    list of Moored
        In their order along the berth.
    """
    columns = dry.sum(axis=0) * pixel_m >= LEAST_DEEP_M
    joined = _closed(columns, GAP_M / pixel_m)
    occupied = _opened(joined, CRANE_M / pixel_m)
    water = dry[:, ~occupied]
    quay = water.mean(axis=1) >= SOLID if water.shape[1] * pixel_m >= GAP_M else np.zeros(len(dry), bool)
    found = []
    for first, last in _runs(occupied):
        if (last - first) * pixel_m < LEAST_LONG_M:
            continue
        inside = dry[:, first:last]
        # What is dry beside ships too is the quay, its fenders or their shade.
        rows = np.flatnonzero((inside.mean(axis=1) >= SOLID) & ~quay)
        if not len(rows) or (rows[-1] + 1 - rows[0]) * pixel_m < LEAST_DEEP_M:
            continue
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        fill = float(inside[top:bottom].mean())
        found.append(Moored((first * pixel_m, last * pixel_m), (top * pixel_m, bottom * pixel_m), fill))
    return found


def _runs(flags: Bools) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _closed(flags: Bools, size: float) -> Bools:
    """Flags with gaps of up to so many filled, but those at the ends."""
    out = flags.copy()
    for first, last in _runs(~flags):
        if last - first <= size and first > 0 and last < len(flags):
            out[first:last] = True
    return out


def _opened(flags: Bools, size: float) -> Bools:
    """Flags without runs of less than so many."""
    out = flags.copy()
    for first, last in _runs(flags):
        if last - first < size:
            out[first:last] = False
    return out


def turned(mask: Bools, corners: Floats) -> Bools:
    """Turn a picture so that a rectangle of it lies upright.

    Parameters
    ----------
    mask : bool (y, x)
    corners : float64 (3, 2)
        x, y in pixels from the picture's upper left corner: the rectangle's first corner, the end of its long side from
        there, the end of its short side.

    Returns
    -------
    bool (across, along)
        Of the picture's pixel size.
    """
    sizes = [max(1, round(float(np.hypot(*(corners[k] - corners[0]))))) for k in (1, 2)]
    along, across = (corners[k] - corners[0] for k in (1, 2))
    to_picture = np.column_stack([along / sizes[0], across / sizes[1], corners[0]])
    # Pixel centres lie half a pixel within.
    to_picture[:, 2] += 0.5 * (to_picture[:, 0] + to_picture[:, 1]) - 0.5
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    found = cv2.warpAffine(mask.astype(np.uint8), to_picture, (sizes[0], sizes[1]), flags=flags)
    return np.asarray(found > 0)
