"""Tracks from the network's answer: axes that run askew are found, cars on them are read with their kind."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.pipeline.things.kernels.car_chains import interval_of
from changedet.pipeline.things.kernels.siding_tracks import CLASSES, SURE, car_share, cars_on, tracks_of

HIGH, WIDE = 40, 120


def odds(kind: int = 4, slope: float = 0.02) -> np.ndarray:
    """Two tracks 5 m apart, askew; four cars of 15 m on the first, none on the second at the left half."""
    found = np.zeros((len(CLASSES) + 1, HIGH, WIDE), np.float32)
    found[0], found[-1] = 6.0, -4.0
    for row, first, number in ((12, 20, 4), (22, 75, 2)):
        for w in range(first, first + 15 * number):
            middle = round(row + slope * (w - WIDE / 2) * 2)
            rows = slice(middle - 1, middle + 2)
            found[0, rows, w], found[kind, rows, w] = 0.0, 6.0
            if (w - first) % 15 in (0, 14):
                found[-1, rows, w] = 4.0
    return found


def test_tracks_of_finds_axes_that_run_askew() -> None:
    found = tracks_of([odds()])
    assert [round(float(track[WIDE // 2])) for track in found] == [12, 22]
    assert float(np.ptp(found[0])) == pytest.approx(0.02 * (WIDE - 1) * 2, abs=1.5)


def test_tracks_of_takes_all_dates_together() -> None:
    empty = odds()
    empty[0], empty[4] = 6.0, 0.0
    assert len(tracks_of([empty])) == 0
    assert len(tracks_of([empty, odds()])) == 2


def test_cars_on_reads_number_and_kind() -> None:
    answer = odds()
    upper, lower = tracks_of([answer])
    on = cars_on(answer, upper)
    assert on is not None
    assert [(car.first, car.last) for car in on.cars] == [(20, 35), (35, 50), (50, 65), (65, 80)]
    assert {CLASSES[car.kind] for car in on.cars} == {"tank"}
    assert min(car.kind_share for car in on.cars) > 0.9
    other = cars_on(answer, lower)
    assert other is not None
    assert len(other.cars) == 2


def test_cars_on_leaves_out_what_is_not_shown() -> None:
    answer = odds()
    track = tracks_of([answer])[0]
    answer[:, :, 80:] = np.nan
    on = cars_on(answer, track)
    assert on is not None
    assert len(on.cars) == 4
    assert cars_on(np.full_like(answer, np.nan), track) is None
    assert np.isnan(car_share(answer)[0, 100])


@pytest.mark.parametrize(("hidden", "number"), [(0.7, 4), (3.0, 3)])
def test_cars_on_fills_in_a_hidden_car_and_no_bare_track(hidden: float, number: int) -> None:
    answer = odds()
    track = tracks_of([answer])[0]
    answer[0, :, 36:49], answer[1:, :, 36:49] = hidden, -2.0
    on = cars_on(answer, track)
    assert on is not None
    assert len(on.cars) == number
    if number == 4:
        assert on.cars[1].confidence < 0.5 < on.cars[0].confidence


@pytest.mark.parametrize(("bare", "most"), [(6.0, 5), (1.5, 7)])
def test_cars_on_allows_for_cars_where_the_track_is_not_surely_bare(bare: float, most: int) -> None:
    """Deep shade beyond the train, 36 m of it, where the network gives a car a chance of .12 and reads none."""
    answer = odds()
    track = tracks_of([answer])[0]
    answer[0, :, 82:118], answer[1:-1, :, 82:118] = bare, -2.0
    on = cars_on(answer, track)
    assert on is not None
    assert len(on.cars) == 4
    assert interval_of(on.counts, SURE) == (4, most)
