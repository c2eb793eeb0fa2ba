"""Colours, against published values."""

from __future__ import annotations

import numpy as np

from changedet.kernels import colour


def test_scaled_lab_cielab_is_that_of_the_standard() -> None:
    # White, and the sRGB red of Lindbloom's calculator: L 53.24, a 80.09, b 67.20.
    lab = colour.scaled_lab(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(lab[0], [0.4 * 100, 0, 0], atol=0.02)
    np.testing.assert_allclose(lab[1], [0.4 * 53.24, 80.09, 67.20], atol=0.05)


def test_hex_rgb_is_that_of_six_digits_and_of_nothing_else() -> None:
    texts = np.array(["#0a80FF", "0a80ff", "#0a80f", "#0a80ff0", "#0a80fg", "#é80ffa", "", None, np.nan], object)
    found = colour.hex_rgb(texts)
    np.testing.assert_array_equal(found[0], [10, 128, 255])
    assert np.isnan(found[1:]).all()
    assert colour.hex_rgb(np.array([], object)).shape == (0, 3)


def test_shown_rgb_is_the_inverse_of_linear_light() -> None:
    srgb = np.linspace(0.0, 1.0, 256)[:, None] * np.ones(3)
    np.testing.assert_allclose(colour.shown_rgb(colour.linear_rgb(srgb)), srgb, atol=1e-6)
