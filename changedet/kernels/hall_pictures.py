"""Colours of a look as the network of halls is shown them."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Singles

STEP_M: Final = 0.75
"""Pixels of the pictures that taught."""
MOST_PX: Final = 25_000_000
"""Pixels of a site that are looked at on each look; more would not fit beside the rest of a run."""
DARK_SHARE: Final = 0.01
BRIGHT_SHARE: Final = 0.99
"""Quantiles shown black and white; those of the network of change."""
GAMMA: Final = 0.7
"""Between linear (1) and what screens use (.45): darker ground keeps its contrast."""
TOP: Final = 1.25
"""What is brighter than white is cut off there."""
MISSING: Final = -0.2
"""Shown where nothing was seen."""
MULTIPLE_PX: Final = 16
"""Sides of a picture are multiples of it: the network halves it four times."""
SPAN_LEAST: Final = 1e-6
"""Least span between black and white, in the units of the pixels."""


def fit_limits(colours: Singles) -> tuple[float, float]:
    """Black and white of a look.

    Parameters
    ----------
    colours : float32 (band, ..)
        A sample of the look; NaN where not seen.

    Returns
    -------
    low, high : float
        0 and 1 where nothing is seen.
    """
    values = colours[np.isfinite(colours)]
    if not values.size:
        return 0.0, 1.0
    low, high = np.quantile(values, [DARK_SHARE, BRIGHT_SHARE], overwrite_input=True)
    return float(low), float(high)


def shown(colours: Singles, limits: tuple[float, float]) -> Singles:
    """A look as the network sees it.

    Parameters
    ----------
    colours : float32 (band, y, x)
        Red, green, blue; NaN where not seen.
    limits : (float, float)
        From `fit_limits`.

    Returns
    -------
    float32 (band, y, x)
        From -1 to some 1.3; `MISSING` where not seen.
    """
    low, high = limits
    level = np.clip((colours - np.float32(low)) / np.float32(max(high - low, SPAN_LEAST)), 0, np.float32(TOP))
    out = level ** np.float32(GAMMA) * 2 - 1
    return np.where(np.isfinite(out), out, np.float32(MISSING)).astype(np.float32)
