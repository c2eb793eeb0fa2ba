"""Slopes of gabled roofs told from two containers: by their lie, by the sun, by what stands around."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.objects.kernels import gabled_roofs
from changedet.stages.objects.kernels.gabled_roofs import GARDEN_M, TAKEN, step_of_pitch

SHADE = np.array([-0.6, -0.6])
"""The sun stands in the southeast: right and down in the picture."""
LIT, UNLIT = (150, 100, 90), (122, 80, 78)
"""Of a red roof: the slope that the sky alone lights much of is bluer."""
DOUBTED = 1 / (1 + np.exp(TAKEN))


def shed(x: float = 20.0, apart_m: float = 2.6, shift_m: float = 0.0) -> np.ndarray:
    """Both slopes of a shed, the right one first, whose ridge runs up."""
    return np.array([[x + apart_m, 20.0 + shift_m, 12.2, 2.4, 0.0], [x, 20.0, 12.3, 2.4, 0.0]])


def after(boxes: np.ndarray, colours: list[tuple[int, int, int]], shade: np.ndarray = SHADE) -> np.ndarray:
    """Confidence of boxes that had .5 each."""
    half, container = np.full(len(boxes), 0.5), np.ones(len(boxes), bool)
    return gabled_roofs.doubted(boxes, half, np.array(colours, float), container, shade)[0]


def test_both_slopes_of_a_shed_are_doubted() -> None:
    np.testing.assert_allclose(after(shed(), [LIT, UNLIT]), DOUBTED)


@pytest.mark.parametrize(
    ("right", "left"),
    [
        (UNLIT, LIT),
        (LIT, LIT),
        ((122, 124, 126), (60, 60, 60)),
        ((60, 90, 150), (122, 80, 78)),
        ((255, 250, 240), (60, 58, 60)),
        ((150, 100, 90), (112, 76, 62)),
    ],
    ids=["dark towards the sun", "one paint", "two greys", "blue and red", "white and black", "no bluer"],
)
def test_two_containers_stay(right: tuple[int, int, int], left: tuple[int, int, int]) -> None:
    np.testing.assert_array_equal(after(shed(), [right, left]), 0.5)


def test_a_sun_along_the_ridge_or_a_pair_that_lies_otherwise_tells_nothing() -> None:
    np.testing.assert_array_equal(after(shed(), [LIT, UNLIT], np.array([0.0, -0.8])), 0.5)
    np.testing.assert_array_equal(after(shed(apart_m=3.4), [LIT, UNLIT]), 0.5)
    np.testing.assert_array_equal(after(shed(shift_m=0.9), [LIT, UNLIT]), 0.5)
    np.testing.assert_array_equal(gabled_roofs.doubted(*_nothing(), SHADE)[0], np.zeros(0))


def test_grey_pictures_say_nothing_of_hues() -> None:
    np.testing.assert_array_equal(after(shed(), [(150, 150, 150), (122, 122, 122)]), 0.5)


def test_a_third_container_in_the_row_or_a_yard_around_keeps_both() -> None:
    third = np.vstack([shed(), [25.2, 20.0, 12.2, 2.4, 0.0]])
    np.testing.assert_array_equal(after(third, [LIT, UNLIT, (90, 120, 90)]), 0.5)
    row = [[x, 34.0, 12.2, 2.4, 0.0] for x in np.arange(3) * 2.6 + 16.0]
    paints = [(90, 120, 90), (60, 90, 150), (200, 200, 200)]
    np.testing.assert_array_equal(after(np.vstack([shed(), row]), [LIT, UNLIT, *paints]), 0.5)
    np.testing.assert_allclose(after(np.vstack([shed(), row[:2]]), [LIT, UNLIT, *paints[:2]])[:2], DOUBTED)


def test_the_shade_that_a_roof_casts_goes_with_it() -> None:
    shaded = np.vstack([shed(), [17.4, 20.0, 12.2, 2.4, 0.0]])
    np.testing.assert_allclose(after(shaded, [LIT, UNLIT, (86, 92, 108)]), DOUBTED)


def test_in_low_sun_slopes_of_a_house_differ_less_and_in_other_hues() -> None:
    low, redder = SHADE * 8, (165, 96, 96)
    np.testing.assert_allclose(after(shed(), [(163, 135, 118), (106, 90, 84)], low), DOUBTED)
    np.testing.assert_allclose(after(shed(), [redder, (97, 66, 82)], low), DOUBTED)
    np.testing.assert_array_equal(after(shed(), [LIT, (146, 97, 88)], low), 0.5)


def house(apart_m: float = 2.1) -> np.ndarray:
    """Both slopes of a shed and, towards the sun, one more box on the slope and its wall."""
    right = 22.6 + apart_m * np.array([1.0, 2.0])
    return np.vstack([shed(), [[x, 20.1, 12.1, 2.4, 0.0] for x in right]])


WALL = (235, 230, 225)


def test_two_boxes_on_one_slope_and_its_wall_go_with_a_roof() -> None:
    np.testing.assert_allclose(after(house(), [LIT, UNLIT, LIT, WALL]), DOUBTED)
    np.testing.assert_allclose(after(house()[:3], [LIT, UNLIT, WALL]), DOUBTED)


@pytest.mark.parametrize(
    ("beside", "apart_m"),
    [((LIT, WALL), 2.6), ((UNLIT, WALL), 2.1), ((LIT, LIT), 2.1), ((WALL, WALL), 2.1), (((90, 120, 90), WALL), 2.1)],
    ids=["as far as containers", "darker", "three on a slope", "two walls", "of another paint"],
)
def test_other_boxes_beside_a_slope_keep_all(beside: tuple[tuple[int, int, int], ...], apart_m: float) -> None:
    np.testing.assert_array_equal(after(house(apart_m), [LIT, UNLIT, *beside]), 0.5)


def test_a_shorter_box_on_the_slope_is_none_of_its_roof() -> None:
    boxes = house()[:3]
    boxes[2, 2] = 6.1
    np.testing.assert_array_equal(after(boxes, [LIT, UNLIT, LIT]), 0.5)


def test_a_darker_slope_that_is_hardly_detected_tells_unless_it_is_as_dark_as_shade() -> None:
    boxes, container = shed(), np.ones(2, bool)
    unsure = np.array([0.5, 0.02])
    for dark, told in ((UNLIT, True), ((48, 32, 34), False)):
        found = gabled_roofs.roofs(boxes, unsure, np.array([LIT, dark], float), SHADE * 3)
        assert (len(found.bright) == 1) == told
    assert gabled_roofs.doubted(boxes, unsure, np.array([LIT, UNLIT], float), container, SHADE)[0][0] < 0.1
    assert not len(gabled_roofs.roofs(boxes, np.full(2, 0.05), np.array([LIT, UNLIT], float), SHADE).dark)


def test_what_stands_beside_a_roof_is_among_houses() -> None:
    beside = [[21.3, 20.0 + down, 6.1, 2.4, 1.5] for down in (GARDEN_M - 1.0, GARDEN_M + 1.0)]
    boxes, paints = np.vstack([shed(), beside]), np.array([LIT, UNLIT, (60, 90, 150), (60, 90, 150)], float)
    sure, container = np.full(4, 0.5), np.ones(4, bool)
    after_all, among = gabled_roofs.doubted(boxes, sure, paints, container, SHADE)
    assert among.tolist() == [True, True, True, False]
    np.testing.assert_array_equal(after_all[2:], 0.5)
    assert not gabled_roofs.doubted(boxes, sure, paints[[1, 0, 2, 3]], container, SHADE)[1].any()


def test_sheds_beside_each_other_are_no_company() -> None:
    many = np.vstack([shed(20.0 + 7.0 * k) for k in range(5)])
    np.testing.assert_allclose(after(many, [LIT, UNLIT] * 5), DOUBTED)


def test_steps_grow_with_the_pitch_and_a_low_sun() -> None:
    side = np.array([-0.5, 0.0, 0.3, 1.0])
    flat, steep = step_of_pitch(side, 0.3), step_of_pitch(side, 0.6)
    np.testing.assert_array_equal(flat[:2], 0.0)
    assert (np.diff(flat[1:]) > 0).all()
    assert (steep[2:] > flat[2:]).all()


def _nothing() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return np.zeros((0, 5)), np.zeros(0), np.zeros((0, 3)), np.zeros(0, bool)
