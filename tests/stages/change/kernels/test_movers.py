"""Movers: what stands on one date alone is left out, what stays or changed the ground itself is not."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels.movers import (
    GONE,
    GROUND,
    MEADOW,
    NOTHING,
    STANDS,
    UNKNOWN,
    mover_halo_px,
    plants_around,
    plants_halo_px,
    standing_half_px,
    things_standing,
    without_movers,
)

GSD_M = 2.0
HALF = standing_half_px(GSD_M, 68)
DARK, SPREAD = [20.0, 15.0, 10.0], [30.0, 35.0, 40.0]
DARKNESS, RUST = (30, 28, 24), (105, 120, 170)
APRON, WHITE, BLUE, SOIL = (110, 115, 110), (230, 230, 225), (180, 90, 50), (70, 95, 130)
THING, WORKS = np.s_[40:46, 40:46], np.s_[10:70, 10:70]
UNSURE = np.zeros((1, 90, 90), np.float32)


def picture(colour=None, where=THING, seed=0):
    image = np.array(APRON, float)[:, None, None] * np.random.default_rng(seed).normal(1, 0.02, (3, 90, 90))
    if colour is not None:
        image[(slice(None), *where)] = np.array(colour, float)[:, None, None]
    return image.astype(np.float32)


def standing(before, after):
    return things_standing(before, after, [0, 1, 2, None], DARK, SPREAD, HALF)


def read(reference, *dates, sure=0.95):
    """Scores of dates whose pairs with the reference are all surely changed where they differ by the thing's place."""
    halo = mover_halo_px(GSD_M)
    found = [standing(reference, date) for date in dates]
    scores = np.full((len(dates), 90, 90), sure, np.float32)
    return without_movers(scores, found, np.zeros_like(scores), GSD_M)[:, 43 - halo, 43 - halo]


def test_half_of_the_square_is_bounded_by_what_the_images_hold():
    assert standing_half_px(0.5, 68) == 60
    assert standing_half_px(0.3, 68) == 67


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (picture(WHITE), picture(seed=1), GONE),
        (picture(), picture(WHITE, seed=1), STANDS),
        (picture(WHITE), picture(BLUE, seed=1), STANDS),
        (picture(), picture(seed=1), NOTHING),
        (picture(), picture(SOIL, WORKS, seed=1), GROUND),
    ],
)
def test_things_standing_tells_what_came_from_what_is_gone_and_from_changed_ground(before, after, expected):
    found = standing(before, after)
    assert found.dtype == np.uint8
    assert found.shape == (4, 90, 90)
    assert (found[0, 41:45, 41:45] == expected).all()


def test_what_is_hidden_is_unknown_and_pulls_the_ground_to_neither_side():
    after = picture(WHITE, seed=1)
    after[:, :, :38] = np.nan
    found = standing(picture(), after)
    assert (found[0, :, :38] == UNKNOWN).all()
    assert (found[0, 41:45, 41:45] == STANDS).all()
    plain = standing(picture(), picture(WHITE, seed=1))
    assert np.abs(found[1:, 43, 43].astype(int) - plain[1:, 43, 43]).max() <= 2


def test_things_standing_does_not_depend_on_the_block():
    before, after = picture(WHITE), picture(BLUE, np.s_[30:50, 60:66], seed=1)
    after[:, 70, 20] = np.nan
    whole, part, rim = standing(before, after), standing(before[:, 9:, 13:], after[:, 9:, 13:]), HALF + 1
    np.testing.assert_array_equal(whole[:, 9 + rim : -rim, 13 + rim : -rim], part[:, rim:-rim, rim:-rim])


def test_a_thing_of_the_reference_alone_or_of_one_date_alone_is_no_change():
    assert read(picture(WHITE), picture(seed=1), picture(seed=2)).max() < 0.1
    came = read(picture(), picture(WHITE, seed=1), picture(seed=2))
    assert came[0] < 0.1
    # another one stands there on each date
    assert read(picture(SOIL), picture(WHITE, seed=1), picture(BLUE, seed=2)).max() < 0.1
    # on the last date, too, it is not known yet whether it stays
    assert read(picture(), picture(seed=1), picture(WHITE, seed=2))[1] < 0.1


def test_a_thing_that_moved_is_no_change_however_sure_the_pair_is():
    # trees and network together pass ten log odds on bright aircraft
    assert read(picture(WHITE), picture(seed=1), picture(seed=2), sure=0.99999).max() < 0.5
    assert read(picture(), picture(seed=1), picture(WHITE, seed=2), sure=0.99999)[1] < 0.5


def test_what_stays_is_change_and_so_is_changed_ground():
    assert (read(picture(), picture(WHITE, seed=1), picture(WHITE, seed=2)) == np.float32(0.95)).all()
    assert (read(picture(), picture(SOIL, WORKS, 1), picture(SOIL, WORKS, 2)) == np.float32(0.95)).all()


