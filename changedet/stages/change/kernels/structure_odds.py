"""A second voice beside the trees where no near infrared tells plants from ground: structure that came or went.

In colours alone a meadow that dried out looks like ground that was bared. What is built brings edges, or takes them
away; what ripens and dries leaves them. Structure knows nothing of boxes and houses among trees, so it never judges by
itself: it moves the log odds of what the trees have not dismissed. Where both dates are full of edges, as a yard of
boxes is, that structure stayed says nothing, and nothing is taken off.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.stages.change.kernels.smoothing import gaussian_radius_px, gaussian_weights, weighted_means
from changedet.stages.change.kernels.structure import compared, structure_floors, structure_halo_px, structures

ORIENTATIONS: Final = 8
CELL_PX: Final = 4.0
LEAST_CONTRAST: Final = 1.5
SMOOTHING_PX: Final = 2.0
"""As the method `structure` has them."""
MOST_DIFFERENCE: Final = 0.6
"""More than this tells no more."""
WEIGHT: Final = 4.0
"""Log odds for a whole unit of structural difference."""
CAUTION: Final = 1.8
"""Taken off the log odds of smooth ground: .6 for the difference of .15 that says neither yes nor no, the rest because
pictures without near infrared are called changed too surely where nothing is (weight and caution: docs/change.md)."""
FADING: Final = 4
"""Power of the emptier date's share of edges with which caution fades."""
VOICE_HALO_PX: Final = structure_halo_px(CELL_PX) + gaussian_radius_px(SMOOTHING_PX)


def fit_voice(before: NDArray[np.float32], after: NDArray[np.float32]) -> list[float]:
    """What counts as no structure on either date, from a sample ``(cell, band, y, x)``."""
    return list(structure_floors(before, after, ORIENTATIONS, CELL_PX, LEAST_CONTRAST))


def with_voice(
    probability: NDArray[np.float32],
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    floors: list[float],
    dismissed: float,
) -> NDArray[np.float32]:
    """Probabilities of change ``(y, x)`` after structure was heard.

    Parameters
    ----------
    probability : (y, x) float32
        Of the trees; NaN where either date is.
    before, after : (band, y, x) float32
    floors : list of float
        From `fit_voice`.
    dismissed : float
        Up to this probability change is out of the question, and nothing is computed.
    """
    asked = probability > np.float32(dismissed)
    if not asked.any():
        return probability
    rows, columns = (_around(np.asarray(asked.any(axis=axis))) for axis in (1, 0))
    part, asked = (slice(None), rows, columns), asked[rows, columns]
    weights = gaussian_weights(SMOOTHING_PX)
    near = cv2.dilate(asked.astype(np.uint8), np.ones((len(weights),) * 2, np.uint8)) == 1
    pair = structures(before[part], after[part], ORIENTATIONS, CELL_PX, near)
    told = weighted_means(compared(*pair, (floors[0], floors[1])), weights, asked)[:, asked]
    difference, full = told[0], np.minimum(told[1], told[2])
    own = np.clip(probability[rows, columns][asked].astype(np.float64), 1e-6, 1.0 - 1e-6)
    voice = WEIGHT * np.minimum(difference, MOST_DIFFERENCE) - CAUTION * (1.0 - full**FADING)
    moved = np.log(own / (1.0 - own)) + voice
    out = probability.copy()
    out[rows, columns][asked] = 1.0 / (1.0 + np.exp(-moved))
    return out


def _around(asked: NDArray[Any]) -> slice:
    """From the first to the last place that is asked, and what structure looks at around them."""
    places = np.flatnonzero(asked)
    return slice(max(0, int(places[0]) - VOICE_HALO_PX), int(places[-1]) + 1 + VOICE_HALO_PX)
