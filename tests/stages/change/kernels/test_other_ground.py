"""Ground that never bears plants, over wide windows: a lot that became a yard is another, noise is not."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from changedet.stages.change.kernels import other_ground as grounds

GROUND_M = 10.0
SIDE, LOOKS = 40, 8
LOT = (slice(12, 26), slice(14, 28))
SOIL, YARD = np.array([0.15, 0.3, 7.1]), np.array([0.08, 0.25, 7.45])
HALO = grounds.other_halo_px(GROUND_M)
INNER = (slice(12 - HALO + 2, 26 - HALO - 2), slice(14 - HALO + 2, 28 - HALO - 2))
"""Of the lot what is two pixels inside of it, in what is told."""


def series(first: int | None, noise: float = 0.12) -> np.ndarray:
    """States of a bare site whose lot is a yard from a look on; each look has a light of its own."""
    rng = np.random.default_rng(4)
    made = []
    for k in range(LOOKS):
        state = np.broadcast_to(SOIL[:, None, None], (3, SIDE, SIDE)).copy()
        if first is not None and k >= first:
            state[(slice(None), *LOT)] = YARD[:, None, None]
        made.append(state + rng.normal(0, noise, state.shape) * np.array([0.3, 0.5, 1.0])[:, None, None])
    return np.asarray(made, np.float32)


NO_SHIFT = np.zeros((LOOKS - 1, 3))
ALIKE = np.ones(LOOKS - 1, np.bool_)
"""All looks under the reference's sun."""


def test_a_lot_that_became_a_yard_is_another_from_that_look_on() -> None:
    told = grounds.other_ground(series(3), NO_SHIFT, GROUND_M, ALIKE)
    assert told.shape == (LOOKS - 1, SIDE - 2 * HALO, SIDE - 2 * HALO)
    assert (told[2:, *INNER] > grounds.DIFFERS).mean() > 0.9
    assert told[:2, *INNER].max() < grounds.DIFFERS
    outside = np.ones(told.shape[1:], np.bool_)
    outside[6 - HALO : 32 - HALO, 8 - HALO : 34 - HALO] = False
    assert told[:, outside].max() < grounds.MAY_DIFFER


def test_nothing_is_another_where_all_stays_or_a_single_look_differs() -> None:
    assert grounds.other_ground(series(None), NO_SHIFT, GROUND_M, ALIKE).max() < grounds.MAY_DIFFER
    once = series(None)
    once[4] = series(3)[4]
    assert grounds.other_ground(once, NO_SHIFT, GROUND_M, ALIKE).max() < grounds.DIFFERS


def test_the_last_looks_are_held_against_those_before_them() -> None:
    once = series(None)
    once[-1] = series(3)[-1]
    assert grounds.other_ground(once, NO_SHIFT, GROUND_M, ALIKE).max() < grounds.DIFFERS


def test_what_a_single_look_shows_as_water_is_asked() -> None:
    states = series(3)
    states[5, 0][LOT] = -0.05
    assert grounds.dry_ground(states)[LOT].all()
    assert (grounds.other_ground(states, NO_SHIFT, GROUND_M, ALIKE)[5:, *INNER] > grounds.DIFFERS).mean() > 0.9


def test_a_narrow_strip_between_plants_is_not_asked() -> None:
    states = series(0, noise=0.0)
    states[0] = series(None, noise=0.0)[0]
    strip = states.copy()
    strip[2:4, 0] = 0.7
    strip[:, 0, :, 20] = states[:, 0, :, 20]
    assert grounds.dry_ground(strip).any(axis=0).nonzero()[0].tolist() == [20]
    assert grounds.other_ground(states, NO_SHIFT, GROUND_M, ALIKE)[:, 18 - HALO, 20 - HALO].min() > grounds.MAY_DIFFER
    assert_array_equal(grounds.other_ground(strip, NO_SHIFT, GROUND_M, ALIKE), 0)


def test_the_light_of_dry_ground_is_taken_off() -> None:
    lit = series(None)
    lit[1:, 2] += 0.4
    shift = NO_SHIFT.copy()
    shift[:, 2] = 0.4
    assert grounds.other_ground(lit, NO_SHIFT, GROUND_M, ALIKE).min() > grounds.DIFFERS
    assert grounds.other_ground(lit, shift, GROUND_M, ALIKE).max() < grounds.MAY_DIFFER


@pytest.mark.parametrize("ndvi", [0.7, -0.2])
def test_what_grows_or_is_water_is_not_asked(ndvi: float) -> None:
    states = series(3)
    states[2:5, 0, 12:26, 14:28] = ndvi
    told = grounds.other_ground(states, NO_SHIFT, GROUND_M, ALIKE)
    assert_array_equal(told[:, *INNER], 0)
    assert not grounds.dry_ground(states)[LOT].any()


def test_looks_that_show_nothing_say_nothing_and_hide_nothing_of_others() -> None:
    states = series(3)
    states[5] = np.nan
    told = grounds.other_ground(states, NO_SHIFT, GROUND_M, ALIKE)
    assert_array_equal(told[4], 0)
    assert (told[5:, *INNER] > grounds.DIFFERS).mean() > 0.9
    states[0] = np.nan
    assert_array_equal(grounds.other_ground(states, NO_SHIFT, GROUND_M, ALIKE), 0)