def test_another_thing_in_the_place_of_a_dark_one_is_not_bare_ground():
    # in e-folds the dark one differs from the ground far more than what came instead
    assert (standing(picture(DARKNESS), picture(RUST, seed=1))[0, 41:45, 41:45] == STANDS).all()
    assert (read(picture(DARKNESS), picture(RUST, seed=1), picture(RUST, seed=2)) == np.float32(0.95)).all()


@pytest.mark.parametrize(("nir", "expected"), [(600, MEADOW), (110, GONE)])
def test_nothing_is_parked_where_plants_cover_the_ground(nir, expected):
    near = np.full((1, 90, 90), nir, np.float32)
    pair = [np.concatenate([image, near]) for image in (picture(WHITE), picture(seed=1))]
    found = things_standing(*pair, [0, 1, 2, 3], [*DARK, 5.0], [*SPREAD, 60.0], HALF)
    assert found.shape == (7, 90, 90)
    assert (found[0, 41:45, 41:45] == expected).all()


def test_with_near_infrared_the_change_of_brightness_is_kept_in_colours_and_in_near_infrared():
    dim, bright = (np.full((1, 90, 90), value, np.float32) for value in (50, 100))
    pair = np.concatenate([picture(APRON), bright]), np.concatenate([2 * picture(APRON), dim])
    found = things_standing(*pair, [0, 1, 2, 3], [0.0, 0.0, 0.0, 0.0], [*SPREAD, 60.0], HALF)[:, 43, 43]
    # 32 levels an e-fold from 128: twice as bright in colours, half as bright in near infrared
    assert found[-2:].tolist() == pytest.approx([128 + 32 * np.log(2), 128 - 32 * np.log(2)], abs=1.5)


def test_what_comes_and_goes_beside_works_belongs_to_them():
    machine = picture(SOIL, np.s_[10:70, 46:80], seed=1)
    machine[(slice(None), *THING)] = np.array(WHITE, float)[:, None, None]
    assert read(picture(), picture(seed=2), machine)[1] == np.float32(0.95)


def test_dates_with_and_without_near_infrared_confirm_each_other_in_colours():
    halo = mover_halo_px(GSD_M)
    colours = standing(picture(), picture(WHITE, seed=1))
    four = np.concatenate([colours, np.full((1, 90, 90), 200, np.uint8)])
    scores = np.full((2, 90, 90), 0.9, np.float32)
    found = without_movers(scores, [colours, four], np.zeros_like(scores), GSD_M)
    assert found[:, 43 - halo, 43 - halo].tolist() == [np.float32(0.9)] * 2


def test_a_faint_rim_belongs_to_its_thing():
    kind = np.full((4, 90, 90), NOTHING, np.uint8)
    kind[0, 40:46, 40:46] = GONE
    found = without_movers(np.full((1, 90, 90), 0.9, np.float32), [kind], UNSURE, GSD_M)[0]
    row = found[43 - mover_halo_px(GSD_M), 37 - mover_halo_px(GSD_M) : 41 - mover_halo_px(GSD_M)]
    assert (row < 0.5).tolist() == [False, False, True, True]


def test_what_is_not_known_and_not_observed_is_left_as_it_is():
    scores = np.full((1, 90, 90), 0.9, np.float32)
    scores[0, 45, 45] = np.nan
    found = without_movers(scores, [np.zeros((4, 90, 90), np.uint8)], UNSURE, GSD_M)
    halo = mover_halo_px(GSD_M)
    np.testing.assert_array_equal(found, scores[:, halo:-halo, halo:-halo])


@pytest.mark.parametrize(("sure", "moves"), [(0.6, False), (0.4, True)])
def test_a_bank_that_looks_agree_about_is_no_mover(sure, moves):
    kind = np.full((4, 90, 90), NOTHING, np.uint8)
    kind[0, 40:46, 40:46] = GONE
    scores = np.full((1, 90, 90), 0.9, np.float32)
    found = without_movers(scores, [kind], np.full_like(scores, sure), GSD_M)
    halo = mover_halo_px(GSD_M)
    assert (found[0, 43 - halo, 43 - halo] < 0.5) == moves


def test_plants_of_any_date_make_a_meadow():
    # one date shows the left half green, the other, in colours, none
    kinds = [np.full((90, 90), NOTHING, np.uint8) for _ in range(2)]
    kinds[0][:, :45] = MEADOW
    halo = plants_halo_px(GSD_M)
    found = plants_around(kinds, GSD_M)
    assert found.shape == (90 - 2 * halo, 90 - 2 * halo)
    assert found[:, : 44 - halo].all()
    assert not found[:, 47 - halo :].any()
    assert not plants_around(kinds[1:], GSD_M).any()
