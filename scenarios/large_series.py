"""Large made-up series for measuring speed and memory: written strip by strip, so that any size fits into memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.transform import from_origin
from rasterio.windows import Window

BLOCK_PX = 512
BANDS = ("blue", "green", "red", "nir")
MEAN = np.array([900, 1100, 1000, 2600], np.float32)
SPREAD = np.array([500, 550, 650, 900], np.float32)
OCTAVES = ((400, 1.0), (90, 0.5), (20, 0.3), (5, 0.15))
"""Cell in pixels and weight of the layers of noise that make the ground."""
CHANGES_PER_MPIX = 12
NOISE = 14.0
HAZE = 60.0
"""Offset and, over a thousand, gain of a date against the first one, at most."""


def _layer(rows: range, width: int, cell: int, seed: Sequence[int]) -> NDArray[np.float32]:
    """Smooth noise on some rows of the ground: the same whatever the rows are."""
    along = np.arange(width, dtype=np.float32) / cell
    left, weight = along.astype(int), along % 1.0
    lattice = {}
    for k in range(rows.start // cell, rows.stop // cell + 2):
        nodes = np.random.default_rng([*seed, k]).uniform(-1, 1, width // cell + 2).astype(np.float32)
        lattice[k] = nodes[left] * (1 - weight) + nodes[left + 1] * weight
    parts = [(row // cell, (row % cell) / cell) for row in rows]
    return np.stack([lattice[k] * np.float32(1 - part) + lattice[k + 1] * np.float32(part) for k, part in parts])


def _changes(size: int, dates: int, seed: int) -> NDArray[np.float64]:
    """Rectangles (row, column, height, width, first date, brightness), spread over the site."""
    rng = np.random.default_rng([seed, 1])
    count = max(4, size * size * CHANGES_PER_MPIX // 1_000_000)
    place, extent = rng.uniform(0, size, (count, 2)), rng.uniform(3, 40, (count, 2))
    return np.column_stack([place, extent, rng.integers(1, max(2, dates), count), rng.uniform(500, 1500, count)])


def _painted(strip: NDArray[np.float32], rows: range, changes: NDArray[np.float64], date: int) -> None:
    for y, x, height, width, first, brightness in changes:
        top, bottom = max(int(y), rows.start), min(int(y + height), rows.stop)
        if first <= date and top < bottom:
            strip[:, top - rows.start : bottom - rows.start, int(x) : int(x + width)] += np.float32(brightness)


def write_series(folder: Path, size: int, dates: int = 2, seed: int = 1) -> list[Path]:
    """Write a series of 4-band uint16 scenes of 10 m, tiled and deflated as vendors deliver them.

    Parameters
    ----------
    folder : Path
        Where they go; what is there already is kept.
    size : int
        Rows and columns.
    dates : int
    seed : int

    Returns
    -------
    list of Path
        One a date, in their order.
    """
    paths = [folder / f"2023-{1 + k // 28:02d}-{1 + k % 28:02d}_{size}.tif" for k in range(dates)]
    profile = {
        "driver": "GTiff",
        "width": size,
        "height": size,
        "count": len(BANDS),
        "dtype": "uint16",
        "nodata": 0,
        "tiled": True,
        "blockxsize": BLOCK_PX,
        "blockysize": BLOCK_PX,
        "compress": "deflate",
        "predictor": 2,
        "crs": "EPSG:32633",
        "transform": from_origin(500_000, 5_400_000, 10, 10),
        "bigtiff": "IF_SAFER",
    }
    changes = _changes(size, dates, seed)
    for date, path in enumerate(paths):
        if path.exists():
            continue
        rng = np.random.default_rng([seed, 2, date])
        gain, offset = 1 + rng.uniform(-HAZE, HAZE) / 1000, rng.uniform(0, HAZE)
        with rasterio.open(path, "w", **profile) as out:
            for top in range(0, size, BLOCK_PX):
                rows = range(top, min(top + BLOCK_PX, size))
                ground = sum(w * _layer(rows, size, cell, [seed, 3, cell]) for cell, w in OCTAVES)
                strip = MEAN[:, None, None] + SPREAD[:, None, None] * ground
                _painted(strip, rows, changes, date if date else -1)
                strip = strip * gain + offset + NOISE * rng.standard_normal(strip.shape, np.float32)
                out.write(np.clip(strip, 1, 10_000).astype(np.uint16), window=Window(0, top, size, len(rows)))
    return paths
