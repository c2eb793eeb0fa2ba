"""Bounds of arrivals and departures by what is missed."""

from __future__ import annotations

import pytest

from changedet.stages.series.event_estimates import missed_events


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
