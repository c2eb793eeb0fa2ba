"""Which places form a lot, and what the containers of a lot of mixed lengths say of the rest."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.lots import GAP_M, LEAST_SHARE, containers_by_lot, lots_of

SHORT_M, LONG_M, WIDTH_M = 6.06, 12.19, 2.44
PITCH_M = 3.0


def boxes_at(x: list[float], length_m: list[float] | None = None, angle: list[float] | None = None) -> Boxes:
    """Boxes whose long sides run north, in a row to the east."""
    count = len(x)
    xy = np.column_stack([x, np.zeros(count)])
    lengths, turn = np.array(length_m or [LONG_M] * count), np.array(angle or [0.0] * count)
    return Boxes(xy, lengths, turn, np.full((count, 3), 90.0), np.full(count, 0.9), np.zeros(count))


def lots(boxes: Boxes, date: list[int] | None = None) -> list[int]:
    """The lot of each box, each at a place of its own."""
    count = len(boxes.xy)
    day = np.array(date or [0] * count)
    return lots_of(boxes, np.full(count, WIDTH_M), day, np.arange(count), count).tolist()


def test_boxes_side_by_side_and_end_to_end_are_a_lot() -> None:
    assert lots(boxes_at([0.0, PITCH_M, 2 * PITCH_M, 40.0, 40.0 + PITCH_M])) == [0, 0, 0, 1, 1]
    line = boxes_at([0.0, 0.0], [LONG_M, SHORT_M])
    assert lots(line._replace(xy=np.array([[0.0, 0.0], [0.0, (LONG_M + SHORT_M) / 2 + GAP_M - 0.1]]))) == [0, 0]
    assert lots(line._replace(xy=np.array([[0.0, 0.0], [0.0, (LONG_M + SHORT_M) / 2 + GAP_M + 0.1]]))) == [0, 1]


def test_boxes_apart_turned_or_of_other_dates_are_none() -> None:
    assert lots(boxes_at([0.0, WIDTH_M + GAP_M + 0.1])) == [0, 1]
    assert lots(boxes_at([0.0, PITCH_M], angle=[0.0, 10.0])) == [0, 1]
    assert lots(boxes_at([0.0, PITCH_M], angle=[2.0, 178.0])) == [0, 0]
    assert lots(boxes_at([0.0, PITCH_M]), [0, 1]) == [0, 1]
    assert lots(boxes_at([])) == []


def test_what_touched_on_any_date_is_one_lot() -> None:
    rows = boxes_at([0.0, PITCH_M, PITCH_M, 2 * PITCH_M])
    found = lots_of(rows, np.full(4, WIDTH_M), np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2]), 4)
    assert found.tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(("container", "told"), [(LEAST_SHARE, True), (LEAST_SHARE - 0.01, False)])
def test_a_third_of_containers_names_a_lot_of_short_and_long_boxes(container: float, told: bool) -> None:
    length = np.array([SHORT_M, LONG_M] * 3)
    own = np.array([6.0 * container, 0.0, 0.0, 0.0, 0.0, 0.0])
    others = np.array([6.0 * (1 - container), 0.0, 0.0, 0.0, 0.0, 0.0])
    assert (containers_by_lot(np.zeros(6, int), length, own, others) == told).all()
    assert not containers_by_lot(np.zeros(6, int), np.full(6, LONG_M), own, others).any()


def test_a_lot_needs_three_places_and_a_tenth_of_either_length() -> None:
    both = np.array([SHORT_M, LONG_M])
    assert not containers_by_lot(np.zeros(2, int), both, np.ones(2), np.zeros(2)).any()
    length = np.array([SHORT_M] + [LONG_M] * 10)
    assert not containers_by_lot(np.zeros(11, int), length, np.ones(11), np.zeros(11)).any()
    length[1] = SHORT_M
    assert containers_by_lot(np.zeros(11, int), length, np.ones(11), np.zeros(11)).all()
