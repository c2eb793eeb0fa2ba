"""Floor between boxes has the ground's colours, in light and in shade; roofs have their own."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.models.loader import released_trees
from changedet.stages.objects import second_look
from changedet.stages.objects.kernels import ground_colours
from changedet.stages.objects.kernels.ground_colours import NAMES

PIXEL_M = 0.5
GROUND, SHADE, ROOF = np.array([0.40, 0.42, 0.38]), 0.25, np.array([0.55, 0.25, 0.15])
ROWS = np.array([[10.0, 20.0, 12.2, 2.44, 0.0], [15.2, 20.0, 12.2, 2.44, 0.0]])
BETWEEN = np.array([[12.6, 20.0, 12.2, 2.44, 0.0]])
BOXES = np.concatenate([ROWS, BETWEEN])
CONFIDENCE = np.array([0.97, 0.96, 0.6])
DOUBTED = np.array([False, False, True])


def picture(between: np.ndarray) -> np.ndarray:
    """Two roofs on lit ground with a shade beside each, and something between them."""
    light = np.repeat(GROUND[:, None, None], 80, 1).repeat(80, 2)
    light[:, 28:52, 33:38] *= SHADE
    for x, _, _, width, _ in ROWS:
        columns = slice(round((x - width / 2) / PIXEL_M), round((x + width / 2) / PIXEL_M))
        light[:, 28:52, columns] = ROOF[:, None, None]
    light[:, 28:52, 23:28] = np.asarray(between)[:, None, None]
    return light.astype(np.float32)


def feature(name: str, between: np.ndarray) -> float:
    table = ground_colours.features(picture(between), BOXES, CONFIDENCE, DOUBTED, PIXEL_M)
    assert table.shape == (1, len(NAMES))
    return float(table[0, NAMES.index(name)])


def test_ground_is_parted_into_light_and_shade() -> None:
    ground = ground_colours.ground_colours(picture(SHADE * GROUND), BOXES, CONFIDENCE, PIXEL_M)
    assert ground.lit == pytest.approx(GROUND)
    assert ground.shaded == pytest.approx(SHADE * GROUND)
    assert 0.0 < ground.shade_share < 0.3


@pytest.mark.parametrize(("between", "name"), [(GROUND, "to_light"), (SHADE * GROUND, "to_shade")])
def test_floor_is_of_the_grounds_colour(between: np.ndarray, name: str) -> None:
    assert feature(name, between) == pytest.approx(0.0, abs=1e-5)
    assert feature("off_line", between) == pytest.approx(0.0, abs=1e-5)
    assert feature("on_line", between) == 1.0


def test_a_roof_is_of_its_own() -> None:
    blue = np.array([0.1, 0.2, 0.5])
    assert feature("to_light", blue) > 1.0
    assert feature("off_line", blue) > ground_colours.ON_LINE
    assert feature("on_line", blue) == 0.0


def test_gaps_are_those_to_sure_neighbours() -> None:
    assert feature("gap_least", GROUND) == pytest.approx(0.16, abs=1e-5)
    assert feature("gap_most", GROUND) == pytest.approx(0.16, abs=1e-5)
    alone = ground_colours.features(picture(GROUND), BETWEEN, CONFIDENCE[2:], DOUBTED[2:], PIXEL_M)[0]
    assert alone[NAMES.index("gap_least")] == ground_colours.NO_NEIGHBOUR_M


def test_floor_loses_what_a_roof_keeps() -> None:
    trees = released_trees(second_look.GROUND_COLOURS, NAMES)

    def odds(between: np.ndarray) -> np.ndarray:
        offset = float(trees.about["offset"])
        return ground_colours.log_odds(picture(between), BOXES, CONFIDENCE, DOUBTED, PIXEL_M, trees.forests[0], offset)

    floor, roof = odds(SHADE * GROUND), odds(np.array([0.1, 0.2, 0.5]))
    assert np.isnan(floor[~DOUBTED]).all()
    assert floor[2] < roof[2]


def test_a_picture_of_one_light_has_no_shade() -> None:
    flat = np.full((3, 40, 40), 0.3, np.float32)
    ground = ground_colours.ground_colours(flat, np.empty((0, 5)), np.empty(0), PIXEL_M)
    assert ground.shade_share == 0.0
    assert ground.lit == pytest.approx(ground.shaded)
