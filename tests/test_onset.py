"""The onset of growth: the staircase, its bounds, what is none, on built series and on simulated boxes."""

from __future__ import annotations

import datetime as dt
import itertools

import box_series as bs
import numpy as np
import pytest

from changedet.errors import MethodError
from changedet.kernels import intervals
from changedet.stages.series.kernels import staircase as kernel
from changedet.stages.series.onsets import find_onsets
from changedet.stages.series.stage import STAGE, onset
from changedet.stages.series.table import DateMeasurements, Estimate, timeseries
from changedet.stages.tracks.stage import track
from changedet.stages.tracks.visibility import GivenVisibility


def brute_staircase(values, floor, ceiling):
    """The posterior by enumeration of all level paths on a small grid; what is bounded lies anywhere between."""
    top = values.max()
    levels = np.linspace(max(0.0, values.min() - 2.0), 1.05 * top + 2.0, kernel.LEVELS)
    n, none, growth = len(values), 0.0, np.zeros(len(values))
    share = (np.arange(2000) + 0.5) / 2000
    anywhere = floor[:, None] + (ceiling - floor)[:, None] * share
    for phi in kernel.PHI:
        sd = np.sqrt(0.3 * levels + (phi * levels) ** 2 + 0.5)
        p = np.stack(
            [(np.exp(-0.5 * ((anywhere - m) / s) ** 2) / s).mean(1) for m, s in zip(levels, sd, strict=True)], 1
        )
        none += 0.5 * np.prod(p, 0).mean()
        for base in range(len(levels) - 1):
            above = [i for i in range(base + 1, len(levels)) if levels[i] >= levels[base] + sd[base]]
            for k in range(1, n):
                for path in itertools.product(above, repeat=n - k):
                    q = 1 / len(above)
                    for a, b in itertools.pairwise(path):
                        up, down = len(levels) - 1 - a, a - above[0]
                        shares = {0: 0.6, 1: 0.32 if up else 0, -1: 0.08 if down else 0}
                        q *= shares[np.sign(b - a)] / {0: 1, 1: up, -1: down}[np.sign(b - a)] / sum(shares.values())
                    q *= np.prod(p[:k, base]) * np.prod([p[k + i, b] for i, b in enumerate(path)])
                    growth[k] += 0.5 / (n - 1) * q / len(levels)
    return growth / (none + growth.sum())


def test_the_staircase_sums_what_enumeration_sums(monkeypatch):
    monkeypatch.setattr(kernel, "LEVELS", 6)
    for values, hidden in (([5.0, 6.0, 11.0, 12.0], 0), ([9.0, 8.0, 8.0, 10.0], 0), ([5.0, 8.0, 11.0, 12.0], 4.0)):
        value = np.array(values)
        floor, ceiling = value - np.array([0, hidden, 0, hidden / 2]), value + np.array([0, hidden / 2, 0, hidden])
        found = kernel.onset_posterior(value, np.zeros(4), floor, ceiling)
        assert np.allclose(found, brute_staircase(value, floor, ceiling), rtol=1e-4)


def test_bounds_far_from_every_level_are_weighed_without_overflow():
    values = np.array([20.0, 21.0, 3000.0, 9000.0, 9100.0])
    floor, ceiling = (np.where(np.arange(5) == 2, bound, values) for bound in (10.0, 9000.0))
    found = kernel.onset_posterior(values, np.zeros(5), floor, ceiling)
    assert np.isfinite(found).all()
    assert found.sum() == pytest.approx(1.0)
    assert found[2] + found[3] > 0.99


def test_the_shortest_run_holds_its_share():
    assert kernel.shortest_run(np.array([0.0, 0.02, 0.96, 0.02]), 0.95) == (2, 2)
    assert kernel.shortest_run(np.array([0.0, 0.3, 0.3, 0.3, 0.1]), 0.7) == (1, 3)
    assert kernel.shortest_run(np.array([0.0, 0.1, 0.3, 0.3, 0.3]), 0.9) == (2, 4)
    assert kernel.shortest_run(np.array([0.1, 0.2, 0.7]), 1.0) == (0, 2)


def test_looks_before_and_after_bound_what_a_date_hides():
    x = 0.5  # what the chain makes of a hidden place
    present = np.array([[1, x, 1], [0, x, 1], [1, x, 0], [0, x, 0], [x, x, 1], [0.9, x, x], [x, x, x]])
    clear = np.array([[1, 0, 1]] * 4 + [[0, 0, 1], [1, 0, 0], [0, 0, 0]], bool)
    for row, bounds in enumerate(((x, 1), (0, 1), (0, 1), (0, x), (0, 1), (0, 0.9), (0, x))):
        least, most = intervals.bounds_of_hidden(present[[row]], clear[[row]])
        assert (least[1], most[1]) == bounds
    least, most = intervals.bounds_of_hidden(present, clear)
    assert least[2] == pytest.approx(1 + 1 + 0 + 0 + 1)
    assert most[2] == pytest.approx(1 + 1 + 0 + 0 + 1 + 0.9 + x)


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


