"""Light along roofs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from mercator import UNIT

from changedet.stages.tracks import roof_light
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.likeness import ALONG
from changedet.stages.tracks.roof_light import light_of_roofs, rows_light
from changedet.stages.tracks.visibility import GivenVisibility

DAYS = [dt.date(2023, 1, k + 1) for k in range(3)]


@dataclass(frozen=True)
class Ramp(GivenVisibility):
    """Light that grows by .1 a metre to the north and doubles by date; none in the west."""

    def roof_light(self, i, xy, length, angle):
        def light(points):
            values = 0.1 * points[:, 1:] * (i + 1) * np.array([1.0, 2.0, 3.0])
            return np.where(points[:, :1] < -50, np.nan, values)

        return light_of_roofs(light, xy, length, angle, 1.0)


def boxes_at(xy: np.ndarray) -> Boxes:
    count = len(xy)
    return Boxes(xy, np.full(count, 10.0), np.zeros(count), np.zeros((count, 3)), np.ones(count), np.zeros(count))


def test_light_along_a_roof_runs_along_its_long_side():
    light = rows_light(Ramp(DAYS), boxes_at(np.array([[0.0, 20.0]])), np.array([1]), np.array([True]), 1.0)
    assert light.shape == (1, ALONG, 3)
    np.testing.assert_allclose(light[0, :, 0], 0.2 * (20 + 10 * np.linspace(-0.4, 0.4, ALONG)))


def test_light_along_a_roof_is_as_long_on_the_ground_in_web_mercator():
    one = np.array([[0.0, 20.0]]), np.array([10.0]), np.zeros(1)
    plain = light_of_roofs(lambda points: points, *one, 1.0)
    light = light_of_roofs(lambda points: points / UNIT, UNIT * one[0], *one[1:], UNIT)
    np.testing.assert_allclose(light, plain)


def test_rows_that_are_not_chosen_or_have_no_light_are_nan_in_parts_of_any_size(monkeypatch):
    xy = np.array([[0.0, 20.0], [-60.0, 20.0], [5.0, 30.0], [9.0, 40.0]])
    arguments = Ramp(DAYS), boxes_at(xy), np.array([0, 0, 2, 0]), np.array([True, True, False, True]), 1.0
    whole = rows_light(*arguments)
    assert np.isfinite(whole).all(axis=(1, 2)).tolist() == [True, False, False, True]
    monkeypatch.setattr(roof_light, "PLACES_AT_ONCE", 1)
    np.testing.assert_array_equal(rows_light(*arguments), whole)


def test_there_is_none_without_pictures():
    one = boxes_at(np.zeros((1, 2))), np.zeros(1, int), np.ones(1, bool)
    assert rows_light(GivenVisibility(DAYS), *one, 1.0) is None
