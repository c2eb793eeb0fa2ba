"""The omnibus test against its published formulas and simulated speckle."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels import omnibus


def speckle(rng, mean, looks):
    return mean * rng.gamma(looks, 1.0 / looks, np.shape(mean))


def test_omnibus_statistic_and_factors_are_the_published_formulas():
    rng = np.random.default_rng(0)
    looks, k, p = 4.4, 5, 2
    x = speckle(rng, np.full((k, p, 7), 50.0), looks) * looks  # n times the covariance, as in the paper
    for j in range(2, k + 1):
        before, upto = x[: j - 1].sum(0), x[:j].sum(0)
        ln_r = p * (j * np.log(j) - (j - 1) * np.log(j - 1))
        ln_r = looks * (ln_r + (j - 1) * np.log(before).sum(0) + np.log(x[j - 1]).sum(0) - j * np.log(upto).sum(0))
        # one channel twice: p = 1 in the published correction, as the bands are independent
        rho = 1 - (2 - 1) / (6 * looks) * (1 + 1 / (j * (j - 1)))
        np.testing.assert_allclose(omnibus.factor_statistic(np.log(x), j, looks), -2 * rho * ln_r, rtol=1e-9)
    ln_q = looks * (p * k * np.log(k) + np.log(x).sum((0, 1)) - k * np.log(x.sum(0)).sum(0))
    rho = 1 - (2 - 1) / (6 * (k - 1)) * (k / looks - 1 / (looks * k))
    np.testing.assert_allclose(omnibus.omnibus_statistic(np.log(x), looks), -2 * rho * ln_q, rtol=1e-9)
    assert omnibus.omnibus_law(k, p, looks).degrees == 8
    assert omnibus.omnibus_law(k, p, looks).omega == pytest.approx(-0.25 * 8 * (1 - 1 / rho) ** 2)


def test_q_is_the_product_of_its_factors():
    rng = np.random.default_rng(1)
    logs = np.log(speckle(rng, np.full((6, 1, 40), 3.0), 3.0))
    total = sum(omnibus.factor_statistic(logs, j, 3.0) / omnibus.factor_law(j, 1, 3.0).rho for j in range(2, 7))
    np.testing.assert_allclose(omnibus.omnibus_statistic(logs, 3.0) / omnibus.omnibus_law(6, 1, 3.0).rho, total)


@pytest.mark.parametrize("looks", [1.0, 4.4, 12.0])
def test_no_change_probability_lets_its_share_of_false_alarms_pass(looks):
    rng = np.random.default_rng(2)
    logs = np.log(speckle(rng, np.full((8, 2, 60_000), 9.0), looks))
    tests = [omnibus.omnibus_statistic(logs, looks), *(omnibus.factor_statistic(logs, j, looks) for j in (2, 5, 8))]
    laws = [omnibus.omnibus_law(8, 2, looks), *(omnibus.factor_law(j, 2, looks) for j in (2, 5, 8))]
    for statistic, law in zip(tests, laws, strict=True):
        for asked in (0.05, 0.01):
            marked = (omnibus.no_change_probability(statistic, law) < asked).mean()
            assert marked == pytest.approx(asked, rel=0.12 if looks > 2 else 0.6)


def test_pair_score_is_the_root_of_the_statistic_of_two_dates():
    rng = np.random.default_rng(3)
    logs = np.log(speckle(rng, np.full((2, 2, 9, 11), 5.0), 4.0)).astype(np.float32)
    logs[1, 0, 3, 4] = np.nan
    score = omnibus.pair_score(logs[0], logs[1], 4.0)
    np.testing.assert_allclose(score**2, omnibus.omnibus_statistic(logs.astype(float), 4.0), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("looks", [1.0, 4.4, 40.0])
def test_looks_of_is_found_under_texture_and_change(looks):
    rng = np.random.default_rng(4)
    ground = rng.gamma(2.0, 50.0, 50_000)
    after = np.where(np.arange(50_000) < 5000, 8.0 * ground, ground)
    ratios = np.log(speckle(rng, ground, looks)) - np.log(speckle(rng, after, looks))
    assert omnibus.looks_of(ratios) == pytest.approx(looks, rel=0.25)
    assert omnibus.looks_of(ratios[5000:]) == pytest.approx(looks, rel=0.05)


def test_change_points_are_found_where_they_are_and_as_seldom_elsewhere_as_asked():
    rng = np.random.default_rng(6)
    means = np.ones((8, 2, 3000))
    means[3:, :, 1000:2000] = 5.0
    means[2:6, :, 2000:] = 5.0
    logs = np.log(speckle(rng, means, 12.0))
    found = omnibus.change_points(logs, 12.0, 0.001)
    assert (found[-1, :1000] > 0).mean() < 0.003
    assert (found[:3, 1000:2000] == 0).mean() > 0.99
    assert (found[3:, 1000:2000] == 1).mean() > 0.95
    assert (found[2:6, 2000:] == 1).mean() > 0.95
    assert (found[6:, 2000:] == 2).mean() > 0.95
    logs[4, 0, :5] = np.nan
    assert (omnibus.change_points(logs, 12.0, 0.001)[:, :5] == 0).all()
