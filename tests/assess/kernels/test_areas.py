"""The error-adjusted area, against the example of the paper."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.assess.kernels.areas import error_adjusted

HECTARES = 0.09
"""Of a pixel of 30 m."""


def test_error_adjusted_the_paper_s_own_example():
    """Olofsson et al. 2014, tables 8 and 9: deforestation, forest gain, stable forest, stable non-forest."""
    counts = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
    found = error_adjusted(counts, np.array([200_000, 150_000, 3_200_000, 6_450_000]) * HECTARES)
    assert found.area[0] == pytest.approx(21_158, abs=1)
    assert found.area_margin[0] == pytest.approx(6_158, abs=1)
    assert float(found.overall) == pytest.approx(0.947, abs=1e-3)
    assert float(found.overall_margin) == pytest.approx(0.018, abs=1e-3)
    np.testing.assert_allclose(found.users, [0.88, 0.73, 0.93, 0.96], atol=0.005)
    np.testing.assert_allclose(found.users_margin, [0.07, 0.10, 0.04, 0.02], atol=0.005)
    np.testing.assert_allclose(found.producers, [0.75, 0.85, 0.93, 0.96], atol=0.005)
    assert found.producers_margin[0] == pytest.approx(0.21, abs=0.005)


def test_error_adjusted_the_interval_covers_the_true_area():
    rng = np.random.default_rng(4)
    truth = rng.random(100_000) < 0.03
    mapped = np.where(truth, rng.random(truth.size) < 0.6, rng.random(truth.size) < 0.01)
    strata = [np.flatnonzero(~mapped), np.flatnonzero(mapped)]
    held = 0
    for _ in range(300):
        counts = np.zeros((2, 2), int)
        for k, (own, size) in enumerate(zip(strata, (1500, 200), strict=True)):
            labels = truth[rng.choice(own, size, replace=False)]
            counts[k] = (~labels).sum(), labels.sum()
        found = error_adjusted(counts, np.array([len(own) for own in strata], float))
        held += abs(found.area[1] - truth.sum()) <= found.area_margin[1]
    assert 0.88 < held / 300 < 0.99


def test_error_adjusted_a_stratum_without_labels_is_refused():
    with pytest.raises(ValueError, match="1 labelled points"):
        error_adjusted(np.array([[1, 0], [20, 3]]), np.array([5.0, 5.0]))
