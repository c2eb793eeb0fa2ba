"""Boxes that were filled into rows."""

from __future__ import annotations

import numpy as np

from changedet.stages.objects.kernels.row_filling import followed

ROW = np.array([[2.55 * k, 0.0, 12.2, 2.44, 0.0] for k in range(4)])


def test_followed_lose_what_an_end_loses() -> None:
    kept = followed(ROW[1:3], np.array([0.9, 0.9]), ROW[[0, 3]], np.array([0.95, 0.97]))
    np.testing.assert_allclose(kept, 0.9)
    lost = followed(ROW[1:3], np.array([0.9, 0.9]), ROW[[0, 3]], np.array([0.95, 0.2]))
    np.testing.assert_allclose(lost, 0.2)


def test_followed_are_nothing_without_their_row() -> None:
    far = ROW[[0, 3]] + np.array([0.0, 40.0, 0.0, 0.0, 0.0])
    assert followed(ROW[1:2], np.array([0.9]), far, np.array([0.9, 0.9])) == 0.0
    assert not followed(ROW[:0], np.empty(0), far, np.array([0.9, 0.9])).size
