"""Chains of cars: planted ones are read, doubt widens the count, sums and bounds of distributions."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.pipeline.things.kernels.car_chains import MISSED, chain, interval_of, sum_of, with_missed, with_unread


def planted(begins: list[int], lengths: list[int], n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Odds of cars that stand at these places, each end shown."""
    car, end = np.full(n, -4.0), np.full(n, -4.0)
    for first, length in zip(begins, lengths, strict=True):
        car[first : first + length] = 4.0
        for at in (first, first + length):
            end[max(0, at - 1) : at + 1] = 4.0
    return car, end


def test_chain_reads_planted_cars() -> None:
    found = chain(*planted([20, 35, 54], [15, 19, 13]))
    assert found.cars.tolist() == [[20, 35], [35, 54], [54, 67]]
    assert int(np.argmax(found.counts)) == 3
    assert found.counts.sum() == pytest.approx(1.0)
    assert interval_of(found.counts, 0.95) == (3, 3)


def test_chain_of_a_bare_track_is_empty() -> None:
    found = chain(np.full(80, -4.0), np.full(80, -4.0))
    assert len(found.cars) == 0
    assert found.counts[0] > 0.99


def test_chain_without_ends_is_in_doubt() -> None:
    car, _ = planted([20], [60])
    found = chain(car, np.zeros(120))
    low, high = interval_of(found.counts, 0.95)
    assert low < high
    assert 60 / 27 <= len(found.cars) <= 60 / 10


def test_chain_counts_a_car_that_the_edge_cuts_by_what_is_left() -> None:
    for left, number in ((9, 1), (3, 0)):
        car, end = planted([left], [15])
        car[:left] = 4.0
        assert len(chain(car, end).cars) == 1 + number


def test_sum_of_and_interval_of() -> None:
    whole = sum_of([np.array([0.5, 0.5]), np.array([0.0, 0.0, 1.0])])
    assert whole.tolist() == [0.0, 0.0, 0.5, 0.5]
    assert interval_of(whole, 0.95) == (2, 3)
    assert interval_of(np.array([0.01, 0.98, 0.01]), 0.95) == (1, 1)
    assert interval_of(np.ones(1), 0.95) == (0, 0)


def test_with_missed_allows_for_more_cars_and_none_on_bare_track() -> None:
    sure = np.zeros(21)
    sure[20] = 1.0
    whole = with_missed(sure)
    assert whole[:20].sum() == 0
    assert float(whole @ np.arange(len(whole))) == pytest.approx(20 * (1 + MISSED), abs=1e-3)
    low, high = interval_of(whole, 0.95)
    assert low == 20
    assert high > 21
    assert with_missed(np.ones(1))[0] == 1.0


def test_with_unread_raises_upper_bounds_alone() -> None:
    read = np.eye(6)[5]
    assert interval_of(with_unread(read, 11), 0.95) == (5, 5)
    assert interval_of(with_unread(read, 50), 0.95) == (5, 9)
    four_tracks = sum_of([with_unread(np.eye(6)[0], 30)] * 3 + [with_unread(read, 30)])
    assert interval_of(four_tracks, 0.95)[0] == 5
