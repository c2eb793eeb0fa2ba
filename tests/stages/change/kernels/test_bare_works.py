"""Pads and banks of the ground's own soil, of which two looks say as much."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels.bare_works import bare_works, is_unlit, told_by_looks, works_halo_px
from changedet.stages.change.kernels.movers import GONE, MEADOW, NOTHING, STANDS
from changedet.stages.change.kernels.wide_ground import EVEN, STEP, UNSAID

GSD_M = 0.5
HALO = works_halo_px(GSD_M)
SIDE = 2 * HALO + 120
PAD = (slice(HALO + 40, HALO + 80), slice(HALO + 30, HALO + 90))
INNER = (slice(40, 80), slice(30, 90))


def looks(number=3, odds=-0.5, on=None):
    """Steps and classes of looks of which those in `on` show a pad that differs from the ground."""
    steps = [np.full((SIDE, SIDE), EVEN - 3 * STEP, np.uint8) for _ in range(number)]
    kinds = [np.full((SIDE, SIDE), NOTHING, np.uint8) for _ in range(number)]
    for k in range(number) if on is None else on:
        steps[k][PAD] = EVEN + odds * STEP
    return steps, kinds


def found(steps, kinds, boxes=None):
    told = told_by_looks(steps, kinds, GSD_M)
    return bare_works(told if boxes is None else told & ~boxes, GSD_M)


def test_two_looks_that_say_as_much_mark_a_pad():
    marked = found(*looks(on=(1, 2)))
    assert not marked[0].any()
    assert marked[1:, 44:76, 34:86].all()
    beyond = marked[1:].copy()
    beyond[(slice(None), *INNER)] = False
    assert not beyond.any()


@pytest.mark.parametrize(("odds", "on"), [(-0.5, (1,)), (-0.5, (0, 2)), (-1.5, None)], ids=["one", "apart", "unsure"])
def test_a_single_look_or_an_unsure_network_marks_nothing(odds, on):
    assert not found(*looks(odds=odds, on=on)).any()


@pytest.mark.parametrize("kind", [STANDS, GONE, MEADOW])
def test_things_and_fields_around_leave_it_out(kind):
    steps, kinds = looks()
    for own in kinds:
        own[HALO - 30 : HALO + 150, HALO - 30 : HALO + 150] = kind
    assert not found(steps, kinds).any()


def test_banks_with_ground_beside_them_are_marked():
    steps, kinds = looks()
    for own in kinds:
        own[PAD[0], HALO + 40 : HALO + 52] = STANDS
    assert found(steps, kinds)[:, 60, 46].all()


def test_what_lies_beside_boxes_and_narrow_things_are_left_out():
    steps, kinds = looks()
    beside = np.zeros((3, SIDE, SIDE), bool)
    beside[(slice(None), *PAD)] = True
    assert not found(steps, kinds, beside).any()
    narrow, same = looks(on=())
    for own in narrow:
        own[HALO + 50 : HALO + 56, HALO + 30 : HALO + 90] = EVEN
    assert not found(narrow, same).any()


def test_looks_that_are_not_asked_say_nothing():
    steps, kinds = looks()
    steps[1][:] = UNSAID
    assert not found(steps, kinds).any()


def test_the_result_does_not_depend_on_the_block():
    rng = np.random.default_rng(5)
    steps = [np.kron(rng.integers(EVEN - 40, EVEN + 8, (SIDE // 10 + 1,) * 2), np.ones((10, 10))) for _ in range(3)]
    steps = [own[:SIDE, :SIDE].astype(np.uint8) for own in steps]
    kinds = [rng.choice([NOTHING, NOTHING, STANDS, GONE], (SIDE, SIDE), p=[0.5, 0.3, 0.15, 0.05]) for _ in range(3)]
    kinds = [own.astype(np.uint8) for own in kinds]
    whole = found(steps, kinds)
    cut = (slice(10, SIDE), slice(25, SIDE - 7))
    part = found([own[cut] for own in steps], [own[cut] for own in kinds])
    assert whole.any()
    np.testing.assert_array_equal(part, whole[:, 10:, 25 : whole.shape[2] - 7])


def test_water_is_too_dark_to_be_told():
    rng = np.random.default_rng(1)
    nir = np.full((60, 120), 128, np.uint8)
    nir[:, 60:] = rng.integers(124, 133, (60, 60))
    asked = np.ones(nir.shape, bool)
    unlit = is_unlit(nir, asked, GSD_M)
    assert unlit[:, :56].all()
    assert not unlit[:, 64:].any()
    assert not is_unlit(nir, ~asked, GSD_M).any()
