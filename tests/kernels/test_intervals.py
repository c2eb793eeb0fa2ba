"""Intervals of counts and areas."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.intervals import (
    BARE_SHARES,
    COLOUR_SHARES,
    GREY_SHARES,
    LEARNED_SHARES,
    area_interval,
    bounds_of_hidden,
    count_spread,
    event_spread,
    volume_interval,
)


def test_bounds_of_hidden_come_from_the_looks_before_and_after():
    x = 0.5  # what the chain makes of a hidden place
    present = np.array([[1, x, 1], [0, x, 1], [1, x, 0], [0, x, 0], [x, x, 1], [0.9, x, x], [x, x, x]])
    clear = np.array([[1, 0, 1]] * 4 + [[0, 0, 1], [1, 0, 0], [0, 0, 0]], bool)
    for row, bounds in enumerate(((x, 1), (0, 1), (0, 1), (0, x), (0, 1), (0, 0.9), (0, x))):
        least, most = bounds_of_hidden(present[[row]], clear[[row]])
        assert (least[1], most[1]) == bounds
    least, most = bounds_of_hidden(present, clear)
    assert least[2] == pytest.approx(1 + 1 + 0 + 0 + 1)
    assert most[2] == pytest.approx(1 + 1 + 0 + 0 + 1 + 0.9 + x)


@pytest.mark.parametrize(
    ("area", "seen", "false_share", "low", "high"),
    [
        (1000.0, 100_000.0, 0.0005, 1000 / 1.40 - 50, 1000 / 0.52 + 150),
        (1000.0, 100_000.0, 0.002, 1000 / 1.40 - 200, 1000 / 0.52 + 150),
        (1000.0, 100_000.0, 0.0, 1000 / 1.40, 1000 / 0.52 + 150),
        (50.0, 100_000.0, 0.0005, 0.0, 50 / 0.52 + 150),
        (0.0, 100_000.0, 0.0005, 0.0, 150.0),
        (1000.0, 1500.0, 0.0, 1000 / 1.40, 1500.0),
        (1000.0, 900.0, 0.0, 1000 / 1.40, 1000.0),
    ],
)
def test_area_interval_takes_the_false_share_of_the_seen_area_from_the_lower_bound(area, seen, false_share, low, high):
    assert area_interval(area, seen, false_share) == pytest.approx((low, high))


def test_area_interval_by_what_masks_of_a_method_hold():
    learned, colours = (area_interval(1000.0, 100_000.0, 0.0, shares) for shares in (LEARNED_SHARES, COLOUR_SHARES))
    assert learned == pytest.approx((800.0, 1600.0 + 150))
    assert colours == pytest.approx((800.0, 2500.0 + 150))
    # of bare ground 8 % of what is seen may have changed unmarked, and no more than is seen
    assert area_interval(330.0, 10_000.0, 0.0, BARE_SHARES) == pytest.approx((264.0, 1000.0 + 150 + 800))
    assert area_interval(0.0, 1000.0, 0.0, BARE_SHARES) == pytest.approx((0.0, 150.0 + 80))
    # in grey a field that was levelled may lack any mark
    assert area_interval(400.0, 10_000.0, 0.01, GREY_SHARES) == pytest.approx((220.0, 1000.0 + 300 + 2700))


def test_area_interval_without_what_one_look_alone_marks_has_the_same_upper_bound():
    assert area_interval(1000.0, 100_000.0, 0.0, LEARNED_SHARES, lone_area=600.0) == pytest.approx((320.0, 1750.0))
    assert area_interval(1000.0, 100_000.0, 0.0, LEARNED_SHARES, lone_area=1000.0) == pytest.approx((0.0, 1750.0))


def test_volume_interval_allows_for_the_kinds_of_boxes_that_were_missed_or_are_none():
    # One box missed weighs two TEU at most, whatever those that were seen weigh on average.
    assert volume_interval((5.0, 5.0, 6.0), (5.0, 5.0, 6.0)) == pytest.approx((5.0, 6.98))
    assert volume_interval((5.0, 5.0, 6.0), (10.0, 10.0, 12.0)) == pytest.approx((10.0, 12.0))
    # Of many the mean is known: the interval is wider by twenty times what one box adds, not by four hundred times.
    assert volume_interval((900.0, 500.0, 1300.0), (1350.0, 750.0, 1950.0)) == pytest.approx((730.4, 1969.6))
    assert volume_interval((5.0, 4.0, 5.0), (6.0, 4.8, 6.0)) == pytest.approx((4.0, 6.0)), "a box is one TEU at least"
    assert volume_interval((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)) == (0.0, 0.0)


def test_count_spread_adds_what_was_miscounted_unseen_gone_or_came_in_batches():
    assert count_spread(100.0, 9.0, 0.0, 0.0, 0.0) == pytest.approx(np.sqrt(9 + 1 + 8**2))
    assert count_spread(100.0, 9.0, 4.0, 5.0, 0.1) == pytest.approx(np.sqrt(9 + 1 + 8**2 + 2**2 + 30**2 + 3**2))


def test_event_spread():
    assert event_spread(100, 9.0) == pytest.approx(np.sqrt(9 + 1 + 25 + 8**2))


def test_what_was_bared_counts_in_the_upper_bound_as_if_it_were_marked():
    low, high = area_interval(1000.0, 100_000.0, 0.0, LEARNED_SHARES)
    assert area_interval(1000.0, 100_000.0, 0.0, LEARNED_SHARES, bared_area=500.0) == pytest.approx((low, high + 800.0))
    assert area_interval(0.0, 600.0, 0.0, LEARNED_SHARES, bared_area=500.0) == (0.0, 600.0), "no more than is seen"
