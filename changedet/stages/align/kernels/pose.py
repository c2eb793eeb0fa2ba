"""How a picture that was put on the map by hand is turned and stretched, from overviews, where no shift fits it."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Floats, Singles
from changedet.stages.align.kernels.chip_shifts import correlation_peak, correlation_spectrum
from changedet.stages.align.kernels.gradient_fields import Fields, orientation_field

MOST_TURN_DEG, MOST_STRETCH = 9.0, 0.12
"""Farthest that is looked for, either way. Chosen by hand: by eye a map is turned and stretched less."""
STEP_PX: Final = 1.5
"""Farthest that the edge of an overview moves from one turn or stretch to the next: about the width of a gradient."""
SEARCH_SHARE: Final = 0.25
"""Of an overview's edge, the farthest shift that is looked for."""
SIGMA_PX: Final = 1.0
"""Of the Gaussian before gradients are taken."""
LEAST_QUALITY: Final = 7.5
"""Of the correlation's peak, for a pose to be believed. Best of 27 pairs of different places: 4.5 to 5.7, of five pairs
of a suburb before and after it was built (LEVIR) 5.4 to 6.6, none of them right; of 80 pairs of drawn and real places
10 to 43, but for quays whose stacks all changed, 6.5 to 8.8. Chosen with these in view; chips must agree, too."""
SOME_BANDS: Final = 2
"""The first ones, which lie next to each other in the spectrum and show the same edges."""
STEPS_FINER: Final = (0.5, 0.25)
"""The best pose is looked for once more around itself, in such parts of a step."""


class Pose(NamedTuple):
    """A similarity from the reference to a picture, both as overviews of the same size.

    Attributes
    ----------
    matrix : float64 (2, 3)
        y, x, 1 of the reference's pixel centres to y, x of where the picture has them.
    turn_deg, stretch : float
        Anticlockwise on the screen, and the picture's size over that of the reference.
    quality : float
        Of the correlation's peak, as of `Peak`.
    """

    matrix: Floats
    turn_deg: float
    stretch: float
    quality: float


def best_pose(moving: Singles, reference: Singles) -> Pose:
    """The turn, stretch and shift under which the gradient directions of two overviews correlate best.

    All of a grid of turns and stretches are tried, each with all shifts at once (orientation correlation, Fitch et al.
    2002, doi:10.5244/C.16.11), then finer ones around the best.

    Parameters
    ----------
    moving, reference : float32 (band, y, x)
        Overviews of one shape; NaN for no data.

    Returns
    -------
    Pose
        The best; of quality 0 where nothing correlates.
    """
    fixed = orientation_field(reference, SIGMA_PX)
    half = 0.5 * max(moving.shape[1:])
    step = STEP_PX / half
    turns = _steps(np.radians(MOST_TURN_DEG), step)
    stretches = np.exp(_steps(np.log1p(MOST_STRETCH), step))
    best = _best(moving, fixed, [(turn, stretch) for turn in turns for stretch in stretches])
    for finer in STEPS_FINER:
        around = finer * step * np.array([-1.0, 0.0, 1.0])
        turn, stretch = np.radians(best.turn_deg), best.stretch
        best = _best(moving, fixed, [(turn + a, stretch * np.exp(b)) for a in around for b in around])
    return best


def shows_things(picture: Singles) -> bool:
    """Whether a picture shows anything to be found again: two of its bands, whose noise is their own, show the same.

    Parameters
    ----------
    picture : float32 (band, y, x)
        An overview; NaN for no data.

    Returns
    -------
    bool
        False of a single band, of which nothing tells noise from things.
    """
    if len(picture) < SOME_BANDS:
        return False
    field = orientation_field(picture[:SOME_BANDS], SIGMA_PX)
    peak = correlation_peak(correlation_spectrum(field[:1], field[1:], 0.0), STEP_PX)
    return peak.quality >= LEAST_QUALITY


def _steps(most: float, step: float) -> Floats:
    count = int(np.ceil(most / step))
    return np.asarray(np.arange(-count, count + 1) * (most / count), np.float64)


def _best(moving: Singles, fixed: Fields, poses: list[tuple[float, float]]) -> Pose:
    found = [_tried(moving, fixed, float(turn), float(stretch)) for turn, stretch in poses]
    return max(found, key=lambda pose: pose.quality)


def _tried(moving: Singles, fixed: Fields, turn: float, stretch: float) -> Pose:
    """The best shift under one turn and stretch about the middle."""
    shape = moving.shape[1:]
    cosine, sine = np.cos(turn) * stretch, np.sin(turn) * stretch
    linear = np.array([[cosine, -sine], [sine, cosine]])
    middle = 0.5 * (np.array(shape) - 1)
    matrix = np.column_stack([linear, middle - linear @ middle])
    spectrum = correlation_spectrum(orientation_field(resampled(moving, matrix), SIGMA_PX), fixed, 0.0)
    peak = correlation_peak(spectrum, SEARCH_SHARE * min(shape))
    matrix[:, 2] += linear @ np.array([peak.dy, peak.dx])
    return Pose(matrix, float(np.degrees(turn)), stretch, peak.quality)


def resampled(moving: Singles, matrix: Floats) -> Singles:
    """A picture laid on the reference.

    Parameters
    ----------
    moving : float32 (band, y, x)
        NaN for no data.
    matrix : float64 (2, 3)
        As of `Pose`.

    Returns
    -------
    float32 (band, y, x)
        NaN where it shows nothing.
    """
    # OpenCV takes x before y.
    swapped = matrix[::-1][:, [1, 0, 2]]
    size = moving.shape[2], moving.shape[1]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.stack([cv2.warpAffine(band, swapped, size, flags=flags, borderValue=np.nan) for band in moving])


def at_scale(matrix: Floats, factor: int) -> Floats:
    """The same pose by smaller pixels.

    Parameters
    ----------
    matrix : float64 (2, 3)
        As of `Pose`.
    factor : int
        Smaller pixels on a side of one.

    Returns
    -------
    float64 (2, 3)
        Between their centres.
    """
    off = 0.5 * (factor - 1)
    return np.column_stack([matrix[:, :2], factor * matrix[:, 2] + off - matrix[:, :2] @ np.array([off, off])])
