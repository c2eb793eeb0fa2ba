"""What a date's boxes show of how far their number can be trusted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from changedet.kernels.doubts import (
    NO_DOUBTS,
    TAUGHT_VIEW_DEG,
    Signs,
    Weights,
    blind_dates,
    doubt,
    may_all_be_others,
    others_in_the_green,
    slants,
    unusual_doubt,
    widened,
)

SIGNS = Signs(expected=100.0, uncertain=5.0, weak=8.0, missed=12.0, others=3.0)


def test_doubt_adds_the_weighted_signs_in_quadrature():
    assert doubt(SIGNS, Weights()) == 0.0
    assert doubt(SIGNS, Weights(plain=2.0)) == 2.0
    assert doubt(SIGNS, Weights(expected=0.03, uncertain=0.8)) == pytest.approx(5.0)
    assert doubt(SIGNS, Weights(weak=1.0, missed=1.0, others=1.0)) == pytest.approx(math.sqrt(64 + 144 + 9))


@pytest.mark.parametrize("name", Weights._fields)
def test_doubt_grows_with_every_weight(name):
    some = Weights(1.0, 0.1, 0.5, 0.5, 0.5, 0.5)
    assert doubt(SIGNS, some._replace(**{name: 2.0})) > doubt(SIGNS, some)


def test_widened_is_the_half_width_at_home_where_nothing_is_doubted_or_known():
    for beyond in (-0.7, 0.0, math.nan):
        assert widened(7.0, SIGNS, NO_DOUBTS.boxes[0], beyond) == 7.0
    assert widened(3.0, SIGNS, Weights(plain=4.0), -0.2) == pytest.approx(5.0)
    assert widened(3.0, SIGNS, Weights(plain=4.0), 0.1) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("expected", "doubtful", "beyond"),
    [(200.0, 90.0, 0.1), (200.0, 70.0, 0.0), (200.0, 50.0, -0.1), (20.0, 15.0, -0.2)],
)
def test_unusual_doubt_is_what_lies_beyond_that_of_teaching_sites_as_a_share(expected, doubtful, beyond):
    signs = SIGNS._replace(expected=expected)
    assert unusual_doubt(signs, Weights(plain=doubtful)) == pytest.approx(beyond)


@pytest.mark.parametrize(
    ("detected", "expected", "blind"),
    [(2, 150, True), (0, 10, True), (0, 9.9, False), (3, 12, False), (2, 12, True), (100, 120, False), (0, 0, False)],
)
def test_blind_dates_where_much_is_expected_and_next_to_nothing_was_detected(detected, expected, blind):
    found = blind_dates(np.array([20.0, detected]), np.array([20.0, expected]))
    assert found.tolist() == [False, blind]


def test_blind_dates_are_not_most_of_them():
    expected = np.full(5, 18.0)
    assert blind_dates(np.array([18.0, 17.0, 19.0, 1.0, 4.0]), expected).tolist() == [False] * 3 + [True] * 2
    assert not blind_dates(np.array([18.0, 17.0, 4.0, 1.0, 4.0]), expected).any()
    # A date on which hardly any box is expected speaks neither way.
    assert blind_dates(np.array([18.0, 1.0, 0.0]), np.array([18.0, 18.0, 2.0])).tolist() == [False, True, False]


def test_boxes_may_all_be_others_where_most_are_not_sure() -> None:
    assert not may_all_be_others(np.array([0.9, 0.5, 0.9, 0.89]))
    assert may_all_be_others(np.array([0.9, 0.5, 0.9, 0.5, 0.89]))
    assert not may_all_be_others(np.array([]))


def test_slants_begin_beyond_the_views_that_taught_and_reach_looks_beside_them():
    assert not slants(np.array([0.0, TAUGHT_VIEW_DEG, 12.0])).any()
    assert not slants(np.array([math.nan, 10.0])).any()
    some = slants(np.array([5.0, 27.0, 29.0, math.nan]))
    assert some[0] == some[3] > 0
    assert some[0] < some[2]
    assert (slants(np.array([60.0, 5.0])) == slants(np.array([50.0, 5.0]))).all(), "no more than at most"


def village(yard: int, roofs: int, yard_at: float = 200.0) -> dict[str, np.ndarray]:
    """Sure boxes on pavement, and unsure ones in the green, so many metres apart; each seen five times."""
    surety, home = np.repeat([4.5, 1.5], [yard, roofs]), np.repeat([-5.0, -1.0], [yard, roofs])
    at = [(8.5 * (k % 6), -8.5 * (k // 6 + 1) - yard_at) for k in range(yard)]
    at += [(8.5 * (k % 6), 8.5 * (k // 6)) for k in range(roofs)]
    return {"surety": surety, "home": home, "looks": np.full(len(at), 5), "xy_m": np.array(at).reshape(-1, 2)}


def test_a_village_holds_no_boxes_however_many_stand_elsewhere() -> None:
    found = others_in_the_green(**village(400, 5))
    assert not found.share[:400].any()
    assert not found.among[:400].any()
    np.testing.assert_array_equal(found.share[400:], 1.0)
    np.testing.assert_array_equal(found.above[400:], 0.1)
    assert found.among[400:].all()


@pytest.mark.parametrize(("yard", "share"), [(24, 1 - 0.05 * 24 / 8), (80, 0.0)])
def test_thin_ones_are_what_boxes_do_not_explain_and_upper_bounds_keep_them(yard: int, share: float) -> None:
    apart = village(yard, 8)
    apart["xy_m"][yard:] = np.arange(8)[:, None] * 90.0
    found = others_in_the_green(**apart)
    np.testing.assert_allclose(found.share[yard:], share)
    assert found.among.sum() == (8 if share else 0)
    assert (found.above == 1.0).all()


def test_whatever_lies_in_a_village_is_as_its_roofs() -> None:
    odd = village(24, 20, yard_at=0.0)
    odd["xy_m"][4:24] -= 2000.0  # a yard far from it
    odd["surety"][:3], odd["looks"][2] = [1.0, 4.5, np.nan], 0
    odd["home"][:4] = [np.nan, np.nan, -5.0, -1.0]
    share, above, among = others_in_the_green(**odd)
    assert (share[[0, 2, 3]] > 0.9).all(), "what is unsure or in the green"
    assert share[1] == 0.0
    np.testing.assert_array_equal(above[:4], [0.1, 1.0, 0.1, 1.0], "what is sure may be a box yet")
    assert among.sum() == 24


def test_where_few_are_sure_lone_boxes_may_be_boxes_and_are_no_lower_bound() -> None:
    found = others_in_the_green(**village(19, 20, yard_at=2000.0))
    assert not found.share.any()
    assert (found.above == 1.0).all()
    assert found.among[19:].all()
    assert not found.among[:19].any()


def test_a_stack_in_the_green_is_no_village() -> None:
    stack = village(24, 20, yard_at=2000.0)
    stack["xy_m"] *= 0.35
    assert not others_in_the_green(**stack).share.any()


@pytest.mark.parametrize(
    ("yard", "roofs", "yard_at", "changed"),
    [
        (24, 20, 2000.0, {"home": -5.0}),  # all on a paved yard
        (24, 20, 2000.0, {"home": np.nan}),
        (24, 20, 2000.0, {"surety": 4.5}),  # all shown for sure
        (24, 20, 2000.0, {"looks": 0}),
        (24, 4, 2000.0, {}),  # too few to tell
        (24, 20, 0.0, {}),  # beside as many others
        (0, 0, 0.0, {}),
    ],
)
def test_boxes_elsewhere_are_boxes(yard: int, roofs: int, yard_at: float, changed: dict[str, float]) -> None:
    given = village(yard, roofs, yard_at)
    given |= {name: np.full_like(given[name], value) for name, value in changed.items()}
    found = others_in_the_green(**given)
    assert not found.share.any()
    assert not found.among.any()
