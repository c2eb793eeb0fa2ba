"""Heights of roofs, from bases that roofs on other dates can share."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.containers import HEIGHT_M
from changedet.stages.tracks.kernels.stack_levels import LEVELS, LevelPosterior, Roofs, level_posterior

LEAN = 0.3
"""Displacement for each metre of height, east on the first date, west on the second."""
TRUE = 3.0


def two_dates(
    *, along_m: float = 0.0, lengths: tuple[float, float] = (12.2, 12.2), turned: float = 0.0, tracks: tuple[int, int]
) -> Roofs:
    """One spot on two dates, stacked alike, seen from both sides; its boxes lie north and south."""
    view = np.array([[LEAN, 0.0], [-LEAN, 0.0]])
    base = np.array([[0.0, 0.0], [0.0, along_m]])
    return Roofs(
        base + TRUE * HEIGHT_M * view,
        np.array(tracks),
        np.array([0, 1]),
        view,
        np.full(2, np.nan),
        np.array(lengths),
        np.array([0.0, turned]),
        np.ones(2),
    )


def at_true(found: LevelPosterior) -> float:
    return float(found.shares[0, LEVELS == TRUE][0])


ALONE = level_posterior(two_dates(along_m=50.0, tracks=(0, 1)))


def test_level_posterior_is_told_by_a_roof_on_another_date_and_more_so_by_one_of_its_track() -> None:
    other, own = (level_posterior(two_dates(tracks=tracks)) for tracks in ((0, 1), (0, 0)))
    assert LEVELS[other.shares[0].argmax()] == LEVELS[own.shares[0].argmax()] == TRUE
    assert at_true(ALONE) < 0.2 < at_true(other) < at_true(own) - 0.05
    assert ALONE.dates.tolist() == [0, 0]
    assert other.dates.tolist() == [1, 1]
    assert own.agreement[0] > other.agreement[0] > ALONE.agreement[0] == pytest.approx(0)


def test_level_posterior_of_a_short_box_on_the_spot_of_a_long_one_is_told_by_it() -> None:
    short, long = (
        level_posterior(two_dates(along_m=3.0, lengths=lengths, tracks=(0, 1)))
        for lengths in ((6.1, 12.2), (12.2, 12.2))
    )
    assert at_true(short) > at_true(ALONE) + 0.1
    assert at_true(long) == pytest.approx(at_true(ALONE)), "two long ones, three metres along, are no one spot"


def test_level_posterior_is_not_told_by_boxes_across() -> None:
    assert at_true(level_posterior(two_dates(turned=90.0, tracks=(0, 1)))) == pytest.approx(at_true(ALONE))
