"""Colours sharpened by a panchromatic band of finer pixels.

Smoothing filter-based intensity modulation (Liu 2000, doi:10.1080/014311600750037499): colours times the panchromatic
band over what that band would be in the colours' pixels. It keeps the colours' own levels, whatever light the
panchromatic sensor sees, and needs no weights.
"""

from __future__ import annotations

import numpy as np

from changedet.arrays import Singles


def sharpened(colours: Singles, pan: Singles, coarse: Singles) -> None:
    """Sharpen colours by a panchromatic band.

    Parameters
    ----------
    colours : float32 (band, y, x)
        Resampled to the pixels of `pan`; changed here.
    pan : float32 (y, x)
        NaN is no data, and makes the colours NaN.
    coarse : float32 (y, x)
        The same band averaged to the colours' pixels and resampled as they were; where it is not above 0 the colours
        stay.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = pan / coarse
    # Where the smooth one lacks, at the rim of the file, the colours are all that is known.
    np.copyto(ratio, np.float32(1.0), where=np.isfinite(pan) & ~(coarse > 0.0))
    colours *= ratio
