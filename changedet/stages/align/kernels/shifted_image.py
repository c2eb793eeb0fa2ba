"""An image moved by a displacement of each pixel, in memory."""

from __future__ import annotations

import numpy as np

from changedet.arrays import Floats, Singles


def resample_shifted(image: Singles, dy: Floats, dx: Floats) -> Singles:
    """Bilinear resampling, ``out(y, x) = image(y + dy, x + dx)``.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN for no data.
    dy, dx : float64 () or (y, x)
        Where each pixel's content lies, in pixels.

    Returns
    -------
    float32 (band, y, x)
        NaN where any pixel that contributes is NaN or outside.
    """
    height, width = image.shape[1:]
    # Fractions come from the displacement alone, not from the position: the same bits in any block.
    whole_y, whole_x = np.floor(dy), np.floor(dx)
    wy, wx = (dy - whole_y).astype(np.float32), (dx - whole_x).astype(np.float32)
    y0 = np.arange(height)[:, None] + np.broadcast_to(whole_y, (height, width)).astype(np.intp)
    x0 = np.arange(width)[None] + np.broadcast_to(whole_x, (height, width)).astype(np.intp)
    # A neighbour of weight 0 must not turn a pixel into NaN: a whole-pixel shift is a copy.
    y1, x1 = y0 + (wy > 0), x0 + (wx > 0)
    inside = (y0 >= 0) & (x0 >= 0) & (y1 < height) & (x1 < width)
    top, bottom, left, right = (np.where(inside, index, 0) for index in (y0, y1, x0, x1))
    out = np.empty_like(image)
    for band, values in enumerate(image):
        upper = values[top, left] * (1 - wx) + values[top, right] * wx
        lower = values[bottom, left] * (1 - wx) + values[bottom, right] * wx
        out[band] = np.where(inside, upper * (1 - wy) + lower * wy, np.nan)
    return out
