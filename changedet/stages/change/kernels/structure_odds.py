"""Log odds of change moved by structure that appeared or vanished, for scenes without near infrared.

In visible colours alone a meadow that dried out looks like ground that was bared. What is built brings edges, or takes
them away; what ripens and dries leaves them. Structure cannot separate boxes from houses among trees, so it never
decides alone: it moves the log odds of pixels that the trees have not dismissed. Where both dates are full of edges, as
a container yard is, structure that stayed is no evidence against change, and nothing is subtracted.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.morphology import dilated, square
from changedet.stages.change.kernels.smoothing import gaussian_radius_px, gaussian_weights, weighted_means
from changedet.stages.change.kernels.structure import compared, structure_floors, structure_halo_px, structures

ORIENTATIONS: Final = 8
CELL_PX: Final = 4.0
LEAST_CONTRAST: Final = 1.5
SMOOTHING_PX: Final = 2.0
"""As the defaults of the method `structure`."""
MOST_DIFFERENCE: Final = 0.6
"""Structural differences above this count as this."""
WEIGHT: Final = 4.0
"""Log odds for a whole unit of structural difference."""
CAUTION: Final = 1.8
"""Subtracted from the log odds of smooth ground: .6 for the difference of .15 that is no evidence either way, the rest
because scenes without near infrared have too high probabilities where nothing changed (weight and caution were chosen
on seeds 49400 to 49447 and 49500 to 49547, see the research notes on change)."""
FADING: Final = 4
"""Power of the emptier date's share of edges with which the caution fades."""
HALO_PX: Final = structure_halo_px(CELL_PX) + gaussian_radius_px(SMOOTHING_PX)
"""How far `with_structure_odds` looks around."""


def fit_structure_odds(before: Singles, after: Singles) -> list[float]:
    """Strength of gradients below which either date has no structure.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.

    Returns
    -------
    list of float
        Of the earlier and of the later date, in units of the image a pixel.
    """
    return list(structure_floors(before, after, ORIENTATIONS, CELL_PX, LEAST_CONTRAST))


def with_structure_odds(
    probability: Singles, before: Singles, after: Singles, floors: list[float], dismissed: float
) -> Singles:
    """Probabilities of change moved by the difference of structure.

    Parameters
    ----------
    probability : float32 (y, x)
        Of the trees; NaN where either date is.
    before, after : float32 (band, y, x)
        The pair, with `HALO_PX` more on each side than what is wanted.
    floors : list of float
        From `fit_structure_odds`.
    dismissed : float
        Up to this probability a pixel is left as it is, and nothing is computed.

    Returns
    -------
    float32 (y, x)
        0 to 1; NaN where `probability` is.
    """
    moved = probability > np.float32(dismissed)
    if not moved.any():
        return probability
    rows, columns = (_span(np.asarray(moved.any(axis=axis))) for axis in (1, 0))
    part, moved = (slice(None), rows, columns), moved[rows, columns]
    weights = gaussian_weights(SMOOTHING_PX)
    near = dilated(moved, square(len(weights)))
    pair = structures(before[part], after[part], ORIENTATIONS, CELL_PX, near)
    evidence = weighted_means(compared(*pair, (floors[0], floors[1])), weights, moved)[:, moved]
    difference, full = evidence[0], np.minimum(evidence[1], evidence[2])
    own = np.clip(probability[rows, columns][moved].astype(np.float64), 1e-6, 1.0 - 1e-6)
    added = WEIGHT * np.minimum(difference, MOST_DIFFERENCE) - CAUTION * (1.0 - full**FADING)
    odds = np.log(own / (1.0 - own)) + added
    out = probability.copy()
    out[rows, columns][moved] = 1.0 / (1.0 + np.exp(-odds))
    return out


def _span(wanted: Bools) -> slice:
    """From the first to the last place that is wanted, and what structure looks at around them."""
    places = np.flatnonzero(wanted)
    return slice(max(0, int(places[0]) - HALO_PX), int(places[-1]) + 1 + HALO_PX)
