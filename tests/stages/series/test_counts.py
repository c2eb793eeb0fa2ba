"""Boxes of followed series as columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from box_rows import followed

from changedet.stages.series.counts import tracked_boxes
from scenarios import box_series as bs


def test_standing_of_ground_that_no_look_shows_any_more_is_wider_upwards_alone():
    counted = tracked_boxes(followed(bs.simulate(5, change=0.0)))
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
