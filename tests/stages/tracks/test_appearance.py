"""Light of boxes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from mercator import UNIT

from changedet.stages.tracks import appearance
from changedet.stages.tracks.appearance import light_of_boxes, place_appearance
from changedet.stages.tracks.kernels.appearance import DARK
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.visibility import GivenVisibility

RED, GREY, BLUE = np.array([1.6, 0.4, 0.4]), np.array([1.0, 1.0, 1.0]), np.array([0.3, 0.5, 1.8])


BOX, GROUND = slice(0, 2), slice(2, 4)


@dataclass(frozen=True)
class Painted(GivenVisibility):
    """Looks at red boxes, 2.4 m by 6 m and turned by 30 degrees, on grey ground; the second date shows none."""

    centres: np.ndarray = None

    def light(self, i, xy, length, angle):
        return light_of_boxes(lambda points: self.shown(i, points), xy, length, angle, 1.0)

    def shown(self, i, points):
        apart = points[:, None] - self.centres[None]
        turn = np.deg2rad(30.0)
        along = apart @ np.array([np.sin(turn), np.cos(turn)])
        across = apart @ np.array([np.cos(turn), -np.sin(turn)])
        inside = ((np.abs(along) < 3.0) & (np.abs(across) < 1.2)).any(1) & (i != 1)
        return np.where(inside[:, None], RED, GREY)


def test_place_appearance_takes_light_within_and_beside_the_boxes_in_parts_of_any_size(monkeypatch):
    centres = np.array([[20.0 * (k % 7), 300.0 * (k // 7)] for k in range(20)])
    boxes = Boxes(centres, np.full(20, 6.0), np.full(20, 30.0), np.zeros((20, 3)), np.ones(20), np.zeros(20))
    looks = Painted([dt.date(2023, 1, k + 1) for k in range(3)], centres=centres - [0.4, -0.3])
    bins = np.tile([5, 0, 5], (20, 1))
    arguments = (looks, boxes, np.tile([0.4, -0.3], (3, 1)), (bins, bins >= 0, bins >= 0), 1.0)
    whole = place_appearance(*arguments)
    assert np.allclose(whole[:, 0, BOX], np.log(DARK))
    assert (whole[:, 1, BOX].sum(1) > whole[:, 1, GROUND].sum(1)).all()
    monkeypatch.setattr(appearance, "PLACES_AT_ONCE", 3)
    np.testing.assert_array_equal(place_appearance(*arguments), whole)


def test_light_of_boxes_reaches_as_far_on_the_ground_in_web_mercator():
    one = np.array([[10.0, 20.0]]), np.array([6.0]), np.array([30.0])
    plain = light_of_boxes(lambda points: points, *one, 1.0)
    light = light_of_boxes(lambda points: points / UNIT, UNIT * one[0], *one[1:], UNIT)
    np.testing.assert_allclose(light, plain)


def test_place_appearance_is_none_without_pictures():
    centres = np.zeros((1, 2))
    boxes = Boxes(centres, np.ones(1), np.ones(1), np.zeros((1, 3)), np.ones(1), np.zeros(1))
    bins = np.ones((1, 1), np.int64)
    seen_so = bins, bins > 0, bins > 0
    assert place_appearance(GivenVisibility([dt.date(2023, 1, 1)]), boxes, np.zeros((1, 2)), seen_so, 1.0) is None
