"""Tiers of stacks from their shadows: planted stacks, wagons, blocked shadows, any sun, simulated yards."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from changedet.simulate.command import render
from changedet.simulate.kinds import make_world
from changedet.stages.objects.kernels import rectangles, stack_height
from changedet.stages.objects.kernels.network import stretched
from changedet.stages.objects.kernels.stretch import stretch_limits

BOXES = np.array([[25.0, 25.0, 12.19, 2.44, 0.3], [60.0, 25.0, 6.06, 2.44, 1.2], [30.0, 60.0, 12.19, 2.44, 2.5]])


GSD_M = 0.4


def shaded(boxes: np.ndarray, heights_m: np.ndarray, reach: np.ndarray, size_m: float = 90.0) -> np.ndarray:
    """Bright ground, dark shadows of roofs at these heights, grey roofs; averaged from 0.1 m."""
    n = round(size_m / 0.1)
    fine = np.full((n, n), 0.8, np.float32)
    for box, height in zip(boxes, heights_m, strict=True):
        for step in np.linspace(0, 1, 80):
            points = rectangles.corners(box[None])[0] + step * height * reach
            cv2.fillPoly(fine, [np.round(points / 0.1 * 16 - 8).astype(np.int32)], 0.15, shift=4)
    for box in boxes:
        points = rectangles.corners(box[None])[0]
        cv2.fillPoly(fine, [np.round(points / 0.1 * 16 - 8).astype(np.int32)], 0.5, shift=4)
    size = round(size_m / GSD_M)
    return cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("azimuth", [20.0, 110.0, 200.0, 315.0])
@pytest.mark.parametrize("elevation", [25.0, 45.0])
def test_tiers_of_planted_stacks(azimuth: float, elevation: float) -> None:
    reach = stack_height.reach_per_metre(azimuth, elevation, 60.0, 8.0)
    levels = np.array([1, 3, 2])
    found = stack_height.tiers(shaded(BOXES, levels * 2.59, reach), BOXES, GSD_M, GSD_M, reach)
    assert set(found.tolist()) - {0}
    assert all(f in (0, level) for f, level in zip(found, levels, strict=True))
    assert (found > 0).sum() >= 2


def test_tiers_of_many_boxes_are_those_of_each() -> None:
    reach = stack_height.reach_per_metre(110.0, 45.0, 60.0, 8.0)
    image = shaded(BOXES, np.array([1, 3, 2]) * 2.59, reach)
    one = stack_height.tiers(image, BOXES[:1], GSD_M, GSD_M, reach)
    many = stack_height.tiers(image, np.repeat(BOXES[:1], 3000, axis=0), GSD_M, GSD_M, reach)
    assert len(many) == 3000
    assert one[0] in (0, 1)


def test_tiers_are_null_where_the_sun_is_so_low_that_a_shadow_leaves_the_picture() -> None:
    reach = stack_height.reach_per_metre(180.0, 0.001, 0.0, 0.0)
    image = np.full((200, 200), 0.8, np.float32)
    assert (stack_height.tiers(image, BOXES, GSD_M, GSD_M, reach) == 0).all()
    reach = stack_height.reach_per_metre(180.0, 0.3, 0.0, 0.0)
    assert (stack_height.tiers(np.full((4, 3000), 0.8, np.float32), BOXES, GSD_M, GSD_M, reach) == 0).all()


def test_tiers_of_a_box_on_a_wagon_are_null() -> None:
    reach = stack_height.reach_per_metre(135.0, 35.0, 0.0, 0.0)
    assert (stack_height.tiers(shaded(BOXES, np.full(3, 3.74), reach), BOXES, GSD_M, GSD_M, reach) == 0).all()


def test_tiers_are_null_where_a_shadow_falls_on_another_box() -> None:
    reach = stack_height.reach_per_metre(180.0, 30.0, 0.0, 0.0)
    pair = np.array([[30.0, 40.0, 12.19, 2.44, np.pi / 2], [30.0, 36.0, 12.19, 2.44, np.pi / 2]])
    found = stack_height.tiers(shaded(pair, np.array([5.18, 2.59]), reach), pair, GSD_M, GSD_M, reach)
    assert found.tolist() == [0, 1]


def test_tiers_with_high_sun_coarse_pixels_no_data_and_no_boxes() -> None:
    steep = stack_height.reach_per_metre(135.0, 80.0, 0.0, 0.0)
    image = shaded(BOXES, np.full(3, 2.59), steep)
    assert (stack_height.tiers(image, BOXES, GSD_M, GSD_M, steep) == 0).all()
    low = stack_height.reach_per_metre(135.0, 35.0, 0.0, 0.0)
    image = shaded(BOXES, np.full(3, 2.59), low)
    assert (stack_height.tiers(image, BOXES, GSD_M, 2.0, low) == 0).all()
    assert (stack_height.tiers(np.full_like(image, np.nan), BOXES, GSD_M, GSD_M, low) == 0).all()
    assert len(stack_height.tiers(image, np.empty((0, 5)), GSD_M, GSD_M, low)) == 0


def test_tiers_on_simulated_yards() -> None:
    """Of the stacks that are told, more than 9 in 10 are right; the boxes' places are given."""
    told = right = 0
    for seed, kind in ((820, "growth"), (821, "dense"), (822, "quiet")):
        world = make_world(kind, 2, seed, 0.5, 180.0, ("red", "green", "blue"), "uint16")
        look, image = world.looks[1], render(world, 1).image.astype(np.float32)
        low, high = stretch_limits(image[None])
        bright = np.ascontiguousarray(stretched(image, low, high).mean(axis=0))
        reach = stack_height.reach_per_metre(
            look.sun_azimuth_deg, look.sun_elevation_deg, look.view_azimuth_deg, look.off_nadir_deg
        )
        a, b, c, d, e, f = look.to_ground
        back = np.linalg.inv(np.array([[a, b], [d, e]])).T * look.gsd_m
        boxes, levels = [], []
        for stack in world.stacks(1).values():
            slot = world.slots[stack[-1].slot]
            top = world.box_outline(stack[-1]) + (slot.base_m + 2.59 * len(stack)) * look.lean
            points = (top - [c, f]) @ back
            along = points[1] - points[0]
            size = float(np.hypot(*along)), float(np.hypot(*(points[3] - points[0])))
            boxes.append([*points.mean(axis=0), *size, np.arctan2(along[0], -along[1]) % np.pi])
            levels.append(len(stack) if slot.base_m == 0 else -1)
        found = stack_height.tiers(bright, np.array(boxes), 0.5, 0.5, reach)
        told += int((found > 0).sum())
        right += int(((found > 0) & (found == np.array(levels))).sum())
    assert told >= 10
    assert right / told > 0.9
