"""The series model against all histories of a pixel, and what looks make of each other."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from changedet.pipeline.series_masks import series_tile
from changedet.stages.change.kernels import series_hmm as kernel
from changedet.stages.change.kernels.local_change_rate import (
    LocalChangeRate,
)
from changedet.stages.change.kernels.series_hmm import series_change_probability

SHIFT, FLIP = 0.4, 0.2


WEIGHTS = np.array([1.0, 0.4, 1.0, 0.2, 1.0, 1.0])


def by_histories(scores, thresholds, probabilities):
    """Posterior of each date from the sum over all histories of one pixel; of what hides it the first date that shows
    something of the site is one of the history's, between two looks."""
    flip = FLIP if probabilities else 0.08
    hides = [np.isnan(score) and trusted >= 0.25 for score, trusted in zip(scores, WEIGHTS, strict=True)]
    first = [
        not any(hides[max((k for k in range(t) if not np.isnan(scores[k])), default=-1) + 1 : t]) for t in range(6)
    ]
    total = np.zeros((2, len(scores)))
    for history in itertools.product((0, 1), repeat=len(scores)):
        weight, before = 1.0, 0
        for t, (state, score, threshold, trusted) in enumerate(zip(history, scores, thresholds, WEIGHTS, strict=True)):
            if np.isnan(score) and not (hides[t] and first[t]):
                continue
            weight *= flip if state != before else 1 - flip
            before = state
            if state and not np.isnan(score):
                p = min(max(float(score), 1e-6), 1 - 1e-6)
                odds = np.log(p / (1 - p)) + 0.2 - SHIFT if probabilities else 4 * np.log(score / threshold)
                weight *= np.exp(trusted * np.clip(odds, -2.5, 2.5))
        for t, state in enumerate(history):
            total[state, t] += weight
    return total[1] / total.sum(0)


@pytest.mark.parametrize("probabilities", [True, False])
def test_series_change_probability_is_the_sum_over_all_histories(probabilities):
    rng = np.random.default_rng(0)
    scores = rng.random((6, 5, 7)).astype(np.float32) * (1 if probabilities else 4)
    scores[rng.random(scores.shape) < 0.2] = np.nan
    thresholds = rng.uniform(0.4, 0.8, 6) * (1 if probabilities else 3)
    around = LocalChangeRate(np.full((5, 7), SHIFT), np.full((5, 7), FLIP)) if probabilities else None
    found = series_change_probability(scores, thresholds, probabilities, WEIGHTS, around)
    for y, x in np.ndindex(5, 7):
        wanted = by_histories(scores[:, y, x], thresholds, probabilities)
        for t in range(6):
            score, last = scores[t, y, x], np.isnan(scores[t + 1 :, y, x]).all()
            by_pair = score > np.float32(thresholds[t])
            if probabilities:
                by_pair = np.log(score / (1 - score)) > np.log(thresholds[t] / (1 - thresholds[t])) + SHIFT + 2 * (
                    1 - WEIGHTS[t]
                )
            if np.isnan(score):
                assert np.isnan(found[t, y, x])
            elif probabilities and not last:
                assert found[t, y, x] == pytest.approx(wanted[t], rel=1e-5)
            elif probabilities:
                assert (found[t, y, x] > kernel.CHANGED_ABOVE) == (wanted[t] > 0.5 or by_pair)
            else:
                assert (found[t, y, x] > kernel.CHANGED_ABOVE) == (by_pair and (last or wanted[t] > 0.5))


def read(looks, weights=None, threshold=0.55, strictness=0.0, flip=0.12, season=()):
    """What is marked of one pixel on each date."""
    scores = np.array(looks, np.float32)[:, None, None]
    weights = np.ones(len(looks)) if weights is None else np.array(weights, np.float64)
    around = LocalChangeRate(np.full((1, 1), strictness), np.full((1, 1), flip))
    thresholds = np.full(len(looks), threshold)
    found = series_change_probability(scores, thresholds, True, weights, around, season)[:, 0, 0]
    return (found > kernel.CHANGED_ABOVE).astype(int).tolist()


def test_series_change_probability_follows_the_local_change_rate():
    assert read([0.55] * 4, threshold=0.65, strictness=1.2) == [0, 0, 0, 0]
    assert read([0.55] * 4, threshold=0.65, strictness=-0.5) == [1, 1, 1, 1]
    assert read([0.1, 0.7, 0.1, 0.1], flip=0.5) == [0, 1, 0, 0]


def test_series_change_probability_passes_no_single_false_positive_between_clouds():
    gone = [np.nan] * 3
    assert read([0.05, *gone, 0.85, *gone, 0.05]) == [0] * 9


def test_series_change_probability_lets_a_pad_come_under_clouds_and_not_under_a_closed_cover():
    pad = [0.02, np.nan, 0.75, 0.75, 0.75]
    assert read(pad, strictness=0.6) == [0, 0, 1, 1, 1]
    assert read(pad, weights=[1, 0.1, 1, 1, 1], strictness=0.6) == [0, 0, 0, 1, 1]


