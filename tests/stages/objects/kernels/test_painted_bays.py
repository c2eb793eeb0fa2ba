"""Bays painted on the ground are no boxes; boxes whose roofs are as bright as the ground are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from changedet.stages.objects.kernels.painted_bays import painted_bays
from changedet.stages.objects.kernels.stretch import GAMMA

FINE_M = 0.1
GROUND = np.array([0.30, 0.32, 0.28])
BOX = np.array([[20.0, 20.0, 12.2, 2.44, 0.0]])


def picture(draw, pixel_m: float, angle_deg: float = 0.0) -> np.ndarray:
    """Ground of 40 m with what `draw` puts at metres (across, along) from its middle, as the network is shown it."""
    x, y = np.meshgrid((np.arange(400) + 0.5) * FINE_M - 20.0, (np.arange(400) + 0.5) * FINE_M - 20.0)
    turn = np.deg2rad(angle_deg)
    across, along = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    light = np.repeat(GROUND[:, None, None], 400, 1).repeat(400, 2)
    draw(light, across, along)
    light = np.stack([gaussian_filter(band, 0.7 * pixel_m / 2 / FINE_M) for band in light])
    step = round(pixel_m / FINE_M)
    return (light.reshape(3, 400 // step, step, 400 // step, step).mean((2, 4)) ** GAMMA).astype(np.float32)


def bays(light, across, along, width: float = 3.5, brightness: float = 0.7) -> None:
    offset = (across + width) % width - width / 2
    lines = (np.abs(offset) < 0.15) & (np.abs(along) < 7.0)
    light[:, lines] = brightness


def box(light, across, along, roof=GROUND, shade: float = 0.1) -> None:
    light[:, (np.abs(along) < 6.1) & (across > 1.22) & (across < 3.5)] = shade
    light[:, (np.abs(along) < 6.1) & (np.abs(across) < 1.22)] = np.asarray(roof)[:, None]


@pytest.mark.parametrize("pixel_m", [0.4, 0.5])
@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 100.0])
def test_a_bay_between_lines_is_one(pixel_m, angle_deg):
    at = BOX.copy()
    at[0, 4] = np.deg2rad(angle_deg)
    assert painted_bays(picture(bays, pixel_m, angle_deg), at, pixel_m).tolist() == [True]


@pytest.mark.parametrize("aside_m", [-0.4, 0.4])
def test_a_bay_is_one_where_the_box_lies_aside(aside_m):
    at = BOX.copy()
    at[0, 0] += aside_m
    assert painted_bays(picture(bays, 0.5), at, 0.5).tolist() == [True]


def test_a_box_as_bright_as_the_ground_is_none():
    assert painted_bays(picture(box, 0.5), BOX, 0.5).tolist() == [False]


def test_a_box_that_stands_in_a_bay_is_none():
    def parked(light, across, along):
        bays(light, across, along)
        box(light, across, along, roof=(0.5, 0.2, 0.15), shade=0.2)

    assert painted_bays(picture(parked, 0.5), BOX, 0.5).tolist() == [False]


def test_dark_boxes_side_by_side_on_pale_ground_are_none():
    """The ground between them is brighter than both neighbours, as a line is."""

    def row(light, across, along):
        roofs = (np.abs((across + 1.45) % 2.9 - 1.45) < 1.22) & (np.abs(across) < 11.6) & (np.abs(along) < 6.1)
        light[:, roofs] = np.array([0.1, 0.15, 0.25])[:, None]

    assert painted_bays(picture(row, 0.5), BOX, 0.5).tolist() == [False]


def test_bare_ground_and_one_line_are_none():
    def line(light, across, along):
        light[:, (np.abs(across - 1.75) < 0.15) & (np.abs(along) < 7.0)] = 0.7

    assert painted_bays(picture(lambda *_: None, 0.5), BOX, 0.5).tolist() == [False]
    assert painted_bays(picture(line, 0.5), BOX, 0.5).tolist() == [False]


def test_no_box_is_asked_for():
    assert painted_bays(picture(bays, 0.5), np.empty((0, 5)), 0.5).shape == (0,)
