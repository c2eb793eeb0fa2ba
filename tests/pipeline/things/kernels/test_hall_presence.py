"""Presence of halls: built and gone in their gaps, one weak look does not end a hall, counts within bounds."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.pipeline.things.kernels import hall_presence
from changedet.pipeline.things.kernels.hall_outlines import Drawn
from changedet.pipeline.things.kernels.hall_presence import agrees, count, evidence, probability, signs, stay

NO, YES = -3.0, 3.0


@pytest.mark.parametrize(
    ("core", "first", "last"),
    [
        ([YES, YES, YES], 0, 2),
        ([NO, NO, YES, YES], 2, 3),
        ([YES, YES, NO, NO], 0, 1),
        ([NO, YES, np.nan, YES], 1, 3),
        ([YES, YES, -0.3, YES, YES], 0, 4),
        ([NO, NO], -1, -1),
    ],
)
def test_stays(core: list[float], first: int, last: int) -> None:
    found = stay(np.array(core))
    assert (found.first, found.last) == (first, last)


def test_a_look_that_shows_nothing_speaks_neither_way() -> None:
    assert evidence(np.array([np.nan, YES, NO])).tolist() == [0.0, hall_presence.MOST, -hall_presence.MOST]


def part(core: list[float], rim: float, drawn_on: int) -> Drawn:
    inside = np.ones((20, 30), bool)
    return Drawn(0, 0, inside, np.array(core), np.full(len(core), rim), np.full(len(core), 0.2), 0.95, 15.0, drawn_on)


def test_signs_are_of_the_looks_on_which_it_stands() -> None:
    one = part([NO, 2.0, 4.0], -2.0, 2)
    values = signs(one, np.array([0.0, 1.0, 1.0]))
    assert values.tolist() == pytest.approx([3.0, 5.0, 0.2, 0.95, np.log(337.5), 15.0, 1.0])


def test_what_is_clear_is_likelier_a_hall() -> None:
    clear, faint = part([4.0] * 3, -4.0, 3), part([0.3] * 3, 0.0, 1)
    assert probability(signs(clear, np.ones(3))) > 0.9 > probability(signs(faint, np.ones(3)))


def test_counts_lie_in_their_bounds() -> None:
    assert count([], [])[:2] == (0, 0)
    number, low, high = count([0.95] * 10, [0.99] * 8 + [0.01] * 2)
    assert number == 8
    assert low <= 8 < high
    assert low >= 5


def test_what_came_or_went_must_be_marked() -> None:
    stands, shown = np.array([0.02, 0.1, 0.99, 0.99]), np.ones(4, bool)
    marked = np.array([np.nan, 0.0, 0.9, 0.8])
    assert agrees(stands, shown, marked, 0)
    assert not agrees(stands, shown, marked * 0.4, 0)
    assert agrees(stands, shown, np.array([0.9, 0.8, np.nan, 0.1]), 2)
    assert not agrees(stands, shown, np.array([0.1, 0.0, np.nan, 0.1]), 2)
    assert agrees(np.ones(4), shown, np.array([np.nan, 0.9, 0.0, 0.0]), 0)
    assert agrees(stands, np.array([True, True, False, False]), marked * 0, 0)
