"""Things of which parts are sure and the network tells the rest, marked out to their outline."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels.whole_ground import sure_of_told, told_halo_px, told_since, whole_ground
from changedet.stages.change.kernels.wide_ground import EVEN, STEP, UNSAID

GSD_M = 0.5
HALO = told_halo_px(GSD_M)
SIDE = 120
PIT = (slice(30, 80), slice(40, 100))


def steps_of(odds):
    """Of each look the steps around a pit of which the network says as much."""
    found = []
    for own in odds:
        steps = np.full((SIDE + 2 * HALO,) * 2, EVEN - 3 * STEP, np.uint8)
        steps[HALO:-HALO, HALO:-HALO][PIT] = UNSAID if own is None else EVEN + own * STEP
        found.append(steps)
    return found


@pytest.mark.parametrize(
    ("odds", "since"),
    [
        ((-1.0, -1.0, -1.0), 1),
        ((-3.0, -1.0, 0.5), 2),
        ((-1.0, None, -1.0), 1),
        ((-1.0, -1.0, -3.0), 0),
        ((-3.0, -3.0, 2.0), 0),
        ((-1.0, None, None), 0),
        ((-2.1, -2.1, -2.1), 0),
    ],
    ids=["all", "later", "hidden", "gone", "once", "seen once", "ground"],
)
def test_it_is_told_from_a_look_to_the_last(odds, since):
    steps = steps_of(odds)
    told = told_since(steps, [np.zeros(own.shape, bool) for own in steps], GSD_M)
    assert told.shape == (SIDE, SIDE)
    assert told[55, 70] == since
    assert not told[:20].any()


def test_a_crop_on_what_lay_bare_is_told_on_no_look_that_shows_it():
    steps = steps_of((-1.0, -1.0, -1.0))
    none = np.zeros(steps[0].shape, bool)
    crop = none.copy()
    crop[:, HALO + 70 :] = True
    told = told_since(steps, [none, none, crop], GSD_M)
    assert told[55, 69] == 1
    assert told[55, 70] == 0


def test_a_look_before_it_is_told_makes_nothing_sure():
    told = np.array([[2, 2, 0]], np.uint8)
    scores = np.array([[[0.9, 0.1, 0.9]], [[0.1, 0.1, 0.9]], [[np.nan, 0.9, 0.9]]], np.float32)
    assert sure_of_told(scores, told, 0.8).tolist() == [[0, 1, 0]]


def test_looks_of_the_references_season_decide_what_is_sure():
    told = np.array([[1, 1, 1, 3]], np.uint8)
    scores = np.array([[[0.9, 0.1, 0.9, 0.9]], [[0.1, 0.9, np.nan, 0.1]], [[0.9, 0.1, 0.1, 0.9]]], np.float32)
    assert sure_of_told(scores, told, 0.8).tolist() == [[1, 1, 1, 1]]
    # the last was told after the season's look, the one before is hidden on it
    assert sure_of_told(scores, told, 0.8, (False, True, False)).tolist() == [[0, 1, 1, 1]]


def pit(since=1):
    told = np.zeros((SIDE, SIDE), np.uint8)
    told[PIT] = since
    return told


def test_a_pit_is_whole_on_each_look_that_tells_of_it():
    told, sure = pit(2), np.zeros((SIDE, SIDE), np.uint8)
    sure[30:50, 40:100] = 1
    found = list(whole_ground(told, sure, 3, GSD_M))
    assert [one.look for one in found] == [1, 2]
    drawn = np.zeros((SIDE, SIDE), bool)
    drawn[found[0].row :, found[0].column :][: len(found[0].shape), : len(found[0].shape[0])] = found[0].shape
    expected = np.zeros_like(drawn)
    expected[34:76, 44:96] = True
    np.testing.assert_array_equal(drawn, expected)


def test_gaps_within_belong_to_it_and_narrow_arms_do_not():
    told, sure = pit(), np.zeros((SIDE, SIDE), np.uint8)
    told[50:58, 60:70], told[54, 100:118] = 0, 1
    sure[30:50, 40:100] = 1
    (found,) = whole_ground(told, sure, 1, GSD_M)
    assert found.shape[54 - found.row, 65 - found.column]
    assert found.column + found.shape.shape[1] < 118


@pytest.mark.parametrize(("rows", "cells"), [((30, 42), PIT), ((30, 50), (slice(30, 40), slice(40, 60)))])
def test_what_is_hardly_sure_or_small_is_left_out(rows, cells):
    told, sure = np.zeros((SIDE, SIDE), np.uint8), np.zeros((SIDE, SIDE), np.uint8)
    told[cells] = 1
    sure[rows[0] : rows[1], 40:100] = 1
    assert not list(whole_ground(told, sure, 1, GSD_M))
