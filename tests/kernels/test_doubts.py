"""What a date's boxes show of how far their number can be trusted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from changedet.kernels.doubts import (
    NO_DOUBTS,
    TAUGHT_VIEW_DEG,
    Signs,
    Weights,
    blind_dates,
    doubt,
    may_all_be_others,
    shares_of_others,
    slants,
    unusual_doubt,
    widened,
)

SIGNS = Signs(expected=100.0, uncertain=5.0, weak=8.0, missed=12.0, others=3.0)


def test_doubt_adds_the_weighted_signs_in_quadrature():
    assert doubt(SIGNS, Weights()) == 0.0
    assert doubt(SIGNS, Weights(plain=2.0)) == 2.0
    assert doubt(SIGNS, Weights(expected=0.03, uncertain=0.8)) == pytest.approx(5.0)
    assert doubt(SIGNS, Weights(weak=1.0, missed=1.0, others=1.0)) == pytest.approx(math.sqrt(64 + 144 + 9))


@pytest.mark.parametrize("name", Weights._fields)
def test_doubt_grows_with_every_weight(name):
    some = Weights(1.0, 0.1, 0.5, 0.5, 0.5, 0.5)
    assert doubt(SIGNS, some._replace(**{name: 2.0})) > doubt(SIGNS, some)


def test_widened_is_the_half_width_at_home_where_nothing_is_doubted_or_known():
    for beyond in (-0.7, 0.0, math.nan):
        assert widened(7.0, SIGNS, NO_DOUBTS.boxes[0], beyond) == 7.0
    assert widened(3.0, SIGNS, Weights(plain=4.0), -0.2) == pytest.approx(5.0)
    assert widened(3.0, SIGNS, Weights(plain=4.0), 0.1) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("expected", "doubtful", "beyond"),
    [(200.0, 90.0, 0.1), (200.0, 70.0, 0.0), (200.0, 50.0, -0.1), (20.0, 15.0, -0.2)],
)
def test_unusual_doubt_is_what_lies_beyond_that_of_teaching_sites_as_a_share(expected, doubtful, beyond):
    signs = SIGNS._replace(expected=expected)
    assert unusual_doubt(signs, Weights(plain=doubtful)) == pytest.approx(beyond)


@pytest.mark.parametrize(
    ("detected", "expected", "blind"),
    [(2, 150, True), (0, 10, True), (0, 9.9, False), (3, 12, False), (2, 12, True), (100, 120, False), (0, 0, False)],
)
def test_blind_dates_where_much_is_expected_and_next_to_nothing_was_detected(detected, expected, blind):
    found = blind_dates(np.array([20.0, detected]), np.array([20.0, expected]))
    assert found.tolist() == [False, blind]


def test_blind_dates_are_not_most_of_them():
    expected = np.full(5, 18.0)
    assert blind_dates(np.array([18.0, 17.0, 19.0, 1.0, 4.0]), expected).tolist() == [False] * 3 + [True] * 2
    assert not blind_dates(np.array([18.0, 17.0, 4.0, 1.0, 4.0]), expected).any()
    # A date on which hardly any box is expected speaks neither way.
    assert blind_dates(np.array([18.0, 1.0, 0.0]), np.array([18.0, 18.0, 2.0])).tolist() == [False, True, False]


def test_boxes_may_all_be_others_where_most_are_not_sure() -> None:
    assert not may_all_be_others(np.array([0.9, 0.5, 0.9, 0.89]))
    assert may_all_be_others(np.array([0.9, 0.5, 0.9, 0.5, 0.89]))
    assert not may_all_be_others(np.array([]))


def test_slants_begin_beyond_the_views_that_taught_and_reach_looks_beside_them():
    assert not slants(np.array([0.0, TAUGHT_VIEW_DEG, 12.0])).any()
    assert not slants(np.array([math.nan, 10.0])).any()
    some = slants(np.array([5.0, 27.0, 29.0, math.nan]))
    assert some[0] == some[3] > 0
    assert some[0] < some[2]
    assert (slants(np.array([60.0, 5.0])) == slants(np.array([50.0, 5.0]))).all(), "no more than at most"


def test_a_village_shows_more_unsure_boxes_in_the_green_than_a_yard_explains() -> None:
    yard, roofs = (np.full(count, value) for count, value in ((30, 4.5), (60, 1.5)))
    surety, home = np.r_[yard, roofs], np.r_[np.full(30, -5.0), np.full(60, -1.0)]
    looks = np.full(90, 5)
    found = shares_of_others(surety, home, looks)
    assert (found[:30] == 0).all()
    np.testing.assert_allclose(found[30:], 1 - 30 / 3 / 60)
    for usual in (
        (surety, np.full(90, -5.0), looks),  # all on a paved yard
        (np.full(90, 4.5), home, looks),  # all shown for sure
        (surety, home, np.ones(90, np.int64)),  # once each
        (surety[:39], home[:39], looks[:39]),  # as few as among boxes elsewhere
        (surety[30:33], home[30:33], looks[30:33]),  # too few to tell
    ):
        assert not shares_of_others(*usual).any()
    assert not shares_of_others(np.full(90, np.nan), home, np.zeros(90, np.int64)).any()
