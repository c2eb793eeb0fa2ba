"""The display stretch of a scene: dark and bright end of each band, and a gamma that lifts dark colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from changedet.arrays import Singles
from changedet.kernels.quantiles import percentile, percentiles

PERCENTILES: Final = (1.0, 99.0)
"""Of the scene's sample: its dark and its bright end; customary for display."""
DARKEST: Final = 0.05
"""Percentile of the scene's sample that is its darkest: two boxes of 20 feet on six hectares."""
ALONE: Final = (0.2, 0.3)
"""How far the darkest may lie below the dark end, as a share of the range: up to the first that end is kept, from the
second on the darkest takes its place. Of scenes that taught the network one in twenty lies beyond the first and one in
a hundred beyond .24; six looks at few boxes on bright sand lie at .38 to .78 (docs/research/detector.md, "Few boxes on
bright ground")."""
LEAST_RANGE: Final = 1e-6
"""Bright less dark end of an even picture, as a share of its value: nothing is divided by 0."""
LIFT: Final = 0.02
"""Added to the stretched value, so that the dark end is not 0, where a gamma's slope is infinite; chosen by hand."""
TOP: Final = 1.6
"""Greatest stretched value: what is far brighter than the bright end (glare, cloud) is all one; chosen by hand."""
GAMMA: Final = 0.6
"""Exponent of the stretch for pictures whose numbers are proportional to light; chosen by hand."""
GAMMA_OF_8_BIT: Final = 0.85
"""Exponent for 8-bit pictures: mostly made for a screen, they have dark colours lifted already; chosen by hand."""


def stretch_limits(samples: Singles) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Dark and bright end of each band of a scene.

    Parameters
    ----------
    samples : float32 (cell, band, y, x)
        The scene's fixed sample; NaN is no data, left out.

    Returns
    -------
    tuple of float, tuple of float
        The 1st and the 99th percentile of each band, in its own unit; 0 and 1 for a band without data.
    """
    low, high = [], []
    for values in _bands(samples):
        a, b = percentiles(values, PERCENTILES).tolist() if values.size else (0.0, 1.0)
        low.append(a)
        high.append(float(max(b, a + LEAST_RANGE * max(1.0, abs(a)))))
    return tuple(low), tuple(high)


def open_limits(samples: Singles) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Dark and bright end of each band, open to what little is darker than all ground.

    Where next to nothing is dark, the 1st percentile is the ground's, and all that stands on it would be one black. So
    the dark end is nearer to the darkest there.

    Parameters
    ----------
    samples
        As for `stretch_limits`.

    Returns
    -------
    tuple of float, tuple of float
        Those of `stretch_limits` where the darkest lies near them.
    """
    low, high = stretch_limits(samples)
    found = []
    for values, a, b in zip(_bands(samples), low, high, strict=True):
        below = a - percentile(values, DARKEST) if values.size else 0.0
        alone = min(1.0, max(0.0, (below / (b - a) - ALONE[0]) / (ALONE[1] - ALONE[0])))
        found.append(a - alone * below)
    return tuple(found), high


def _bands(samples: Singles) -> Iterator[Singles]:
    """What each band of samples shows."""
    for band in range(samples.shape[1]):
        yield samples[:, band][np.isfinite(samples[:, band])]


def stretch_gamma(is_8_bit: bool) -> float:
    """Exponent of the stretch.

    Parameters
    ----------
    is_8_bit : bool
        Whether the scene's numbers are those of an 8-bit display image.

    Returns
    -------
    float
        `GAMMA_OF_8_BIT` or `GAMMA`.
    """
    return GAMMA_OF_8_BIT if is_8_bit else GAMMA
