"""Cast and shade of each date, from pairs of looks of which some lie in shade and some show two boxes."""

from __future__ import annotations

import numpy as np

from changedet.stages.tracks.kernels.date_light import DEPTH, SHADE, date_light

CASTS = np.array([(0.0, 0.0, 0.0, 0.0), (0.2, 0.1, -0.1, -0.2), (-0.2, -0.1, 0.1, 0.2)])
DEEP = -np.array((1.0, 1.4, 1.7, 1.9))
PLACES = 120


def looks(dark: float, changed: float, seed: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Roofs of three dates, a share of the last in shade, and a share of boxes exchanged after the first."""
    rng = np.random.default_rng(seed)
    paint = np.repeat(rng.normal(0, 0.6, (PLACES, 1, 4)), 3, axis=1)
    other = rng.random(PLACES) < changed
    paint[other, 1:] = rng.normal(0, 0.6, (other.sum(), 1, 4))
    roofs = paint + CASTS + rng.normal(0, 0.05, (PLACES, 3, 4))
    roofs[rng.random(PLACES) < dark, 2] += DEEP
    first = np.flatnonzero(np.tile([True, True, False], PLACES))
    return roofs.reshape(-1, 4), np.tile(np.arange(3), PLACES), first


def test_casts_are_those_of_lit_roofs_though_many_lie_in_shade_or_are_exchanged():
    roofs, date, first = looks(dark=0.35, changed=0.3)
    found = date_light(roofs, date, first, first + 1)
    np.testing.assert_allclose(found.cast - found.cast.mean(0), CASTS, atol=0.05)


def test_the_shade_of_a_date_is_its_own_where_enough_roofs_show_it():
    roofs, date, first = looks(dark=0.35, changed=0.3)
    found = date_light(roofs, date, first, first + 1)
    np.testing.assert_allclose(found.shade[2], DEEP, atol=0.1)
    np.testing.assert_allclose(found.shade[:2], -DEPTH * np.array([SHADE, SHADE]), atol=0.15)


def test_without_pairs_there_is_no_cast_and_the_usual_shade():
    none = np.empty(0, np.int64)
    found = date_light(np.zeros((2, 3)), np.array([0, 1]), none, none)
    np.testing.assert_array_equal(found.cast, 0.0)
    np.testing.assert_allclose(found.shade, -DEPTH * np.array([SHADE[:3]] * 2))
