"""Boxes on their bases: planted bases and heights, as views off nadir show their roofs."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.containers import HEIGHT_M
from changedet.stages.tracks.kernels.base_position import base_positions

VIEWS = np.array([[0.0, 0.3], [0.35, -0.1], [-0.2, -0.3], [0.05, 0.02]])


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
    found = base_positions(roofs, track, view, np.full(len(roofs), np.nan))
    assert not found.is_reversed
    assert np.abs(found.height_m - heights[track]).max() < 1.5
    apart, before = (np.hypot(*(xy - bases).T) for xy in (found.xy, roofs))
    assert np.median(apart) < 0.3
    assert apart.mean() < 0.4 * before.mean()


def test_base_positions_of_one_look_take_the_usual_height_and_tiers_more():
    roofs = np.array([[0.0, 3.0], [50.0, 3.0]])
    view = np.array([[0.0, 0.3], [0.0, 0.3]])
    found = base_positions(roofs, np.array([-1, -1]), view, np.array([np.nan, 3.0]))
    assert found.height_m[0] == pytest.approx(HEIGHT_M)
    assert 2.7 * HEIGHT_M < found.height_m[1] < 3 * HEIGHT_M
    assert found.xy[0] == pytest.approx([0.0, 3.0 - 0.3 * HEIGHT_M])


def test_base_positions_know_the_site_from_its_other_boxes():
    roofs, track, view, _ = planted(np.full(40, 2 * HEIGHT_M), 0.1)
    single = base_positions(
        np.vstack([roofs, [[500.0, 0.0]]]),
        np.append(track, -1),
        np.vstack([view, [[0.3, 0.0]]]),
        np.full(len(roofs) + 1, np.nan),
    )
    assert single.height_m[-1] == pytest.approx(2 * HEIGHT_M, abs=0.6)


def test_base_positions_notice_angles_that_point_to_the_sensor():
    roofs, track, view, bases = planted(np.full(30, 2 * HEIGHT_M), 0.1)
    found = base_positions(roofs, track, -view, np.full(len(roofs), np.nan))
    assert found.is_reversed
    assert np.median(np.hypot(*(found.xy - bases).T)) < 0.2


def test_base_positions_leave_boxes_of_unknown_views_where_they_are():
    roofs, track, view, _ = planted([HEIGHT_M, 2 * HEIGHT_M])
    unknown = np.tile([False, False, True, False], 2)
    view[unknown] = np.nan
    found = base_positions(roofs, track, view, np.full(len(roofs), np.nan))
    assert (found.xy[unknown] == roofs[unknown]).all()
    assert (found.height_m[unknown] == 0).all()
    assert (found.xy[~unknown] != roofs[~unknown]).any(axis=1).all()
    nothing = base_positions(roofs, track, np.full_like(view, np.nan), np.full(len(roofs), np.nan))
    assert (nothing.xy == roofs).all()
