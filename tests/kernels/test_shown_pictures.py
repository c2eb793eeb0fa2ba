"""Pictures as networks are shown them."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels import shown_pictures
from changedet.kernels.shown_pictures import ShownRange


def test_shown_hides_what_either_date_lacks_and_turns_colours_round():
    image = np.stack([np.full((4, 4), level, np.float32) for level in (100.0, 200.0, 300.0, 500.0)])
    seen = np.ones((4, 4), bool)
    seen[0] = False
    image[:, 0] = np.nan
    limits = ShownRange(100.0, 300.0, 500.0, 900.0)
    picture = shown_pictures.shown(image, [0, 1, 2, 3], [1.0] * 4, [0.0] * 4, limits, seen)
    assert (picture[:, 0] == np.float32(shown_pictures.MISSING)).all()
    assert picture[0, 1, 0] == pytest.approx(1.0)  # red, the brightest
    assert picture[2, 1, 0] == pytest.approx(-1.0)
    assert picture[3, 1, 0] == pytest.approx(-1.0)  # near infrared by its own ends
    moved = shown_pictures.shown(2 * image, [0, 1, 2, 3], [0.5] * 4, [0.0] * 4, limits, seen)
    np.testing.assert_allclose(moved, picture)
    colours = shown_pictures.shown(image[:3], [0, 1, 2, None], [1.0] * 3, [0.0] * 3, limits, seen)
    np.testing.assert_array_equal(colours[:3], picture[:3])
    assert (colours[3] == np.float32(shown_pictures.MISSING)).all()


def test_fit_shown_range_leaves_out_the_ends_and_bears_nothing_seen():
    sample = np.linspace(0, 1000, 4 * 40 * 40, dtype=np.float32).reshape(1, 4, 40, 40)
    limits = shown_pictures.fit_shown_range(sample, [0, 1, 2, 3])
    assert (limits.low, limits.high) == (pytest.approx(7.5, abs=1), pytest.approx(742.5, abs=1))
    assert (limits.nir_low, limits.nir_high) == (pytest.approx(752.5, abs=1), pytest.approx(997.5, abs=1))
    assert shown_pictures.fit_shown_range(sample * np.nan, [0, 1, 2, 3]) == ShownRange(0.0, 1.0, 0.0, 1.0)


def test_fit_shown_range_needs_no_near_infrared():
    sample = np.linspace(0, 1000, 3 * 40 * 40, dtype=np.float32).reshape(1, 3, 40, 40)
    limits = shown_pictures.fit_shown_range(sample, [0, 1, 2, None])
    assert (limits.nir_low, limits.nir_high) == (0.0, 1.0)
    assert limits.high == pytest.approx(990, abs=1)
