"""Iterative slow feature analysis: what changes least from date to date where nothing happened.

Slow features are the linear combinations of the standardised bands whose difference between two dates is least against
their own variance: ``A w = l B w`` with ``A`` the covariance of the differences and ``B`` the mean covariance of both
dates. The squared differences of all features, each over its variance ``l``, sum to a chi-square where nothing changed;
each pixel is then weighted by its probability of no change, and the analysis done again. Wu, Du and Zhang 2014,
doi:10.1109/TGRS.2013.2266673. Unlike canonical variates both dates get the same combinations, so a change of a single
band's meaning is not explained away.
"""

from __future__ import annotations

import numpy as np

from changedet.arrays import AnyArray, Floats
from changedet.kernels.irmad import RANK_TOLERANCE, VARIANCE_FLOOR, reweighted, whitening
from changedet.kernels.variates import Variates, unweighted


def isfa_fit(before: AnyArray, after: AnyArray, max_iterations: int, tolerance: float) -> Variates:
    """Fit the slow features of a sample of pixels.

    Parameters
    ----------
    before, after : float (n, band)
        The same pixels on two dates, in any units; a row with a NaN in either is left out.
    max_iterations : int
        At least 1; 1 is plain slow feature analysis.
    tolerance : float
        Stop when no feature's half variance of difference moves by more than this.

    Returns
    -------
    Variates
        ``a`` and ``b`` hold the features for the bands of either date, slowest first; ``variance`` is that of the
        features' differences, ``rho`` is ``1 - variance / 2``.
    """
    return reweighted(before, after, max_iterations, tolerance, _slow_features)


def _slow_features(mean: Floats, covariance: Floats, bands: int) -> Variates:
    variances = np.diag(covariance)
    least = RANK_TOLERANCE * max(float(variances.max(initial=0.0)), 1e-30)
    usable = (variances[:bands] > least) & (variances[bands:] > least)
    scale = np.where(np.tile(usable, 2), 1.0 / np.sqrt(np.where(np.tile(usable, 2), variances, 1.0)), 0.0)
    standard = covariance * np.outer(scale, scale)
    first, second, cross = standard[:bands, :bands], standard[bands:, bands:], standard[:bands, bands:]
    rows = whitening(0.5 * (first + second), 0.0)
    values, vectors = np.linalg.eigh(rows @ (first + second - cross - cross.T) @ rows.T)
    degrees = len(rows)
    features = np.zeros((bands, bands))
    features[:degrees] = vectors.T @ rows
    features *= np.where(features.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    variance = np.ones(bands)
    variance[:degrees] = np.maximum(values, VARIANCE_FLOOR)
    rho = np.zeros(bands)
    rho[:degrees] = 1.0 - 0.5 * variance[:degrees]
    return unweighted(features * scale[:bands], features * scale[bands:], mean, rho, variance, degrees)
