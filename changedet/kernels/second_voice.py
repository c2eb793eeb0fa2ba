"""A second voice beside the trees where no near infrared tells plants from ground: structure that came or went.

In colours alone a meadow that dried out looks like ground that was bared. What is built brings edges, or takes them
away; what ripens and dries leaves them. Structure knows nothing of boxes and houses among trees, so it never judges by
itself: it moves the log odds of what the trees have not dismissed. Where both dates are full of edges, as a yard of
boxes is, that structure stayed says nothing, and nothing is taken off.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from changedet.kernels.smoothing import gaussian, gaussian_radius_px
from changedet.kernels.structure import fullness, structure_difference, structure_floors, structure_halo_px, structures

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
    part = (slice(None), rows, columns)
    pair = structures(before[part], after[part], ORIENTATIONS, CELL_PX)
    difference = gaussian(structure_difference(*pair, (floors[0], floors[1])), SMOOTHING_PX)
    full = np.minimum(*(gaussian(fullness(*own), SMOOTHING_PX) for own in zip(pair, floors, strict=True)))
    heard = asked[rows, columns]
    own = np.clip(probability[rows, columns][heard].astype(np.float64), 1e-6, 1.0 - 1e-6)
    told = WEIGHT * np.minimum(difference[heard], MOST_DIFFERENCE) - CAUTION * (1.0 - full[heard] ** FADING)
    moved = np.log(own / (1.0 - own)) + told
    out = probability.copy()
    out[rows, columns][heard] = 1.0 / (1.0 + np.exp(-moved))
    return out


def _around(asked: NDArray[Any]) -> slice:
    """From the first to the last place that is asked, and what structure looks at around them."""
    places = np.flatnonzero(asked)
    return slice(max(0, int(places[0]) - VOICE_HALO_PX), int(places[-1]) + 1 + VOICE_HALO_PX)
