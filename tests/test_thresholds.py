"""Threshold rules against brute force and scikit-image; the guard against pictures in which nothing happened."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from skimage.filters import threshold_otsu

from changedet.stages.change.kernels import histogram_rules, thresholds
from changedet.stages.change.kernels.histogram_rules import Histogram, histogram
from changedet.stages.change.kernels.thresholds import NEVER, decide


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


def test_a_histogram_keeps_every_pixel_and_one_outlier_does_not_stretch_it():
    values, _ = two_populations()
    spoiled = np.append(values, [np.float32(1e9), np.nan])
    h = histogram(spoiled, 64)
    assert h.counts.sum() == values.size + 1
    assert h.high < 40
    np.testing.assert_array_equal(histogram(np.sort(spoiled), 64).counts, h.counts)


@pytest.mark.parametrize("rule", [*histogram_rules.RULES, "sigma", "chi2"])
def test_every_rule_parts_two_clear_populations(rule):
    values, changed = two_populations()
    threshold, diagnostics = decide(values, rule, 4, 4.0, 1e-3, 4.3)
    assert np.mean((values > threshold) == changed) > 0.995
    assert diagnostics.share == pytest.approx(changed.mean(), abs=0.005)
    assert diagnostics.separability > 4
    assert json.loads(json.dumps(asdict(diagnostics), allow_nan=False)) == asdict(diagnostics)


@pytest.mark.parametrize("rule", [*histogram_rules.RULES, "sigma", "chi2"])
@pytest.mark.parametrize("degrees", [1, 4, 6])
def test_noise_alone_is_hardly_marked(rule, degrees):
    values = np.sqrt(np.random.default_rng(degrees).chisquare(degrees, 200_000))
    least = thresholds.false_alarm(0.0, degrees, 1e-3)
    threshold, _ = decide(values, rule, degrees, 4.0, 1e-3, least)
    assert np.mean(values > threshold) < 2e-3
    # what the rule alone would do to the same noise is the reason for the floor
    if rule in {"otsu", "kmeans"}:
        assert np.mean(values > histogram_rules.RULES[rule](histogram(values, 1024))) > 0.2


@pytest.mark.parametrize(
    "values",
    [np.full(1000, np.nan), np.zeros(1000), np.full(1000, 7.0), np.ones(10), np.empty(0)],
    ids=["nan", "zero", "constant", "few", "none"],
)
@pytest.mark.parametrize("rule", [*histogram_rules.RULES, "sigma", "chi2"])
def test_degenerate_samples_change_nowhere(values, rule):
    threshold, diagnostics = decide(values.astype(np.float32), rule, 4, 4.0, 1e-3, 4.3)
    assert not (values.astype(np.float32) > np.float32(threshold)).any()
    assert json.loads(json.dumps(asdict(diagnostics), allow_nan=False)) == asdict(diagnostics)


def test_never_is_a_float32_that_no_finite_score_exceeds():
    assert not np.float32(3e38) > np.float32(NEVER)
    assert np.isfinite(np.float32(NEVER))


def test_a_given_threshold_is_taken_as_it_is():
    values, _ = two_populations()
    assert decide(values, 1.25, 4, 4.0, 1e-3, 4.3)[0] == 1.25
    assert decide(values, 1e6, 4, 4.0, 1e-3, 4.3)[0] == 1e6


def test_false_alarm_holds_its_share_of_chi_square():
    values = np.sqrt(np.random.default_rng(5).chisquare(5, 400_000))
    quantile = thresholds.false_alarm(float(np.median(values)), 5, 0.01)
    assert np.mean(values > quantile) == pytest.approx(0.01, rel=0.1)
