"""Whether a scene's boxes are slopes of tents: boxes in twos, the light on them, what they lose."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.objects.kernels import slope_pairs
from changedet.stages.objects.kernels.slope_pairs import AGREE, ALONE_TAKEN, DIRECTIONS, LEAST_ODDS, TAKEN

LEFT, RIGHT = 0.3, 0.7


def camp(count: int, apart_m: float = 2.0) -> np.ndarray:
    """So many tents in a row along x, each two boxes whose long sides run up."""
    x = np.arange(count) * 8.0
    both = np.stack([x - apart_m / 2, x + apart_m / 2], axis=1).ravel()
    row = np.ones_like(both)
    return np.column_stack([both, 20.0 * row, 5.8 * row, 2.4 * row, 0.0 * row])


def lit(count: int, *, alike: bool) -> np.ndarray:
    """The right one of each two is brighter, or each second one."""
    bright = np.tile([LEFT, RIGHT], count).reshape(count, 2)
    return (bright if alike else np.where(np.arange(count)[:, None] % 2, bright, bright[:, ::-1])).ravel()


def test_slopes_are_boxes_in_twos_from_dark_to_bright() -> None:
    boxes = camp(3)
    found = slope_pairs.slopes(boxes, np.full(6, 0.9), lit(3, alike=False))
    assert found.dark.tolist() == [1, 2, 5]
    assert found.bright.tolist() == [0, 3, 4]
    np.testing.assert_allclose(found.across, [[-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]], atol=1e-12)
    np.testing.assert_allclose(found.apart_m, 2.0)
    assert not found.alone.any()


def test_a_third_box_beside_a_shift_or_no_confidence_makes_none() -> None:
    third = np.concatenate([camp(1), camp(1)[:1] + np.array([4.6, 0.0, 0.0, 0.0, 0.0])])
    assert not len(slope_pairs.slopes(third, np.full(3, 0.9), np.array([LEFT, RIGHT, LEFT])).dark)
    shifted = camp(1) + np.array([[0.0] * 5, [0.0, 1.6, 0.0, 0.0, 0.0]])
    assert not len(slope_pairs.slopes(shifted, np.full(2, 0.9), lit(1, alike=True)).dark)
    found = slope_pairs.slopes(camp(1), np.array([0.9, 0.1]), lit(1, alike=True))
    assert not len(found.dark)
    assert found.alone.all()
    assert not len(slope_pairs.slopes(np.zeros((0, 5)), np.zeros(0), np.zeros(0)).dark)


def test_odds_are_of_the_direction_that_suits_most() -> None:
    agree, odds = slope_pairs.lit_alike(np.array([[1.0, 0.0]] * 3 + [[-1.0, 0.0]]))
    assert agree.tolist() == [True, True, True, False]
    assert odds == pytest.approx(3 * np.log(AGREE / 0.5) + np.log((1 - AGREE) / 0.5) - np.log(DIRECTIONS))
    assert slope_pairs.lit_alike(np.zeros((0, 2)))[1] == -np.inf


def test_tents_and_lone_slopes_among_them_lose_and_nothing_else_does() -> None:
    count = 12
    alone = [[4.0, 60.0, 5.6, 2.4, 0.0], [30.0, 60.0, 12.2, 2.4, 0.0]]
    boxes = np.concatenate([camp(count), alone])
    inside = np.concatenate([lit(count, alike=True), [0.5, 0.5]])
    confidence, container = np.full(len(boxes), 0.5), np.ones(len(boxes), bool)
    container[0] = False
    after = slope_pairs.doubted(boxes, confidence, inside, container)
    slope, lone = 1 / (1 + np.exp(TAKEN)), 1 / (1 + np.exp(ALONE_TAKEN))
    np.testing.assert_allclose(after, [0.5, *[slope] * (2 * count - 1), lone, 0.5])


def test_shade_loses_and_the_containers_that_cast_it_do_not() -> None:
    boxes = np.concatenate([camp(12, apart_m=2.5), [[4.0, 60.0, 5.6, 2.4, 0.0]]])
    confidence = np.full(len(boxes), 0.5)
    after = slope_pairs.doubted(boxes, confidence, np.append(lit(12, alike=True), 0.5), np.ones(len(boxes), bool))
    np.testing.assert_allclose(after, [*[1 / (1 + np.exp(TAKEN)), 0.5] * 12, 0.5])


def test_containers_of_any_colours_few_pairs_and_pairs_among_many_boxes_stay() -> None:
    for boxes, inside in ((camp(12), lit(12, alike=False)), (camp(8), lit(8, alike=True))):
        confidence = np.full(len(boxes), 0.5)
        kept = slope_pairs.doubted(boxes, confidence, inside, np.ones(len(boxes), bool))
        np.testing.assert_array_equal(kept, confidence)
    rows = np.array([[x, y, 12.2, 2.4, 0.0] for x in np.arange(20) * 2.7 for y in (60.0, 80.0, 100.0)])
    boxes, inside = np.concatenate([camp(12), rows]), np.concatenate([lit(12, alike=True), np.full(len(rows), 0.5)])
    confidence = np.full(len(boxes), 0.5)
    assert slope_pairs.lit_alike(slope_pairs.slopes(boxes, confidence, inside).across)[1] > LEAST_ODDS
    kept = slope_pairs.doubted(boxes, confidence, inside, np.ones(len(boxes), bool))
    np.testing.assert_array_equal(kept, confidence)
