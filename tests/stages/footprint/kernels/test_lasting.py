"""Bare ground that stays bare."""

from __future__ import annotations

import numpy as np

from changedet.stages.footprint.kernels import closing, lasting


def test_confirmed_counts_made_land_and_no_sandbank() -> None:
    water, built = closing.KIND_STEP * lasting.WATER, 3
    series = {"made land": [water, built, built, built, built], "sandbank": [water, built, 0, water, built]}
    for name, column in series.items():
        history = lasting.History((1, 1))
        after = []
        for value in reversed(column):
            after.append((history.grades(), history.made_land()))
            history.add(np.array([[value % closing.KIND_STEP]], np.uint8))
        before, wet, told = None, np.zeros((1, 1), bool), []
        for value, (grades, made) in zip(column, reversed(after), strict=True):
            own = np.array([[value % closing.KIND_STEP]], np.uint8)
            told.append(int(lasting.confirmed(own, grades, made, before, wet)[0, 0]))
            wet |= value >= closing.KIND_STEP
            before = own
        assert (max(told) >= 2) == (name == "made land")


def test_confirmed_needs_another_date() -> None:
    own = np.array([[0, 3, closing.UNKNOWN]], np.uint8)
    history = lasting.History((1, 3))
    dry = np.zeros((1, 3), bool)
    told = lasting.confirmed(own, history.grades(), history.made_land(), None, dry)
    assert told.tolist() == [[0, 1, closing.UNKNOWN]]


def test_generalised_drops_single_pixels_and_keeps_steps_nested() -> None:
    rng = np.random.default_rng(2)
    own = (rng.random((80, 90)) < 0.1).astype(np.uint8) * 3
    own[20:50, 30:60] = 2
    own[30:40, 40:50] = 3
    own[33, 44] = 0
    own[:5] = closing.UNKNOWN
    found = lasting.generalised(own)
    assert (found[:5] == closing.UNKNOWN).all()
    assert (found[21:49, 31:59] >= 2).all()
    assert (found[31:39, 41:49] == 3).all()
    assert (found[55:] > 0).mean() < 0.01
    again = lasting.generalised(found)
    assert (again == found).mean() > 0.995
