"""White and black frames and corners of 8-bit pictures: nothing was seen there, and nothing of it is a cloud."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.components import label
from changedet.kernels.morphology import dilated, square

WHITE: Final = 255.0
BLACK: Final = 0.0
"""The greatest and the least number of 8 bits, which stand where such a picture shows nothing."""
LEAST_SHARE: Final = 0.005
"""Of an overview's pixels in one piece; a hall of the same white in the corner of a site is rarely as large."""
LEAST_SIDE: Final = 0.25
"""Share of the shorter side along which a piece without a corner of the frame must touch it, or what has no data: fill
goes around a picture, halls do not."""
NEAR_PX: Final = 2
"""Beyond the rim of a piece, in which white and ground are mixed, so many pixels of an overview lie beside it."""
FAR_PX: Final = 6
"""So many pixels beyond the rim is the ground that a cloud's fading outline would no longer whiten."""
MOST_FADING: Final = {WHITE: 0.15, BLACK: 0.3}
"""Of the step from white, or black, to that ground, what may be left beside the rim; chosen by hand. Ground is nearer
to black than to white, so that what lies along a rim by chance is more of it."""
OFF_OUTLINE_PX: Final = 1.5
"""How far a polygon may leave the outline of a piece that it stands for."""
LEAST_STRAIGHT_PX: Final = 16.0
"""Of outline for each corner of that polygon: pictures that were turned or cut with polygons have 40 and more, clouds
clipped to white at most 13 (painted sites of seeds 41 to 44 and others, stretched into 8 bits)."""


def white_fill(overview: Singles) -> Bools:
    """Find pieces of clipped white that begin at the frame and end sharply.

    Parameters
    ----------
    overview : float32 (band, y, x)
        Block means of an 8-bit picture; NaN for no data.

    Returns
    -------
    bool (y, x)
        The pieces and a pixel around them, in which their white is mixed with ground. All False where white is
        all that there is.
    """
    return _fill_of(overview, WHITE)


def black_fill(overview: Singles) -> Bools:
    """Find pieces of black that begin at the frame and end sharply, as `white_fill` finds white ones.

    Parameters
    ----------
    overview : float32 (band, y, x)
        Block means of an 8-bit picture; NaN for no data.

    Returns
    -------
    bool (y, x)
        As of `white_fill`.
    """
    return _fill_of(overview, BLACK)


def _fill_of(overview: Singles, value: float) -> Bools:
    filled = np.asarray((overview == value).all(axis=0), bool)
    fill = np.zeros_like(filled)
    if filled.sum() < LEAST_SHARE * filled.size:
        return fill
    labels = label(filled.astype(np.uint8))
    sizes = np.bincount(labels.ravel())
    bright = overview.mean(axis=0)
    edge = _edge(np.isfinite(bright))
    for number in np.flatnonzero(sizes >= LEAST_SHARE * filled.size):
        piece = labels == number
        if number > 0 and _lies_around(piece, edge) and _is_cut(piece) and _ends_sharply(piece, bright, value):
            fill |= piece
    return _widened(fill, 1)


def _edge(seen: Bools) -> Bools:
    """Pixels of the frame's edge, and those beside what has no data."""
    beyond = np.pad(~seen, 1, constant_values=True)
    return seen & _widened(beyond, 1)[1:-1, 1:-1]


def _lies_around(piece: Bools, edge: Bools) -> bool:
    corners = piece[[0, 0, -1, -1], [0, -1, 0, -1]]
    return bool(corners.any() or (piece & edge).sum() >= LEAST_SIDE * min(piece.shape))


def _is_cut(piece: Bools) -> bool:
    """Whether a piece has straight sides."""
    outlines, _ = cv2.findContours(piece.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    corners = sum(len(cv2.approxPolyDP(outline, OFF_OUTLINE_PX, closed=True)) for outline in outlines)
    return sum(map(len, outlines)) >= LEAST_STRAIGHT_PX * corners


def _ends_sharply(piece: Bools, bright: Singles, value: float) -> bool:
    rim = _widened(piece, 1)
    beside = _widened(rim, NEAR_PX)
    # Where nothing else is seen both are NaN, and no comparison is true.
    near, far = (_usual(bright[ring]) for ring in (beside & ~rim, _widened(rim, FAR_PX) & ~beside))
    towards = 1.0 if value > far else -1.0
    return towards * (near - far) <= MOST_FADING[value] * abs(value - far)


def _usual(values: Singles) -> float:
    """The median of what has data; NaN where nothing has."""
    seen = values[np.isfinite(values)]
    return float(np.median(seen)) if seen.size else float("nan")


def _widened(mask: Bools, by_px: int) -> Bools:
    return dilated(mask, square(2 * by_px + 1))