def test_date_weights_are_less_between_clouds():
    assert kernel.date_weights(np.array([500, 1000, 20, 0])).tolist() == [0.5, 1.0, 0.1, 0.1]
    for weights, marked in (([1, 1, 1, 1], 1), ([1, 0.2, 0.2, 1], 0)):
        assert read([0.02, 0.99, 0.99, 0.02], weights, threshold=0.8)[1] == marked


def test_date_weights_are_less_without_near_infrared_among_dates_with_it():
    seen, lacking = np.array([1000, 1000, 1000, 500]), np.array([True, False, True, True])
    weights = kernel.date_weights(seen, lacking)
    assert weights.tolist() == [1.0, 0.5, 1.0, 0.5]
    assert (
        kernel.date_weights(seen, np.zeros(4, bool)).tolist()
        == kernel.date_weights(seen).tolist()
        == [1.0, 1.0, 1.0, 0.5]
    )
    scores = [0.9, 0.001, 0.9, np.nan]
    assert [read(scores, given)[1] for given in (kernel.date_weights(seen), weights)] == [0, 1]


def test_a_look_of_the_references_season_counts_for_two():
    # dry grass hides a pit in between; a field is what it was once its season is back
    assert [read([0.97, 0.02, 0.97], season=season) for season in ((), (0, 0, 1))] == [[0, 0, 1], [1, 0, 1]]
    assert [read([0.9, 0.9, 0.9, 0.12], season=season)[-1] for season in ((), (0, 0, 0, 1))] == [1, 0]


def test_what_a_look_of_the_season_alone_marks_counts_once():
    looks = [0.02, 0.97, 0.02]
    assert [read(looks, weights)[1] for weights in (None, [1, 2, 1])] == [0, 1]
    assert read(looks, season=(0, 1, 0))[1] == 0


@pytest.mark.parametrize(("weight", "odds"), [(1.0, 0.0), (0.75, 0.5), (0.4, 1.2), (0.1, 1.8)])
def test_series_change_probability_holds_a_last_look_in_haze_back(weight, odds):
    """By twice the weight that its date lacks, in log odds."""
    scores = np.array([0.6, 0.7, 0.85, 0.95], np.float32)
    rate = LocalChangeRate(np.full((1, 4), 0.3), np.full((1, 4), 0.12))
    looks = np.stack([np.full(4, 0.05, np.float32), scores])[:, None]
    found = series_change_probability(looks, np.full(2, 0.55), True, np.array([1.0, weight]), rate)[1, 0]
    above = np.log(scores / (1 - scores)) - np.log(0.55 / 0.45) - 0.3 - odds
    together = series_change_probability(looks, np.full(2, 0.999), True, np.array([1.0, weight]), rate)[1, 0]
    np.testing.assert_allclose(found, np.maximum(1 / (1 + np.exp(-above)), together), rtol=1e-5)
    assert ((found > kernel.CHANGED_ABOVE) == (above > 0)).all()


@pytest.mark.parametrize(
    ("looks", "marked"),
    [
        ([0.01, 0.9, 0.01, 0.01], [0, 0, 0, 0]),
        ([0.01, 0.97, 0.97, 0.01], [0, 1, 1, 0]),
        ([0.01, 0.9, 0.2, 0.9], [0, 1, 1, 1]),
        ([0.01, 0.01, 0.01, 0.9], [0, 0, 0, 1]),
        ([0.01, 0.9, np.nan, np.nan], [0, 1, 0, 0]),
        ([0.9, np.nan, np.nan, 0.01], [0, 0, 0, 0]),
        ([0.54] * 8, [0] + [1] * 7),
        ([0.9], [1]),
    ],
)
def test_series_change_probability_of_looks(looks, marked):
    assert read(looks) == marked


def marked(work, window):
    return np.stack([found[0] for found in series_tile(work, window)]) > kernel.CHANGED_ABOVE


def test_series_change_probability_asks_more_of_a_last_look_where_changes_did_not_stay():
    scores = np.broadcast_to(np.array([0.02, 0.02, 0.9], np.float32)[:, None, None], (3, 1, 2))
    rate = LocalChangeRate(np.zeros((1, 2)), np.full((1, 2), 0.12), np.array([[0.0, 2.0]]))
    found = series_change_probability(scores, np.full(3, 0.75), True, np.ones(3), rate)[-1, 0]
    assert found[0] > 0.5 > found[1]


def test_series_change_probability_of_a_threshold_of_0_is_whether_anything_differs():
    scores = np.array([[[0.0, 0.3]]] * 3, np.float32)
    found = series_change_probability(scores, np.zeros(3), False, np.ones(3))
    assert (found[:, 0, 0] <= 0.5).all()
    assert (found[:, 0, 1] > 0.5).all()
