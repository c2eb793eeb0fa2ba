"""What a box's place says: means of maps within the box, bounded, of containers that are not out of the question."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.hall_pictures import STEP_M
from changedet.stages.objects.kernels import box_places
from changedet.stages.objects.kernels.box_looks import Weights
from changedet.stages.objects.kernels.box_places import BESIDE_ENOUGH, MOST_ODDS

STEPS_PX = (8, 16)
BOX = np.array([[60.0, 30.0, 12.2, 2.44, np.pi / 2]])
"""Along the columns."""


def sloped() -> tuple[np.ndarray, ...]:
    """Two maps that say how far right and how far down they lie, metres."""
    maps = []
    for step in STEPS_PX:
        down, right = (np.arange(size // step) * step * STEP_M + step * STEP_M / 2 for size in (80, 160))
        maps.append(np.stack(np.meshgrid(right, down), axis=0).astype(np.float32))
    return tuple(maps)


@pytest.mark.parametrize("angle", [0.0, 0.7, np.pi / 2])
def test_features_are_means_within_the_box(angle: float) -> None:
    boxes = np.repeat(BOX, 2, axis=0)
    boxes[1, :2] += (10.0, -5.0)
    boxes[:, 4] = angle
    found = box_places.features(sloped(), STEPS_PX, boxes)
    np.testing.assert_allclose(found, np.tile(boxes[:, :2], 2), rtol=1e-4)
    assert box_places.features(sloped(), STEPS_PX, np.empty((0, 5))).shape == (0, 4)


def test_features_follow_the_box_along_its_length() -> None:
    drawn = np.zeros((1, 40, 80), np.float32)
    drawn[0, :, 44:] = 1.0
    half = np.repeat(BOX, 2, axis=0)
    half[:, 0] = 44 * 2 * STEP_M - 1.5
    half[1, 4] = 0.0
    along, across = box_places.features((drawn,), (2,), half)[:, 0]
    assert 0.2 < along < 0.5
    assert across < 0.2


def test_features_beyond_the_picture_are_those_of_its_edge() -> None:
    found = box_places.features(sloped(), STEPS_PX, np.array([[130.0, 70.0, 6.1, 2.44, 0.0]]))
    assert np.isfinite(found).all()


def test_log_odds_are_bounded() -> None:
    weights = Weights(np.zeros(4, np.float32), np.ones(4, np.float32), np.array([1, 0, 0, 0], np.float32), -59.0)
    assert box_places.log_odds(sloped(), STEPS_PX, BOX, weights) == pytest.approx([1.0], abs=1e-2)
    for offset, bound in ((-90.0, -MOST_ODDS), (0.0, MOST_ODDS)):
        assert box_places.log_odds(sloped(), STEPS_PX, BOX, weights._replace(offset=offset)).tolist() == [bound]


def test_placed_leaves_others_and_what_is_out_of_the_question_alone() -> None:
    confidence = np.array([0.97, 0.5, 0.5, 0.1, 0.5])
    odds = np.array([-1.0, 0.5, 0.5, 2.0, np.nan])
    after = box_places.placed(confidence, odds, np.zeros(5), np.array([True, True, False, True, True]))
    assert after[2:].tolist() == confidence[2:].tolist()
    moved = np.log(after / (1 - after)) - np.log(confidence / (1 - confidence))
    assert moved[:2].tolist() == pytest.approx([-1.0, 0.5])


def test_weighed_says_less_of_boxes_side_by_side() -> None:
    odds = box_places.weighed(
        np.array([-1.0, -1.0, -1.0, 0.5, 0.5, np.nan]), np.array([0.0, 0.75, 4.8, 4.0, 0.5, 2.0]) * BESIDE_ENOUGH
    )
    assert odds[:5].tolist() == [-1.0, -0.25, 0.0, 0.0, 0.25]
    assert np.isnan(odds[5])


def test_means_between_pixels_are_those_of_single_precision_in_order() -> None:
    rng = np.random.default_rng(5)
    drawn = rng.normal(size=(3, 7, 9)).astype(np.float32)
    row, column = rng.uniform(-1, 8, (4, 5)), rng.uniform(-1, 10, (4, 5))
    expected = np.zeros((4, 3), np.float32)
    for k in range(5):
        y, x = np.clip(row[:, k], 0, 6), np.clip(column[:, k], 0, 8)
        top, left = y.astype(int), x.astype(int)
        v, h = ((at - first).astype(np.float32) for at, first in ((y, top), (x, left)))
        upper, lower = (
            drawn[:, at, left] * (1 - h) + drawn[:, at, np.minimum(left + 1, 8)] * h
            for at in (top, np.minimum(top + 1, 6))
        )
        expected += (upper * (1 - v) + lower * v).T
    np.testing.assert_array_equal(box_places.between(drawn, row, column), expected / np.float32(5))
