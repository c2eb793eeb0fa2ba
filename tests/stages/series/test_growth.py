"""The onset of growth on noisy series: how often it is dated right, how often told where there is none."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from changedet.stages.series.stage import onset


def noisy(rng, level):
    """Counts with Poisson-like noise, a miscount of each date and integer values."""
    level = np.asarray(level, float) * (1 + rng.normal(0, 0.04, len(level)))
    return np.maximum(0, np.rint(rng.normal(level, np.sqrt(0.3 * level + 0.3))))


def dates_of(rng, n):
    return [dt.date(2022, 1, 1) + dt.timedelta(int(d)) for d in np.cumsum(rng.integers(8, 60, n))]


def found_in(level_of, seeds):
    """Onsets of series whose level is made by ``level_of(rng, dates, base)``."""
    results = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        dates = dates_of(rng, int(rng.integers(6, 22)))
        level = level_of(rng, dates, rng.uniform(8, 150))
        results.append((onset(noisy(rng, level), None, None, dates), level, dates))
    return results


def step(rng, dates, base):
    begin = int(rng.integers(2, len(dates) - 1))
    return np.where(np.arange(len(dates)) < begin, base, base + max(8, base * rng.uniform(0.35, 1)))


def dated(results):
    """For each growth: whether the date is right, whether the bounds hold it, and how many looks they span."""
    found = []
    for one, level, dates in results:
        begin = int(np.argmax(level > level[0]))
        if one.date is None:
            continue
        first, last = dates.index(one.low - dt.timedelta(1)) + 1, dates.index(one.high)
        found.append((one.date == dates[begin], first <= begin <= last, last - first + 1))
    return np.array(found, float)


def test_onset_of_growth_at_once_is_the_look():
    found = dated(found_in(step, range(6000, 6100)))
    assert len(found) >= 97
    exact, held, width = found.mean(0)
    assert exact >= 0.95
    assert held >= 0.97
    assert width <= 2.3


def big_step(rng, dates, base):
    begin = int(rng.integers(2, len(dates) - 1))
    return np.where(np.arange(len(dates)) < begin, base, 2.5 * base + 20)


def test_onset_of_growth_beyond_doubt_has_closer_bounds():
    exact, held, width = dated(found_in(big_step, range(6100, 6150))).mean(0)
    assert exact >= 0.96
    assert held >= 0.98
    assert width <= 1.7


def slope(rng, dates, base):
    begin = int(rng.integers(2, len(dates) - 2))
    later = np.arange(len(dates)) - begin
    return base * (1 + np.where(later < 0, 0, 0.15 + rng.uniform(0.6, 1.5) * later / later[-1]))


def test_onset_bounds_hold_the_beginning_of_a_slope():
    found = dated(found_in(slope, range(6150, 6200)))
    assert len(found) >= 47
    exact, held, width = found.mean(0)
    assert exact < 0.6
    assert held >= 0.85
    assert width <= 3.5


def quiet(rng, dates, base):
    return np.full(len(dates), base)


def delivery(rng, dates, base):
    level = np.full(len(dates), base)
    begin = int(rng.integers(1, len(dates) - 3))
    level[begin : int(rng.integers(begin + 1, len(dates) - 1))] *= 1.6
    return level


def blip(rng, dates, base):
    level = np.full(len(dates), base)
    level[rng.integers(0, len(dates) - 1)] *= 2
    return level


def decline(rng, dates, base):
    return base * np.linspace(1, rng.uniform(0.2, 0.8), len(dates))


@pytest.mark.parametrize("shape", [quiet, delivery, blip, decline], ids=lambda f: f.__name__)
def test_onset_is_none_without_lasting_growth(shape):
    results = found_in(shape, range(6200, 6280))
    assert sum(found.date is not None for found, _, _ in results) <= 4
    assert all(found.reason for found, _, _ in results)


def test_onset_is_none_in_a_seasonal_cycle_seen_twice():
    false = 0
    for seed in range(6300, 6360):
        rng = np.random.default_rng(seed)
        days = np.cumsum(rng.integers(20, 40, 26))
        level = rng.uniform(20, 150) * (
            1 + rng.uniform(0.1, 0.4) * np.sin(2 * np.pi * days / 365 + rng.uniform(0, 6.28))
        )
        false += (
            onset(noisy(rng, level), None, None, [dt.date(2021, 1, 1) + dt.timedelta(int(d)) for d in days]).date
            is not None
        )
    assert false <= 3


def test_onset_is_none_where_the_stock_comes_and_goes_by_more_than_a_rise():
    """True counts of a siding, and what the same rise is after looks that agree."""
    days = [dt.date(2022, month, 10) for month in (5, 6, 8, 10, 12)]
    turning, still = (onset([*before, 61, 64], dates=days) for before in ([41, 57, 37], [45, 45, 45]))
    assert turning.date is None
    assert turning.probability < 0.7
    assert still.date == still.high == days[3]


def shapes_in(levels, seeds):
    """Shapes of onsets that were found for growth of levels by date."""
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        n, base = int(rng.integers(7, 13)), rng.uniform(20, 150)
        dates = [dt.date(2022, 1, 1) + dt.timedelta(int(d)) for d in np.cumsum(rng.integers(10, 60, n))]
        begin = int(rng.integers(2, n - 3))
        later = levels(np.linspace(0, 1, n - begin))
        found.append(onset(noisy(rng, base * np.r_[np.ones(begin), later]), None, None, dates))
    return [one.shape for one in found if one.date is not None]


def test_onset_shape_separates_a_step_from_a_slope():
    steps = shapes_in(lambda share: np.full(len(share), 2.0), range(6400, 6460))
    slopes = shapes_in(lambda share: 1.25 + 1.5 * share, range(6400, 6460))
    assert len(steps) >= 55
    assert len(slopes) >= 55
    assert steps.count("slope") <= 1
    assert slopes.count("step") <= 1
    assert steps.count("step") >= 0.6 * len(steps)
    assert slopes.count("slope") >= 0.8 * len(slopes)


def test_onset_shape_is_none_with_one_look_of_growth():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    found = onset([20, 21, 20, 19, 20, 20, 60], None, None, dates)
    assert found.shape is None
    assert onset([20] * 7, None, None, dates).shape is None


def test_onset_says_how_many_looks_are_too_few():
    day = dt.date(2023, 1, 1)
    assert onset([20], None, None, [day]).reason == "1 clear look is too few to tell growth, which takes three"
    two = onset([20, 60], None, None, [day, dt.date(2023, 6, 1)])
    assert two.reason == "2 clear looks are too few to tell growth, which takes three"


def test_a_gap_reaches_back_over_looks_that_may_show_what_began_after_them() -> None:
    # Areas of a drawn site, in bases of a container; until the twelfth look they may be none.
    values = np.array([0] * 8 + [27, 27, 27, 540, 2062, 3856, 4223, 4377, 5071, 5564, 5991, 6532], float)
    floor = np.where(values < 500, 0, values)
    days = [dt.date(2021, 1, 1) + dt.timedelta(30 * i) for i in range(20)]
    told = {}
    for name, most in (("may", 197.0), ("may not", 20.0)):
        ceiling = np.where(values < 500, [0, 10, 10, 10, 10, 10, most, most, 1049, 610, 641] + [0] * 9, values)
        told[name] = onset(values, None, None, days, unit=1.0, floor=floor, ceiling=ceiling)
    assert told["may not"].date == told["may"].date
    assert told["may not"].low == days[7] + dt.timedelta(1)
    assert told["may"].low == days[5] + dt.timedelta(1)


def test_the_reason_names_looks_that_by_themselves_leave_the_growth_open() -> None:
    dates = [dt.date(2023, month, 1) for month in range(1, 10)]
    values = [10, 11, 10, 10, 40, 41, 42, 40, 8]
    found = onset(values, dates=dates, floor=[*values[:-1], 0], ceiling=[*values[:-1], 80])
    assert found.reason == (
        "above its earlier level of 10 to the end, 41 on average since; by itself 2023-09-01 leaves that open"
    )
    assert "leaves" not in onset([*values[:-1], 39], dates=dates).reason
