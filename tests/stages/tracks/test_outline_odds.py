"""Outlines of boxes on looks without a row."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from box_rows import DAYS, rows_of
from mercator import UNIT

from changedet.stages.tracks import outline_odds
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.kernels.box_outline import ACROSS_M, ALONG, POINTS
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.outline_odds import light_of_outlines, looks_light, taken_looks
from changedet.stages.tracks.visibility import GivenVisibility


@dataclass(frozen=True)
class Painted(GivenVisibility):
    """A dark blue box, 12.2 by 2.44 m, lies at the origin on the second date; bright grey ground, none in the west."""

    def light(self, points: np.ndarray, i: int) -> np.ndarray:
        on = (np.abs(points[:, 0]) < 1.22) & (np.abs(points[:, 1]) < 6.1) & (i == 1)
        values = np.where(on[:, None], [0.4, 0.15, 0.08, 0.2], [0.7, 0.75, 0.8, 0.85])
        return np.where(points[:, :1] < -50, np.nan, values)

    def outline_light(self, i, xy, length, angle):
        return light_of_outlines(lambda points: self.light(points, i), xy, length, angle, 1.0)


def boxes_at(*xy: tuple[float, float]) -> Boxes:
    count = len(xy)
    size = np.full(count, 12.2), np.zeros(count), np.zeros((count, 3)), np.ones(count), np.zeros(count)
    return Boxes(np.array(xy, float), *size)


def test_light_runs_across_and_along_a_box():
    light = light_of_outlines(lambda points: points, np.array([[5.0, 20.0]]), np.array([12.0]), np.zeros(1), 1.0)
    assert light.shape == (1, POINTS, 2)
    np.testing.assert_allclose(light[0, : len(ACROSS_M), 0], 5.0 + np.array(ACROSS_M))
    np.testing.assert_allclose(light[0, : len(ACROSS_M), 1], 20.0)
    np.testing.assert_allclose(light[0, len(ACROSS_M) :, 0], 5.0)
    np.testing.assert_allclose(light[0, len(ACROSS_M) :, 1], 20.0 + 7.5 * np.array(ALONG))


def test_light_is_as_far_on_the_ground_in_web_mercator():
    one = np.array([[0.0, 20.0]]), np.array([10.0]), np.full(1, 30.0)
    plain = light_of_outlines(lambda points: points, *one, 1.0)
    light = light_of_outlines(lambda points: points / UNIT, UNIT * one[0], *one[1:], UNIT)
    np.testing.assert_allclose(light, plain, atol=1e-9)


def test_a_box_that_no_row_shows_has_better_odds_than_bare_ground_and_all_else_none(monkeypatch):
    places = boxes_at((0.0, 0.0), (0.0, 30.0), (-60.0, 0.0))
    chosen = np.array([[True, True, False], [True, True, True], [True, True, True]])
    arguments = Painted(DAYS[:3]), places, np.zeros((3, 2)), chosen, np.full((3, 3, 7), np.nan), 1.0
    odds = outline_odds.outline_odds(*arguments)
    assert odds[0, 1] > odds[0, 0] + 1.0
    np.testing.assert_allclose(odds[1], odds[0, 0])
    assert np.isnan(odds[0, 2])
    assert np.isnan(odds[2]).all()
    monkeypatch.setattr(outline_odds, "PLACES_AT_ONCE", 1)
    np.testing.assert_array_equal(outline_odds.outline_odds(*arguments), odds)


def test_the_place_of_a_date_is_where_its_shift_puts_it():
    places, chosen = boxes_at((0.7, 0.0)), np.array([[False, True]])
    read = looks_light(Painted(DAYS[:2]), places, np.array([[0.0, 0.0], [0.7, 0.0]]), chosen, 1.0)
    at_box = looks_light(Painted(DAYS[:2]), boxes_at((0.0, 0.0)), np.zeros((2, 2)), chosen, 1.0)
    np.testing.assert_array_equal(read, at_box)


def test_there_are_none_without_pictures_or_where_nothing_is_in_doubt():
    one, shift = boxes_at((0.0, 0.0)), np.zeros((1, 2))
    assert outline_odds.outline_odds(GivenVisibility(DAYS[:1]), one, shift, np.ones((1, 1), bool), None, 1.0) is None
    assert outline_odds.outline_odds(Painted(DAYS[:1]), one, shift, np.zeros((1, 1), bool), None, 1.0) is None


def test_a_look_is_not_in_doubt_where_the_box_of_another_place_lies_upon_it():
    found = Detections.of(rows_of((0, 0, 0), (1, 1.0, 0), (2, 2.4, 0)), GivenVisibility(list(DAYS[:3])))
    there = Boxes(*(np.asarray(column)[:1] for column in found.boxes))
    without = np.array([[False, True, True]])
    taken = taken_looks(found, np.array([0, 1, 2]), there, np.zeros((3, 2)), without)
    assert taken.tolist() == [[False, True, False]]
    assert not taken_looks(found, np.array([0, 0, 0]), there, np.zeros((3, 2)), without).any()
    assert isinstance(found.dates[0], dt.date)
