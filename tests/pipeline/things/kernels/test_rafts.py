"""Cuts between hulls: the sides' direction, a part drawn in, what shows along a gap."""

import numpy as np

from changedet.pipeline.things.kernels import rafts
from changedet.pipeline.things.kernels.rafts import Part


def test_heading_of_is_the_direction_of_the_sides() -> None:
    y, x = np.mgrid[:160, :160]
    turn = np.radians(25.0)
    along, across = x * np.cos(turn) + y * np.sin(turn), -x * np.sin(turn) + y * np.cos(turn)
    hull = (abs(along - along.mean()) < 55) & (abs(across - across.mean()) < 16)
    found = rafts.heading_of(np.where(hull, 100, 20).astype(np.float32), hull, None)
    assert abs(found - turn) < np.radians(1.5)
    assert abs(rafts.heading_of(np.where(hull, 100, 20).astype(np.float32), hull, 0.1) - 0.1) <= rafts.TURN_RAD


def test_tightened_draws_in_to_the_hull() -> None:
    hull = np.zeros((50, 60), bool)
    hull[10:40, 20:50] = True
    assert rafts.tightened(hull, Part(0, 50, 0, 60)) == Part(10, 40, 20, 50)
    assert rafts.tightened(np.zeros((5, 5), bool), Part(0, 5, 0, 5)) is None


def test_a_gap_shows_as_water_along_the_cut() -> None:
    hull = np.zeros((60, 80), bool)
    hull[10:50, 10:38] = True
    hull[10:50, 41:70] = True
    light = np.where(hull, 100, 20).astype(np.float32)[None]
    patch = rafts.patch_of(light, hull, 0.0, rafts.PIXEL_M)
    part = rafts.tightened(patch.hull, Part(0, patch.hull.shape[0], 0, patch.hull.shape[1]))
    assert part is not None
    where, found = rafts.cuts_of(part, rafts.planes_of(patch))
    columns = where[:, 0] == 0
    best = where[columns][np.argmax(found[columns, 0])]
    assert abs(best[1] - (39.5 - 10 + part.left)) <= 3
    assert len(rafts.halves(patch.hull, part, 0, int(best[1]))) == 2