def test_growth_at_once_is_dated_to_the_look():
    found = dated(found_in(step, range(6000, 6100)))
    assert len(found) >= 97
    exact, held, width = found.mean(0)
    assert exact >= 0.95
    assert held >= 0.97
    assert width <= 2.3


def big_step(rng, dates, base):
    begin = int(rng.integers(2, len(dates) - 1))
    return np.where(np.arange(len(dates)) < begin, base, 2.5 * base + 20)


def test_growth_beyond_doubt_has_closer_bounds():
    exact, held, width = dated(found_in(big_step, range(6100, 6150))).mean(0)
    assert exact >= 0.96
    assert held >= 0.98
    assert width <= 1.7


def slope(rng, dates, base):
    begin = int(rng.integers(2, len(dates) - 2))
    later = np.arange(len(dates)) - begin
    return base * (1 + np.where(later < 0, 0, 0.15 + rng.uniform(0.6, 1.5) * later / later[-1]))


def test_the_bounds_hold_the_beginning_of_a_slope_that_no_date_can_tell():
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
def test_what_is_no_lasting_growth_has_no_onset(shape):
    results = found_in(shape, range(6200, 6280))
    assert sum(found.date is not None for found, _, _ in results) <= 4
    assert all(found.reason for found, _, _ in results)


def test_a_seasonal_cycle_seen_twice_is_no_growth():
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


def test_a_step_and_a_slope_are_told_apart():
    steps = shapes_in(lambda share: np.full(len(share), 2.0), range(6400, 6460))
    slopes = shapes_in(lambda share: 1.25 + 1.5 * share, range(6400, 6460))
    assert len(steps) >= 55
    assert len(slopes) >= 55
    assert steps.count("slope") <= 1
    assert slopes.count("step") <= 1
    assert steps.count("step") >= 0.6 * len(steps)
    assert slopes.count("slope") >= 0.8 * len(slopes)


def test_one_look_with_growth_does_not_tell_its_shape():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    found = onset([20, 21, 20, 19, 20, 20, 60], None, None, dates)
    assert found.shape is None
    assert onset([20] * 7, None, None, dates).shape is None


def test_looks_without_a_value_move_the_bounds_to_the_clear_ones():
    dates = [dt.date(2023, month, 1) for month in range(1, 10)]
    values = [20, 21, 20, np.nan, 99, 40, 41, 42, 40]
    clear = np.array([True] * 4 + [False] + [True] * 4)
    found = onset(values, None, None, dates, clear=clear)
    assert (found.low, found.date, found.high) == (dt.date(2023, 3, 2), dates[5], dates[5])
    order = np.random.default_rng(1).permutation(9)
    shuffled = onset(np.array(values)[order], None, None, [dates[i] for i in order], clear=clear[order])
    assert shuffled == found


def test_too_few_looks_have_no_onset_and_say_so():
    for values in ([], [3.0], [3.0, 9.0], [3.0, np.nan, 9.0]):
        found = onset(values, None, None, [dt.date(2023, 1, 1 + i) for i in range(len(values))])
        assert found.date is None
        assert "too few" in found.reason
        assert np.isnan(found.probability)


def test_a_value_of_no_certainty_neither_makes_nor_breaks_an_onset():
    dates = [dt.date(2023, month, 1) for month in range(1, 9)]
    values = np.array([20, 20, 21, 40, 41, 22, 40, 42.0])
    low, high = values - 4, values + 4
    assert onset(values, low, high, dates).date is None
    high[5] += 60
    low[5] -= 60
    assert onset(values, low, high, dates).date == dates[3]


def test_looks_that_cloud_leaves_unsure_do_not_date_a_growth():
    dates = [dt.date(2023, month, 1) for month in range(1, 9)]
    values = np.array([20, 20, 26, 31, 45, 50, 52, 55.0])
    low, high = values - 4, values + 4
    low[2:4], high[2:4] = values[2:4] - 20, values[2:4] + 20
    found = onset(values, low, high, dates)
    assert (found.low, found.date, found.high) == (dt.date(2023, 2, 2), dates[4], dates[4])


