"""Dark paving on bare soil."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels.movers import UNKNOWN
from changedet.stages.change.kernels.paved_soil import is_asked, paved_by_look, paved_halo_px, paved_since
from changedet.stages.change.kernels.wide_ground import EVEN, UNSAID

GSD = 0.5
SIZE = 160
YARD = (slice(50, 110), slice(40, 120))
HALO = paved_halo_px(GSD)
INNER = (slice(HALO, SIZE - HALO),) * 2


def look(colours: int, nir: int, odds: float = 0.0, where: tuple[slice, slice] = YARD) -> tuple[np.ndarray, np.ndarray]:
    """What stands and the network's steps: a yard darker by so many levels in ground that stays."""
    standing = np.full((7, SIZE, SIZE), 128, np.uint8)
    standing[0] = 4
    steps = np.full((SIZE, SIZE), EVEN - 48, np.uint8)
    standing[5][where], standing[6][where] = 128 - colours, 128 - nir
    steps[where] = round(EVEN + 16 * odds)
    return standing, steps


def paved(*looks: tuple[np.ndarray, np.ndarray]) -> list[float]:
    """Share of the yard that each look has paved."""
    told = np.stack([paved_by_look(standing, steps, GSD) for standing, steps in looks])
    shown = np.stack([is_asked(steps, standing) for standing, steps in looks])
    found = paved_since(told, shown, GSD)
    whole = np.zeros((len(looks), SIZE, SIZE), bool)
    whole[:, INNER[0], INNER[1]] = found
    outside = whole.copy()
    outside[:, YARD[0].start - 4 : YARD[0].stop + 4, YARD[1].start - 4 : YARD[1].stop + 4] = False
    assert not outside.any(), "but for half of the square that is averaged"
    return [float(one[YARD].mean()) for one in whole]


SAME, ASPHALT = look(0, 0, -3.0), look(14, 35, -0.4)


def test_asphalt_is_told_from_its_first_look_on() -> None:
    assert paved(SAME, ASPHALT, ASPHALT, ASPHALT) == pytest.approx([0, 1, 1, 1], abs=0.12)


def test_two_looks_are_too_few() -> None:
    assert paved(SAME, SAME, ASPHALT, ASPHALT) == [0, 0, 0, 0]


def test_soil_that_is_wet_for_a_season_comes_back() -> None:
    assert paved(ASPHALT, ASPHALT, ASPHALT, SAME, SAME, SAME) == [0] * 6


@pytest.mark.parametrize(
    ("what", "one"),
    [
        ("shade of a hall in winter", look(33, 64, -2.0)),
        ("the same, which the network knows", look(14, 35, -3.0)),
        ("water", look(20, 80, 0.0)),
        ("soil that is wet", look(14, 18, 0.0)),
        ("a meadow that was ploughed", look(-10, 12, 0.0)),
        ("a ditch", look(14, 35, 0.0, (slice(50, 110), slice(60, 70)))),
    ],
)
def test_what_else_is_dark(what: str, one: tuple[np.ndarray, np.ndarray]) -> None:
    assert paved(SAME, one, one, one) == [0, 0, 0, 0], what


def test_boxes_that_come_upon_it_and_looks_that_hide_it() -> None:
    hidden = ASPHALT[0].copy(), np.full_like(ASPHALT[1], UNSAID)
    hidden[0][0] = UNKNOWN
    assert paved(ASPHALT, hidden, ASPHALT, ASPHALT) == pytest.approx([1, 1, 1, 1], abs=0.12)
    boxes = look(-20, -10, 1.0)
    assert paved(ASPHALT, ASPHALT, ASPHALT, boxes, boxes) == pytest.approx([1] * 5, abs=0.12)
