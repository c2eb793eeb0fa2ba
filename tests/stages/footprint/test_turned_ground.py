"""When ground was remade for good."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine

from changedet.grid import Grid
from changedet.stages.footprint.kernels import cell_codes
from changedet.stages.footprint.over_dates import NEVER, PackedRasters
from changedet.stages.footprint.turned_ground import Masks, turns

CELLS = Grid("EPSG:32636", Affine(1.0, 0, 500_000, 0, -1.0, 4_000_000), (100, 100))
YARD = shapely.box(500_020, 3_999_920, 500_060, 3_999_970)
"""Rows 30 to 79 and columns 20 to 59."""
BOXES = shapely.box(500_035, 3_999_930, 500_041, 3_999_960)
"""Rows 40 to 69 and columns 35 to 40."""
BARE = shapely.difference(YARD, BOXES)
STRIP = shapely.box(500_080, 3_999_910, 500_084, 3_999_990)
NOTHING = shapely.Polygon()


def looks(count: int, *hidden: int) -> list[PackedRasters]:
    shown, unseen = (np.full(CELLS.shape, code, np.uint8) for code in (0, cell_codes.UNKNOWN))
    return [PackedRasters.of(unseen if k in hidden else shown, np.zeros(CELLS.shape, np.uint8)) for k in range(count)]


def found(masks: Masks, *hidden: int) -> np.ndarray:
    made = turns(looks(len(masks.made), *hidden), masks, CELLS)
    assert made is not None
    return made


def test_ground_turns_on_the_first_date_from_which_its_marks_last() -> None:
    made = [NOTHING, NOTHING, YARD, YARD, YARD]
    only = found(Masks(0, made, made))
    assert (only[30:80, 20:60] == 2).all()
    assert (only == 2).sum() <= 52 * 42, "but for cells that its edge touches"
    assert set(np.unique(only)) == {2, NEVER}


def test_a_hidden_date_says_nothing_and_one_of_three_may_miss() -> None:
    made = [NOTHING, YARD, NOTHING, NOTHING, YARD, YARD]
    assert (found(Masks(0, made, made), 2)[30:80, 20:60] == 1).all(), "one look of four misses it"
    assert (found(Masks(0, made, made))[30:80, 20:60] == 4).all(), "two looks of five do"


def test_what_came_and_went_turns_nothing() -> None:
    made = [NOTHING, YARD, YARD, NOTHING, NOTHING]
    assert turns(looks(5), Masks(0, made, made), CELLS) is None


def test_boxes_that_came_upon_it_stand_on_remade_ground() -> None:
    made, marks = [NOTHING, BARE, BARE, BARE], [NOTHING, BARE, YARD, YARD]
    assert (found(Masks(0, made, marks))[30:80, 20:60] == 1).all()
    alone = [NOTHING] * 4, [NOTHING, BOXES, BOXES, BOXES]
    assert turns(looks(4), Masks(0, *alone), CELLS) is None, "boxes alone remake no ground"


def test_strips_along_edges_are_left_out() -> None:
    made = [NOTHING, shapely.union(YARD, STRIP), shapely.union(YARD, STRIP)]
    assert (found(Masks(0, made, made))[10:90, 78:86] == NEVER).all()


@pytest.mark.parametrize("reference", [2, 3])
def test_what_dates_before_the_reference_mark_was_remade_after_them(reference: int) -> None:
    made = [YARD, YARD, NOTHING, NOTHING]
    assert (found(Masks(reference, made, made))[30:80, 20:60] == 2).all()


def test_nothing_turns_without_marks() -> None:
    assert turns(looks(3), Masks(0, [NOTHING] * 3, [NOTHING] * 3), CELLS) is None
