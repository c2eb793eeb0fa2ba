"""Which scenes have a panchromatic band of finer pixels that sharpens their colours as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from changedet.imagery.headers import Raster
from changedet.imagery.scene import BandSource

PAN: Final = "pan"
FINER: Final = 1.5
"""Times finer than all colours a panchromatic band must be to sharpen them; four times it is as a rule."""
COARSEST_PAN_M: Final = 2.0
"""Metres: coarser panchromatic bands, such as Landsat's of 15 m, show neither boxes nor pads any better."""


def with_sharper(
    data: Mapping[str, BandSource], rasters: Mapping[str, Raster]
) -> tuple[dict[str, BandSource], BandSource | None]:
    """Part a scene's panchromatic band from the colours that it sharpens.

    Parameters
    ----------
    data : mapping of role to BandSource
        All bands of a scene.
    rasters : mapping of path to Raster
        Headers of its files.

    Returns
    -------
    colours : dict of role to BandSource
        Without the panchromatic band where that sharpens them.
    sharper : BandSource or None
        The panchromatic band; None where it is not there, not finer than all colours, or coarse itself.
    """
    colours = {role: source for role, source in data.items() if role != PAN}
    if PAN not in data or not colours:
        return dict(data), None
    gsd_m = rasters[data[PAN].path].frame.gsd_m
    finest = min(rasters[source.path].frame.gsd_m for source in colours.values())
    if gsd_m > COARSEST_PAN_M or finest < FINER * gsd_m:
        return dict(data), None
    return colours, data[PAN]
