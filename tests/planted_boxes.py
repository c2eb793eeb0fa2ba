"""Containers painted on textured ground, for tests of the detectors."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from affine import Affine

from changedet.grid import Grid
from changedet.stages.objects.kernels import rectangles

BGRN = ("blue", "green", "red", "nir")


METHODS = ("classical", "learned")


PALETTE = ((0.05, 0.07, 0.24, 0.26), (0.30, 0.13, 0.06, 0.2), (0.08, 0.18, 0.09, 0.2), (0.52, 0.53, 0.54, 0.55))


def painted(boxes: np.ndarray, shape_m: tuple[float, float], gsd_m: float, seed: int = 0, first: int = 0) -> np.ndarray:
    """Boxes (n, 5) in metres with their shadows on textured ground, blurred, averaged to pixels: (4, y, x) float32."""
    rng = np.random.default_rng(seed)
    fine = 0.1
    height, width = (round(n / fine) for n in shape_m)
    coarse = rng.normal(size=(height // 40 + 2, width // 40 + 2)).astype(np.float32)
    ground = 0.2 * (1 + 0.06 * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    image = ground[..., None] * np.array([0.85, 1.0, 1.05, 1.15], np.float32)

    def fill(which: np.ndarray, colour: tuple[float, ...]) -> None:
        for box in which:
            points = rectangles.corners(box[None])[0] / fine - 0.5
            cv2.fillPoly(image, [np.round(points * 16).astype(np.int32)], colour, shift=4)

    fill(boxes + np.array([0.9, -0.9, 0, 0, 0]), (0.05, 0.05, 0.05, 0.05))
    for i, box in enumerate(boxes):
        fill(box[None], PALETTE[(i + first) % len(PALETTE)])
    image = cv2.GaussianBlur(image, (0, 0), 0.4 * gsd_m / fine)
    size = (round(shape_m[1] / gsd_m), round(shape_m[0] / gsd_m))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) + rng.normal(0, 0.003, (size[1], size[0], 4))
    return np.ascontiguousarray(np.moveaxis(small, 2, 0), np.float32)


def depot() -> np.ndarray:
    """A row of six 40-foot boxes, one of five 20-foot boxes square to it, and two alone; metres."""
    turn = np.radians(25.0)
    found = []
    for length, count, centre, angle in ((12.19, 6, (30.0, 30.0), turn), (6.06, 5, (70.0, 35.0), turn + np.pi / 2)):
        for k in range(count):
            t = (k - (count - 1) / 2) * 2.75
            found.append((centre[0] + t * np.cos(angle), centre[1] + t * np.sin(angle), length, 2.44, angle))
    found += [(35.0, 75.0, 12.19, 2.44, 2.0), (75.0, 75.0, 6.06, 2.44, 0.4)]
    return np.array(found)


def as_array(image: np.ndarray, gsd_m: float, roles: tuple[str, ...] = BGRN) -> xr.DataArray:
    height, width = image.shape[1:]
    grid = Grid("EPSG:32633", Affine(gsd_m, 0.0, 500000.0, 0.0, -gsd_m, 5000000.0), (height, width))
    array = xr.DataArray(image, dims=("band", "y", "x"), coords=grid.coords())
    return array.assign_coords(band=list(roles))


def found_boxes(table: pd.DataFrame) -> np.ndarray:
    centre = shapely.get_coordinates(shapely.centroid(np.asarray(table.geometry.array)))
    angle = np.radians(table["angle_deg"].to_numpy())
    return np.column_stack([centre[:, 0] - 500000, 5000000 - centre[:, 1], table["length_m"], table["width_m"], angle])


def scene(height: int, width: int) -> np.ndarray:
    """Rows of boxes all over, so that many lie across the lattice's lines."""
    rng = np.random.default_rng(5)
    boxes = []
    for cy in np.arange(12.0, height * 0.5, 24.0):
        for cx in np.arange(14.0, width * 0.5, 29.0):
            turn = float(rng.uniform(0, np.pi))
            boxes += [(cx + k * 2.7 * np.cos(turn), cy + k * 2.7 * np.sin(turn), 12.19, 2.44, turn) for k in (-1, 0, 1)]
    return painted(np.array(boxes), (height * 0.5, width * 0.5), 0.5, seed=2)
