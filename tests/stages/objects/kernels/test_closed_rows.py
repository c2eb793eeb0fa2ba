"""Lock-ups told from containers side by side: by what lies between them, place by place."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.objects.kernels import closed_rows
from changedet.stages.objects.kernels.closed_rows import LEAST_PAIRS, TAKEN, TOGETHER_M, contrasts

PIXEL_M = 0.4
DOUBTED = 1 / (1 + np.exp(TAKEN))


def row(count: int = LEAST_PAIRS + 1, pitch_m: float = 3.0, y: float = 12.0, angle: float = 0.0) -> np.ndarray:
    """Boxes of 20 feet side by side, whose row runs right for an angle of 0."""
    step = (np.arange(count) - (count - 1) / 2) * pitch_m
    ones = np.ones(count)
    return np.column_stack(
        [14.0 + step * np.cos(angle), y + step * np.sin(angle), 6.06 * ones, 2.44 * ones, angle * ones]
    )


def drawn(boxes: np.ndarray, tones: np.ndarray, ground: float) -> np.ndarray:
    """Roofs of some tones as wide as the boxes say, upright, on even ground, 28 m a side."""
    fine = 0.05
    image = np.full((560, 560), ground)
    for (x, y, length, width, _), tone in zip(boxes, tones, strict=True):
        rows, columns = (
            slice(round((c - s / 2) / fine), round((c + s / 2) / fine)) for c, s in ((y, length), (x, width))
        )
        image[rows, columns] = tone
    return image.reshape(70, 8, 70, 8).mean(axis=(1, 3)).astype(np.float32)


def after(boxes: np.ndarray, gaps: np.ndarray, container: bool = True) -> np.ndarray:
    """Confidence of boxes that had .9 each."""
    return closed_rows.doubted(boxes, np.full(len(boxes), 0.9), gaps, np.full(len(boxes), container))


def between(boxes: np.ndarray, seen: float) -> np.ndarray:
    """The same contrast on both sides of all."""
    return np.full((len(boxes), 2), seen)


@pytest.mark.parametrize(("ground", "dark"), [(0.1, True), (0.9, False)])
def test_ground_darker_or_brighter_than_both_roofs_is_a_gap(ground: float, dark: bool) -> None:
    boxes, tones = row(3), np.array([0.3, 0.5, 0.4])
    found = contrasts(drawn(boxes, tones, ground), boxes, np.ones(3), PIXEL_M)
    # .56 m of ground in a pixel of .4 m: the middle of the gap is all ground, on a place or beside it.
    least, most = ((0.3 - ground) / 0.5, (0.4 - ground) / 0.4) if dark else (0.5 * (0.9 - 0.5) / 0.5, (0.9 - 0.4) / 0.4)
    assert np.isnan(found[0, 0])
    assert np.isnan(found[2, 1])
    assert (found[[0, 1, 1, 2], [1, 0, 1, 0]] >= 0.6 * least).all()
    assert (found[[0, 1, 1, 2], [1, 0, 1, 0]] <= most + 1e-6).all()


def test_roofs_that_touch_have_none_whatever_their_tones() -> None:
    boxes, tones = row(5), np.array([0.3, 0.5, 0.4, 0.4, 0.2])
    wide = boxes.copy()
    wide[:, 3] = 3.0
    found = contrasts(drawn(wide, tones, 0.05), boxes, np.ones(5), PIXEL_M)
    np.testing.assert_allclose(found[1:-1], 0.0, atol=1e-6)


def test_unlisted_ends_and_boxes_that_lie_otherwise_are_no_neighbours() -> None:
    picture = np.full((70, 70), 0.5, np.float32)
    boxes = row(2)
    assert np.isnan(contrasts(picture, boxes, np.array([1.0, 0.05]), PIXEL_M)).all()
    for changed in ([0, 2.0, 0, 0, 0], [0, 0, 6.1, 0, 0], [0, 0, 0, 0, 0.3], [1.0, 0, 0, 0, 0]):
        other = boxes + np.array([[0, 0, 0, 0, 0], changed])
        assert np.isnan(contrasts(picture, other, np.ones(2), PIXEL_M)).all()


@pytest.mark.parametrize("angle", [0.0, 0.7, 2.0])
def test_a_row_without_gaps_is_doubted_and_one_with_gaps_stays(angle: float) -> None:
    boxes = row(angle=angle)
    np.testing.assert_allclose(after(boxes, between(boxes, 0.0)), DOUBTED * 9 / (1 + 8 * DOUBTED), rtol=1e-6)
    np.testing.assert_array_equal(after(boxes, between(boxes, 0.1)), 0.9)


def test_a_third_of_the_neighbours_may_show_a_gap() -> None:
    boxes = row(10)
    for shown, doubted in ((3, True), (4, False)):
        gaps = between(boxes, 0.0)
        # neighbours share a gap: the right of each is the left of the next
        gaps[:shown, 1] = 0.2
        assert ((after(boxes, gaps) < 0.5) == doubted).all()


def test_boxes_as_near_as_containers_too_few_or_of_another_kind_stay() -> None:
    for boxes in (row(pitch_m=2.7), row(LEAST_PAIRS)):
        np.testing.assert_array_equal(after(boxes, between(boxes, 0.0)), 0.9)
    boxes = row()
    np.testing.assert_array_equal(after(boxes, between(boxes, 0.0), container=False), 0.9)
    np.testing.assert_array_equal(after(boxes, between(boxes, np.nan)), 0.9)


def test_boxes_longer_than_a_lock_up_stay() -> None:
    boxes = row()
    boxes[:, 2] = 12.2
    np.testing.assert_array_equal(after(boxes, between(boxes, 0.0)), 0.9)


def test_short_rows_that_face_each_other_are_one_place() -> None:
    for apart_m, doubted in ((TOGETHER_M - 2, True), (TOGETHER_M + 10, False)):
        boxes = np.concatenate([row(5), row(5, y=12.0 + apart_m)])
        assert ((after(boxes, between(boxes, 0.0)) < 0.5) == doubted).all()


def test_what_stands_by_itself_beside_lock_ups_stays() -> None:
    boxes = np.concatenate([row(8), row(1, y=22.0)])
    np.testing.assert_array_equal(after(boxes, between(boxes, 0.0)) < 0.5, [True] * 8 + [False])


def test_no_box_is_no_row() -> None:
    assert after(np.empty((0, 5)), np.empty((0, 2))).shape == (0,)
    assert contrasts(np.ones((4, 4), np.float32), np.empty((0, 5)), np.empty(0), PIXEL_M).shape == (0, 2)
