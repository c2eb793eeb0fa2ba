"""Colours under a common light: linear light, CIELAB with lightness weighed down, and a site's cast taken out."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Floats

CIE_LINEAR, CIE_SLOPE, CIE_OFFSET = 0.008856, 7.787, 16.0 / 116.0
"""Below the first the cube root of CIELAB is a line, of that slope and offset (ISO 11664-4)."""
LAB_LIGHTNESS, LAB_LIGHTNESS_OFFSET, LAB_A, LAB_B = 116.0, 16.0, 500.0, 200.0
"""Factors of CIELAB (ISO 11664-4)."""
XYZ: Final = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
) / np.array([[0.95047], [1.0], [1.08883]])
"""Linear sRGB to CIE XYZ over the white of D65 (IEC 61966-2-1)."""
SRGB_LINEAR, SRGB_SLOPE, SRGB_OFFSET, SRGB_SCALE, SRGB_GAMMA = 0.04045, 12.92, 0.055, 1.055, 2.4
"""Below the first sRGB is linear, of that slope; above a power of that offset, scale and exponent (IEC 61966-2-1)."""
LIGHTNESS_WEIGHT: Final = 0.4
"""Sun, wet and dust change the lightness of a roof more than its hue."""


ASCII, HEXADECIMAL = 128, 16
"""Codes of a character, and values of a digit."""
HEX_TEXT: Final = "#rrggbb"
"""How a colour is written."""
_HEX: Final = np.full(ASCII, -1, np.int64)
_HEX[[ord(c) for c in "0123456789abcdef"]] = range(HEXADECIMAL)
_HEX[[ord(c) for c in "ABCDEF"]] = _HEX[[ord(c) for c in "abcdef"]]


def hex_rgb(texts: NDArray[np.object_]) -> Floats:
    """Colours that are written in hexadecimal digits.

    Parameters
    ----------
    texts : object (n,)
        ``#rrggbb``.

    Returns
    -------
    float64 (n, 3)
        0 to 255; NaN where a colour is missing or is none.
    """
    # One character beyond those of a colour shows texts that are longer.
    length = len(HEX_TEXT)
    text = np.array([one if isinstance(one, str) else "" for one in texts], f"U{length + 1}")
    codes = text.view(np.uint32).reshape(-1, length + 1)
    digits = _HEX[np.minimum(codes[:, 1:length], ASCII - 1)]
    known = (codes[:, 0] == ord("#")) & (codes[:, length] == 0) & (digits >= 0).all(1)
    return np.where(known[:, None], float(HEXADECIMAL) * digits[:, ::2] + digits[:, 1::2], np.nan)


def scaled_lab(linear: Floats) -> Floats:
    """CIELAB with lightness weighted down: the distance of two rows is the difference of their colours.

    Parameters
    ----------
    linear : float64 (n, 3)
        Linear sRGB; clipped to 0 to 1.

    Returns
    -------
    float64 (n, 3)
        Weighted lightness, a and b.
    """
    xyz = np.clip(linear, 0.0, 1.0) @ XYZ.T
    x, y, z = np.where(xyz > CIE_LINEAR, np.cbrt(xyz), CIE_SLOPE * xyz + CIE_OFFSET).T
    lightness = LIGHTNESS_WEIGHT * (LAB_LIGHTNESS * y - LAB_LIGHTNESS_OFFSET)
    return np.column_stack([lightness, LAB_A * (x - y), LAB_B * (y - z)])


def linear_rgb(srgb: Floats) -> Floats:
    """Linear light of sRGB values.

    Parameters
    ----------
    srgb : float64 (n, 3)
        0 to 1.

    Returns
    -------
    float64 (n, 3)
        0 to 1.
    """
    power = ((srgb + SRGB_OFFSET) / SRGB_SCALE) ** SRGB_GAMMA
    linear: Floats = np.where(srgb <= SRGB_LINEAR, srgb / SRGB_SLOPE, power)
    return linear


def shown_rgb(linear: Floats) -> Floats:
    """The sRGB values of linear light: the inverse of `linear_rgb`.

    Parameters
    ----------
    linear : float64 (n, 3)
        0 to 1.

    Returns
    -------
    float64 (n, 3)
        0 to 1.
    """
    bend = SRGB_LINEAR / SRGB_SLOPE
    power = SRGB_SCALE * np.maximum(linear, bend) ** (1.0 / SRGB_GAMMA) - SRGB_OFFSET
    srgb: Floats = np.where(linear <= bend, SRGB_SLOPE * linear, power)
    return srgb
