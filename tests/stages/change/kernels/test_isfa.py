"""Slow features: against the generalised eigenproblem, and on pixels of which some changed."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from changedet.kernels.variates import chi_square
from changedet.stages.change.kernels import isfa


def test_isfa_fit_solves_the_generalised_eigenproblem():
    rng = np.random.default_rng(3)
    x = rng.normal(0, 1, (4000, 3)) @ rng.normal(0, 1, (3, 3)) + 50
    y = 1.7 * x + 8 + rng.normal(0, 0.3, x.shape)
    model = isfa.isfa_fit(x, y, 1, 1e-6)
    standard = [(v - v.mean(0)) / v.std(0) for v in (x.astype(np.float32).astype(float), y.astype(np.float32))]
    first = np.cov((standard[0] - standard[1]).T, bias=True)
    second = 0.5 * (np.cov(standard[0].T, bias=True) + np.cov(standard[1].T, bias=True))
    values, vectors = linalg.eigh(first, second)
    np.testing.assert_allclose(model.variance, values, rtol=1e-4)
    chi = chi_square(x, y, model)
    wanted = ((((standard[0] - standard[1]) @ vectors) ** 2) / values).sum(1)
    np.testing.assert_allclose(chi, wanted, rtol=2e-3, atol=1e-2)


def test_isfa_fit_settles_on_the_pixels_that_did_not_change():
    rng = np.random.default_rng(4)
    x = rng.normal(0, 10, (6000, 3)) + 100
    y = 0.5 * x + 30 + rng.normal(0, 0.5, x.shape)
    y[:900] += rng.normal(0, 30, (900, 3))
    found = {}
    for iterations in (1, 50):
        model = isfa.isfa_fit(x, y, iterations, 1e-4)
        chi = chi_square(x, y, model)
        found[iterations] = np.median(chi[:900]) / np.median(chi[900:])
    assert model.converged
    # the changed pixels' own variance hides them from a single pass
    assert found[50] > 10 * found[1]
