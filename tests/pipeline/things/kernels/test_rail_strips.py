"""Pictures along tracks: places are kept, also in bends."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from changedet.pipeline.things.kernels.rail_strips import axis_of, pixels_of, runs_back, sides_of, strip_of
from changedet.pipeline.things.kernels.siding_pictures import STEP_M

TURN = np.linspace(0, 1, 50)
BEND = np.stack([100 * np.sin(TURN), -100 * (1 - np.cos(TURN))], axis=1)


def test_axis_of_runs_east_or_north_in_even_steps() -> None:
    axis = axis_of(BEND[::-1])
    assert axis[0] == pytest.approx(BEND[0])
    assert len(axis) % 2 == 1
    assert np.hypot(*np.diff(axis, axis=0).T) == pytest.approx(STEP_M, abs=0.01)
    north = axis_of(np.array([[5.0, 30.0], [5.0, 0.0]]))
    assert north[0].tolist() == [5.0, 0.0]
    assert sides_of(north)[0].tolist() == [1.0, 0.0]


def test_a_strip_shows_each_place_where_it_says() -> None:
    gsd, at = 0.5, (110, 34)
    image = np.random.default_rng(3).uniform(-0.1, 0.1, (3, 120, 200)).astype(np.float32)
    image[:, at[1] - 1 : at[1] + 2, at[0] - 1 : at[0] + 2] = 9.0
    axis = axis_of(BEND)
    where = pixels_of(np.array([[1 / gsd, 0, 0], [0, -1 / gsd, 0]]), axis, (5.0, 8.0))
    assert where.shape == (26, len(axis) - 1, 2)
    outside = {"borderMode": cv2.BORDER_CONSTANT, "borderValue": float("nan")}
    strip = strip_of(np.stack([cv2.remap(band, where, None, cv2.INTER_LINEAR, **outside) for band in image]), axis, 5.0)
    v, u = (place.mean() + 0.5 for place in np.nonzero(strip.image[0] > 4.99))
    place = strip.place(np.array([u * STEP_M]), np.array([v * STEP_M]))[0]
    assert place == pytest.approx(((at[0] + 0.5) * gsd, -(at[1] + 0.5) * gsd), abs=0.3)


def test_runs_back() -> None:
    assert not runs_back(BEND)
    assert runs_back(BEND[::-1])
    assert runs_back(np.array([[5.0, 30.0], [5.0, 0.0]]))
