"""A grid in Web Mercator at 55 degrees north, where a metre on the ground is 1.74 units of the CRS."""

from __future__ import annotations

from affine import Affine

from changedet.grid import Grid

WEST, NORTH = 1_000_000.0, 7_361_866.0


def mercator_grid(rows: int, columns: int, *, pixel: float = 1.0) -> Grid:
    """From that corner, its pixels in units of the CRS."""
    grid = Grid("EPSG:3857", Affine(pixel, 0, WEST, 0, -pixel, NORTH), (rows, columns))
    assert abs(grid.ground_metre - 1.74) < 0.02
    return grid
