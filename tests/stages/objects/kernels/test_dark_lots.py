"""Lots of one dark colour on pale ground: found as lattices of weak peaks, seen again in light of their own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import xarray as xr
from affine import Affine

from changedet.grid import Grid
from changedet.stages.objects import detector
from changedet.stages.objects.kernels import network, network_peaks
from changedet.stages.objects.kernels.dark_lots import RISEN_LOGIT, lots, own_light, rows, seen_again
from changedet.stages.objects.kernels.network_peaks import Peaks
from changedet.stages.objects.kernels.stretch import GAMMA, LIFT
from changedet.stages.objects.whole import detect_containers

PIXEL_M = 0.4
PITCH_M = (2.9, 6.8)
SAND, OLIVE, GAP = 0.9, 0.16, 0.1
"""Of the scene's range; gaps half a metre wide are hardly darker than the boxes."""


def lattice(rows: int, columns: int, logit: float = -2.0, pitch=PITCH_M) -> Peaks:
    """Peaks of 20-foot boxes that lie up and down."""
    x, y = np.meshgrid(20 + pitch[0] * np.arange(rows), 20 + pitch[1] * np.arange(columns))
    count = x.size
    boxes = np.column_stack([x.ravel(), y.ravel(), np.full(count, 6.06), np.full(count, 2.44), np.zeros(count)])
    return Peaks(boxes, np.full(count, logit), np.full(count, -2.0))


def scene(boxes, ground=SAND, level=OLIVE) -> np.ndarray:
    """A stretched picture of some boxes on even ground with grain."""
    fine, side = 4, 200
    picture = np.full((side * fine, side * fine), ground, np.float32)
    near = cv2.boxPoints(
        ((*boxes[:, :2].mean(axis=0),), tuple(np.ptp(boxes[:, :2], axis=0) + np.array([2.9, 6.5])), 0.0)
    )
    cv2.fillPoly(picture, [np.round(near / PIXEL_M * fine).astype(np.int32)], GAP)
    for x, y, length, width, _ in boxes:
        low = np.round(np.array([x - width / 2, y - length / 2]) / PIXEL_M * fine).astype(int)
        high = np.round(np.array([x + width / 2, y + length / 2]) / PIXEL_M * fine).astype(int)
        picture[low[1] : high[1], low[0] : high[0]] = level
    light = cv2.GaussianBlur(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), (0, 0), 0.6)
    grain = np.random.default_rng(3).normal(1, 0.02, (3, side, side))
    return ((light * grain).clip(0) + LIFT).astype(np.float32) ** np.float32(GAMMA)


def test_a_lattice_of_one_colour_is_a_lot():
    peaks = lattice(5, 4)
    assert [len(lot) for lot in lots(scene(peaks.boxes), PIXEL_M, peaks)] == [20]


@pytest.mark.parametrize(
    "peaks", [lattice(3, 3), lattice(12, 1), lattice(1, 12), lattice(5, 4, pitch=(4.6, 6.8)), lattice(5, 4, logit=2.0)]
)
def test_few_boxes_single_rows_wide_lanes_and_sure_ones_are_none(peaks):
    assert lots(scene(peaks.boxes), PIXEL_M, peaks) == []


def test_boxes_of_many_colours_are_no_lot():
    peaks = lattice(5, 4)
    picture = scene(peaks.boxes)
    for k, (x, y, length, width, _) in enumerate(peaks.boxes):
        rows = slice(int((y - length / 2) / PIXEL_M), int((y + length / 2) / PIXEL_M))
        picture[:, rows, int((x - width / 2) / PIXEL_M) : int((x + width / 2) / PIXEL_M)] = 0.25 + 0.15 * (k % 4)
    assert lots(picture, PIXEL_M, peaks) == []


def test_own_light_spreads_what_the_lot_shows():
    peaks = lattice(5, 4)
    picture = scene(peaks.boxes)
    colour = np.full(3, (OLIVE + LIFT) ** GAMMA)
    shown = own_light(picture, colour)
    assert shown is not None
    inside = (slice(None), slice(48, 100), slice(50, 76))
    assert shown[inside].std() > 4 * picture[inside].std()


