"""A detector calibrated on labelled tiles: confidences as shares of true boxes, the scale of counts, their interval."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats
from changedet.kernels.intervals import MISCOUNT

SLOPE_SD: Final = 0.5
OFFSET_SD: Final = 1.5
"""How far the confidences of another sensor are taken to lie from those of the training, before any label is seen."""
LEAST_SLOPE: Final = 0.2
"""A flatter line would make all confidences alike; chosen by hand."""
PRIOR_BOXES: Final = 5.0
"""Weight of the scale that comes with the detector, in boxes."""
PRIOR_TILES: Final = 8.0
"""Weight of the half width that comes with it, in tiles: some twenty tiles of a site can agree by chance."""
COVERAGE: Final = 0.95
"""Of the intervals of counts."""
_EDGE: Final = 1e-4
"""Confidences are kept this far from 0 and 1, where their logit is infinite."""


class Confidence(NamedTuple):
    """``sigmoid(slope logit(c) + offset)`` in place of a confidence ``c``.

    Attributes
    ----------
    slope, offset : float
        1 and 0 leave it as it is.
    """

    slope: float
    offset: float


class Counts(NamedTuple):
    """How counts are turned into estimates.

    Attributes
    ----------
    scale : float
        Boxes that stand there for one that is expected.
    scale_error : float
        Its standard error.
    half_width : float
        Of a 95 % interval, in spreads: the scatter of the tiles and the error of the scale together.
    scatter : float
        The greater of the two alone.
    """

    scale: float
    scale_error: float
    half_width: float
    scatter: float


def recalibrated(confidence: Floats, slope: float, offset: float) -> Floats:
    """Confidences on another scale.

    Parameters
    ----------
    confidence : float64 (n,)
        0 to 1.
    slope, offset : float
        As of `Confidence`.

    Returns
    -------
    float64 (n,)
        0 to 1; 0 and 1 stay what they are.

    Examples
    --------
    >>> recalibrated(np.array([0.0, 0.5, 1.0]), 1.0, 0.0)
    array([0. , 0.5, 1. ])
    """
    # Imported here for a quick start.
    from scipy.special import expit, logit

    result: Floats = expit(slope * logit(np.asarray(confidence, np.float64)) + offset)
    return result


def original(confidence: Floats, slope: float, offset: float) -> Floats:
    """The inverse of `recalibrated`.

    Parameters
    ----------
    confidence : float64 (n,)
        As `recalibrated` gives.
    slope, offset : float
        As of `Confidence`.

    Returns
    -------
    float64 (n,)
        0 to 1.
    """
    # Imported here for a quick start.
    from scipy.special import expit, logit

    result: Floats = expit((logit(np.asarray(confidence, np.float64)) - offset) / slope)
    return result


def fit_confidence(confidence: Floats, is_true: Bools, weight: Floats) -> Confidence:
    """Slope and offset that make confidences the share of true boxes.

    Logistic regression of truth on the logit (Platt 1999), with a normal prior around "as it is", so that few labels
    change little; by quasi-Newton steps on a convex cost.

    Parameters
    ----------
    confidence : float64 (n,)
        Of 0 to 1.
    is_true : bool (n,)
        Whether a person labelled a box there.
    weight : float64 (n,)
        How many boxes of the site each stands for, of mean 1.

    Returns
    -------
    Confidence
        Of a slope of at least `LEAST_SLOPE`.
    """
    # Imported here for a quick start.
    from scipy.special import expit, logit

    x = np.column_stack([logit(np.clip(confidence, _EDGE, 1 - _EDGE)), np.ones(len(confidence))])
    prior, precision = np.array([1.0, 0.0]), np.array([SLOPE_SD, OFFSET_SD]) ** -2.0

    def _cost(beta: Floats) -> tuple[float, Floats]:
        """Negative log posterior, and its gradient."""
        value = x @ beta
        loss = weight @ (np.logaddexp(0.0, value) - is_true * value)
        away = beta - prior
        slope = x.T @ (weight * (expit(value) - is_true)) + precision * away
        return float(loss + 0.5 * precision @ away**2), slope

    # Imported here, as only calibrating needs it and loading it takes a while.
    from scipy.optimize import minimize

    slope, offset = minimize(_cost, prior, jac=True, method="BFGS").x
    return Confidence(max(float(slope), LEAST_SLOPE), float(offset))


def fit_counts(
    expected: Floats, spread: Floats, true: Floats, weight: Floats, scale: float, half_width: float
) -> Counts:
    """Scale of counts, and the half width of their 95 % intervals, from labelled tiles.

    The scale is a ratio estimate (Cochran 1977, chapter 6). The half width is Student's t times the root mean square of
    the tiles' errors in spreads (the dispersion of a quasi-likelihood, McCullagh and Nelder 1989), each by the scale of
    the others: a site's error is the sum of those of many tiles. What the scale's own error comes to in a large count,
    whose spread is at least `MISCOUNT` of it, is added in quadrature: the bias is not known better than the tiles tell.

    Parameters
    ----------
    expected, spread : float64 (n,)
        Boxes expected in each tile before any scale, and the unit of their interval, as `intervals.count_spread` gives.
    true : float64 (n,)
        Boxes labelled in it.
    weight : float64 (n,)
        How many such tiles of the site each stands for, of mean 1.
    scale, half_width : float
        The detector's own, which weigh as much as some boxes and tiles.

    Returns
    -------
    Counts
        Between the detector's own and what the tiles show.

    Raises
    ------
    ValueError
        For fewer than two tiles.
    """
    # Imported here for a quick start.
    from scipy.special import stdtrit

    n = len(true)
    if n < 2:
        raise ValueError("a calibration of counts needs two tiles and more")
    above = weight * true
    below = weight * expected
    found = float(_ratio(above.sum(), below.sum(), scale))
    # Each tile by the scale of the others: its own labels must not vouch for it.
    others = _ratio(above.sum() - above, below.sum() - below, scale)
    errors = np.abs(true - others * expected) / spread
    error = float(np.sqrt(n / (n - 1) * ((above - found * below) ** 2).sum()) / (below.sum() + PRIOR_BOXES))
    factor = float(stdtrit(n - 1, 0.5 + COVERAGE / 2))
    square = (PRIOR_TILES * half_width**2 + factor**2 * (errors**2).sum()) / (PRIOR_TILES + n)
    half = float(np.sqrt(square))
    bias = factor * error / MISCOUNT
    return Counts(found, error, float(np.hypot(half, bias)), max(half, bias))


def _ratio(above: Floats | float, below: Floats | float, prior: float) -> Floats:
    return np.asarray((above + PRIOR_BOXES * prior) / (below + PRIOR_BOXES))
