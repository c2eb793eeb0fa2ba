"""Threshold rules against brute force and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.filters import threshold_otsu

from changedet.stages.change.kernels import histogram_rules
from changedet.stages.change.kernels.histogram_rules import Histogram, histogram


def two_populations(share=0.1, seed=0, size=40_000):
    rng = np.random.default_rng(seed)
    changed = rng.random(size) < share
    return np.where(changed, rng.normal(12, 1.5, size), np.abs(rng.normal(2, 0.6, size))).astype(np.float32), changed


def brute(counts, criterion):
    """The best split of a small histogram by trying each, from the definition on single values."""
    values = np.repeat(np.arange(counts.size) + 0.5, counts)
    scores = {}
    for i in range(counts.size - 1):
        low, high = values[values < i + 1], values[values > i + 1]
        if low.size and high.size:
            scores[i] = criterion(low, high, values.size)
    best = max(scores.values())
    return {i + 1.0 for i, score in scores.items() if score >= best - 1e-9}


def between(low, high, n):
    return low.size * high.size / n**2 * (low.mean() - high.mean()) ** 2


def least_error(low, high, n):
    parts = [(part.size / n, part.var() + 1 / 12) for part in (low, high)]
    return -sum(p * np.log(v) - 2 * p * np.log(p) for p, v in parts)


def entropies(low, high, n):
    total = 0.0
    for part in (low, high):
        share = np.unique(part, return_counts=True)[1] / part.size
        total -= float((share * np.log(share)).sum())
    return total


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize(
    ("rule", "criterion"),
    [(histogram_rules.otsu, between), (histogram_rules.kittler, least_error), (histogram_rules.kapur, entropies)],
)
@pytest.mark.parametrize("seed", range(12))
def test_rules_are_the_best_of_all_splits(rule, criterion, seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 40, 24) * (rng.random(24) < 0.8)
    counts[[0, -1]] = 3
    found = rule(Histogram(counts, 0.0, 24.0))
    best = brute(counts, criterion)
    # where bins are empty, several edges make the same split
    same = [int(np.cumsum(counts)[int(edge) - 1]) for edge in best]
    assert int(np.cumsum(counts)[round(found) - 1]) in same


def test_otsu_is_scikit_image_s():
    values, _ = two_populations()
    h = histogram(values, 256)
    reference = threshold_otsu(hist=(h.counts, h.centres))
    np.testing.assert_array_equal(values > histogram_rules.otsu(h), values > reference + h.width / 2)


def test_two_means_is_lloyd_on_the_values():
    values, _ = two_populations()
    low, high = values.min(), values.max()
    for _ in range(60):
        near = np.abs(values - low) <= np.abs(values - high)
        low, high = values[near].mean(), values[~near].mean()
    h = histogram(values, 1024)
    assert histogram_rules.two_means(h) == pytest.approx((low + high) / 2, abs=2 * h.width)


def test_histogram_keeps_every_pixel_and_one_outlier_does_not_stretch_it():
    values, _ = two_populations()
    spoiled = np.append(values, [np.float32(1e9), np.nan])
    h = histogram(spoiled, 64)
    assert h.counts.sum() == values.size + 1
    assert h.high < 40
    np.testing.assert_array_equal(histogram(np.sort(spoiled), 64).counts, h.counts)
