"""Boxes that a row of one colour leaves room for between two sure ones."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Singles
from changedet.stages.objects.kernels import box_measures, rectangles, rows

SURE: Final = 0.7
"""Confidence of the two boxes at a gap's ends; chosen by hand, as the following."""
COUNTED: Final = 0.5
"""Confidence from which a box holds its place against one that would be filled in."""
OVERLAP: Final = 0.3
"""Intersection over union with such a box from which the place is taken."""
MOST_FILLED: Final = 3
"""Boxes that one gap may hold."""
SAME_COLOUR: Final = 0.06
"""Greatest difference in any band within which two surfaces have one colour, of the stretch from dark to bright end."""
GROUND_EVERY: Final = 4
"""Every so many-th pixel is taken for the ground's median colour."""


class FilledBoxes(NamedTuple):
    """Boxes that were filled in.

    Attributes
    ----------
    boxes : float64 (n, 5)
        Metres from the picture's corner.
    confidence : float64 (n,)
        That of the weaker of the two boxes at the ends.
    colours : float64 (n, 3)
        Median of the stretched colours inside.
    """

    boxes: Floats
    confidence: Floats
    colours: Floats


def filled_rows(picture: Singles, boxes: Floats, confidence: Floats, colours: Floats, pixel_m: float) -> FilledBoxes:
    """Boxes that fit between two sure ones at the row's pitch, where all is of their colour and not the ground's.

    A row of one colour shows no sides between its boxes. Those filled in take the place of weaker boxes there.

    Parameters
    ----------
    picture : float32 (3, y, x)
        Stretched.
    boxes : float64 (n, 5)
        Found boxes, metres from the picture's corner.
    confidence : float64 (n,)
        Theirs as containers, 0 for other boxes.
    colours : float64 (n, 3)
        Their median colours.
    pixel_m : float
        Pixel of the picture, metres.

    Returns
    -------
    FilledBoxes
        None of them overlaps a counted box.
    """
    ends = np.flatnonzero(confidence >= SURE)
    places, pairs = rows.gaps(boxes[ends], MOST_FILLED)
    own = median_colours(picture, places, pixel_m)
    first, second = (colours[ends][pairs[:, k]] for k in (0, 1))
    alike = (np.abs(first - second).max(axis=1) < SAME_COLOUR) & (
        np.abs(own - (first + second) / 2).max(axis=1) < SAME_COLOUR
    )
    ground = np.median(picture[:, ::GROUND_EVERY, ::GROUND_EVERY].reshape(3, -1), axis=1)
    alike &= np.abs(own - ground).max(axis=1) > 2 * SAME_COLOUR
    taken = rectangles.iou_matrix(places, boxes[confidence >= COUNTED])
    alike &= taken.max(axis=1, initial=0.0) < OVERLAP
    kept = np.flatnonzero(alike)
    weaker = np.minimum(confidence[ends][pairs[kept, 0]], confidence[ends][pairs[kept, 1]])
    return FilledBoxes(places[kept], weaker, own[kept])


def followed(filled: Floats, confidence: Floats, boxes: Floats, rescored: Floats) -> Floats:
    """Confidence of boxes that were filled in once the boxes of their row have been rescored.

    Parameters
    ----------
    filled : float64 (n, 5)
        Boxes that were filled in, metres.
    confidence : float64 (n,)
        What they were filled in with.
    boxes : float64 (m, 5)
        All others of the scene, metres.
    rescored : float64 (m,)
        Their confidence as containers, 0 for other boxes.

    Returns
    -------
    float64 (n,)
        No more than that of the surer box on either side of the row, the weaker side counts: what the ends have lost,
        the boxes between them lose.
    """
    found = confidence.copy()
    for k, (x, y, length, width, angle) in enumerate(filled):
        offset = boxes[:, :2] - (x, y)
        along = offset[:, 0] * np.sin(angle) - offset[:, 1] * np.cos(angle)
        across = offset[:, 0] * np.cos(angle) + offset[:, 1] * np.sin(angle)
        beside = (np.abs(along) < rows.FILL_ALONG_M) & (np.abs(boxes[:, 2] - length) < rows.FILL_LENGTH_M)
        beside &= (np.abs(across) > rows.FILL_LEAST_ACROSS * width) & (np.abs(across) < MOST_FILLED * rows.PITCH_M[1])
        sides = [rescored[beside & (side * across > 0)].max(initial=0.0) for side in (-1.0, 1.0)]
        found[k] = min(float(confidence[k]), *sides)
    return found


def median_colours(picture: Singles, boxes: Floats, pixel_m: float) -> Floats:
    """Median colours inside boxes.

    Parameters
    ----------
    picture : float32 (3, y, x)
        Stretched.
    boxes : float64 (n, 5)
        Metres from the picture's corner.
    pixel_m : float
        Pixel of the picture, metres.

    Returns
    -------
    float64 (n, 3)
        In units of the picture.
    """
    centred = boxes / [*[pixel_m] * 4, 1.0]
    centred[:, :2] -= 0.5
    return box_measures.median_colours(np.ascontiguousarray(np.moveaxis(picture, 0, 2)), centred, pixel_m)