def test_a_wide_bound_does_not_keep_an_area_from_dating_a_growth_that_stands_out_of_it():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    values = np.array([11700, 12400, 19400, 20000, 20000, 19900, 20000.0])
    low, high = values - 3000, values + 3000
    low[2], high[2] = 9900, 21400
    found = onset(values, low, high, dates, unit=15.0)
    assert found.date == found.high == dates[2]
    assert found.low > dates[0]


def test_what_cloud_hides_neither_dates_growth_nor_hides_it():
    dates = [dt.date(2023, month, 1) for month in range(1, 9)]
    values = np.array([20, 20, 26, 31, 45, 50, 52, 55.0])
    floor, ceiling = values.copy(), values.copy()
    floor[2:4], ceiling[2:4] = 8, 50
    found = onset(values, None, None, dates, floor=floor, ceiling=ceiling)
    assert (found.low, found.high) == (dt.date(2023, 2, 2), dates[4])
    assert found.low <= found.date <= found.high
    # A cloudy look whose floor shows the growth dates it.
    floor[3], ceiling[3] = 38, 60
    found = onset(values, None, None, dates, floor=floor, ceiling=ceiling)
    assert (found.date, found.high) == (dates[3], dates[3])
    # One whose ceiling is no higher than the level before shows that there is none yet.
    values[3], floor[3], ceiling[3] = 18, 5, 21
    found = onset(values, None, None, dates, floor=floor, ceiling=ceiling)
    assert (found.low, found.date, found.high) == (dt.date(2023, 4, 2), dates[4], dates[4])


def test_growth_under_cloud_to_the_end_is_told_where_most_of_it_is_expected_to_stay():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    values = np.array([24, 24, 24, 24, 60, 38, 37.0])
    floor, ceiling = values.copy(), values.copy()
    floor[5:], ceiling[5:] = 5, 62
    found = onset(values, None, None, dates, floor=floor, ceiling=ceiling)
    assert found.date is None
    assert "hide whether the rest stays" in found.reason
    values[5:] = 52
    found = onset(values, None, None, dates, floor=floor, ceiling=ceiling)
    assert found.date == dates[4]
    assert "of the last two looks clouds hide a part" in found.reason
    floor[4], ceiling[4] = 20, 64
    assert onset(values, None, None, dates, floor=floor, ceiling=ceiling).date is None


def test_most_of_a_delivery_that_left_again_is_no_growth():
    dates = [dt.date(2023, month, 1) for month in range(1, 11)]
    found = onset([21, 21, 21, 21, 72, 73, 71, 28, 29, 30], None, None, dates)
    assert found.date is None
    assert "most of it left again" in found.reason
    assert onset([21, 21, 21, 21, 72, 73, 71, 45, 44, 45], None, None, dates).date == dates[4]


def test_growth_from_nothing_and_between_the_last_two_looks_is_dated():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    found = onset([0, 0, 0, 0, 12, 14, 13], None, None, dates)
    assert (found.low, found.date, found.high) == (dt.date(2023, 4, 2), dates[4], dates[4])
    found = onset([20, 21, 20, 19, 20, 20, 60], None, None, dates)
    assert (found.low, found.date, found.high) == (dt.date(2023, 6, 2), dates[6], dates[6])
    for few in (3, 4):
        found = onset([20, 21, 20, 60][-few:], None, None, dates[:few])
        assert (found.date, found.high) == (dates[few - 1], dates[few - 1])
    assert onset([0] * 7, None, None, dates).date is None
    assert onset([40, 20, 21, 20], None, None, dates[:4]).date is None


def test_a_date_that_shows_nothing_dates_no_growth_of_containers():
    series = bs.simulate(8, dates=8, blocks=4, growth_from=4)
    series.clouds[4] = np.array([[*(bs.ORIGIN + 100), 900.0]])
    rows = series.detections[series.detections["date"].dt.date != series.dates[4]]
    tracks = bs.followed(series, rows)
    looks = [DateMeasurements(day, valid_fraction={"": float(i != 4)}) for i, day in enumerate(series.dates)]
    method = STAGE.get("staircase").function(None)
    for known in (tracks, None):
        found = find_onsets(timeseries(looks, tracks), method, series.dates[0], known)["containers"]
        assert (found.date, found.high) == (series.dates[5], series.dates[5])
        assert found.low == series.dates[3] + dt.timedelta(1)


