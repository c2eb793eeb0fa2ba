"""Another surface that stays, told by equal steps of brightness on all looks."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels.movers import GROUND, MEADOW, UNKNOWN
from changedet.stages.change.kernels.new_surface import new_surface, step_of_look
from changedet.stages.change.kernels.paved_soil import paved_halo_px

GSD = 0.5
SIZE = 160
YARD = (slice(50, 110), slice(40, 120))
HALO = paved_halo_px(GSD)
INNER = (slice(HALO, SIZE - HALO),) * 2


def look(colours: int, nir: int, where: tuple[slice, slice] = YARD, kind: int = GROUND) -> np.ndarray:
    """What stands: a yard brighter by so many levels in ground that stays, give or take a level."""
    standing = np.full((7, SIZE, SIZE), 128, np.uint8)
    standing[5:] += (np.indices((SIZE, SIZE)).sum(axis=0) % 2).astype(np.uint8)
    standing[0] = GROUND
    standing[0][where] = kind
    standing[5][where], standing[6][where] = 128 + colours, 128 + nir
    return standing


def laid(*looks: np.ndarray) -> list[float]:
    """Share of the yard that bears another surface on each look."""
    found = new_surface([step_of_look(one, one[0] != UNKNOWN, GSD) for one in looks], GSD)
    whole = np.zeros((len(looks), SIZE, SIZE), bool)
    whole[:, INNER[0], INNER[1]] = found
    outside = whole.copy()
    outside[:, YARD[0].start - 4 : YARD[0].stop + 4, YARD[1].start - 4 : YARD[1].stop + 4] = False
    assert not outside.any(), "but for half of the square that is averaged"
    return [float(one[YARD].mean()) for one in whole]


SAME, ROOF = look(0, 1), look(32, 28)


def test_a_roof_is_told_from_its_first_look_on() -> None:
    assert laid(SAME, ROOF, look(30, 29), look(35, 26)) == pytest.approx([0, 1, 1, 1], abs=0.12)


def test_the_last_look_alone_tells_nothing() -> None:
    assert laid(SAME, SAME, ROOF) == [0, 0, 0]


def test_soil_that_is_wet_for_a_season_comes_back() -> None:
    assert laid(look(-14, -18), look(-14, -18), SAME) == [0, 0, 0]


def test_looks_that_disagree_tell_nothing() -> None:
    assert laid(SAME, look(14, 19), look(34, 39)) == [0, 0, 0]
    assert laid(SAME, look(14, 19), look(-14, -19)) == [0, 0, 0]


@pytest.mark.parametrize(
    ("what", "one"),
    [
        ("shade of a hall that left", look(49, 55)),
        ("light of another day", look(9, 5)),
        ("water that glitters", look(15, 14)),
        ("plants that grew", look(-16, 3)),
        ("plants that dried", look(14, -4)),
        ("plants of either date", look(15, -20, kind=MEADOW)),
        ("water", look(-20, 0)),
        ("a row of boxes", look(32, 28, (slice(50, 110), slice(60, 70)))),
    ],
)
def test_what_else_is_of_another_brightness(what: str, one: np.ndarray) -> None:
    assert laid(SAME, one, one, one) == [0, 0, 0, 0], what


def test_looks_that_hide_it_are_not_asked() -> None:
    hidden = look(90, 90)
    hidden[0] = UNKNOWN
    assert laid(ROOF, hidden, ROOF) == pytest.approx([1, 1, 1], abs=0.12)
    assert laid(ROOF, hidden, hidden) == [0, 0, 0]
