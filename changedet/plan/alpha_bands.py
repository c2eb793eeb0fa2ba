"""Alpha bands that a workflow takes for near infrared, or that nothing names, in 8-bit pictures of four bands."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np

from changedet.arrays import Singles
from changedet.errors import InputError
from changedet.grid import Grid
from changedet.imagery.bands import MASKS
from changedet.imagery.look import Look
from changedet.imagery.stand_ins import seen_in_windows
from changedet.kernels.together import each

LEAST_BANDS: Final = 4
"""Red, green, blue and one that says what is seen."""
PICTURE_DTYPE: Final = "uint8"
"""Of pictures for screens, which come with such a band."""
FLAT_SHARE: Final = 0.98
"""Share of pixels on which an alpha band has one of two numbers, seen and not seen: the rest are rims that resampling
mixed."""
PICTURED_SHARE: Final = 0.6
"""Share of pixels of the two usual numbers that a band of a picture stays below: above it the look is blank."""


def refuse_alpha(looks: Sequence[Look], grid: Grid) -> None:
    """Refuse looks of which one band shows nothing but what is seen, under another role.

    Parameters
    ----------
    looks : sequence of Look
        Of a plan.
    grid : Grid

    Raises
    ------
    InputError
        Names the file, the role and the band.
    """
    for said in each(partial(_said_of, grid), looks):
        if said is not None:
            raise InputError(said)


def _said_of(grid: Grid, look: Look) -> str | None:
    roles = [role for role in look.roles if role not in MASKS]
    if len(roles) < LEAST_BANDS or look.dtype != PICTURE_DTYPE:
        return None
    try:
        pixels = seen_in_windows(look, grid, roles)
    except InputError:
        # who reads it next says what is wrong with it
        return None
    if not pixels.size:
        return None
    shares = [_two_usual(band) for band in pixels]
    flat = [role for role, share in zip(roles, shares, strict=True) if share >= FLAT_SHARE]
    if len(flat) != 1 or max(share for share in shares if share < FLAT_SHARE) > PICTURED_SHARE:
        return None
    source = look.scenes[0].bands[flat[0]]
    return (
        f"{source.path}: band {source.index} has one or two numbers on all pixels: an alpha band, which says what is "
        f"seen, and no picture of {flat[0]}; give 'bands' with alpha: {source.index}"
    )


def _two_usual(band: Singles) -> float:
    """Share of the pixels that have one of the two most frequent numbers."""
    counts = np.sort(np.unique(band, return_counts=True)[1])
    return float(counts[-2:].sum() / band.size)
