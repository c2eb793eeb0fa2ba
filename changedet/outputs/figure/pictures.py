"""The pixels of a panel: a part of a scene in its display colours, and where it is not seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from rasterio.enums import Resampling
from rasterio.windows import Window, from_bounds

from changedet.arrays import Bools, Bytes, Singles
from changedet.kernels.pixel_classes import CLEAR, GREY, SHADE
from changedet.outputs.figure.data import Box
from changedet.outputs.rasters.display import display_bands, drawn_bands, stretched
from changedet.outputs.rasters.reading import header, opened

_GAMMA: Final = 0.8
"""Bright roofs set the range; below 1 the ground between them is lighter. Chosen by eye."""
NATURAL: Final = ("red", "green", "blue")


def is_false_colour(path: Path) -> bool:
    """Whether a scene is shown in other colours than an eye would see.

    Parameters
    ----------
    path : Path
        The aligned scene.

    Returns
    -------
    bool
        True where not red, green and blue are shown as such; False for a grey picture.
    """
    names = header(path).names
    shown = [names[i] for i in display_bands(names)]
    return len(shown) == 3 and tuple(shown) != NATURAL


def picture(path: Path, frame: Box, width_px: int, stretch: Mapping[str, tuple[float, float]]) -> Bytes:
    """A part of a scene.

    Parameters
    ----------
    path : Path
        The aligned scene.
    frame : (west, south, east, north)
        What part of it, in its CRS.
    width_px : int
        Of the picture at most: larger parts are read from overviews.
    stretch : mapping of str to (low, high)
        For each band by its name.

    Returns
    -------
    uint8 (y, x, 3)
        Red, green and blue; mid-grey for no data.
    """
    names = header(path).names
    drawn = drawn_bands(names)
    values = _read(path, frame, width_px, [i + 1 for i in drawn], Resampling.average)
    return np.stack(
        [stretched(band, stretch.get(names[i], (0.0, 1.0)), _GAMMA) for band, i in zip(values, drawn, strict=True)],
        axis=-1,
    )


def unseen(path: Path, frame: Box, width_px: int) -> Bools:
    """Where a date shows nothing.

    Parameters
    ----------
    path : Path
        The raster of why pixels are not seen.
    frame : (west, south, east, north)
        What part of it, in its CRS.
    width_px : int
        Of the result at most.

    Returns
    -------
    bool (y, x)
        True under cloud and its shadow, haze, snow and where there is no data; a deep shade and a grey picture are
        seen.
    """
    classes = _read(path, frame, width_px, [1], Resampling.nearest)[0]
    hidden: Bools = np.isnan(classes) | ~np.isin(classes, (CLEAR, SHADE, GREY))
    return hidden


def _read(path: Path, frame: Box, width_px: int, bands: list[int], method: Resampling) -> Singles:
    with opened(path) as source:
        window = from_bounds(*frame, transform=source.transform).round_lengths().round_offsets()
        window = window.intersection(Window(0, 0, source.width, source.height))
        shrink = max(1.0, window.width / width_px)
        shape = (len(bands), max(1, round(window.height / shrink)), max(1, round(window.width / shrink)))
        found = source.read(bands, window=window, out_shape=shape, masked=True, resampling=method)
    values = np.ma.getdata(found).astype(np.float32)
    values[np.ma.getmaskarray(found)] = np.nan
    return values
