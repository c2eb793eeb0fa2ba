"""IR-MAD: canonical variates of two images, reweighted by the probability of no change.

MAD variates are differences of canonical variates, ``M_i = a_i (X - E X) - b_i (Y - E Y)``, invariant to any affine
change of either image's bands. Standardised and squared they sum to a chi-square with one degree of freedom a variate
where nothing changed; the iteration weights each pixel by that probability. Nielsen 2007, doi:10.1109/TIP.2006.888195.

Sums run in one fixed order over the pixels as given: the same sample gives the same bits on any schedule.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

import numba
import numpy as np
from numpy.typing import NDArray

Solver: TypeAlias = Callable[[NDArray[np.float64], NDArray[np.float64], int], dict[str, Any]]

VARIANCE_FLOOR: Final = 1e-8
"""Least variance of a MAD variate (canonical variates have variance 1): identical images must give 0, not 0 / 0."""
RANK_TOLERANCE: Final = 1e-7
"""Least eigenvalue of a band correlation matrix that still counts as a direction of its own."""
LEAST_WEIGHT: Final = 0.01
"""Least mean weight: below it the iteration has locked on to a few look-alike pixels and is stopped a step earlier."""


def irmad_fit(
    before: NDArray[np.floating[Any]],
    after: NDArray[np.floating[Any]],
    max_iterations: int,
    tolerance: float,
    ridge: float,
) -> dict[str, Any]:
    """Fit the iteratively reweighted MAD transformation on a sample of pixels.

    Parameters
    ----------
    before, after : (n, band) float array
        The same pixels on two dates, in any units; a row with a NaN in either is left out.
    max_iterations : int
        At least 1; 1 is plain MAD.
    tolerance : float
        Stop when no canonical correlation moves by more than this.
    ridge : float
        Added to the diagonal of both band correlation matrices; 0 for none.

    Returns
    -------
    dict
        JSON-able. ``a``, ``b`` : (band, band) rows are variates, first the most correlated; rows of zeros where bands
        are constant or collinear. ``before_mean``, ``after_mean`` : (band,). ``rho``, ``variance`` : (band,) canonical
        correlations, and the variance of each MAD variate under no change. ``degrees`` : number of variates, the
        degrees of freedom of `chi_square`. ``n`` : rows used; ``effective_n`` : the sum of their weights;
        ``iterations``, ``converged``. With too few rows to fit, ``degrees`` is 0 and `chi_square` 0 everywhere.
    """
    return reweighted(before, after, max_iterations, tolerance, partial(_solve, ridge=ridge))


def reweighted(
    before: NDArray[np.floating[Any]],
    after: NDArray[np.floating[Any]],
    max_iterations: int,
    tolerance: float,
    solve: Solver,
) -> dict[str, Any]:
    """Fit variates, weight each pixel by its probability of no change under them, and fit again.

    Parameters
    ----------
    before, after, max_iterations, tolerance
        As for `irmad_fit`.
    solve : callable
        ``solve(mean, covariance, bands)`` of the joint weighted moments (2 * band,) and (2 * band, 2 * band) gives a
        model as `irmad_fit` describes it, ``rho`` being what has to settle.
    """
    x, y = _finite_rows(before, after)
    bands = x.shape[1]
    origin = np.concatenate([x.mean(axis=0), y.mean(axis=0)]) if len(x) else np.zeros(2 * bands)
    model = solve(np.zeros(2 * bands), np.zeros((2 * bands, 2 * bands)), bands)
    model |= {"n": len(x), "effective_n": 0.0, "iterations": 0, "converged": False}
    if len(x) <= 2 * bands:
        return model
    for iteration in range(1, max_iterations + 1):
        weight, mean, covariance = _weighted_moments(x, y, origin, *_arrays(model))
        if iteration > 1 and weight < LEAST_WEIGHT * len(x):
            break
        fitted = solve(mean, covariance, bands)
        moved = float(np.max(np.abs(np.subtract(fitted["rho"], model["rho"]))))
        converged = iteration > 1 and moved < tolerance
        model = fitted | {"n": len(x), "effective_n": weight, "iterations": iteration, "converged": converged}
        if converged:
            break
    return model


def chi_square(
    before: NDArray[np.floating[Any]], after: NDArray[np.floating[Any]], model: dict[str, Any]
) -> NDArray[np.float32]:
    """Sum of the squared standardised MAD variates, ``sum_i M_i^2 / var_i``.

    Parameters
    ----------
    before, after : (n, band) float array
    model : dict
        As `irmad_fit` returns.

    Returns
    -------
    (n,) float32
        At least 0; NaN where either pixel has a NaN. Chi-square of ``model["degrees"]`` degrees where nothing changed.
    """
    x = np.ascontiguousarray(before, np.float32)
    y = np.ascontiguousarray(after, np.float32)
    return np.asarray(_chi_rows(x, y, *_arrays(model)[:3]), np.float32)


def chi_square_image(
    before: NDArray[np.floating[Any]], after: NDArray[np.floating[Any]], model: dict[str, Any]
) -> NDArray[np.float32]:
    """`chi_square` of two images ``(band, y, x)``, as ``(y, x)``."""
    x = np.ascontiguousarray(before, np.float32)
    y = np.ascontiguousarray(after, np.float32)
    shape = x.shape[1:]
    flat = _chi_bands(x.reshape(len(x), -1), y.reshape(len(y), -1), *_arrays(model)[:3])
    return np.asarray(flat, np.float32).reshape(shape)


def no_change_probability(chi: NDArray[np.floating[Any]], degrees: int) -> NDArray[np.float32]:
    """``P(chi-square of that many degrees > chi)``, of the input's shape; NaN stays NaN, and 0 degrees give 1."""
    flat = np.ascontiguousarray(chi, np.float32).reshape(-1)
    return np.asarray(_survivals(flat, degrees), np.float32).reshape(chi.shape)


