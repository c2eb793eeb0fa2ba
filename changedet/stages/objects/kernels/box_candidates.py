"""Candidate boxes of the classical detector, from image segments, rows and rectangle templates, with their measures.

The candidate-and-verify pattern of classical vehicle and container counters: graph-based segments (Felzenszwalb and
Huttenlocher 2004, doi:10.1023/B:VISI.0000022288.19776.77) and rectangle templates on the site's axes, fitted to edges
to a fraction of a pixel. `classical_scores` rates them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Floats, Ints, Singles
from changedet.kernels.containers import (
    FITTED_LENGTH_GATE_M,
    LENGTH_20FT_M,
    LENGTHS_M,
    SEGMENT_LENGTH_GATE_M,
    WIDTH_GATE_M,
    WIDTH_M,
)
from changedet.stages.objects.kernels import box_measures, edge_fit, rectangles, rows, segments, templates
from changedet.stages.objects.kernels.rectangles import FIELDS
from changedet.stages.objects.kernels.working_picture import WorkingPicture

# All of these were chosen by hand on simulated yards before the coefficients were fitted (training/fit_classical.py,
# seeds 100 to 139): what is changed here needs a new fit.
SMOOTHING_PX: Final = 0.8
"""Standard deviation of the Gaussian before segmentation, working pixels."""
SEGMENT_SCALES: Final = (0.6, 2.4)
"""Of the observation function: a finer and a coarser segmentation."""
SEGMENT_STEP: Final = 0.002
"""Colour distance of one level of the edge weights, units of the stretched picture."""
SEGMENT_LEAST_WIDTH_M, SEGMENT_MOST_WIDTH_M = 1.5, 3.3
"""Width of a segment that may be one container."""
SEGMENT_WIDTH_SLACK_GSD: Final = 0.5
"""What the sensor's blur may add to that width, in its pixels."""
SEGMENT_LEAST_FILL: Final = 0.78
"""Least share of its moment rectangle that such a segment fills."""
BLOCK_LEAST_WIDTH_M, BLOCK_MOST_LENGTH_M = 4.4, 40.0
"""Sizes of a segment that may be a row of boxes of one colour."""
BLOCK_LEAST_FILL: Final = 0.9
ROW_MOST_M: Final = 32.0
"""Longest row that is cut into boxes."""
ROW_LENGTH_TOLERANCE: Final = 0.12
"""Error allowed of the standard length of a row's boxes, as a share of 20 feet, and as `ROW_TOLERANCE_GSD` pixels."""
ROW_TOLERANCE_GSD: Final = 0.3
TEMPLATE_ANGLES: Final = 3
"""Directions, modulo 90 degrees, in which templates are scanned."""
TEMPLATE_SEPARATION_DEG: Final = 6.0
"""Least angle between two of these."""
TEMPLATE_THRESHOLD: Final = 0.06
"""Least template score, units of the stretched picture."""
TEMPLATE_MOST: Final = 1500
"""Most candidates for each size and axis."""
TEMPLATE_OVERLAP: Final = 0.6
"""Greatest intersection over union of two template candidates."""
MOST_CANDIDATES: Final = 4000
"""Most template candidates of a block, best first."""
MOST_INVALID: Final = 0.02
"""Greatest share of a candidate's pixels without data."""
LEAST_EDGE: Final = 0.01
"""Least strength of the weaker long and of the weaker short side, units of the stretched picture."""
DUPLICATE_OVERLAP: Final = 0.8
"""Intersection over union from which two fitted candidates are one."""


@dataclass(frozen=True)
class Candidates:
    """Boxes that may be containers.

    Attributes
    ----------
    boxes : float64 (n, 5)
        Rectangles in metres; 0, 0 is the centre of the block's first working pixel.
    measures : float64 (n, len(MEASURES))
        Columns of `box_measures.MEASURES`.
    row : int64 (n,)
        Number of the uniform row that a box was cut from, -1 for all others.
    """

    boxes: Floats
    measures: Floats
    row: Ints


