"""The threshold of a sample: on two populations, on noise alone, on degenerate samples."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from changedet.stages.change.kernels import histogram_rules, thresholds
from changedet.stages.change.kernels.histogram_rules import histogram
from changedet.stages.change.kernels.thresholds import NEVER, decide


def two_populations(share=0.1, seed=0, size=40_000):
    rng = np.random.default_rng(seed)
    changed = rng.random(size) < share
    return np.where(changed, rng.normal(12, 1.5, size), np.abs(rng.normal(2, 0.6, size))).astype(np.float32), changed


@pytest.mark.parametrize("rule", [*histogram_rules.RULES, "sigma", "chi2"])
def test_decide_separates_two_clear_populations_by_every_rule(rule):
    values, changed = two_populations()
    threshold, diagnostics = decide(values, rule, 4, 4.0, 1e-3, 4.3)
    assert np.mean((values > threshold) == changed) > 0.995
    assert diagnostics.share == pytest.approx(changed.mean(), abs=0.005)
    assert diagnostics.separability > 4
    assert json.loads(json.dumps(asdict(diagnostics), allow_nan=False)) == asdict(diagnostics)


@pytest.mark.parametrize("rule", [*histogram_rules.RULES, "sigma", "chi2"])
@pytest.mark.parametrize("degrees", [1, 4, 6])
def test_decide_hardly_marks_noise_alone(rule, degrees):
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
def test_decide_marks_nothing_of_degenerate_samples(values, rule):
    threshold, diagnostics = decide(values.astype(np.float32), rule, 4, 4.0, 1e-3, 4.3)
    assert not (values.astype(np.float32) > np.float32(threshold)).any()
    assert json.loads(json.dumps(asdict(diagnostics), allow_nan=False)) == asdict(diagnostics)


def test_never_is_a_float32_that_no_finite_score_exceeds():
    assert not np.float32(3e38) > np.float32(NEVER)
    assert np.isfinite(np.float32(NEVER))


def test_decide_takes_a_given_threshold_as_it_is():
    values, _ = two_populations()
    assert decide(values, 1.25, 4, 4.0, 1e-3, 4.3)[0] == 1.25
    assert decide(values, 1e6, 4, 4.0, 1e-3, 4.3)[0] == 1e6


def test_false_alarm_holds_its_share_of_chi_square():
    values = np.sqrt(np.random.default_rng(5).chisquare(5, 400_000))
    quantile = thresholds.false_alarm(float(np.median(values)), 5, 0.01)
    assert np.mean(values > quantile) == pytest.approx(0.01, rel=0.1)
