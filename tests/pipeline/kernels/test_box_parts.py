"""Which part of a region is boxes: rims around them, that never cover a box."""

from __future__ import annotations

import numpy as np

from changedet.pipeline.kernels.box_parts import CAME, GROUND, LEFT, REPLACED, box_parts, rim_px


def test_box_parts_tell_came_left_and_replaced_and_leave_the_ground() -> None:
    gained, lost = np.zeros((40, 60), np.float32), np.zeros((40, 60), np.float32)
    gained[10:15, 5:29] = 1
    lost[10:15, 20:50] = 1
    found = box_parts(gained, lost, 0.5)
    rim = rim_px(0.5)
    assert rim == 2
    assert (found[10:15, 5:20] == CAME).all()
    assert (found[10:15, 20:29] == REPLACED).all()
    assert (found[10:15, 29:50] == LEFT).all()
    assert (found[10 - rim : 10, 10] == CAME).all()
    assert found[10 - rim - 1, 10] == GROUND
    assert found[12, 50 + rim] == GROUND
    # where rims meet, what was replaced counts first, then what came
    assert found[9, 20 - rim] == REPLACED
    assert found[9, 19 - rim] == CAME


def test_box_parts_are_the_same_in_any_window_with_a_halo() -> None:
    rng = np.random.default_rng(2)
    gained, lost = (np.kron(rng.random((12, 12)) > 0.7, np.ones((5, 5))).astype(np.float32) for _ in range(2))
    whole = box_parts(gained, lost, 0.5)
    assert set(np.unique(whole)) == {GROUND, CAME, LEFT, REPLACED}
    part = np.s_[20:50, 10:40]
    cut = box_parts(gained[18:52, 8:42], lost[18:52, 8:42], 0.5)
    np.testing.assert_array_equal(cut[2:-2, 2:-2], whole[part])
    assert not box_parts(np.zeros((5, 5), np.float32), np.zeros((5, 5), np.float32), 0.5).any()