def find_candidates(picture: WorkingPicture) -> Candidates:
    """All boxes worth a score, fitted to their edges and measured.

    Parameters
    ----------
    picture : WorkingPicture
        A block.

    Returns
    -------
    Candidates
        Segments and templates first, then boxes cut from rows.
    """
    smooth = np.atleast_3d(cv2.GaussianBlur(picture.colours, (0, 0), SMOOTHING_PX))
    whole, blocks = _from_segments(smooth, picture)
    edges = picture.edges
    seeds = np.concatenate([whole, _from_templates(edges, picture.pixel_m)])
    fitted = edge_fit.fit_edges(edges, seeds, picture.pixel_m, picture.reach_px, WIDTH_GATE_M)
    boxes, measures = _plausible(picture, fitted)
    tolerance_m = ROW_LENGTH_TOLERANCE * LENGTH_20FT_M + ROW_TOLERANCE_GSD * picture.gsd_m
    cut, owner, block_rows = rows.split_blocks(picture.to_metres(blocks), tolerance_m, ROW_MOST_M)
    row_measures = _measured(picture, picture.to_pixels(block_rows))
    return Candidates(
        np.concatenate([boxes, cut]),
        np.concatenate([measures, row_measures[owner]]),
        np.concatenate([np.full(len(boxes), -1), owner]),
    )


def _from_segments(smooth: Singles, picture: WorkingPicture) -> tuple[Floats, Floats]:
    """Segments of a box's own size, and rectangular ones that may be rows of boxes; (n, 5) in pixels each."""
    pixel = picture.pixel_m
    most_width_m = SEGMENT_MOST_WIDTH_M + SEGMENT_WIDTH_SLACK_GSD * picture.gsd_m
    least_length_m, most_length_m = SEGMENT_LENGTH_GATE_M
    whole, blocks = [], []
    for labels, count in segments.segment(smooth, picture.valid, SEGMENT_SCALES, SEGMENT_STEP):
        found = segments.moment_rectangles(labels, count)
        length, width, fill = found[:, 2] * pixel, found[:, 3] * pixel, found[:, FIELDS]
        single = (length > least_length_m) & (length < most_length_m) & (fill > SEGMENT_LEAST_FILL)
        single &= (width > SEGMENT_LEAST_WIDTH_M) & (width < most_width_m)
        block = (length < BLOCK_MOST_LENGTH_M) & (length > least_length_m) & (width > BLOCK_LEAST_WIDTH_M)
        block &= fill > BLOCK_LEAST_FILL
        whole.append(found[single, :FIELDS])
        blocks.append(found[block, :FIELDS])
    return np.concatenate(whole), np.concatenate(blocks)


def _from_templates(edges: Singles, pixel_m: float) -> Floats:
    found = [
        templates.scan(edges, angle, pixel_m, LENGTHS_M, WIDTH_M, TEMPLATE_THRESHOLD, TEMPLATE_MOST)
        for angle in templates.dominant_angles(edges, TEMPLATE_ANGLES, TEMPLATE_SEPARATION_DEG)
    ]
    boxes = np.concatenate([np.empty((0, FIELDS + 1)), *found])
    kept = rectangles.suppress(boxes[:, :FIELDS], boxes[:, FIELDS], TEMPLATE_OVERLAP, TEMPLATE_OVERLAP)
    boxes = boxes[kept]
    return boxes[np.argsort(-boxes[:, FIELDS], kind="stable")[:MOST_CANDIDATES], :FIELDS]


def _measured(picture: WorkingPicture, boxes_px: Floats) -> Floats:
    return box_measures.measure(picture.colours, picture.valid, boxes_px, picture.reach_px, picture.pixel_m)


def _plausible(picture: WorkingPicture, fitted: Floats) -> tuple[Floats, Floats]:
    """Boxes (metres) of a possible length with an edge on every side, near-duplicates left out, with their measures."""
    metres = picture.to_metres(fitted)
    measures = _measured(picture, fitted)
    long_low, short_low = measures[:, box_measures.LONG_LOW], measures[:, box_measures.SHORT_LOW]
    strength = np.sqrt(np.maximum(long_low, 0)) + np.sqrt(np.maximum(short_low, 0))
    kept = (metres[:, 2] > FITTED_LENGTH_GATE_M[0]) & (metres[:, 2] < FITTED_LENGTH_GATE_M[1])
    kept &= (measures[:, box_measures.INVALID] < MOST_INVALID) & (long_low > LEAST_EDGE) & (short_low > LEAST_EDGE)
    metres, measures, strength = metres[kept], measures[kept], strength[kept]
    lone = rectangles.suppress(metres, strength, DUPLICATE_OVERLAP, DUPLICATE_OVERLAP)
    return metres[lone], measures[lone]
