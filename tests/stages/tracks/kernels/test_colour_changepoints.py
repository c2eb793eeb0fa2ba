"""Changes of colour against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changedet.kernels.colour import linear_rgb
from changedet.stages.tracks.kernels.colour_changepoints import ColourSeries, pair_costs


def linear(rgb):
    return linear_rgb(np.clip(np.asarray(rgb, float), 0, 255) / 255)


def changepoints(looks, price):
    return np.flatnonzero(looks.changepoints(np.full(looks.begin[-1], price))).tolist()


def segments(rgb, price=8.0):
    series = ColourSeries.of(linear(rgb), np.zeros(len(rgb), bool), np.array([0, len(rgb)]))
    return changepoints(series, price)


def test_changepoints_lie_where_the_box_was_planted_and_nowhere_else():
    rng = np.random.default_rng(5)
    rgb = np.concatenate([rng.normal((150, 50, 40), 2, (4, 3)), rng.normal((40, 70, 130), 2, (3, 3))])
    assert segments(rgb) == [0, 4]
    assert segments(rng.normal((150, 50, 40), 2, (7, 3))) == [0]


def test_changepoints_are_none_for_a_box_in_shade():
    """Linear light down to a quarter and bluer, as it was measured on rows behind a building."""
    lit = np.array([184.0, 109.0, 105.0])
    shaded = (89.0, 62.0, 64.0)
    assert segments([lit] * 5 + [shaded] * 2) == [0]
    assert segments([lit] * 5 + [(40, 70, 130)] * 2) == [0, 5]


def test_the_rim_of_a_cloud_explains_less_light_and_white_but_no_other_hue():
    """Linear light at .7 of itself, with white added or not; a box of another hue, as dim."""
    box = linear((180, 110, 90))
    looks = np.stack([box, 0.7 * box, 0.8 * box + 0.1, 0.7 * linear((70, 120, 170))])
    first, second = np.zeros(3, int), np.arange(1, 4)
    none, rim = np.zeros(4, bool), np.arange(4) > 0
    plain, dimmed = (pair_costs(looks, none, flags, first, second) for flags in (none, rim))
    assert (plain > 3).all()
    assert (dimmed[:2] < 0.1).all()
    assert dimmed[2] > 20
    np.testing.assert_array_equal(dimmed, pair_costs(looks, none, rim, second, first))


@given(st.lists(st.lists(st.floats(0, 12), min_size=6, max_size=6), min_size=6, max_size=6), st.floats(0.5, 10))
@settings(max_examples=40, deadline=None)
def test_changepoints_are_of_the_cheapest_partition_of_all(costs, price):
    table = np.array(costs)

    def total(starts):
        ends = [*starts[1:], 6]
        parts = [table[a:b, a:b].sum(0).min() for a, b in zip(starts, ends, strict=True)]
        return sum(parts) + price * (len(starts) - 1)

    every = [[0, *(k for k in range(1, 6) if mask >> (k - 1) & 1)] for mask in range(32)]
    looks = ColourSeries(np.array([0, 6]), np.array([0, 36]), table.astype(np.float32).ravel())
    assert total(changepoints(looks, price)) == pytest.approx(min(map(total, every)))
