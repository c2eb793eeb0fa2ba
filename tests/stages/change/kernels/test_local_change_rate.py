"""How much and how often the ground around a pixel changes, on yards, pads, sidings and under clouds."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels import local_change_rate as ground_around
from changedet.stages.change.kernels.local_change_rate import (
    LocalChangeRate,
    beside_boxes,
    bounded_by_site,
    halo_px,
    local_change_rate,
)


def series_around(boxes, dates=6, size=200):
    """Probabilities at half a metre with boxes (row, column, first date, last date) of 5 by 12 pixels."""
    scores = np.full((dates, size, size), 0.02, np.float32)
    for row, column, first, last in boxes:
        scores[first : last + 1, row : row + 5, column : column + 12] = 0.95
    return scores


def figures(scores, weights=None):
    """Strictness and flip at the middle."""
    weights = np.ones(len(scores)) if weights is None else np.array(weights, np.float64)
    around = local_change_rate(scores, weights, 0.5)
    middle = around.odds_shift.shape[0] // 2
    return around.odds_shift[middle, middle], around.change_probability[middle, middle]


def test_local_change_rate_favours_busy_ground_and_holds_quiet_ground_back_within_bounds():
    yard = [(70 + 10 * i, 70 + 15 * j, 2, 5) for i in range(6) for j in range(4)]
    quiet, one, many = (figures(series_around(boxes))[0] for boxes in ([], [(70, 70, 2, 2)], yard))
    assert quiet > one > 0 > many >= -ground_around.MOST_SHIFT[0]
    share = (60 * 0.25 + 1) / (81 * 81 * 6 * 0.25 + 1000)
    assert one == pytest.approx(0.6 * np.log(0.01 / share), rel=1e-6)
    assert figures(np.full((3, 200, 200), np.nan, np.float32))[0] > 0


def test_local_change_rate_shifts_nothing_around_a_wide_pad():
    pad = series_around([])
    pad[3:, 70:130, 70:130] = 0.95
    assert figures(pad)[0] == 0.0


def test_local_change_rate_is_high_where_trains_come_and_go():
    rows = [(80 + 10 * i, 75 + 15 * j) for i in range(4) for j in range(4)]
    stays = [(y, x, 2, 5) for y, x in rows]
    trains = [(y, x, t, t) for t, (y, x) in zip((0, 1, 3, 4) * 4, rows, strict=True)]
    assert figures(series_around(stays))[1] == ground_around.USUAL_CHANGE
    assert figures(series_around(trains))[1] == ground_around.MOST_CHANGE
    # a lorry that was there once makes no siding
    assert figures(series_around([(98, 95, 2, 2)]))[1] < 0.45
    # nor does a hazy date on which all seems gone
    hazy = series_around(stays)
    hazy[4] = 0.02
    assert figures(hazy)[1] > 0.3
    assert figures(hazy, [1, 1, 1, 1, 0.5, 1])[1] == ground_around.USUAL_CHANGE


def test_local_change_rate_leaves_out_the_rims_of_clouds():
    rows = [(80 + 10 * i, 75 + 15 * j) for i in range(4) for j in range(4)]
    cloudy = series_around([(y, x, t, t) for t, (y, x) in zip((0, 1, 3, 4) * 4, rows, strict=True)])
    for t in (0, 1, 3, 4):
        cloudy[t, 60:74] = np.nan
        cloudy[t, 126:150] = np.nan
        cloudy[t, 95:105] = np.nan
    still = np.where(np.isnan(cloudy), np.nan, np.float32(0.02))
    assert figures(cloudy) == pytest.approx(figures(still))


def test_bounded_by_site_bounds_the_busiest_ground_of_a_quiet_site():
    around = LocalChangeRate(np.array([[-0.5, 1.1]]), np.array([[0.5, 0.12]]))
    clear, half = np.ones(4), np.array([1, 1, 0.5, 0.2])
    busy, usual, quiet = (bounded_by_site(around, sure, 1_000_000, clear) for sure in (20_000, 10_000, 1_000))
    np.testing.assert_allclose(busy.odds_shift, around.odds_shift)
    np.testing.assert_allclose(usual.change_probability, around.change_probability)
    np.testing.assert_allclose(quiet.odds_shift, [[1.2 - 0.6, 1.1]])
    np.testing.assert_allclose(quiet.change_probability, ground_around.USUAL_CHANGE)
    np.testing.assert_allclose(
        bounded_by_site(around, 20_000, 1_000_000, half).change_probability, [[(0.5 + 0.12) / 2, 0.12]]
    )


def test_local_change_rate_is_the_same_in_any_window():
    rng = np.random.default_rng(3)
    scores = np.kron(rng.random((4, 50, 50)) ** 20, np.ones((1, 4, 6))).astype(np.float32)
    scores[:, 60:70, 90:130] = scores[1, 100:150, 250:] = np.nan
    weights, halo = np.array([1.0, 0.5, 1.0, 0.9]), halo_px(0.5)
    whole = local_change_rate(scores, weights, 0.5)
    part = local_change_rate(scores[:, 20:150, 33:170], weights, 0.5)
    for one, other in zip(whole[:2], part[:2], strict=True):
        assert np.ptp(one) > 0
        assert one[20 : 150 - 2 * halo, 33 : 170 - 2 * halo].tobytes() == np.ascontiguousarray(other).tobytes()


def test_beside_boxes_busy_ground_is_no_licence_and_its_last_look_is_doubted():
    found = beside_boxes(LocalChangeRate(np.array([[-0.5, 1.1]]), np.array([[0.5, 0.12]])))
    np.testing.assert_allclose(found.odds_shift, [[0.0, 1.1]])
    np.testing.assert_allclose(found.change_probability, 0.12)
    assert found.last_look_odds is not None
    np.testing.assert_allclose(found.last_look_odds, [[np.log(0.88 / 0.12), 0.0]], atol=1e-9)
