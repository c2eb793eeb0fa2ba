"""Roofs that come and go between two looks."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.shown_pictures import ShownRange
from changedet.stages.change.kernels import roof_odds as kernel

LIMITS = ShownRange(10.0, 90.0, 0.0, 1.0)


def test_a_picture_is_shown_on_the_pixels_that_taught() -> None:
    """150 px of half a metre are 100 px of .75 m; what is missing is neither black nor white."""
    image = np.full((3, 150, 120), 10.0, np.float32)
    image[:, :, 60:] = np.nan
    found = kernel.roof_picture(image, LIMITS, 0.5)
    assert found.shape == (3, 100, 80)
    assert found[:, :, :39] == pytest.approx(-1.0)
    assert (found[:, :, 41:] == found[0, 0, -1]).all()
    assert -1 < found[0, 0, -1] < 0.5


def test_looks_differ_where_one_has_a_roof_in_either_order_of_time() -> None:
    """Log odds of 4 against -4 are some .96 apart; nothing is said of what is not seen."""
    bare = np.full((100, 80), -4.0, np.float32)
    built = bare.copy()
    built[40:60, 30:50] = 4.0
    seen = np.ones((150, 120), bool)
    seen[:, :60] = False
    for odds in ((bare, built), (built, bare)):
        found = kernel.roof_difference(odds, seen)
        assert found.shape == seen.shape
        assert found[75, 70] == pytest.approx(0.964, abs=0.01)
        assert found[75, 50] == 0
        assert found[10, 100] == pytest.approx(0, abs=1e-6)
    assert not kernel.roof_difference((built, built), seen).any()


def test_trees_may_dismiss_less_the_more_both_networks_say() -> None:
    """Without a difference, or where the other network sees none, all may be dismissed."""
    evidence = kernel.EVIDENCE
    differs, sees = np.meshgrid(np.linspace(0, 1, 21, dtype=np.float32), np.linspace(-4, 4, 33, dtype=np.float32))
    least = kernel.least_by_roofs(differs, sees)
    assert (np.diff(least, axis=0) >= 0).all()
    assert (np.diff(least, axis=1) >= 0).all()
    assert (least[:, 0] == evidence.least[0]).all()
    assert (least[0] == evidence.least[0]).all()
    assert least[-1, -1] == evidence.least[1]


def test_a_building_is_what_more_likely_came_or_went_than_not() -> None:
    """Half is the even chance."""
    assert kernel.is_building(np.array([0.2, 0.5, 0.51, 1.0], np.float32)).tolist() == [False, False, True, True]