def _finite_rows(
    before: NDArray[np.floating[Any]], after: NDArray[np.floating[Any]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    x = np.asarray(before, np.float32)
    y = np.asarray(after, np.float32)
    keep = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    return np.ascontiguousarray(x[keep]), np.ascontiguousarray(y[keep])


def _arrays(model: dict[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], int]:
    """Rows that turn a pixel pair into standardised variates, ``left x - right y - offset``, and how many there are."""
    degrees = int(model["degrees"])
    scale = 1.0 / np.sqrt(np.asarray(model["variance"], np.float64)[:degrees, None])
    left = np.asarray(model["a"], np.float64)[:degrees] * scale
    right = np.asarray(model["b"], np.float64)[:degrees] * scale
    offset = (left * np.asarray(model["before_mean"])).sum(axis=1) - (right * np.asarray(model["after_mean"])).sum(
        axis=1
    )
    return np.ascontiguousarray(left), np.ascontiguousarray(right), offset, degrees


def _solve(mean: NDArray[np.float64], covariance: NDArray[np.float64], bands: int, *, ridge: float) -> dict[str, Any]:
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
    return {
        "a": a.tolist(),
        "b": b.tolist(),
        "before_mean": mean[:bands].tolist(),
        "after_mean": mean[bands:].tolist(),
        "rho": rho.tolist(),
        "variance": np.maximum(variance, VARIANCE_FLOOR).tolist(),
        "degrees": degrees,
    }


def whitening(covariance: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    """Rows that turn the bands into uncorrelated variates of variance 1; fewer than bands where the rank is short."""
    variance = np.diag(covariance)
    usable = variance > RANK_TOLERANCE * max(float(variance.max(initial=0.0)), 1e-30)
    scale = np.where(usable, 1.0 / np.sqrt(np.where(usable, variance, 1.0)), 0.0)
    correlation = covariance * np.outer(scale, scale) + ridge * np.diag(usable.astype(float))
    values, vectors = np.linalg.eigh(correlation)
    kept = values > RANK_TOLERANCE
    rows: NDArray[np.float64] = (vectors[:, kept] / np.sqrt(values[kept])).T * scale
    return rows


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _survival(chi: float, degrees: int) -> float:
    """P(chi-square > chi) by the finite sums that whole degrees of freedom allow."""
    if degrees == 0:
        return 1.0
    x = 0.5 * chi
    if x > 300.0:
        return 0.0
    decay = math.exp(-x)
    # Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1), from a = 1/2 or 1
    if degrees % 2 == 1:
        a, total, term = 0.5, math.erfc(math.sqrt(x)), decay * math.sqrt(x) / math.gamma(1.5)
    else:
        a, total, term = 1.0, decay, decay * x
    while a < 0.5 * degrees - 0.25:
        total += term
        a += 1.0
        term *= x / a
    return min(1.0, total)


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _survivals(chi, degrees):  # type: ignore[no-untyped-def]
    out = np.empty(chi.size, np.float32)
    for i in range(chi.size):
        out[i] = _survival(chi[i], degrees) if chi[i] == chi[i] else np.nan
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _chi_row(x, y, left, right, offset):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(left.shape[0]):
        variate = -offset[i]
        for j in range(left.shape[1]):
            variate += left[i, j] * x[j] - right[i, j] * y[j]
        total += variate * variate
    return total


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _chi_rows(x, y, left, right, offset):  # type: ignore[no-untyped-def]
    out = np.empty(x.shape[0], np.float32)
    for k in range(x.shape[0]):
        bad = False
        for j in range(x.shape[1]):
            bad = bad or not (np.isfinite(x[k, j]) and np.isfinite(y[k, j]))
        out[k] = np.nan if bad else _chi_row(x[k], y[k], left, right, offset)
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _chi_bands(x, y, left, right, offset):  # type: ignore[no-untyped-def]
    bands, size = x.shape
    out = np.empty(size, np.float32)
    step = 1024  # one strip of variates stays in the nearest cache; slices spare the index checks that forbid vectors
    variates, totals = np.empty(step, np.float64), np.empty(step, np.float64)
    for start in range(0, size, step):
        strip = out[start : start + step]
        variate, total = variates[: strip.size], totals[: strip.size]
        total[:] = 0.0
        for i in range(left.shape[0]):
            variate[:] = -offset[i]
            for j in range(bands):
                a, b = x[j, start : start + step], y[j, start : start + step]
                p, q = left[i, j], right[i, j]
                for k in range(strip.size):
                    variate[k] += p * a[k] - q * b[k]
            for k in range(strip.size):
                total[k] += variate[k] * variate[k]
        if left.shape[0] == 0:
            for j in range(bands):
                a, b = x[j, start : start + step], y[j, start : start + step]
                for k in range(strip.size):
                    total[k] += 0.0 * (a[k] + b[k])
        for k in range(strip.size):
            strip[k] = total[k] if total[k] < np.inf else np.nan
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _weighted_moments(x, y, origin, left, right, offset, degrees):  # type: ignore[no-untyped-def]
    """Sum of the weights, weighted mean and covariance of ``(x, y)``; sums about `origin`, against cancellation."""
    bands = x.shape[1]
    both = 2 * bands
    weight, first, second = 0.0, np.zeros(both), np.zeros((both, both))
    v = np.empty(both)
    for k in range(x.shape[0]):
        w = _survival(_chi_row(x[k], y[k], left, right, offset), degrees)
        weight += w
        for j in range(bands):
            v[j] = x[k, j] - origin[j]
            v[bands + j] = y[k, j] - origin[bands + j]
        for i in range(both):
            wi = w * v[i]
            first[i] += wi
            for j in range(i + 1):
                second[i, j] += wi * v[j]
    mean = first / max(weight, 1e-30)
    for i in range(both):
        for j in range(i + 1):
            second[i, j] = second[i, j] / max(weight, 1e-30) - mean[i] * mean[j]
            second[j, i] = second[i, j]
    return weight, mean + origin, second
