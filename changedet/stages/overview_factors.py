"""How coarse the overviews are in which shifts and clouds are looked for."""

from __future__ import annotations

from typing import Final

import numpy as np

SHIFT_BUDGET_PX: Final = 1.1e6
"""Pixels of an overview for shifts at most."""
DECIMATED_FROM_PX: Final = (256, 1024)
"""Images whose shorter side has so many pixels are decimated by 2, and by 4."""
CLOUD_BUDGET_PX: Final = 2_000_000
"""Pixels of an overview for clouds at most: what finding them costs does not grow with the scene."""


def overview_factor(shape: tuple[int, int]) -> int:
    """How much to decimate images of that shape for `AlignMethod.coarse`, for at most a megapixel.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.

    Returns
    -------
    int
        1, 2, 4, 8, ...

    Examples
    --------
    >>> overview_factor((400, 400)), overview_factor((8192, 8192))
    (2, 8)
    """
    factor = int(2 ** sum(min(shape) >= least for least in DECIMATED_FROM_PX))
    while shape[0] * shape[1] / factor**2 > SHIFT_BUDGET_PX:
        factor *= 2
    return factor


def cloud_overview_factor(shape: tuple[int, int], resolution_m: float, overview_resolution_m: float = 2.0) -> int:
    """How many pixels to average on a side for an overview of that resolution and at most two megapixels.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    resolution_m : float
        Of its pixels.
    overview_resolution_m : float
        Wanted; coarser where that would be more than `CLOUD_BUDGET_PX`.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> cloud_overview_factor((512, 512), 0.5), cloud_overview_factor((16384, 16384), 0.5)
    (4, 12)
    >>> cloud_overview_factor((400, 400), 30.0)
    1
    """
    factor = max(1, round(overview_resolution_m / resolution_m))
    return max(factor, int(np.ceil(np.sqrt(shape[0] * shape[1] / CLOUD_BUDGET_PX))))
