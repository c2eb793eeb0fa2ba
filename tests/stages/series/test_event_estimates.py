"""Bounds of arrivals and departures by what is missed."""

from __future__ import annotations

import pytest

from changedet.stages.series.estimates import Estimate
from changedet.stages.series.event_estimates import Standing, missed_events, within_counts


@pytest.mark.parametrize(
    ("expected", "standing", "most", "missed"),
    [
        (5.0, 50.0, 70.0, 2.0),  # a tenth of what stands came, and a tenth of what may be missed
        (0.8, 0.02, 4.0, 3.98),  # no more than are missed: 159 else
        (30.0, 5.0, 9.0, 4.0),
        (0.5, 0.0, 3.0, 3.0),
        (0.0, 0.0, 3.0, 0.0),
        (5.0, 50.0, 50.0, 0.0),
    ],
)
def test_missed_boxes_come_as_often_as_others_and_are_no_more_than_there_may_be(
    expected: float, standing: float, most: float, missed: float
) -> None:
    assert missed_events(expected, standing, most) == pytest.approx(missed)


@pytest.mark.parametrize(
    ("here", "there", "low", "high"),
    [
        (Standing(1, Estimate(32, 28, 39), 0), Standing(0, Estimate(14, 12, 17), 0), 11, 39),
        (Standing(1, Estimate(32, 28, 39), 0), Standing(0, Estimate(30, 27, 36), 0), 0, 39),  # may all have been there
        (Standing(2, Estimate(32, 28, 39), 0), Standing(0, Estimate(14, 12, 17), 0), 0, 45),  # another look between
        (Standing(1, Estimate(32, 28, 39), 9), Standing(0, Estimate(14, 12, 17), 0), 2, 45),  # nine came unseen
        (Standing(0, Estimate(15, 9, 17), 0), Standing(1, Estimate(1, 0, 2), 0), 7, 18),  # never past what is expected
    ],
)
def test_events_keep_within_what_the_counts_of_both_looks_leave(
    here: Standing, there: Standing, low: float, high: float
) -> None:
    """A look of 28 and more boxes after one of 17 at most tells of eleven arrivals, whatever single tracks say."""
    assert within_counts(Estimate(18.0, 0.0, 45.0), here, there) == pytest.approx((18.0, low, high))
