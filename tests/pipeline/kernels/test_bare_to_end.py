"""Ground that bore plants and is bare on a look and all that follow it."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.pipeline.kernels.bare_to_end import (
    LEVELS,
    LOST_MORE,
    Look,
    Season,
    bare_halo_px,
    bare_to_end,
    levels_fell,
    season_of,
)
from changedet.stages.change.kernels.movers import DIFFERENCES, GROUND, UNKNOWN

GSD_M = 1.0
HALO = bare_halo_px(GSD_M)
SIDE = 40 + 2 * HALO
PIT = (slice(HALO + 10, HALO + 22), slice(HALO + 10, HALO + 30))
AREA = pytest.approx(12 * 20, rel=0.1)
"""Corners are rounded off."""
NONE = Season(0, 0)


def _standing(fell: int, elsewhere: int = 0) -> np.ndarray:
    bands = np.full((1 + DIFFERENCES, SIDE, SIDE), 128, np.uint8)
    bands[0] = GROUND
    bands[-2] += np.uint8(elsewhere)
    bands[-2][PIT] = 128 + fell
    return bands


def _look(fell: int, *, sure: bool = True, season: Season = NONE, elsewhere: int = 0) -> Look:
    pair = np.zeros((SIDE, SIDE), np.float32)
    pair[PIT] = 0.9 * sure
    return Look(_standing(fell, elsewhere), pair, np.zeros((SIDE, SIDE), np.uint8), season)


def test_ground_counts_from_the_look_since_which_it_is_bare() -> None:
    looks = [_look(50, sure=False), _look(60), _look(0)]
    assert bare_to_end(looks, GSD_M).bare.sum(axis=(1, 2)).tolist() == [AREA, AREA, 0], "the last look comes first"
    looks = [_look(LOST_MORE - 1), _look(60)]
    assert not bare_to_end(looks, GSD_M).bare.any(), "what is green again at the end was a field"


def test_some_pair_must_be_sure() -> None:
    assert not bare_to_end([_look(60, sure=False), _look(60, sure=False)], GSD_M).bare.any()


def test_what_a_look_hides_is_not_denied() -> None:
    hidden = _look(60)
    hidden.standing[0][PIT] = UNKNOWN
    assert bare_to_end([hidden, _look(60)], GSD_M).bare.sum(axis=(1, 2)).tolist() == [0, AREA]


def test_marked_and_narrow_ground_is_left_out() -> None:
    look = _look(60)
    look.mask[PIT[0], PIT[1].start : PIT[1].start + 5] = 1
    assert bare_to_end([look], GSD_M).bare.sum() == pytest.approx(12 * 15, rel=0.1)
    narrow = _look(0)
    narrow.standing[-2][PIT[0], PIT[1].start : PIT[1].start + 2] = 128 + 60
    narrow.pair[:] = 1.0
    assert not bare_to_end([narrow], GSD_M).bare.any()


def test_the_season_is_taken_off() -> None:
    autumn = Season(0, 30)
    assert not bare_to_end([_look(30 + LOST_MORE - 1, season=autumn, elsewhere=30)], GSD_M).bare.any()
    assert bare_to_end([_look(30 + 60, season=autumn, elsewhere=30)], GSD_M).bare.sum() == AREA


def test_a_season_is_what_a_quarter_of_unmarked_ground_lost_and_gained_at_least() -> None:
    look = _look(60, elsewhere=12)
    counts = levels_fell(look.standing, look.mask)
    assert counts.shape == (LEVELS,)
    assert counts.sum() == SIDE**2
    assert season_of(counts) == Season(0, 12)
    look.mask[:] = 1
    assert season_of(levels_fell(look.standing, look.mask)) == NONE


@pytest.mark.parametrize(
    ("fell", "fields"),
    [((0, 60), True), ((60, 60), False), ((-60,), True), ((60, 0), False)],
    ids=["green again", "bare to the end", "bare at first", "bare at the end alone"],
)
def test_fields_turn_green(fell: tuple[int, ...], fields: bool) -> None:
    told = bare_to_end([_look(own) for own in fell], GSD_M)
    assert told.field.any() == fields