def test_a_lot_as_bright_as_all_around_has_been_seen_in_its_own_light():
    assert own_light(np.full((3, 60, 60), 0.5, np.float32), np.full(3, 0.5)) is None


def test_a_dark_block_on_pale_ground_rises_and_what_is_none_does_not():
    peaks = lattice(5, 4)
    content = detector.model_bytes()
    picture = scene(peaks.boxes)
    mean, spread = picture.mean(axis=(1, 2)).tolist(), picture.std(axis=(1, 2)).tolist()
    before = network_peaks.decoded(network.seen(content, picture, mean, spread).maps, PIXEL_M, -4.0)
    near = np.hypot(*(before.boxes[:, None, :2] - peaks.boxes[None, :, :2]).transpose(2, 0, 1)).min(axis=1) < 1.3
    found, in_lot = seen_again(picture, PIXEL_M, before, content)
    assert in_lot.sum() >= 18
    assert np.median(found.logit[in_lot]) > max(RISEN_LOGIT, np.median(before.logit[near]) + 0.5)
    bare = scene(peaks.boxes, level=GAP)
    same, none = seen_again(bare, PIXEL_M, peaks, content)
    assert not none.any()
    assert np.array_equal(same.logit, peaks.logit)


def test_a_row_of_any_colours_is_one_from_six_boxes_on():
    assert [len(row) for row in rows(lattice(6, 1))] == [6]
    assert sorted(len(row) for row in rows(lattice(8, 2, pitch=(2.9, 14.0)))) == [8, 8]


@pytest.mark.parametrize(
    "peaks",
    [lattice(5, 1), lattice(1, 12), lattice(8, 1, pitch=(4.6, 6.8)), lattice(8, 1, logit=-2.5), lattice(0, 0)],
)
def test_few_boxes_boxes_end_to_end_wide_lanes_and_faint_ones_are_no_row(peaks):
    assert rows(peaks) == []


@pytest.mark.parametrize(("column", "step"), [(1, 1.5), (2, 1.4), (4, 0.2)])
def test_boxes_that_are_shifted_longer_or_turned_part_a_row(column, step):
    peaks = lattice(8, 1)
    peaks.boxes[4, column] += step
    assert rows(peaks) == []


def test_a_row_of_dark_colours_on_pale_ground_rises_in_its_places_alone():
    peaks = lattice(8, 1, logit=-1.0)
    content = detector.model_bytes()
    picture = scene(peaks.boxes)
    for k, (x, y, length, width, _) in enumerate(peaks.boxes):
        part = slice(int((y - length / 2) / PIXEL_M), int((y + length / 2) / PIXEL_M))
        across = slice(round((x - width / 2) / PIXEL_M), round((x + width / 2) / PIXEL_M))
        picture[k % 3, part, across] *= 1.2
    found, in_lot = seen_again(picture, PIXEL_M, peaks, content)
    assert in_lot.all()
    assert len(found.logit) == len(peaks.logit)
    assert (found.logit > RISEN_LOGIT).mean() >= 0.7
    same, none = seen_again(scene(peaks.boxes, level=GAP), PIXEL_M, peaks, content)
    assert not none.any()
    assert np.array_equal(same.logit, peaks.logit)


def test_a_dark_block_on_pale_ground_is_counted():
    light = scene(lattice(5, 4).boxes) ** (1 / GAMMA) - LIFT
    grid = Grid("EPSG:32633", Affine(PIXEL_M, 0, 500000, 0, -PIXEL_M, 5000000), light.shape[1:])
    image = xr.DataArray(
        light * 3000 + 300, dims=("band", "y", "x"), coords={**grid.coords(), "band": ["red", "green", "blue"]}
    )
    assert 18 <= (detect_containers(image)["kind"] != "other").sum() <= 22
