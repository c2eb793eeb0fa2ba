"""Pixels that did not change between two dates, by IR-MAD.

Canty, Nielsen and Schmidt 2004, doi:10.1016/j.rse.2003.10.024.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Bools, Ints, Singles
from changedet.kernels.irmad import irmad_fit
from changedet.kernels.together import both
from changedet.kernels.variates import Variates, chi_square, no_change_probability

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
    # Band by band: along four values that lie side by side numpy takes ten times as long.
    seen = np.flatnonzero(np.isfinite(moving).all(axis=1) & np.isfinite(reference).all(axis=1))
    if len(seen) > most:
        # Spread by a fixed seed: a stride would walk along one column of every cell.
        seen = seen[np.sort(np.random.default_rng(0).permutation(len(seen))[:most])]
    return both(lambda: _rows(moving, seen), lambda: _rows(reference, seen))


def _rows(cells: Singles, chosen: Ints) -> Singles:
    """Pixels (n, band) of cells (cell, band, y, x), numbered through all cells."""
    count, bands = len(cells), cells.shape[1]
    cell, pixel = np.divmod(chosen, cells[0, 0].size)
    return np.stack([cells.reshape(count, bands, -1)[cell, band, pixel] for band in range(bands)], axis=1)


def all_alike(moving: Singles, reference: Singles) -> Variates:
    """Canonical variates of all pixel pairs, each of the same weight.

    Parameters
    ----------
    moving, reference : float32 (n, band)
        The same pixels of both dates.

    Returns
    -------
    Variates
        With which `invariant_pixels` begins. The first canonical correlation says how much the dates have in common;
        pixels that were chosen to agree cannot show it.
    """
    return irmad_fit(moving, reference, 1, TOLERANCE, 0.0)


def invariant_pixels(
    moving: Singles, reference: Singles, probability: float, max_iterations: int, begun: Variates
) -> Bools:
    """Which pixels did not change, by IR-MAD.

    Parameters
    ----------
    moving, reference : float32 (n, band)
        The same pixels of both dates.
    probability : float
        Least probability of no change.
    max_iterations : int
        Of IR-MAD.
    begun : Variates
        From `all_alike`.

    Returns
    -------
    bool (n,)
        All, where there are too few pixels to fit.
    """
    variates = irmad_fit(moving, reference, max_iterations, TOLERANCE, 0.0, begun)
    if variates.degrees == 0:
        return np.ones(len(moving), bool)
    chi = chi_square(moving, reference, variates)
    return np.asarray(no_change_probability(chi, variates.degrees) > probability, bool)
