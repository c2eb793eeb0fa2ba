"""Random fields with chosen spectra, periodic, read at any place and zoom."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
SIDE = 1024
"""Cells of a periodic tile."""


def power_law(rng: np.random.Generator, slope: float, stretch: float = 1.0) -> Field:
    """A periodic tile of mean 0 and deviation 1 whose amplitude falls as frequency ** -slope; `stretch` flattens it."""
    fy = np.fft.fftfreq(SIDE)[:, None] * stretch
    fx = np.fft.rfftfreq(SIDE)[None, :]
    radius = np.hypot(fy, fx)
    radius[0, 0] = 1.0
    amplitude = radius**-slope
    amplitude[0, 0] = 0.0
    spectrum = amplitude * np.exp(2j * np.pi * rng.random(amplitude.shape))
    tile = np.fft.irfft2(spectrum, (SIDE, SIDE))
    return np.asarray((tile - tile.mean()) / tile.std(), np.float32)


class Noise:
    """Tiles of a site, each read from another corner at each call."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.tiles = {
            "broad": power_law(rng, 1.9),
            "cloud": power_law(rng, 1.35),
            "rough": power_law(rng, 0.75),
            "streak": power_law(rng, 1.0, 9.0),
            "grain": np.asarray(rng.standard_normal((SIDE, SIDE)), np.float32),
        }

    def read(self, name: str, shape: tuple[int, int], rng: np.random.Generator, zoom: float = 1.0) -> Field:
        """A window of a tile from a random corner, each cell `zoom` cells wide."""
        rows, columns = (int(np.ceil(n / zoom)) + 2 for n in shape)
        top, left = rng.integers(0, SIDE, 2)
        part = self.tiles[name][np.ix_((np.arange(rows) + top) % SIDE, (np.arange(columns) + left) % SIDE)]
        if zoom == 1.0:
            return part[: shape[0], : shape[1]].copy()
        size = (int(columns * zoom), int(rows * zoom))
        return cv2.resize(part, size, interpolation=cv2.INTER_CUBIC)[: shape[0], : shape[1]].copy()
