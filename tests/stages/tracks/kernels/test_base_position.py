"""Boxes on their bases: planted bases and heights, as views off nadir show their roofs."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.containers import HEIGHT_M
from changedet.stages.tracks.kernels.base_position import base_positions
from changedet.stages.tracks.kernels.stack_levels import LEVELS, Roofs, level_posterior

VIEWS = np.array([[0.0, 0.3], [0.35, -0.1], [-0.2, -0.3], [0.05, 0.02]])


def seen(xy, track, view, tiers=np.nan, date=None):
    """Roofs of boxes of 12 m along the north, on the dates of `VIEWS` in turns."""
    ones = np.ones(len(xy))
    dates = np.arange(len(xy)) % len(VIEWS) if date is None else date
    return Roofs(xy, track, dates, view, tiers * ones, 12.2 * ones, 0.0 * ones, 0.9 * ones)


def planted(heights_m, noise_m=0.0, seed=0):
    """Roofs on the dates of `VIEWS`, their tracks, views and bases; each track's height its own."""
    rng = np.random.default_rng(seed)
    bases = rng.uniform(0, 200, (len(heights_m), 2))
    track = np.repeat(np.arange(len(heights_m)), len(VIEWS))
    view = np.tile(VIEWS, (len(heights_m), 1))
    roofs = bases[track] + np.asarray(heights_m)[track, None] * view + rng.normal(0, noise_m, (len(track), 2))
    return roofs, track, view, bases[track]


def test_base_positions_finds_planted_bases_and_heights():
    heights = HEIGHT_M * np.array([1, 1, 2, 3, 1, 4, 2, 1, 1, 5.0])
    roofs, track, view, bases = planted(heights, 0.15)
    found = base_positions(seen(roofs, track, view))
    assert np.abs(found.height_m - heights[track]).max() < 1.5
    apart, before = (np.hypot(*(xy - bases).T) for xy in (found.xy, roofs))
    assert np.median(apart) < 0.3
    assert apart.mean() < 0.4 * before.mean()


def test_base_positions_of_one_look_take_a_usual_height_and_tiers_more():
    roofs = np.array([[0.0, 3.0], [50.0, 3.0]])
    view = np.array([[0.0, 0.3], [0.0, 0.3]])
    tiers = np.array([np.nan, 3.0])
    found = base_positions(seen(roofs, np.array([-1, -1]), view, tiers, date=np.zeros(2, np.int64)))
    assert HEIGHT_M <= found.height_m[0] <= 2.5 * HEIGHT_M
    assert 2.7 * HEIGHT_M < found.height_m[1] < 3.1 * HEIGHT_M
    assert found.xy[0] == pytest.approx([0.0, 3.0 - 0.3 * found.height_m[0]])


def test_base_positions_know_the_site_from_its_other_boxes():
    roofs, track, view, _ = planted(np.full(40, 2 * HEIGHT_M), 0.1)
    xy, views = np.vstack([roofs, [[500.0, 0.0]]]), np.vstack([view, [[0.3, 0.0]]])
    single = base_positions(seen(xy, np.append(track, -1), views))
    assert single.height_m[-1] == pytest.approx(2 * HEIGHT_M, abs=0.6)


def exchanged(oblique, seed=3):
    """Rows of boxes side by side, of one to five levels; on each date another box stands at each spot."""
    rng = np.random.default_rng(seed)
    spots = np.array([[2.8 * k, 13.0 * row] for row in range(4) for k in range(12)])
    views = np.array([[0.05, 0.02], [-0.03, 0.06], oblique])
    levels = rng.integers(1, 6, len(spots))
    bases, height = np.tile(spots, (3, 1)), HEIGHT_M * np.tile(levels, 3)
    date = np.repeat(np.arange(3), len(spots))
    roofs = bases + height[:, None] * views[date] + rng.normal(0, 0.1, bases.shape)
    return seen(roofs, np.arange(len(roofs)), views[date], date=date), bases, height


@pytest.mark.parametrize("oblique", [[0.42, 0.1], [-0.3, 0.3]])
def test_base_positions_put_boxes_seen_once_where_other_dates_show_others(oblique):
    roofs, bases, height = exchanged(oblique)
    found = base_positions(roofs)
    last = roofs.date == 2
    off = np.hypot(*(found.xy - bases).T)[last]
    # By the usual height of all roofs half of them would lie further off.
    assert (off < 1.0).mean() > 0.85
    assert np.abs(found.height_m - height)[last].mean() < 0.8 * HEIGHT_M


def test_level_posterior_does_not_depend_on_the_order_of_rows():
    roofs, *_ = exchanged([0.42, 0.1])
    turned = np.arange(len(roofs.xy))[::-1].copy()
    shares = level_posterior(roofs).shares
    assert shares.shape == (len(roofs.xy), len(LEVELS))
    np.testing.assert_allclose(shares.sum(1), 1.0)
    np.testing.assert_allclose(level_posterior(roofs.take(turned)).shares, shares[turned], atol=1e-9)


def test_base_positions_leave_boxes_of_unknown_views_where_they_are():
    roofs, track, view, _ = planted([HEIGHT_M, 2 * HEIGHT_M])
    unknown = np.tile([False, False, True, False], 2)
    view[unknown] = np.nan
    found = base_positions(seen(roofs, track, view))
    assert (found.xy[unknown] == roofs[unknown]).all()
    assert (found.height_m[unknown] == 0).all()
    assert (found.xy[~unknown] != roofs[~unknown]).any(axis=1).all()
    nothing = base_positions(seen(roofs, track, np.full_like(view, np.nan)))
    assert (nothing.xy == roofs).all()
