"""Probabilities of log odds."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats

EXPONENT_BOUND: Final = 40.0
"""Beyond it a logistic is 0 or 1 to the last bit; `exp` would overflow."""


def sigmoid(logit: Floats) -> Floats:
    """Probability of log odds.

    Parameters
    ----------
    logit : float64
        Of any shape.

    Returns
    -------
    float64
        Of the same shape, 0 to 1.
    """
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -EXPONENT_BOUND, EXPONENT_BOUND))))
