"""Classes of single pixels, and those of an overview laid over them."""

from __future__ import annotations

import math

import numpy as np

from changedet.arrays import Bools, Bytes, Ints, Singles
from changedet.kernels.compiled import compiled
from changedet.kernels.pixel_classes import CLEAR, NODATA, SATURATED


def classes_of_pixels(image: Singles, saturated_at: float) -> Bytes:
    """No data and saturation, pixel by pixel.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data.
    saturated_at : float
        What a clipped pixel holds at least; infinite where that cannot be known.

    Returns
    -------
    uint8 (y, x)
        NODATA where any band is NaN, SATURATED where any is clipped, else CLEAR.
    """
    out = np.empty(image.shape[1:], np.uint8)
    _classify(image, np.float32(saturated_at), out)
    return out


@compiled
def _classify(image: Singles, saturated_at: np.float32, out: Bytes) -> None:
    bands, height, width = image.shape
    clipped, missing = np.empty(width, np.bool_), np.empty(width, np.bool_)
    for y in range(height):
        signs = 0
        for b in range(bands):
            line = image[b, y]
            for x in range(width):
                signs += line[x] >= saturated_at
                signs += not abs(line[x]) < np.inf
        if signs == 0:
            out[y, :] = CLEAR
            continue
        clipped[:] = False
        missing[:] = False
        for b in range(bands):
            _add_signs(image[b, y], saturated_at, clipped, missing)
        for x in range(width):
            out[y, x] = NODATA if missing[x] else SATURATED if clipped[x] else CLEAR


@compiled
def _add_signs(line: Singles, saturated_at: np.float32, clipped: Bools, missing: Bools) -> None:
    for x in range(line.size):
        missing[x] |= not math.isfinite(line[x])
        clipped[x] |= line[x] >= saturated_at


@compiled
def lay_over(classes: Bytes, own: Bytes, overview: Bytes, corner: tuple[int, int], factor: int) -> None:
    """Complete the classes of a window's pixels: what the files themselves say goes before all, the overview's last.

    Parameters
    ----------
    classes : uint8 (y, x)
        Of the pixels; changed here.
    own : uint8 (y, x)
        What the scene's own files say.
    overview : uint8 (j, i)
        Of the overview, whose edge goes on beyond it; without pixels it says nothing.
    corner : (row, column)
        The window's first pixel on the grid; may be negative.
    factor : int
        Pixels of the grid on a side of one of the overview.
    """
    height, width = classes.shape
    columns = np.empty(width, np.int64)
    for x in range(width):
        columns[x] = min(max((corner[1] + x) // factor, 0), overview.shape[1] - 1)
    last, says = -1, False
    for y in range(height):
        line, said = classes[y], own[y]
        if overview.size > 0:
            row = min(max((corner[0] + y) // factor, 0), overview.shape[0] - 1)
            over = overview[row]
            if row != last:
                last, says = row, _says(over[columns[0] : columns[width - 1] + 1])
            if says:
                _complete(line, over, columns)
        _hide(line, said)


@compiled
def _hide(line: Bytes, said: Bytes) -> None:
    """Give a row the classes that its files say, where they say any."""
    hidden = 0
    for x in range(line.size):
        hidden += said[x] != CLEAR
    if hidden > 0:
        for x in range(line.size):
            line[x] = line[x] if said[x] == CLEAR else said[x]


@compiled
def _says(over: Bytes) -> bool:
    """Whether a row of an overview gives any pixel another class."""
    found = 0
    for x in range(over.size):
        found += (over[x] != CLEAR) & (over[x] != NODATA)
    return found > 0


@compiled
def _complete(line: Bytes, over: Bytes, columns: Ints) -> None:
    """Give the classes of an overview's row to the clear pixels of a row."""
    for x in range(line.size):
        # An overview's pixel is no data only where all of it is: a seen pixel must not inherit that.
        found = over[columns[x]]
        line[x] = found if line[x] == CLEAR and found != NODATA else line[x]
