"""Containers in one block by the classical detector: candidates, scores, suppression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats
from changedet.stages.objects.kernels import box_measures, rectangles
from changedet.stages.objects.kernels.box_candidates import find_candidates
from changedet.stages.objects.kernels.classical_scores import Coefficients, score
from changedet.stages.objects.kernels.logistic import sigmoid
from changedet.stages.objects.kernels.working_picture import WorkingPicture

ASKEW_OVERLAP: Final = 0.05
"""Boxes that cross at an angle cannot both be there, however little of each the other covers; chosen by hand."""


@dataclass(frozen=True)
class ClassicalStatistics:
    """A scene's statistics for the classical detector.

    Attributes
    ----------
    low, high : tuple of float
        Dark and bright end of each band that is used, in the scene's own unit.
    gsd_m : float or None
        The date's own pixel, metres, where known: coarser than the grid's, it was upsampled.
    shadow : tuple of float or None
        Where a roof's shadow lies, of `stack_height.reach_per_metre`: metres right and down per metre of height; None
        where the sun is not known.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    gsd_m: float | None = None
    shadow: tuple[float, ...] | None = None


class Detections(NamedTuple):
    """Boxes found in a block.

    Attributes
    ----------
    boxes : float64 (n, 5)
        Metres from the block's left, top corner.
    confidence : float64 (n,)
        0 to 1.
    inferred : bool (n,)
        Cut from a uniform row, not seen by itself.
    colours : float64 (n, band)
        Median of the stretched colours inside.
    """

    boxes: Floats
    confidence: Floats
    inferred: Bools
    colours: Floats


def detect(
    picture: WorkingPicture,
    coefficients: Coefficients,
    role_index: Mapping[str, int],
    least_confidence: float,
    overlap: float,
) -> Detections:
    """Containers in a block.

    Parameters
    ----------
    picture : WorkingPicture
        The block.
    coefficients : Coefficients
        Of the scores.
    role_index : mapping of str to int
        Place of each band role among the picture's bands.
    least_confidence : float
        Boxes below it are left out, 0 to 1.
    overlap : float
        Greatest intersection over union of two that stay.

    Returns
    -------
    Detections
        In the order of the candidates.
    """
    found = find_candidates(picture)
    logit = score(found, coefficients, picture.gsd_m, role_index)
    slope, intercept = coefficients.at(coefficients.scale, picture.gsd_m)
    confidence = sigmoid(slope * logit + intercept)
    kept = np.flatnonzero(confidence >= least_confidence)
    kept = kept[rectangles.suppress(found.boxes[kept], confidence[kept], overlap, ASKEW_OVERLAP)]
    boxes = found.boxes[kept]
    colours = box_measures.median_colours(picture.colours, picture.to_pixels(boxes), picture.pixel_m)
    # From pixel centres to pixel edges: the block's corner is 0, 0.
    boxes[:, :2] += 0.5 * picture.pixel_m
    return Detections(boxes, confidence[kept], found.row[kept] >= 0, colours)
