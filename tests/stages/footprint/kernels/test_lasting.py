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
        row, wet, told = np.zeros((1, 1), np.uint8), np.zeros((1, 1), bool), []
        for value, (grades, made) in zip(column, reversed(after), strict=True):
            own = np.array([[value % closing.KIND_STEP]], np.uint8)
            told.append(int(lasting.confirmed(own, grades, made, row, wet)[0, 0]))
            wet |= value >= closing.KIND_STEP
            row = lasting.in_a_row(own, row)
        assert (max(told) >= 2) == (name == "made land")


def doubts(*columns: list[int]) -> list[list[bool]]:
    """Where the water of places is doubted, each a list of dates' kinds or `UNKNOWN`."""
    dates = [np.array([date], np.uint8) for date in zip(*columns, strict=True)]
    waters = lasting.Waters((1, len(columns)))
    for kinds in dates:
        waters.add(kinds, kinds)
    told = [waters.doubted(kinds)[0].tolist() for kinds in dates]
    return [list(column) for column in zip(*told, strict=True)]


def test_water_is_doubted_where_few_looks_show_it_and_the_first_is_dry() -> None:
    wet, dry, none = lasting.WATER, 0, closing.UNKNOWN
    yard, made_land, bank, hidden = (
        [none, dry, wet, dry, dry, dry, dry, wet],
        [wet, wet, dry, dry, dry, dry, dry, dry],
        [dry, dry, dry, wet, wet, dry, wet, dry],
        [none, wet, none, dry, dry, dry, none, none],
    )
    told = doubts(yard, made_land, bank, hidden)
    assert told[0] == [date == wet for date in yard]
    assert not np.any(told[1:])


def test_confirmed_needs_another_date() -> None:
    own = np.array([[0, 3, closing.UNKNOWN]], np.uint8)
    history = lasting.History((1, 3))
    dry = np.zeros((1, 3), bool)
    told = lasting.confirmed(own, history.grades(), history.made_land(), np.zeros((1, 3), np.uint8), dry)
    assert told.tolist() == [[0, 1, closing.UNKNOWN]]


def sure_and_likely(column: list[int]) -> list[int]:
    """Levels of one place on each date, of what the dates show."""
    own = [np.array([[value]], np.uint8) for value in column]
    history, after = lasting.History((1, 1)), []
    for one in reversed(own):
        after.append((history.grades(), history.made_land()))
        history.add(one)
    row, dry, found = np.zeros((1, 1), np.uint8), np.zeros((1, 1), bool), []
    for one, (grades, made) in zip(own, reversed(after), strict=True):
        found.append(int(lasting.confirmed(one, grades, made, row, dry)[0, 0]))
        row = lasting.in_a_row(one, row)
    return found


def test_confirmed_is_sure_of_four_looks_in_a_row() -> None:
    unknown = closing.UNKNOWN
    assert sure_and_likely([3, 3, 3, 3, 3, 3]) == [3, 3, 3, 3, 3, 3]
    assert sure_and_likely([0, 3, 3, 3, 3]) == [0, 3, 2, 2, 3]
    assert sure_and_likely([3, 3, 3]) == [2, 2, 2]
    assert sure_and_likely([3, unknown, 3, 3, unknown, 3]) == [3, unknown, 2, 2, unknown, 3]


def test_confirmed_takes_a_field_that_lay_bare_before_and_turned_green_for_no_building() -> None:
    # The look before counts only where no later one shows the place.
    assert sure_and_likely([3, 3, 0, 0, 3, 0]) == [1, 1, 0, 0, 0, 0]


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
