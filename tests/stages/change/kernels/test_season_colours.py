"""Seasons in coarse pixels: fields that come and go are no change, ground that stays bare in other colours is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from changedet.stages.change.kernels import season_colours as seasons

DAYS = (0, 30, 60, 90, 120, 150, 180, 210)
CROP, SOIL, CONCRETE, GRAVEL = (
    np.array(colour, np.float32)
    for colour in ((250, 600, 300, 4400), (750, 1050, 1500, 2250), (2000, 2250, 2400, 2700), (1350, 1550, 1750, 2150))
)
SIDE = 40


def picture(fields: np.ndarray) -> np.ndarray:
    """A landscape of fields, each green (True) or ploughed, with noise."""
    rng = np.random.default_rng(int(fields.sum()))
    image = np.where(fields[None], CROP[:, None, None], SOIL[:, None, None])
    return np.asarray(image * rng.normal(1, 0.02, image.shape), np.float32)


@pytest.fixture
def series() -> np.ndarray:
    """Stripes of fields, bare at different times; on a part of them a pad of concrete lies from the fourth look on."""
    made = []
    for k in range(len(DAYS)):
        stripe = np.arange(SIDE) // 5
        image = picture(np.broadcast_to(((stripe + k) % 4 > 1)[:, None], (SIDE, SIDE)))
        if k >= 3:
            image[:, 10:20, 10:20] = CONCRETE[:, None, None]
        made.append(seasons.ground_state(image, 2, 3, 0))
    return np.stack(made)


def nothing_else(series: np.ndarray) -> seasons.OtherSigns:
    none = np.full(series[1:, 0].shape, -np.inf, np.float32)
    return seasons.OtherSigns(np.zeros_like(series[:, 0]), none)


def odds_of(series: np.ndarray, own: float = -3.0) -> np.ndarray:
    counts = seasons.count_states(series)
    hazard = seasons.growth_hazard(seasons.count_spells(series[:, 0], DAYS))
    pair = np.full(series[1:, 0].shape, own, np.float32)
    return seasons.season_odds(series, pair, nothing_else(series), DAYS, seasons.table_of(counts), hazard)


def test_a_state_is_ndvi_and_ratios_whatever_the_unit() -> None:
    image = np.stack([CROP, SOIL, CONCRETE], axis=1)[:, None].astype(np.float32)
    state, small = (seasons.ground_state(image * unit, 2, 3, 0) for unit in (1, 1e-4))
    assert_allclose(state[:2], small[:2], rtol=1e-4)
    assert_allclose(state[2] - small[2], np.log(1e4), rtol=1e-4)
    assert_allclose(state[0, 0], [4100 / 4700, 750 / 3750, 300 / 5100], rtol=1e-5)
    image[1, 0, 0] = np.nan
    assert np.isnan(seasons.ground_state(image, 2, 3, 0)[:, 0, 0]).all()


def test_a_pad_is_changed_and_fields_are_not(series: np.ndarray) -> None:
    odds = odds_of(series)
    pad = np.zeros((SIDE, SIDE), bool)
    pad[10:20, 10:20] = True
    assert (odds[3:, pad] > 1).all(), "from the second look on that shows it"
    assert (odds[:2, pad] <= 0).all()
    assert (odds[:, ~pad] < 0).all()


def test_what_came_last_waits_for_a_further_look(series: np.ndarray) -> None:
    assert (odds_of(series[:4])[-1] < 0).all()
    assert (odds_of(series[:5])[-1, 10:20, 10:20] > 0).all()


def test_ground_that_is_green_again_was_not_built_on(series: np.ndarray) -> None:
    series[-1, :, 12, 12] = seasons.ground_state(CROP[:, None, None], 2, 3, 0)[:, 0, 0]
    odds = odds_of(series)
    assert (odds[:, 12, 12] < 0).all()
    assert (odds[3:-1, 12, 14] > 1).all()


def test_soil_is_no_evidence_until_it_outlasts_all_fields(series: np.ndarray) -> None:
    soil = seasons.ground_state(SOIL[:, None, None], 2, 3, 0)[:, 0, 0]
    series[3:, :, 10:20, 10:20] = soil[:, None, None]
    odds = odds_of(series)[:, 12, 15]
    assert odds[2] == pytest.approx(np.log(seasons.SOIL), abs=0.1), "half of what is stripped looks like fields"
    assert odds[3:].max() > 0.5, "bare for longer than fields are"


def test_ground_that_never_bore_plants_is_compared_with_the_reference(series: np.ndarray) -> None:
    gravel, concrete = (seasons.ground_state(one[:, None, None], 2, 3, 0)[:, 0, 0] for one in (GRAVEL, CONCRETE))
    series[:, :, 30:34, 30:34] = gravel[:, None, None]
    series[4:, :, 30:34, 30:34] = concrete[:, None, None]
    soil = seasons.ground_state(SOIL[:, None, None], 2, 3, 0)[:, 0, 0]
    series[:, :, 20, 20] = soil
    assert (odds_of(series, own=2.0)[4:, 31, 31] > 1).all()
    assert (odds_of(series, own=-2.0)[:, 31, 31] < 0).all()
    assert (odds_of(series, own=2.0)[:, 20, 20] < 0).all(), "both looks have the colours of fields"


def test_with_too_few_fields_colours_tell_nothing(series: np.ndarray) -> None:
    assert seasons.table_of(np.zeros(seasons.CELLS, np.int64)) is None
    own = np.full(series[1:, 0].shape, 2.0, np.float32)
    nothing = np.zeros(seasons.SPELL_BINS)
    odds = seasons.season_odds(series, own, nothing_else(series), DAYS, None, nothing)
    assert (odds[:, 10:20, 10:20] < 0).all()


def test_ground_that_was_left_behind_or_is_another_is_changed_as_far(series: np.ndarray) -> None:
    series[:, :, 30:35, 30:35] = seasons.ground_state(SOIL[:, None, None], 2, 3, 0)
    counts = seasons.count_states(series)
    hazard = seasons.growth_hazard(seasons.count_spells(series[:, 0], DAYS))
    pair, none = np.full(series[1:, 0].shape, -3.0, np.float32), nothing_else(series)
    left, other = none.left.copy(), none.other.copy()
    left[4:, 25:28, 25:28] = 2.0
    other[3:] = 1.5
    table = seasons.table_of(counts)
    usual, behind, another = (
        seasons.season_odds(series, pair, told, DAYS, table, hazard)
        for told in (none, none._replace(left=left), none._replace(other=other))
    )
    green = np.isclose(usual, seasons.MOST_AGAINST)
    assert_allclose((behind - usual)[~green], left[1:][~green])
    assert_array_equal(behind[green], usual[green])
    never = (series[:, 0] < seasons.RIPE).all(axis=0)
    assert_array_equal(another[:, ~never], usual[:, ~never])
    assert_array_equal(another[:3, never], usual[:3, never])
    assert_array_equal(another[3:-1, never], 1.5)


def test_spells_end_where_plants_are_green_again() -> None:
    ndvi = np.array([0.8, 0.1, 0.1, 0.8, np.nan, 0.1], np.float32)[:, None, None]
    days = seasons.bare_days(ndvi, DAYS[:6])[:, 0, 0]
    assert_array_equal(days, [-1, 0, 30, -1, np.nan, 0])
    seen, ended = seasons.count_spells(np.broadcast_to(ndvi, (6, 8, 8)), DAYS[:6])
    assert_array_equal(seen[:3], [64, 0, 64])
    assert_array_equal(ended[:3], [0, 0, 64])
    hazard = seasons.growth_hazard(np.stack([seen, ended]))
    assert_array_equal(hazard[:3], [0, 0, 1])


def test_what_the_tide_covers_or_leaves_is_no_change_and_made_land_is() -> None:
    mud, sea, sand = 0.08, -0.4, 0.12
    nan = np.nan
    ndvi = np.array(
        [
            [mud, sea, mud, sea, mud, mud],
            [sea, mud, sea, nan, mud, sea],
            [sea, sea, sand, sand, nan, sand],
            [0.7, sea, 0.6, 0.7, sea, 0.2],
            [nan, sea, mud, sea, mud, sea],
        ],
        np.float32,
    ).T[:, :, None]
    back = seasons.comes_back(ndvi)[:, :, 0].T
    assert_array_equal(back[0], [False, True, False, True, False, False])
    assert_array_equal(back[1], [False, True, False, False, True, False])
    assert not back[2].any()
    assert_array_equal(back[3], [False, True, False, False, True, False])
    assert not back[4].any()


def test_ground_that_the_tide_covers_is_not_marked(series: np.ndarray) -> None:
    series = series.copy()
    series[:, 0, 30:35, 30:35] = np.where(np.arange(len(DAYS)) % 3 == 1, -0.4, 0.08)[:, None, None]
    series[0, 0, 20:25, 30:35] = -0.4
    series[1:, 0, 20:25, 30:35] = 0.08
    odds = odds_of(series, own=4.0)
    assert (odds[0, 30:35, 30:35] == seasons.MOST_AGAINST).all()
    assert (odds[3:-1, 20:25, 30:35] > 0).all()
