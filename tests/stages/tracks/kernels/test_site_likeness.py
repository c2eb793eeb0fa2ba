"""What scores say on a site: the share of other boxes, and odds that fall where looks at one box scatter more."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.site_likeness import (
    ENOUGH_PAIRS,
    LEAST_PAIRS,
    OTHERS,
    other_pairs,
    site_likeness,
)


def scores(share: float, spread: float, count: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    """Scores of neighbouring looks, and of looks at different places."""
    rng = np.random.default_rng(7)
    two = rng.random(count) < share
    return np.where(two, rng.normal(4, 1.8, count), rng.normal(-4, spread, count)), rng.normal(4, 1.8, OTHERS)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
def test_the_share_of_other_boxes_is_found(share):
    site = site_likeness(*scores(share, 1.8))
    assert site is not None
    assert site.share == pytest.approx(share, rel=0.3, abs=0.02)


def test_a_score_says_less_where_looks_at_one_box_scatter_more():
    near, wide = (site_likeness(*scores(0.1, spread)) for spread in (1.5, 2.8))
    assert near is not None
    assert wide is not None
    middle = np.array([1.0, 2.0])
    assert (near.log_odds(middle) > wide.log_odds(middle) + 0.5).all()
    assert near.log_odds(np.array([-4.0]))[0] < -2


def test_odds_never_fall_with_the_score_and_are_none_of_none():
    site = site_likeness(*scores(0.1, 1.5))
    assert site is not None
    assert (np.diff(site.odds) >= 0).all()
    assert np.isnan(site.log_odds(np.array([np.nan]))).all()


@pytest.mark.parametrize("count", [30, 200])
def test_one_box_is_known_where_most_pairs_show_two(count):
    score, other = scores(0.85, 1.8, count)
    site = site_likeness(score, other)
    assert site is not None
    assert site.share > 0.35
    one, two = site.log_odds(np.array([-3.0, 5.0]))
    assert one < -1
    assert two > 1


def test_few_pairs_describe_no_site():
    assert site_likeness(np.zeros(LEAST_PAIRS - 1), np.full(200, 3.0)) is None
    assert site_likeness(np.zeros(200), np.full(LEAST_PAIRS - 1, 3.0)) is None


def test_of_few_pairs_that_scatter_most_are_one_box_still():
    rng = np.random.default_rng(3)
    score, other = rng.normal(0.5, 2.5, ENOUGH_PAIRS // 2), rng.normal(6.0, 2.0, 400)
    site = site_likeness(score, other)
    assert site is not None
    assert site.share < 0.1
    assert (site.log_odds(np.array([0.0, 2.0])) < 0.0).all()
    assert site.log_odds(np.array([9.0]))[0] > 1.0


def test_all_looks_alike_describe_a_site_at_rest():
    site = site_likeness(np.full(400, -3.0), np.full(200, 3.0))
    assert site is not None
    assert site.share < 0.01


def test_other_pairs_are_of_different_places_and_of_dates_as_given():
    owner = np.repeat(np.arange(20), 3)
    first = np.flatnonzero(np.arange(60) % 3 < 2)
    one, other = other_pairs(first, first + 1, owner)
    assert len(one) > OTHERS * 0.8
    assert (owner[one] != owner[other]).all()
    assert np.isin(one, first).all()
    assert np.isin(other, first + 1).all()
    assert len(np.unique(one)) == len(first)
    assert all(len(part) == 0 for part in other_pairs(first[:0], first[:0], owner))


def test_one_box_that_snow_makes_unlike_itself_is_no_exchange():
    rng = np.random.default_rng(3)
    site = site_likeness(rng.normal(2.0, 2.0, 47), rng.normal(4.7, 2.0, 1900))
    assert site is not None
    assert site.share < 0.1