def test_growth_under_clouds_is_dated_by_what_each_look_shows():
    right, held, false = [], [], 0
    method = STAGE.get("staircase").function(None)
    for seed in range(6500, 6512):
        for growth in (3, None):
            series = bs.simulate(seed, dates=7, blocks=4, cloud=0.8, change=0.04, growth_from=growth)
            tracks = bs.followed(series)
            table = timeseries([DateMeasurements(day) for day in series.dates], tracks)
            found = find_onsets(table, method, series.dates[0], tracks)["containers"]
            if growth is None:
                false += found.date is not None
                continue
            right.append(found.date == series.dates[growth])
            held.append(found.date is not None and found.low <= series.dates[growth] <= found.high)
    assert sum(right) >= 10
    assert sum(held) >= 11
    assert false <= 1


def test_no_growth_is_told_with_the_share_of_the_site_that_the_last_looks_show():
    looks = [dt.date(2023, month, 1) for month in range(1, 7)]
    method = STAGE.get("staircase").function(None)
    for seen, said in ((0.95, False), (0.31, True)):
        facts = [
            DateMeasurements(
                day, valid_fraction={"": 0.95 if i < 4 else seen}, footprint_m2={"": Estimate(900, 800, 990)}
            )
            for i, day in enumerate(looks)
        ]
        found = find_onsets(timeseries(facts, None), method, looks[0])["footprint"]
        assert found.date is None
        assert ("the last looks show 31% of the site at most" in found.reason) == said


def test_onsets_take_the_reference_as_the_changed_areas_zero():
    dates = [dt.date(2023, month, 1) for month in range(1, 8)]
    areas = {i: Estimate(a, a * 0.7, a * 1.9) for i, a in enumerate([0, 30, 20, 2000, 2100, 2500, 2400]) if i}
    looks = [DateMeasurements(d, changed_area_m2={"": areas[i]} if i else {}) for i, d in enumerate(dates)]
    method = STAGE.get("staircase")
    found = find_onsets(timeseries(looks, None), method.function(None, **method.resolve({})), dates[0])
    assert found["changed_area"].date == dates[3]
    assert found["containers"].date is None


def test_boxes_that_are_exchanged_are_no_growth_of_the_changed_area_and_a_pad_among_them_is():
    series = bs.simulate(7, dates=8, blocks=4, change=0.15)
    tracks = track(series.detections, GivenVisibility(series.dates, series.clear), detector="imitated")
    stands = tracks.presence > 0.5
    exchanged = 20.0 * (stands != stands[:, :1]).sum(0)
    assert exchanged[-1] > 600
    method = STAGE.get("staircase").function(None)
    for pad, boxes, date in ((0, None, True), (0, tracks, False), (6000, tracks, True)):
        areas = 0.6 * exchanged + pad * (np.arange(8) >= 4)
        looks = [
            DateMeasurements(day, changed_area_m2={"": Estimate(area, 0.6 * area, 1.9 * area)} if i else {})
            for i, (day, area) in enumerate(zip(series.dates, areas, strict=True))
        ]
        found = find_onsets(timeseries(looks, boxes), method, series.dates[0], boxes)["changed_area"]
        assert (found.date is not None) == date, found
        if pad:
            assert found.date == series.dates[4]
            assert "without what boxes cover" in found.reason


def test_an_area_that_may_be_none_does_not_date_growth():
    dates = [dt.date(2023, month, 1) for month in range(1, 7)]
    areas = [Estimate(104, 0, 259), *(Estimate(a, 0.7 * a, 1.9 * a) for a in (12215, 12283, 12313, 12292))]
    looks = [DateMeasurements(day, changed_area_m2={"": areas[i - 1]} if i else {}) for i, day in enumerate(dates)]
    found = find_onsets(timeseries(looks, None), STAGE.get("staircase").function(None), dates[0])["changed_area"]
    assert (found.date, found.shape) == (dates[2], "step")
    assert found.low <= dates[2] <= found.high


def test_wrong_lengths_and_units_are_said():
    days = [dt.date(2023, 1, 1), dt.date(2023, 2, 1)]
    with pytest.raises(MethodError, match="2 dates, but values has 3"):
        onset([1, 2, 3], None, None, days)
    with pytest.raises(MethodError, match="unit"):
        onset([1, 2], None, None, days, unit=0)
    day = dt.date(2023, 5, 1)
    with pytest.raises(MethodError, match="a date is '2023-05-02'"):
        onset([1, 2], None, None, [day, "2023-05-02"])  # type: ignore[list-item]
    with pytest.raises(MethodError, match="2023-05-01 comes twice"):
        onset([1, 2], None, None, [day, day])
    with pytest.raises(MethodError, match="low bound lies above"):
        onset([1, 2], [0, 3], [2, 2], [day, day + dt.timedelta(1)])
