"""Views of a series, learnt from boxes whose roofs they displace."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.containers import HEIGHT_M
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.views import DECAY, LEVELS, OFFSET_SD_M, REACH_M, SEARCH, _Pair, views_of

VIEWS = np.array([(-0.31, -0.27), (0.0, 0.05), (0.33, -0.2), (0.08, 0.0), (-0.05, 0.25)])
UNKNOWN = np.full(VIEWS.shape, np.nan)


def yard(levels: tuple[float, ...], spots: int = 60, seed: int = 4) -> tuple[Boxes, np.ndarray]:
    """Long boxes on stacks of some heights, seen on all dates; and their dates."""
    rng = np.random.default_rng(seed)
    feet = np.array([(2.8 * (k % 12), 14.0 * (k // 12)) for k in range(spots)])
    height = HEIGHT_M * rng.choice(levels, spots)
    place, date = (part.ravel() for part in np.indices((spots, len(VIEWS))))
    n = len(place)
    xy = feet[place] + height[place, None] * VIEWS[date] + rng.normal(0, 0.12, (n, 2))
    rgb = rng.uniform(40, 220, (spots, 3))[place] + rng.normal(0, 6, (n, 3))
    return Boxes(xy, np.full(n, 12.2), np.zeros(n), rgb, np.full(n, 0.95), np.zeros(n)), date


@pytest.mark.parametrize("levels", [(1,), (1, 2, 3), (2, 2, 3, 1)])
def test_views_are_learnt_but_for_what_they_share(levels: tuple[float, ...]) -> None:
    boxes, date = yard(levels)
    found = views_of(boxes, date, UNKNOWN)
    shown, true = (views - views.mean(0) for views in (found.displacement, VIEWS))
    assert not found.opposed
    np.testing.assert_allclose(found.displacement.mean(0), 0.0, atol=1e-12)
    assert np.hypot(*(shown - true).T).max() < 0.4 * np.hypot(*true.T).max()
    assert (shown * true).sum() / np.sqrt((shown**2).sum() * (true**2).sum()) > 0.97


def test_views_that_are_given_stay_and_say_what_all_share() -> None:
    boxes, date = yard((1, 1, 2))
    given = np.where(np.arange(5)[:, None] < 3, VIEWS, np.nan)
    found = views_of(boxes, date, given).displacement
    np.testing.assert_array_equal(found[:3], VIEWS[:3])
    assert np.abs(found[3:] - VIEWS[3:]).max() < 0.1
    np.testing.assert_array_equal(views_of(boxes, date, VIEWS).displacement, VIEWS)


@pytest.mark.parametrize("known", [5, 3])
def test_views_against_which_the_boxes_lean_are_turned_round(known: int) -> None:
    boxes, date = yard((1, 2))
    given = np.where(np.arange(5)[:, None] < known, -VIEWS, np.nan)
    found = views_of(boxes, date, given)
    assert found.opposed
    np.testing.assert_array_equal(found.displacement[:known], VIEWS[:known])


def test_views_are_turned_round_though_the_look_from_straight_above_shows_no_box_of_the_others() -> None:
    boxes, date = yard((1, 2))
    before = date == 1  # a yard that is empty on that look, but for two boxes elsewhere
    kept = np.flatnonzero(~before | (np.cumsum(before) <= 2))
    boxes.xy[before] += 300.0
    boxes, date = boxes.take(kept), date[kept]
    assert views_of(boxes, date, -VIEWS).opposed
    assert not views_of(boxes, date, VIEWS).opposed
    few = np.flatnonzero((boxes.xy[:, 0] < 1.5) & (boxes.xy[:, 1] < 1.5))
    assert not views_of(boxes.take(few[:2]), date[few[:2]], -VIEWS).opposed


def test_views_of_dates_without_boxes_stay_unknown() -> None:
    boxes, date = yard((1, 2))
    kept = np.flatnonzero(date != 2)
    found = views_of(boxes.take(kept), date[kept], UNKNOWN).displacement
    assert np.isnan(found[2]).all()
    assert np.isfinite(np.delete(found, 2, axis=0)).all()
    alone = np.flatnonzero(date == 0)
    assert np.isnan(views_of(boxes.take(alone), date[alone], UNKNOWN).displacement).all()


def test_offsets_that_are_too_far_to_count_change_no_likelihood() -> None:
    rng = np.random.default_rng(3)
    offset, weight = rng.uniform(-REACH_M, REACH_M, (400, 2)), rng.uniform(0, 1, 400)
    usual = np.exp(-DECAY * LEVELS) / np.exp(-DECAY * LEVELS).sum()
    apart = offset[None, None] - (HEIGHT_M * SEARCH[:, None] * LEVELS[:, None])[:, :, None]
    near = (np.exp(-0.5 / OFFSET_SD_M**2 * (apart**2).sum(-1)) * usual[:, None]).sum(1)
    area = REACH_M**2 / (2 * OFFSET_SD_M**2)
    expected = np.log(0.85 + 0.15 * area * near) @ weight
    found = _Pair(offset, weight, 0.15).likelihood(SEARCH)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)
