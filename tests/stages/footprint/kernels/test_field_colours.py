"""Ground in the colour of a site's own bare fields."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.footprint.kernels.field_colours import (
    FIELD_M,
    LEAST_FIELDS_M2,
    field_date,
    like_fields,
    planted_ever,
    planted_later,
)

CELL_M = 2.0
CROP, SOIL, CONCRETE = (30.0, 60.0, 40.0, 300.0), (90.0, 105.0, 110.0, 150.0), (110.0, 135.0, 160.0, 163.0)
YARD, STUBBLE = np.s_[10:40, 10:40], np.s_[10:40, 60:90]
FIELDS = np.s_[60:90, 0:50], np.s_[60:90, 50:100]
MIDST = np.s_[65:85, 10:40], np.s_[65:85, 60:90]


def picture(first, second, stubble=SOIL, yard=CONCRETE):
    """Meadow with a yard, a field that lies bare on all dates, and two that are in turn."""
    image = np.empty((4, 100, 100), np.float32)
    image[:] = np.array(CROP)[:, None, None]
    for place, colour in zip((YARD, STUBBLE, *FIELDS), (yard, stubble, first, second), strict=True):
        image[(slice(None), *place)] = np.array(colour)[:, None, None]
    return image


def told(*images, seen=None, made=None):
    shown = [np.ones((100, 100), bool)] * len(images) if seen is None else seen
    dates = [field_date(image, own, CELL_M) for image, own in zip(images, shown, strict=True)]
    return like_fields(dates, [np.zeros((100, 100), bool) if made is None else made] * len(images), CELL_M)


def test_ground_that_is_bare_on_all_dates_in_the_colour_of_fields_is_like_them_and_a_yard_is_not():
    found = told(picture(SOIL, CROP), picture(CROP, SOIL))
    assert found[STUBBLE].mean() > 0.9
    assert not found[YARD].any()


def test_nothing_is_known_where_no_field_turns_or_one_date_alone_shows_it():
    assert not told(picture(SOIL, SOIL), picture(SOIL, SOIL)).any()
    assert not told(picture(SOIL, CROP), picture(CROP, CROP)).any()


def test_no_soil_is_learnt_where_the_ground_was_made():
    made = np.zeros((100, 100), bool)
    made[FIELDS[0]] = made[FIELDS[1]] = True
    assert not told(picture(SOIL, CROP), picture(CROP, SOIL), made=made).any()


def test_a_yard_that_has_the_colour_on_one_date_of_four_is_none():
    wet = picture(SOIL, CROP, yard=SOIL)
    found = told(wet, picture(CROP, SOIL), picture(SOIL, CROP), picture(CROP, SOIL))
    assert not found[YARD].any()
    assert found[STUBBLE].any()


def test_dates_that_hide_a_place_do_not_tell_against_it():
    clear, hidden = np.ones((100, 100), bool), np.ones((100, 100), bool)
    hidden[STUBBLE] = False
    images = [picture(SOIL, CROP), picture(CROP, SOIL)] * 2
    assert told(*images, seen=[clear, clear, hidden, hidden])[STUBBLE].mean() > 0.9


def test_what_is_hidden_or_black_says_nothing():
    hidden = np.ones((100, 100), bool)
    hidden[STUBBLE] = False
    assert not told(picture(SOIL, CROP), picture(CROP, SOIL), seen=[hidden, hidden])[STUBBLE].any()
    black = picture(SOIL, CROP)
    black[:, 10:40, 60:90] = 0
    date = field_date(black, np.ones((100, 100), bool), CELL_M)
    assert not date.seen[STUBBLE].any()


@pytest.mark.parametrize(
    ("side", "expected"), [(round(FIELD_M / CELL_M) + 2, True), (round(FIELD_M / CELL_M) - 1, False)]
)
def test_narrow_ground_is_no_field(side, expected):
    strip = [picture(SOIL, CROP, stubble=CROP), picture(CROP, SOIL, stubble=CROP)]
    for image in strip:
        image[:, 10:50, 60 : 60 + side] = np.array(SOIL)[:, None, None]
    assert told(*strip)[10:50, 60:100].any() == expected


def test_few_bare_fields_say_nothing():
    side = int((LEAST_FIELDS_M2 / CELL_M**2) ** 0.5) - 2
    images = []
    for turn in (0, 1):
        image = picture(CROP, CROP)
        left = 50 * turn
        image[:, 60 : 60 + side, left : left + side] = np.array(SOIL)[:, None, None]
        images.append(image)
    assert not told(*images).any()


def dates_of(*images):
    return [field_date(image, np.ones((100, 100), bool), CELL_M) for image in images]


def test_a_field_is_known_as_one_until_the_last_date_that_shows_it_green():
    dates = dates_of(picture(SOIL, CROP), picture(CROP, SOIL), picture(SOIL, SOIL))
    before, between, last = planted_later(dates, np.zeros((100, 100), bool), CELL_M)
    assert before[FIELDS[0]].mean() > 0.9
    assert not between[MIDST[0]].any()
    assert not before[15:35, 15:35].any()
    assert not last.any()


def test_what_was_marked_may_have_been_a_yard_that_was_sown():
    dates, marked = dates_of(picture(SOIL, SOIL), picture(CROP, SOIL)), np.zeros((100, 100), bool)
    marked[FIELDS[0]] = True
    assert not planted_later(dates, marked, CELL_M)[0][MIDST[0]].any()
    assert not planted_ever(dates, marked)[FIELDS[0]].any()
    assert not planted_ever(dates, marked)[MIDST[1]].any()
    assert planted_ever(dates, np.zeros((100, 100), bool))[FIELDS[0]].mean() > 0.9


def test_a_green_strip_reaches_over_a_rim_and_is_no_field():
    strip = picture(SOIL, SOIL)
    strip[:, :, 70:] = strip[:, :, :30] = np.array(SOIL)[:, None, None]
    strip[:, 60:90, 20 : 20 + int(FIELD_M / CELL_M) - 3] = np.array(CROP)[:, None, None]
    dates, marked = dates_of(picture(SOIL, SOIL), strip), np.zeros((100, 100), bool)
    place = np.s_[62:88, 15:30]
    assert not planted_later(dates, marked, CELL_M)[0][place].any()
    assert planted_ever(dates[1:], marked)[place].any()
