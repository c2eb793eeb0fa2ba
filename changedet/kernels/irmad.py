"""IR-MAD: canonical variates of two images, reweighted by the probability of no change.

The iteration fits the variates, weights each pixel by its probability of no change under them, and fits again.
Nielsen 2007, doi:10.1109/TIP.2006.888195.

Sums run in one fixed order over the pixels as given: the same sample gives the same bits on any schedule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias

import numpy as np

from changedet.arrays import AnyArray, Floats, Singles
from changedet.kernels.compiled import compiled, inlined
from changedet.kernels.variates import Variates, standardised, strip_chi_square, survival, unweighted

Solver: TypeAlias = Callable[[Floats, Floats, int], Variates]
"""``solve(mean, covariance, bands)`` of the joint moments float64 (2 * band,) and (2 * band, 2 * band)."""

VARIANCE_FLOOR: Final = 1e-8
"""Least variance of a MAD variate (canonical variates have variance 1): identical images must give 0, not 0 / 0."""
RANK_TOLERANCE: Final = 1e-7
"""Least eigenvalue of a band correlation matrix that still counts as a direction of its own."""
SUMS: Final = 4
"""Sums that are added to at once: an addition takes four cycles, and its sum waits for it."""
STRIP_PX: Final = 256
"""Pixels of a strip: the values of all bands stay in the nearest cache."""
LEAST_WEIGHT: Final = 0.01
"""Least mean weight: below it the iteration has locked on to a few look-alike pixels and is stopped a step earlier."""


def irmad_fit(
    before: AnyArray,
    after: AnyArray,
    max_iterations: int,
    tolerance: float,
    ridge: float,
    fitted: Variates | None = None,
) -> Variates:
    """Fit the iteratively reweighted MAD transformation on a sample of pixels.

    Parameters
    ----------
    before, after : float (n, band)
        The same pixels on two dates, in any units; a row with a NaN in either is left out.
    max_iterations : int
        At least 1; 1 is plain MAD.
    tolerance : float
        Stop when no canonical correlation moves by more than this.
    ridge : float
        Added to the diagonal of both band correlation matrices; 0 for none.
    fitted : Variates, optional
        Of the same pixels and fewer iterations, from which to go on.

    Returns
    -------
    Variates
        Of 0 degrees where there are too few rows to fit.
    """
    return reweighted(before, after, max_iterations, tolerance, partial(_solve, ridge=ridge), fitted)


def reweighted(
    before: AnyArray,
    after: AnyArray,
    max_iterations: int,
    tolerance: float,
    solve: Solver,
    fitted: Variates | None = None,
) -> Variates:
    """Fit variates, weight each pixel by its probability of no change under them, and fit again.

    Parameters
    ----------
    before, after : float (n, band)
        The same pixels on two dates, in any units; a row with a NaN in either is left out.
    max_iterations : int
        At least 1.
    tolerance : float
        Stop when no entry of `Variates.rho` moves by more than this.
    solve : callable
        Variates of the joint weighted moments, as `Solver` says.
    fitted : Variates, optional
        Of the same pixels and fewer iterations, from which to go on.

    Returns
    -------
    Variates
        Of the last fit whose weights did not collapse.
    """
    x, y = _finite_rows(before, after)
    bands = x.shape[1]
    origin = np.concatenate([x.mean(axis=0), y.mean(axis=0)]) if len(x) else np.zeros(2 * bands)
    rows = np.ascontiguousarray(x.T), np.ascontiguousarray(y.T)
    model = fitted or replace(solve(np.zeros(2 * bands), np.zeros((2 * bands, 2 * bands)), bands), n=len(x))
    if len(x) <= 2 * bands:
        return model
    for iteration in range(model.iterations + 1, max_iterations + 1):
        weight, mean, covariance = _weighted_moments(*rows, origin, *standardised(model), model.degrees)
        if iteration > 1 and weight < LEAST_WEIGHT * len(x):
            break
        following = solve(mean, covariance, bands)
        moved = float(np.max(np.abs(np.subtract(following.rho, model.rho))))
        converged = iteration > 1 and moved < tolerance
        model = replace(following, n=len(x), effective_n=weight, iterations=iteration, converged=converged)
        if converged:
            break
    return model


def whitening(covariance: Floats, ridge: float) -> Floats:
    """Rows that turn the bands into uncorrelated variates of variance 1.

    Parameters
    ----------
    covariance : float64 (band, band)
        Of the bands.
    ridge : float
        Added to the diagonal of the correlation matrix.

    Returns
    -------
    float64 (variate, band)
        Fewer variates than bands where the rank is short.
    """
    variance = np.diag(covariance)
    usable = variance > RANK_TOLERANCE * max(float(variance.max(initial=0.0)), 1e-30)
    scale = np.where(usable, 1.0 / np.sqrt(np.where(usable, variance, 1.0)), 0.0)
    correlation = covariance * np.outer(scale, scale) + ridge * np.diag(usable.astype(float))
    values, vectors = np.linalg.eigh(correlation)
    kept = values > RANK_TOLERANCE
    rows: Floats = (vectors[:, kept] / np.sqrt(values[kept])).T * scale
    return rows


def _finite_rows(before: AnyArray, after: AnyArray) -> tuple[Singles, Singles]:
    x = np.asarray(before, np.float32)
    y = np.asarray(after, np.float32)
    # Band by band: along a few values that lie side by side numpy takes ten times as long.
    keep = np.logical_and.reduce([np.isfinite(band) for image in (x, y) for band in image.T])
    if keep.all():
        return np.ascontiguousarray(x), np.ascontiguousarray(y)
    return np.ascontiguousarray(x[keep]), np.ascontiguousarray(y[keep])


def _solve(mean: Floats, covariance: Floats, bands: int, *, ridge: float) -> Variates:
    """Canonical correlation analysis by whitening each side, which shrugs off constant and collinear bands."""
    s11, s22 = covariance[:bands, :bands], covariance[bands:, bands:]
    s12 = covariance[:bands, bands:]
    whiten1, whiten2 = whitening(s11, ridge), whitening(s22, ridge)
    degrees = min(len(whiten1), len(whiten2))
    a, b = np.zeros((bands, bands)), np.zeros((bands, bands))
    rho, variance = np.zeros(bands), np.ones(bands)
    if degrees:
        left, rho_all, right = np.linalg.svd(whiten1 @ s12 @ whiten2.T)
        a[:degrees] = left.T[:degrees] @ whiten1
        b[:degrees] = right[:degrees] @ whiten2
        sign = np.where(a[:degrees].sum(axis=1) < 0, -1.0, 1.0)[:, None]
        a[:degrees] *= sign
        b[:degrees] *= sign
        rho[:degrees] = np.clip(rho_all[:degrees], 0.0, 1.0)
        own = np.einsum("ij,jk,ik->i", a, s11, a) + np.einsum("ij,jk,ik->i", b, s22, b)
        variance[:degrees] = (own - 2.0 * np.einsum("ij,jk,ik->i", a, s12, b))[:degrees]
    return unweighted(a, b, mean, rho, np.maximum(variance, VARIANCE_FLOOR), degrees)


@compiled
def _weighted_moments(
    x: Singles, y: Singles, origin: Floats, left: Floats, right: Floats, offset: Floats, degrees: int
) -> tuple[float, Floats, Floats]:
    """Sum of the weights, weighted mean and covariance of ``(x, y)``; sums about `origin`, against cancellation.

    `x` and `y` hold a row for each band. A strip of pixels at a time is summed, four sums at once, which wait for
    each other's additions; each sum takes the pixels in their order.
    """
    bands, size = x.shape
    both = 2 * bands
    weight = 0.0
    # of `values`: a row of ones, whose products are the sums of first order, and rows of zeros up to a multiple of four
    sums = np.zeros((both, (both // SUMS + 1) * SUMS))
    values = np.zeros((sums.shape[1], STRIP_PX))
    values[0] = 1.0
    weights, weighted = np.empty(STRIP_PX), np.empty(STRIP_PX)
    for start in range(0, size, STRIP_PX):
        count = min(STRIP_PX, size - start)
        a, b = x[:, start : start + count], y[:, start : start + count]
        w, u = weights[:count], weighted[:count]
        strip_chi_square(a, b, left, right, offset, u, w)
        for k in range(count):
            w[k] = survival(w[k], degrees)
            weight += w[k]
        _fill(a, origin[:bands], values[1:])
        _fill(b, origin[bands:], values[1 + bands :])
        for i in range(both):
            own = values[1 + i, :count]
            for k in range(count):
                u[k] = w[k] * own[k]
            for j in range(0, i + 2, SUMS):
                _add_products(u, values[j : j + SUMS], sums[i, j : j + SUMS])
    mean, covariance = _moments(sums, max(weight, 1e-30))
    return weight, mean + origin, covariance


@inlined
def _fill(image: Singles, origin: Floats, values: Floats) -> None:
    """Values of a strip about the origin."""
    for j in range(image.shape[0]):
        for k in range(image.shape[1]):
            values[j, k] = image[j, k] - origin[j]


@inlined
def _moments(sums: Floats, weight: float) -> tuple[Floats, Floats]:
    """Mean and covariance."""
    mean = sums[:, 0] / weight
    covariance = np.empty((mean.size, mean.size))
    for i in range(mean.size):
        for j in range(i + 1):
            covariance[i, j] = sums[i, 1 + j] / weight - mean[i] * mean[j]
            covariance[j, i] = covariance[i, j]
    return mean, covariance


@inlined
def _add_products(weighted: Floats, values: Floats, sums: Floats) -> None:
    """Add to each of `SUMS` sums the products of a row of values with the weighted values."""
    p, q, r, s = sums[0], sums[1], sums[2], sums[3]
    for k in range(weighted.size):
        p += weighted[k] * values[0, k]
        q += weighted[k] * values[1, k]
        r += weighted[k] * values[2, k]
        s += weighted[k] * values[3, k]
    sums[0], sums[1], sums[2], sums[3] = p, q, r, s
