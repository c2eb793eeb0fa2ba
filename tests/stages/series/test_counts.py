"""Boxes of followed series as columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from box_rows import made

from changedet.stages.series.site_boxes import tracked_boxes


def test_standing_of_ground_that_no_look_shows_any_more_is_wider_upwards_alone():
    counted = tracked_boxes(made(5, change=0.0)[1])
    date, ground = counted.present.shape[1] - 1, np.ones((100, counted.present.shape[1]), bool)
    weight = np.ones(len(counted.weight))
    shown = replace(counted, ground_shown=ground).standing(date, weight)
    assert shown.above == shown.spread
    ground[:3, date] = False
    little = replace(counted, ground_shown=ground).standing(date, weight)
    assert little.spread == shown.spread < little.above < 1.5 * shown.spread
    ground[:30, date] = False
    much = replace(counted, ground_shown=ground).standing(date, weight)
    assert much.spread == shown.spread
    assert much.above > 1.5 * little.above


def test_events_count_a_box_set_on_another_and_one_that_uncovers_another_by_their_tracks():
    counted = tracked_boxes(made(5, change=0.0)[1])
    places, dates = counted.present.shape
    none = np.zeros((places, dates))
    here, nowhere = none.copy(), np.zeros(0, np.int64)
    here[:3, 2] = 1.0
    still = replace(
        counted,
        present=np.full((places, dates), 0.9),
        clear=none == 0.0,
        arrived=nowhere,
        left=nowhere,
        came=none,
        went=none,
    )
    assert [event.expected for event in still.events(2)] == [0.0, 0.0]
    assert [round(event.expected, 6) for event in replace(still, came=here).events(2)] == [2.7, 0.0]
    assert [round(event.expected, 6) for event in replace(still, went=here).events(2)] == [0.0, 2.7]
    likely = replace(still, came=0.5 * here, went=0.25 * here).events(2)
    assert [round(event.expected, 6) for event in likely] == [1.35, 0.675], "as probably as looks say"
    exchanged = replace(still, came=here, went=here).events(2)
    assert [round(event.expected, 6) for event in exchanged] == [2.7, 2.7]
    filled = replace(still, came=here, present=np.where(np.arange(dates) < 2, 0.1, 0.9) * np.ones((places, 1)))
    came, went = filled.events(2)
    assert (round(came.expected, 6), went.expected) == (round(0.8 * places + 0.3, 6), 0.0)
    assert [event.unseen for event in replace(still, went=here).events(2)] == [0.0, 0.0]
    assert exchanged[0].unseen == exchanged[1].unseen > 0
    assert replace(still, came=here, went=here, alike=0.9).events(2)[1].unseen > exchanged[1].unseen
