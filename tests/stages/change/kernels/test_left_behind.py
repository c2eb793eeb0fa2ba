"""Bare ground that was left behind by ground with the same history, and bare ground that never had any."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from changedet.stages.change.kernels.left_behind import (
    COMPACT_PX,
    PLACES,
    REACH_M,
    left_behind,
    left_halo_px,
    places_around,
)
from changedet.stages.change.kernels.season_colours import MOST_FOR, MOST_HAZARD
from changedet.stages.change.kernels.season_light import LEAST_SPREAD

GROUND_M, REACH_PX = 20.0, 1
HALO = left_halo_px(GROUND_M, REACH_PX)
SIDE = 40
GREEN, BARE = (0.8, -0.2, 7.0), (0.15, 0.5, 7.2)
WORKS = (slice(10, 20), slice(10, 20))


def looks(*kinds: np.ndarray) -> np.ndarray:
    """States of looks whose pixels are green (True) or bare, with the halo."""
    made = []
    for kind in kinds:
        state = np.where(kind, np.array(GREEN)[:, None, None], np.array(BARE)[:, None, None])
        made.append(np.pad(state, ((0, 0), (HALO, HALO), (HALO, HALO)), constant_values=np.nan))
    return np.asarray(made, np.float32)


def field(works: bool) -> np.ndarray:
    green = np.ones((SIDE, SIDE), np.bool_)
    green[WORKS] = not works
    return green


ALL, NONE = np.ones((SIDE, SIDE), np.bool_), np.zeros((SIDE, SIDE), np.bool_)


def test_what_stays_bare_where_its_kind_turns_green_is_left_behind() -> None:
    told = left_behind(looks(ALL, NONE, NONE, field(works=True)), GROUND_M, REACH_PX)
    assert told.shape == (4, SIDE, SIDE)
    assert_array_equal(told[:3], 0)
    assert (told[3][WORKS] > 0.5).all()
    outside = told[3].copy()
    outside[WORKS] = 0
    assert_array_equal(outside, 0)


def test_it_is_as_sure_as_its_kind_is_to_grow_and_adds_up_to_no_more_than_colours_may_say() -> None:
    lone = field(works=False)
    lone[10:12, 10:12] = False
    told = left_behind(looks(ALL, NONE, lone), GROUND_M, REACH_PX)
    assert told[2, 10, 10] == pytest.approx(-np.log(1 - MOST_HAZARD), rel=1e-5)
    bare = np.zeros((SIDE, SIDE), np.bool_)
    half = bare.copy()
    half[:, 20:] = True
    series = looks(ALL, bare, half, bare, half, bare, half, bare, half)
    other = left_behind(series, GROUND_M, REACH_PX)
    assert other.max() <= MOST_FOR


def test_a_field_that_rests_has_no_kind_that_grows() -> None:
    rng = np.random.default_rng(3)
    rests = np.kron(rng.random((4, 4)) > 0.5, np.ones((10, 10))) > 0
    told = left_behind(looks(rests, rests, rests, rests), GROUND_M, REACH_PX)
    assert_array_equal(told, 0)


def test_the_less_ground_is_alike_the_less_it_says() -> None:
    first, last = field(works=True), field(works=True)
    alike, other = (left_behind(looks(past, past, NONE, last), GROUND_M, REACH_PX)[3] for past in (ALL, first))
    assert 0 < other[WORKS].mean() < 0.4 * alike[WORKS].mean(), "it was bare while the rest was green"


@pytest.mark.parametrize(("side", "is_told"), [(2, False), (12, True)])
def test_few_places_that_are_alike_say_nothing(side: int, is_told: bool) -> None:
    step = next(step for step in places_around(GROUND_M) if step.min() > 5)
    bare, grown = (slice(12, 14),) * 2, tuple(slice(12 + at, 12 + at + side) for at in step)
    last, hidden = NONE.copy(), ALL.copy()
    last[grown] = True
    hidden[bare] = hidden[grown] = False
    states = looks(ALL, NONE, last)
    states[:, :, HALO:-HALO, HALO:-HALO][:, :, hidden] = np.nan
    assert left_behind(states, GROUND_M, REACH_PX).any() == is_told


def test_how_alike_ground_is_does_not_depend_on_how_often_it_was_seen() -> None:
    """Half of it rests; the other half, by a little another soil, turns green at last."""
    other = np.kron([[0, 1, 0, 1], [1, 0, 1, 0]] * 2, np.ones((10, 10))) > 0

    def told(looks_before: int) -> float:
        states = looks(ALL, *[NONE] * looks_before, other)
        states[1:-1, 2, HALO:-HALO, HALO:-HALO][:, other] += LEAST_SPREAD[2]
        return float(left_behind(states, GROUND_M, REACH_PX)[-1][~other].mean())

    assert 0.1 < told(6) < told(2) < 1.2 * told(6)


def test_green_ground_starts_anew_and_looks_that_show_nothing_change_nothing() -> None:
    seen = looks(ALL, NONE, field(works=True), field(works=True), ALL)
    told = left_behind(seen, GROUND_M, REACH_PX)
    assert_array_equal(told[4], 0)
    hidden = np.insert(seen, 2, np.nan, axis=0)
    assert_allclose(np.delete(left_behind(hidden, GROUND_M, REACH_PX), 2, axis=0), told)


def test_single_pixels_are_not_told() -> None:
    lone = field(works=False)
    lone[5, 5] = lone[20, 3:30] = False
    assert_array_equal(left_behind(looks(ALL, NONE, lone), GROUND_M, REACH_PX), 0)
    wider = lone.copy()
    wider[21, 3:30] = False
    assert (left_behind(looks(ALL, NONE, wider), GROUND_M, REACH_PX)[2, 20:22, 3:30] > 1).all()


def test_a_tile_is_told_as_in_its_whole() -> None:
    rng = np.random.default_rng(5)
    kinds = [np.kron(rng.random((8, 8)) > 0.4, np.ones((5, 5))) > 0 for _ in range(5)]
    whole = looks(*kinds)
    told = left_behind(whole, GROUND_M, REACH_PX)
    part = whole[:, :, 10 : 10 + 15 + 2 * HALO, 20 : 20 + 12 + 2 * HALO]
    assert_array_equal(left_behind(part, GROUND_M, REACH_PX), told[:, 10:25, 20:32])
    assert told.any()


@pytest.mark.parametrize("ground_m", [2.5, 10.0, 15.0])
def test_places_fill_a_disc(ground_m: float) -> None:
    steps = places_around(ground_m) * ground_m
    assert len(steps) > 0.95 * PLACES
    assert np.hypot(*steps.T).max() <= REACH_M + ground_m
    assert_allclose(steps.mean(axis=0), 0, atol=0.05 * REACH_M)
    assert left_halo_px(ground_m, 1) >= np.abs(places_around(ground_m)).max() + COMPACT_PX
