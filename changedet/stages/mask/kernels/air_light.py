"""Pictures without the light that the air adds, which is blue and lies on all of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Singles
from changedet.kernels.quantiles import percentiles

HAZE_PERCENTILE: Final = 1.0
"""Of a look's brightness: its darkest shade and water show the light that the air adds (Chavez 1988,
doi:10.1016/0034-4257(88)90019-3). Where nearly all is white there may be nothing dark: not used."""
MOST_AIR: Final = 0.5
"""Of a band's bright end, more than which the air adds nothing: where all is snow its darkest pixels are, too. Chosen
by hand."""
BRIGHT_PERCENTILE: Final = 99.5
"""Of a band, which stands for its bright end."""


def without_air(visible: Singles, nir: Singles | None) -> tuple[Singles, Singles | None]:
    """A picture without the light that the air adds: under a low sun that makes snow as blue as it is bright.

    Parameters
    ----------
    visible : float32 (3, y, x)
        Blue, green, red; NaN for no data.
    nir : float32 (y, x) or None
        Near infrared.

    Returns
    -------
    visible : float32 (3, y, x)
        Less each band's own darkest, as Chavez 1988 (see `HAZE_PERCENTILE`).
    nir : float32 (y, x) or None
        Less what red loses, so that both differ by as much as before.
    """
    seen = np.isfinite(visible).all(axis=0)
    if not seen.any():
        return visible, nir
    ends = np.array([percentiles(band[seen], (HAZE_PERCENTILE, BRIGHT_PERCENTILE)) for band in visible]).T
    air = np.minimum(ends[0], MOST_AIR * ends[1]).astype(np.float32)
    return visible - air[:, None, None], None if nir is None else nir - air[2]
