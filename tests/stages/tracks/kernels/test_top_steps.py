"""Steps in height between looks, and what the new tops of a site mean by them."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels import top_steps
from changedet.stages.tracks.kernels.top_steps import (
    BOX_STEP,
    REPLACED,
    SET_ON_TOP,
    STEPS,
    UNCOVERED,
    TopShares,
    height_steps,
    likeliest_meanings,
    meanings,
    top_shares,
    usual_shares,
)

VIEWS = np.array([(0.9, 0.0), (-0.6, 0.5), (0.1, -0.9), (-0.8, -0.4), (0.5, 0.8)])
"""Metres by which five looks displace the top of one box."""
UNKNOWN = np.full(1, np.nan)
EVEN = usual_shares(0, 0)


def leaning(levels: np.ndarray, views: np.ndarray = VIEWS, seed: int = 3):
    """Where tops (place, look) of whole boxes appear about their feet, and each row's lean, date and place."""
    rng = np.random.default_rng(seed)
    place, date = (part.ravel() for part in np.indices(levels.shape))
    xy = BOX_STEP * levels[place, date, None] * views[date] + rng.normal(0, 0.08, (len(date), 2))
    return xy, views[date], date, place


def steps_of(levels: np.ndarray, views: np.ndarray = VIEWS, seed: int = 3):
    """Steps and errors (place, look - 1)."""
    found = height_steps(*leaning(levels, views, seed))
    return (part.reshape(levels.shape)[:, 1:] for part in (found.step, found.error))


def test_height_steps_are_those_of_the_tops_within_their_errors():
    levels = np.random.default_rng(1).integers(1, 6, (300, 5))
    step, error = steps_of(levels)
    apart = (step - BOX_STEP * np.diff(levels, axis=1)) / error
    assert np.abs(np.median(apart)) < 0.1
    assert 0.3 < apart.std() < 1.0
    assert error.max() < 1.0


def test_height_steps_tell_nothing_from_above_and_from_one_side_what_changed():
    levels = np.repeat([[2, 2, 3, 3, 3]], 50, axis=0)
    _, error = steps_of(levels, 0.02 * VIEWS)
    assert error.min() > 5.0
    one_side = np.repeat([(0.8, 0.3)], 5, axis=0)
    step, _ = steps_of(levels, one_side)
    assert np.median(step[:, 1]) == pytest.approx(BOX_STEP, abs=0.2), (
        "both looks displace alike, the tops are not alike"
    )


def test_height_steps_are_of_the_look_before_at_the_same_place_whatever_the_order_and_the_parts(monkeypatch):
    xy, lean, date, place = leaning(np.random.default_rng(2).integers(1, 4, (40, 5)))
    kept = np.random.default_rng(3).random(len(date)) > 0.3
    xy, lean, date, place = xy[kept], lean[kept], date[kept], np.where(place == 7, -1, place)[kept]
    whole = height_steps(xy, lean, date, place)
    turn = np.random.default_rng(4).permutation(len(date))
    monkeypatch.setattr(top_steps, "PLACES_AT_ONCE", 3)
    turned = height_steps(xy[turn], lean[turn], date[turn], place[turn])
    np.testing.assert_allclose(turned.step, whole.step[turn], atol=1e-9)
    np.testing.assert_array_equal(np.where(turned.before < 0, -1, turn[turned.before]), whole.before[turn])
    later = whole.before >= 0
    assert (place[later] == place[whole.before[later]]).all()
    assert (date[later] > date[whole.before[later]]).all()
    assert np.isinf(whole.error[~later]).all()
    assert not later[place == -1].any()


@pytest.mark.parametrize(("before", "after", "meaning"), [(1, 2, SET_ON_TOP), (4, 1, UNCOVERED), (2, 2, REPLACED)])
def test_meanings_follow_the_step_in_height(before, after, meaning):
    step, error = steps_of(np.array([[before] * 2 + [after] * 3]))
    likely = meanings(top_shares(np.zeros(0), np.zeros(0), np.zeros(0), EVEN), step[0, 1:2], error[0, 1:2], UNKNOWN)
    assert likely.sum() == pytest.approx(1.0)
    assert likeliest_meanings(likely).tolist() == [meaning]


def site(shares, other=0.4, seed=5, count=1200):
    """Steps of neighbouring looks, a share of which show another box, and how probably."""
    rng = np.random.default_rng(seed)
    is_other = rng.random(count) < other
    step = np.where(is_other, rng.choice([1.0, -1.0, 0.0], count, p=shares), 0.0)
    return np.where(is_other, 0.97, 0.02), BOX_STEP * step + rng.normal(0, 0.2, count), np.full(count, 0.25)


@pytest.mark.parametrize("shares", [(0.6, 0.35, 0.05), (0.25, 0.25, 0.5), (0.1, 0.85, 0.05)])
def test_top_shares_are_those_of_the_sites_steps(shares):
    found = top_shares(*site(shares), EVEN)
    told = [found.of_step[side].sum() for side in (STEPS > 0, STEPS < 0, STEPS == 0)]
    np.testing.assert_allclose(told, shares, atol=0.13)
    assert found.scatter == pytest.approx(0.8, abs=0.1)
    assert found.of_step.sum() == pytest.approx(1.0)


def test_top_shares_are_the_usual_ones_where_nothing_is_told():
    for nothing in (np.zeros(0), np.full(50, np.inf)):
        found = top_shares(np.full(len(nothing), 0.5), np.zeros(len(nothing)), nothing, EVEN)
        told = [found.of_step[side].sum() for side in (STEPS > 0, STEPS < 0, STEPS == 0)]
        np.testing.assert_allclose(told, EVEN)
        assert found.scatter == 1.0


def test_few_boxes_are_exchanged_where_few_leave():
    assert usual_shares(0, 0) == (0.25, 0.25, 0.5)
    grows, shrinks = usual_shares(97, 2), usual_shares(2, 97)
    assert grows[SET_ON_TOP] > 0.8
    assert grows[UNCOVERED] + grows[REPLACED] < 0.15
    assert shrinks == pytest.approx((grows[UNCOVERED], grows[SET_ON_TOP], grows[REPLACED]))
    assert sum(grows) == pytest.approx(1.0)


def test_what_comes_to_empty_ground_tells_nothing_of_stacks_where_no_step_is_measured():
    other, unmeasured = np.full(40, 0.8), (np.zeros(40), np.full(40, np.inf))
    shares = top_shares(other, *unmeasured, usual_shares(2, 97))
    np.testing.assert_allclose(shares.of_step, top_shares(other, *unmeasured, EVEN).of_step)
    assert likeliest_meanings(meanings(shares, np.zeros(1), np.full(1, np.inf), UNKNOWN)).tolist() == [REPLACED]


def test_meanings_of_unknown_steps_are_the_sites_and_shadows_turn_them():
    usual, nothing = TopShares(np.full(9, 1 / 9), 1.0), (np.zeros(1), np.full(1, np.inf))
    assert meanings(usual, *nothing, UNKNOWN)[0] == pytest.approx([4 / 9, 4 / 9, 1 / 9])
    higher, lower = (meanings(usual, *nothing, np.full(1, tiers))[0] for tiers in (1.0, -1.0))
    assert higher[SET_ON_TOP] == lower[UNCOVERED] > 0.7
