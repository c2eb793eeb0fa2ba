"""Confidences and counts fitted to labels, against planted scales."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from changedet.kernels import calibration as kernel


def test_recalibrated_a_confidence_and_its_original_are_each_others_inverse() -> None:
    told = np.array([0.0, 0.02, 0.5, 0.97, 1.0])
    assert np.allclose(kernel.original(kernel.recalibrated(told, 1.7, -0.6), 1.7, -0.6), told, atol=1e-12)
    assert (np.diff(kernel.recalibrated(told, 0.3, 4.0)) >= 0).all()


def test_fit_confidence_many_labels_find_the_planted_scale_and_few_change_little() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.02, 0.98, 20_000)
    is_true = rng.uniform(size=20_000) < expit(0.6 * logit(confidence) - 1.1)
    found = kernel.fit_confidence(confidence, is_true, np.ones(20_000))
    assert found == pytest.approx((0.6, -1.1), abs=0.06)
    few = kernel.fit_confidence(confidence[:4], is_true[:4], np.ones(4))
    assert abs(few.slope - 1) < 0.4
    assert abs(few.offset) < abs(found.offset)


@pytest.mark.parametrize("truth", [True, False])
def test_fit_confidence_labels_that_all_agree_leave_a_finite_scale(truth: bool) -> None:
    found = kernel.fit_confidence(np.array([0.9, 0.95, 0.6]), np.full(3, truth), np.ones(3))
    assert np.isfinite(found).all()
    assert found.slope > 0
    assert (found.offset > 0) == truth


def test_fit_counts_intervals_of_large_counts_hold_what_tiles_of_the_same_sensor_said() -> None:
    held, widths = [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        bias = rng.uniform(0.8, 1.25)
        expected = rng.uniform(1, 12, 20)
        true = rng.poisson(bias * expected).astype(float)
        spread = np.sqrt(expected + 1 + (0.08 * expected) ** 2)
        found = kernel.fit_counts(expected, spread, true, np.ones(20), 1.0, 1.2)
        site = 90.0
        half = found.half_width * np.sqrt(site + 1 + (0.08 * site) ** 2)
        held.append(abs(found.scale * site - rng.poisson(bias * site)) <= half)
        widths.append(2 * half / site)
    assert 0.93 <= np.mean(held) <= 1.0
    assert np.mean(widths) < 0.8


def test_fit_counts_a_scale_that_few_labels_tell_widens_large_counts() -> None:
    expected, spread, weight = np.full(8, 4.0), np.full(8, 1e3), np.ones(8)
    true = np.array([0.0, 8, 1, 7, 2, 6, 3, 5])
    found = kernel.fit_counts(expected, spread, true, weight, 1.0, 0.01)
    assert found.half_width * 0.08 >= 1.96 * found.scale_error
    # The error of the bias is folded in, beside the scatter and not in its place.
    assert found.scatter < found.half_width <= np.sqrt(2) * found.scatter
