"""Plants that lose their green for a season."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels.leaf_fall import green_again, leaves_halo_px
from changedet.stages.change.kernels.movers import MEADOW, MIDDLE, NOTHING, UNKNOWN

GSD_M = 0.5
SIDE = 12
HALO = leaves_halo_px(GSD_M)
AUGUST, NOVEMBER, APRIL, DECEMBER = 0, 84, 226, 487
"""Days after the first look."""


def look(fell: int, kind: int = MEADOW, bands: int = 7) -> np.ndarray:
    """One date: near infrared fell by so many levels against the colours since the reference."""
    found = np.full((bands, SIDE + 2 * HALO, SIDE + 2 * HALO), MIDDLE, np.uint8)
    found[0] = kind
    if bands == 7:
        found[-1] = MIDDLE - fell
    return found


def told(*looks: np.ndarray, days: tuple[int, ...] = (NOVEMBER, APRIL, DECEMBER)) -> list[bool]:
    """Whether each date's loss is of the season; all pixels are alike."""
    found = green_again(looks, days[: len(looks)], GSD_M)
    assert found.shape == (len(looks), SIDE, SIDE)
    assert all(one.all() or not one.any() for one in found)
    return [bool(one.all()) for one in found]


def test_a_wood_that_is_green_again_lost_its_leaves_and_loses_them_again() -> None:
    assert told(look(42), look(2), look(42)) == [True, False, True]


def test_what_never_grows_back_or_is_barer_than_before_was_built_on() -> None:
    assert told(look(42), look(50), look(50)) == [False] * 3
    assert told(look(42), look(2), look(60)) == [True, False, False]
    assert told(look(2), look(2), look(42)) == [False] * 3


def test_another_season_is_no_reason() -> None:
    assert told(look(42), look(2), look(42), days=(NOVEMBER, APRIL, APRIL + 90)) == [True, False, False]


@pytest.mark.parametrize("first", [look(42, NOTHING), look(42, UNKNOWN), look(0, bands=5), look(12)])
def test_bare_unknown_and_grey_ground_and_small_losses_say_nothing(first: np.ndarray) -> None:
    assert told(first, look(2)) == [False, False]


def test_what_lies_around_decides_alike_in_every_window() -> None:
    rng = np.random.default_rng(3)
    looks = [rng.integers(60, 200, (7, 90, 90)).astype(np.uint8) for _ in range(3)]
    for one in looks:
        one[0] = rng.choice([MEADOW, NOTHING], (90, 90), p=[0.7, 0.3])
        one[-2:] = MIDDLE
        one[-1] -= rng.integers(0, 50, (90, 90)).astype(np.uint8)
    looks[1][-1] = MIDDLE
    whole = green_again(looks, (NOVEMBER, APRIL, DECEMBER), GSD_M)
    part = green_again([one[:, 20:, 30:] for one in looks], (NOVEMBER, APRIL, DECEMBER), GSD_M)
    assert whole.any()
    assert (whole[:, 20:, 30:] == part).all()
