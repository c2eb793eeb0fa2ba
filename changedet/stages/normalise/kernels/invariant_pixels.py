"""Pixels that did not change between two dates, by IR-MAD.

Canty, Nielsen and Schmidt 2004, doi:10.1016/j.rse.2003.10.024.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.irmad import irmad_fit
from changedet.kernels.variates import chi_square, no_change_probability

TOLERANCE: Final = 1e-3
"""IR-MAD has settled where no canonical correlation moves by more than this."""


def pixel_pairs(moving: Singles, reference: Singles, most: int) -> tuple[Singles, Singles]:
    """Pixels of a sample that both dates show.

    Parameters
    ----------
    moving, reference : float32 (cell, band, y, x)
        The fixed sample of both dates; NaN for no data.
    most : int
        They are thinned to so many.

    Returns
    -------
    x, y : float32 (n, band)
        The same pixels of both, without NaN.
    """
    bands = moving.shape[1]
    x = np.moveaxis(moving, 1, -1).reshape(-1, bands)
    y = np.moveaxis(reference, 1, -1).reshape(-1, bands)
    seen = np.flatnonzero(np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1))
    if len(seen) > most:
        # Spread by a fixed seed: a stride would walk along one column of every cell.
        seen = seen[np.sort(np.random.default_rng(0).permutation(len(seen))[:most])]
    return np.ascontiguousarray(x[seen]), np.ascontiguousarray(y[seen])


def likeness(moving: Singles, reference: Singles) -> float:
    """First canonical correlation of all pixel pairs; pixels that were chosen to agree cannot show it.

    Parameters
    ----------
    moving, reference : float32 (n, band)
        The same pixels of both dates.

    Returns
    -------
    float
        0 to 1.
    """
    return irmad_fit(moving, reference, 1, TOLERANCE, 0.0).rho[0]


def invariant_pixels(moving: Singles, reference: Singles, probability: float, max_iterations: int) -> Bools:
    """Which pixels did not change, by IR-MAD.

    Parameters
    ----------
    moving, reference : float32 (n, band)
        The same pixels of both dates.
    probability : float
        Least probability of no change.
    max_iterations : int
        Of IR-MAD.

    Returns
    -------
    bool (n,)
        All, where there are too few pixels to fit.
    """
    variates = irmad_fit(moving, reference, max_iterations, TOLERANCE, 0.0)
    if variates.degrees == 0:
        return np.ones(len(moving), bool)
    chi = chi_square(moving, reference, variates)
    return np.asarray(no_change_probability(chi, variates.degrees) > probability, bool)
