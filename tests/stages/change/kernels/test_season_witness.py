"""A look of the reference's season, in another year, confirms ground that others mark, and denies fields."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from changedet.arrays import Bools, Bytes, Singles
from changedet.stages.change.kernels.season_witness import (
    CONFIRMED,
    MOST_DOUBT,
    confirmed_ground,
    of_one_season,
)
from changedet.stages.change.kernels.wide_ground import EVEN, STEP, wide_halo_px

GSD_M = 1.0
HALO = wide_halo_px(GSD_M)
YES, NO, GONE = CONFIRMED + 0.1, CONFIRMED - 0.1, np.nan
MAY = dt.date(2022, 5, 3)


def _image(score: float, side_m: int) -> Singles:
    """A square of ground in the middle of 40 m that are not changed."""
    image = np.full((40 + 2 * HALO,) * 2, 0.01, np.float32)
    low = HALO + 20 - side_m // 2
    image[low : low + side_m, low : low + side_m] = score
    return image


def _steps(scores: list[Singles], odds: float) -> list[Bytes]:
    """The network's log odds inside, and that it is sure of what did not change."""
    return [np.where(score > 0.1, EVEN + round(odds * STEP), EVEN - 48).astype(np.uint8) for score in scores]


def _found(
    says: tuple[float, ...], season: tuple[int, ...], odds: float = -0.5, side_m: int = 30, nir: tuple[int, ...] = ()
) -> list[int]:
    scores = [_image(score, side_m) for score in says]
    given = [bool(one) for one in nir or (1,) * len(says)], [bool(one) for one in season]
    return confirmed_ground(scores, _steps(scores, odds), *given, GSD_M)[:, 20, 20].astype(int).tolist()


@pytest.mark.parametrize(
    ("says", "season", "found"),
    [
        # a pit that dry grass hides in August
        ((YES, NO, YES, YES), (0, 0, 0, 1), [1, 0, 1, 1]),
        # a field is as it was once its season is back
        ((YES, YES, YES, NO), (0, 0, 0, 1), [0, 0, 0, 0]),
        # without a look of the season nobody knows
        ((YES, YES, YES, YES), (0, 0, 0, 0), [0, 0, 0, 0]),
        # one look alone may show another crop
        ((NO, NO, NO, YES), (0, 0, 0, 1), [0, 0, 0, 0]),
        # each look of the season has to confirm it
        ((YES, NO, YES), (0, 1, 1), [0, 0, 0]),
        ((NO, YES, YES), (1, 0, 1), [0, 1, 1]),
        # what follows the last one is held by it, and confirms nothing by itself
        ((YES, YES, YES, NO), (0, 1, 0, 0), [1, 1, 1, 0]),
        ((NO, YES, YES, YES), (0, 1, 0, 0), [0, 0, 0, 0]),
        ((YES, NO, YES), (0, 1, 0), [0, 0, 0]),
        # a look that does not show it says nothing
        ((YES, YES, GONE), (0, 1, 1), [1, 1, 0]),
        ((YES, YES, GONE), (0, 0, 1), [0, 0, 0]),
    ],
)
def test_looks_of_the_season_decide(says: tuple[float, ...], season: tuple[int, ...], found: list[int]) -> None:
    assert _found(says, season) == found


def test_what_the_network_doubts_stays_bounded() -> None:
    assert _found((YES, YES), (0, 1), odds=MOST_DOUBT + 0.1) == [1, 1]
    assert _found((YES, YES), (0, 1), odds=MOST_DOUBT - 0.1) == [0, 0]


def test_what_is_narrow_is_left_out() -> None:
    assert _found((YES, YES), (0, 1), side_m=6) == [0, 0]


def test_looks_in_colours_alone_say_nothing() -> None:
    assert _found((YES, YES, YES), (0, 0, 1), nir=(1, 1, 0)) == [0, 0, 0]
    assert _found((YES, NO, YES), (0, 1, 1), nir=(1, 0, 1)) == [1, 0, 1]


def test_a_pixel_gets_the_same_whatever_block_it_lies_in() -> None:
    rng = np.random.default_rng(5)
    side = 160 + 2 * HALO
    smooth = np.kron(rng.random((3, side // 20 + 1, side // 20 + 1)), np.ones((1, 20, 20)))[:, :side, :side]
    scores = [one.astype(np.float32) for one in smooth]
    steps = [rng.integers(EVEN - 30, EVEN + 30, one.shape).astype(np.uint8) for one in scores]
    given = [True] * 3, [False, False, True]
    whole = confirmed_ground(scores, steps, *given, GSD_M)
    cut = slice(40, None)
    part = confirmed_ground([s[cut, cut] for s in scores], [s[cut, cut] for s in steps], *given, GSD_M)
    assert whole.any()
    np.testing.assert_array_equal(whole[:, cut, cut], part)


def _of_season(*days: dt.date) -> tuple[bool, ...]:
    return of_one_season(MAY.toordinal(), [day.toordinal() for day in days])


def test_the_season_is_of_another_year() -> None:
    looks = dt.date(2022, 6, 29), dt.date(2022, 8, 22), dt.date(2023, 4, 14), dt.date(2023, 8, 1), dt.date(2024, 6, 1)
    assert _of_season(*looks) == (False, False, True, False, True)


def test_looks_before_the_reference_have_its_season_too() -> None:
    assert _of_season(dt.date(2022, 3, 20), dt.date(2021, 10, 1), dt.date(2021, 6, 10)) == (False, False, True)


def _any(found: Bools) -> bool:
    return bool(found.any())


def test_nothing_is_found_where_seasons_are_not_told() -> None:
    scores = [_image(YES, 30)] * 2
    assert not _any(confirmed_ground(scores, _steps(scores, 0.0), [True] * 2, (), GSD_M))
