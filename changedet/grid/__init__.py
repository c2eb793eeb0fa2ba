"""The common grid: which CRS, which pixels, what of them is the area of interest, how much ground they cover."""

from __future__ import annotations

from changedet.grid.choice import make_grid
from changedet.grid.displacement import Displacement, Shift
from changedet.grid.frame import Frame
from changedet.grid.geodesy import auto_crs, ground_area_m2
from changedet.grid.grid import Grid
from changedet.grid.pixel_areas import pixel_area_m2

__all__ = ["Displacement", "Frame", "Grid", "Shift", "auto_crs", "ground_area_m2", "make_grid", "pixel_area_m2"]
