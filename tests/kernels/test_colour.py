"""Colours, against published values."""

from __future__ import annotations

import numpy as np

from changedet.kernels import colour


def test_scaled_lab_cielab_is_that_of_the_standard() -> None:
    # White, and the sRGB red of Lindbloom's calculator: L 53.24, a 80.09, b 67.20.
    lab = colour.scaled_lab(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(lab[0], [0.4 * 100, 0, 0], atol=0.02)
    np.testing.assert_allclose(lab[1], [0.4 * 53.24, 80.09, 67.20], atol=0.05)
