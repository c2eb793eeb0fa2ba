"""A simulated picture of a yard with the places of its boxes."""

from __future__ import annotations

import numpy as np
import xarray as xr
from affine import Affine

from changedet.grid import Grid
from changedet.simulate.command import render
from changedet.simulate.kinds import make_world

RGB = ("red", "green", "blue")


def yard(gsd_m: float, seed: int = 906, kind: str = "quiet", size_m: float = 170.0) -> tuple[xr.DataArray, np.ndarray]:
    """A simulated picture on a grid, and the centres of its top boxes in pixels as the picture shows them."""
    world = make_world(kind, 1, seed, gsd_m, size_m, RGB, "uint16")
    image = render(world, 0).image.astype(np.float32)
    a, b, c, d, e, f = world.looks[0].to_ground
    back = np.linalg.inv(np.array([[a, b], [d, e]]))
    centres = [
        (world.box_outline(s[-1]).mean(axis=0) + (world.slots[s[-1].slot].base_m + 2.59 * len(s)) * world.looks[0].lean)
        for s in world.stacks(0).values()
    ]
    pixels = (np.array(centres) - [c, f]) @ back.T
    grid = Grid("EPSG:32633", Affine(gsd_m, 0.0, 500000.0, 0.0, -gsd_m, 5000000.0), image.shape[1:])
    array = xr.DataArray(image, dims=("band", "y", "x"), coords=grid.coords()).assign_coords(band=list(RGB))
    inside = ((pixels > 0) & (pixels < np.array(image.shape[2:0:-1]))).all(axis=1)
    return array, pixels[inside]


def recall(found: object, truth_px: np.ndarray, gsd_m: float) -> float:
    """Share of true centres with a found centre within 1.2 m: half a box's width."""
    centre = found.geometry.centroid  # type: ignore[attr-defined]
    at = np.column_stack([centre.x - 500000.0, 5000000.0 - centre.y])
    away = np.hypot(*(truth_px[:, None] * gsd_m - at[None]).transpose(2, 0, 1))
    return float((away.min(axis=1) < 1.2).mean())
