"""The omnibus test against its published formulas and simulated speckle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from changedet.stages.change.kernels import omnibus


def speckle(rng, mean, looks):
    return mean * rng.gamma(looks, 1.0 / looks, np.shape(mean))


def test_pair_score_is_the_root_of_the_published_statistic():
    rng = np.random.default_rng(3)
    logs = np.log(speckle(rng, np.full((2, 2, 9, 11), 5.0), 4.0)).astype(np.float32)
    logs[1, 0, 3, 4] = np.nan
    score = omnibus.pair_score(logs[0], logs[1], 4.0)
    looks, k, p = 4.0, 2, 2
    x = np.exp(logs.astype(float)) * looks  # n times the covariance, as in the paper
    ln_q = looks * (p * k * np.log(k) + np.log(x).sum((0, 1)) - k * np.log(x.sum(0)).sum(0))
    # one channel twice: p = 1 in the published correction, as the bands are independent
    rho = 1 - (2 - 1) / (6 * (k - 1)) * (k / looks - 1 / (looks * k))
    np.testing.assert_allclose(score**2, -2 * rho * ln_q, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("looks", [4.4, 12.0])
def test_pair_score_lets_its_share_of_false_alarms_pass(looks):
    rng = np.random.default_rng(2)
    logs = np.log(speckle(rng, np.full((2, 2, 100, 600), 9.0), looks)).astype(np.float32)
    squared = omnibus.pair_score(logs[0], logs[1], looks) ** 2
    for asked in (0.05, 0.01):
        assert (chi2.sf(squared, 2) < asked).mean() == pytest.approx(asked, rel=0.12)


@pytest.mark.parametrize("looks", [1.0, 4.4, 40.0])
def test_looks_of_is_found_under_texture_and_change(looks):
    rng = np.random.default_rng(4)
    ground = rng.gamma(2.0, 50.0, 50_000)
    after = np.where(np.arange(50_000) < 5000, 8.0 * ground, ground)
    ratios = np.log(speckle(rng, ground, looks)) - np.log(speckle(rng, after, looks))
    assert omnibus.looks_of(ratios) == pytest.approx(looks, rel=0.25)
    assert omnibus.looks_of(ratios[5000:]) == pytest.approx(looks, rel=0.05)
