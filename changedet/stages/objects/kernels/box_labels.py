"""Kind of a box by its length, and the colour of its roof as ``#rrggbb``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from changedet.arrays import Floats
from changedet.kernels.containers import CONTAINER_KINDS, LENGTHS_M, OTHER
from changedet.stages.objects.kernels.stretch import LIFT

KIND_TOLERANCE_M, KIND_TOLERANCE_GSD = 0.8, 0.35
"""A box is of a kind where its length is off by no more metres and sensor pixels together; chosen by hand."""
DARK_REFLECTANCE: Final = 0.03
"""At the scene's dark end: about that of shade."""
REFLECTANCE_RANGE: Final = 0.42
"""From the dark to the bright end, which lies at 0.45, about what bright concrete has."""
SRGB_GAMMA: Final = 2.2
"""sRGB is about reflectance to the power 1 / 2.2 (IEC 61966-2-1)."""


def kinds(length_m: Floats, gsd_m: float) -> list[str]:
    """Kind of each box by the nearest standard length.

    Parameters
    ----------
    length_m : float64 (n,)
        Measured lengths.
    gsd_m : float
        The sensor's pixel, metres.

    Returns
    -------
    list of str
        ``20ft``, ``40ft``, ``45ft``, or ``other`` where no standard length is near.
    """
    error = np.abs(length_m[:, None] - np.array(LENGTHS_M))
    names = np.array(CONTAINER_KINDS)[error.argmin(axis=1)]
    most_m = KIND_TOLERANCE_M + KIND_TOLERANCE_GSD * gsd_m
    return [str(name) if e <= most_m else OTHER for name, e in zip(names, error.min(axis=1), strict=True)]


def surface_colours(colours: Floats, role_index: Mapping[str, int], gamma: float) -> list[str]:
    """Colours of surfaces for display, from stretched ones.

    The stretch's dark and bright end are taken for two usual reflectances, which sRGB then encodes.

    Parameters
    ----------
    colours : float64 (n, band)
        Stretched colours.
    role_index : mapping of str to int
        Place of each band role among the bands.
    gamma : float
        Exponent of the stretch.

    Returns
    -------
    list of str
        ``#rrggbb``; grey where red, green or blue is missing.
    """
    bands = [role_index.get(role, -1) for role in ("red", "green", "blue")]
    bands = [0, 0, 0] if -1 in bands else bands
    linear = np.maximum(colours[:, bands], 0.0) ** (1.0 / gamma) - LIFT
    shown = np.clip(DARK_REFLECTANCE + REFLECTANCE_RANGE * linear, 0.0, 1.0) ** (1.0 / SRGB_GAMMA)
    return ["#" + "".join(f"{round(255 * float(v)):02x}" for v in row) for row in shown]
