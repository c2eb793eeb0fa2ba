"""Lots among the boxes of a site, and common light."""

from __future__ import annotations

import numpy as np

from changedet.assess.kernels.lots import balance, find_lots
from changedet.kernels import colour


def test_balance_a_colour_cast_and_brightness_are_taken_out() -> None:
    rng = np.random.default_rng(0)
    linear = rng.uniform(0.05, 0.3, (200, 3))
    cast = np.array([1.25, 1.0, 0.8]) * 1.4
    before = np.linalg.norm(colour.scaled_lab(linear) - colour.scaled_lab(linear * cast), axis=1)
    one, other = linear * balance(linear), linear * cast * balance(linear * cast)
    after = np.linalg.norm(colour.scaled_lab(one) - colour.scaled_lab(other), axis=1)
    assert np.median(after) < 0.5 * np.median(before)
    dimmed = linear * 0.5
    np.testing.assert_allclose(dimmed * balance(dimmed), one, rtol=1e-9)


def test_find_lots_a_lot_is_three_like_boxes_that_the_stock_does_not_let_expect() -> None:
    grey, red = np.array([20.0, 0, 0]), np.array([18.0, 40, 25])
    stock = np.tile(grey, (30, 1))
    came = np.vstack([np.tile(grey, (4, 1)), np.tile(red, (4, 1)), red + np.array([0, 0, 30])])
    lab = np.vstack([stock, came])
    size, batch = np.ones(39, np.int64), np.r_[np.full(30, -1), np.zeros(9)].astype(np.int64)
    lots, members = find_lots(lab, size, batch, batch >= 0, 10.0, 3, 0.001)
    assert [group.tolist() for group in members] == [[34, 35, 36, 37]]
    np.testing.assert_allclose(lots.lab, [red])
    assert lots.boxes.tolist() == [4]
    few, _ = find_lots(lab[:36], size[:36], batch[:36], batch[:36] >= 0, 10.0, 3, 0.001)
    assert not len(few.boxes)
