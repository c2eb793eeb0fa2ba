"""What shade and clouds make of a colour: how far another colour is from that."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats
from changedet.kernels.colour import (
    CIE_LINEAR,
    CIE_OFFSET,
    CIE_SLOPE,
    LAB_A,
    LAB_B,
    LAB_LIGHTNESS,
    LAB_LIGHTNESS_OFFSET,
    LIGHTNESS_WEIGHT,
)
from changedet.kernels.compiled import compiled

SHADE_PART: Final = (0.08, 0.75)
"""Least and most of the light that comes there. Chosen by hand."""
RIM_LIGHT: Final = (0.5, 1.1)
"""Least and most of a box's light that comes through what the mask leaves open at the rims of clouds and of their
shadows. Chosen by hand, as the next."""
RIM_HAZE: Final = 0.15
"""Most white light that such a rim adds, linear: half of usual ground's, as what is brighter by
`cloud_shapes.GROW_RATIO` is masked."""


@compiled
def shade_apart(dark: Floats, lit: Floats, lit_lab: Floats, tint: Floats, xyz: Floats) -> float:
    """Squared distance of a colour, were it lit as the other is.

    Parameters
    ----------
    dark, lit : float64 (3,)
        Linear light, 0 to 1.
    lit_lab : float64 (3,)
        The lit one in `scaled_lab`.
    tint : float64 (3,)
        Of the light in shade.
    xyz : float64 (3, 3)
        `XYZ`.

    Returns
    -------
    float
        Infinite where shade cannot be why it is darker.
    """
    part, bright = np.empty(3), np.empty(3)
    for c in range(3):
        part[c] = dark[c] / (lit[c] * tint[c])
    share = max(min(part[0], part[1]), min(max(part[0], part[1]), part[2]))
    if not SHADE_PART[0] < share < SHADE_PART[1]:
        return np.inf
    for c in range(3):
        bright[c] = min(max(dark[c] / (share * tint[c]), 0.0), 1.0)
    return float(squared_distance(_lab(bright, xyz), lit_lab))


@compiled
def rim_apart(under: Floats, open_: Floats, under_lab: Floats, xyz: Floats) -> float:
    """Squared distance of a colour from the likest that the rim of a cloud makes of another: less light, and white.

    Parameters
    ----------
    under, open_ : float64 (3,)
        Linear light, 0 to 1: under the rim, and in the open.
    under_lab : float64 (3,)
        The first in `scaled_lab`.
    xyz : float64 (3, 3)
        `XYZ`.

    Returns
    -------
    float
        0 and more.
    """
    mean_under, mean_open = under.mean(), open_.mean()
    spread, common = 0.0, 0.0
    for c in range(3):
        spread += (open_[c] - mean_open) ** 2
        common += (open_[c] - mean_open) * (under[c] - mean_under)
    light = common / spread if spread > 0.0 else 1.0
    # Of what the haze may be the light follows, too: a grey box tells of neither.
    least = max(RIM_LIGHT[0], (mean_under - RIM_HAZE) / mean_open)
    light = max(min(light, RIM_LIGHT[1], mean_under / mean_open), least)
    haze = min(max(mean_under - light * mean_open, 0.0), RIM_HAZE)
    seen = np.empty(3)
    for c in range(3):
        seen[c] = min(light * open_[c] + haze, 1.0)
    return float(squared_distance(_lab(seen, xyz), under_lab))


@compiled
def squared_distance(first: Floats | tuple[float, float, float], second: Floats) -> float:
    """Squared distance of two points.

    Parameters
    ----------
    first, second : float64 (3,)

    Returns
    -------
    float
        0 and more.
    """
    return float((first[0] - second[0]) ** 2 + (first[1] - second[1]) ** 2 + (first[2] - second[2]) ** 2)


@compiled
def _lab(linear: Floats, xyz: Floats) -> tuple[float, float, float]:
    """As `scaled_lab`, of one colour."""
    bent = np.empty(3)
    for k in range(3):
        value = xyz[k, 0] * linear[0] + xyz[k, 1] * linear[1] + xyz[k, 2] * linear[2]
        bent[k] = np.cbrt(value) if value > CIE_LINEAR else CIE_SLOPE * value + CIE_OFFSET
    lightness = LIGHTNESS_WEIGHT * (LAB_LIGHTNESS * bent[1] - LAB_LIGHTNESS_OFFSET)
    return lightness, LAB_A * (bent[0] - bent[1]), LAB_B * (bent[1] - bent[2])