def test_odds_are_even_where_it_differs_and_bounded() -> None:
    lengths = np.array([0, 1, 3, grounds.DIFFERS, 2 * grounds.DIFFERS, 1000], np.float32)
    odds = grounds.other_odds(lengths, 4.0)
    assert odds[3] == 0
    assert odds[4] == pytest.approx(min(4 * np.log(2), grounds.MOST_FOR))
    assert odds[0] == odds[1] < odds[2] < 0
    assert odds[5] == grounds.MOST_FOR


def test_a_tile_is_told_as_in_its_whole() -> None:
    whole = series(3)
    told = grounds.other_ground(whole, NO_SHIFT, GROUND_M, ALIKE)
    part = np.ascontiguousarray(whole[:, :, 5 : 5 + 20 + 2 * HALO, 9 : 9 + 16 + 2 * HALO])
    assert_array_equal(grounds.other_ground(part, NO_SHIFT, GROUND_M, ALIKE), told[:, 5:25, 9:25])


@pytest.mark.parametrize(("ground_m", "px"), [(10.0, 2), (3.0, 8), (15.0, 1), (2.5, 10)])
def test_windows_are_as_wide_in_metres(ground_m: float, px: int) -> None:
    assert grounds.other_halo_px(ground_m) == px


JOINED = grounds.joined_halo_px(GROUND_M)


def lengths(*placed: tuple[tuple[slice, slice], float]) -> np.ndarray:
    """Lengths of one date, `JOINED` pixels of nothing around 30 by 60."""
    one = np.zeros((1, 30 + 2 * JOINED, 60 + 2 * JOINED), np.float32)
    inside = one[0, JOINED:-JOINED, JOINED:-JOINED]
    for where, value in placed:
        inside[where] = value
    return one


def test_the_weak_part_of_a_lot_is_another_as_its_strong_part_is() -> None:
    lot, core = (slice(5, 15), slice(5, 15)), (slice(5, 15), slice(5, 11))
    told = grounds.joined_ground(lengths((lot, 4.0), (core, 7.0)), GROUND_M)[0]
    assert_array_equal(told[lot], 7.0)
    assert told[15:].max() == 0


def test_weak_ground_by_itself_and_faint_ground_beside_a_lot_stay() -> None:
    weak, lot, faint = (slice(20, 28), slice(40, 50)), (slice(5, 15), slice(5, 15)), (slice(5, 15), slice(15, 20))
    told = grounds.joined_ground(lengths((weak, 5.9), (lot, 7.0), (faint, 2.9)), GROUND_M)[0]
    assert_array_equal(told[weak], np.float32(5.9))
    assert_array_equal(told[faint], np.float32(2.9))
    assert_array_equal(told[lot], 7.0)


def test_no_pixel_is_raised_beyond_what_its_own_evidence_bears() -> None:
    weak, before, after = (slice(10, 20), slice(20, 25)), (slice(10, 20), slice(0, 20)), (slice(10, 20), slice(25, 60))
    told = grounds.joined_ground(lengths((weak, 3.0), (before, 40.0), (after, 40.0)), GROUND_M)[0]
    assert_array_equal(told[weak], grounds.DIFFERS)


def test_a_few_strong_places_do_not_raise_the_weak_ground_around_them() -> None:
    fields, core = (slice(5, 25), slice(5, 25)), (slice(5, 25), slice(5, 9))
    told = grounds.joined_ground(lengths((fields, 4.0), (core, 9.0)), GROUND_M)[0]
    assert_array_equal(told[5:25, 9:25], 4.0)


def test_suns_are_alike_in_the_same_season_of_any_year() -> None:
    days = [
        dt.date(2023, 1, 13),
        dt.date(2023, 2, 19),
        dt.date(2023, 5, 7),
        dt.date(2023, 10, 18),
        dt.date(2024, 1, 26),
    ]
    assert grounds.suns_alike([day.toordinal() for day in days]).tolist() == [True, False, True, True]


@pytest.mark.parametrize("under", [[], [0, 6], [0, 1]])
def test_what_differs_under_other_suns_alone_may_differ_and_no_more(under: list[int]) -> None:
    # A yard's shade: all looks but those under the reference's sun differ.
    states, alike = series(1), np.zeros(LOOKS - 1, np.bool_)
    alike[under] = True
    states[[1 + k for k in under]] = series(None)[[1 + k for k in under]]
    told = grounds.other_ground(states, NO_SHIFT, GROUND_M, alike)
    assert told.max() < grounds.DIFFERS
    assert (told[3, *INNER] > grounds.MAY_DIFFER).mean() > 0.9


def test_what_the_last_look_under_the_sun_of_the_reference_shows_holds_for_those_after_it() -> None:
    alike = np.zeros(LOOKS - 1, np.bool_)
    alike[:2] = True
    told = grounds.other_ground(series(1), NO_SHIFT, GROUND_M, alike)
    assert (told[:, *INNER] > grounds.DIFFERS).mean() > 0.9
