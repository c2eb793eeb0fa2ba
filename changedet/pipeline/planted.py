"""Ground that the reference shows planted: what is built on it later is marked, as no change shows more plainly."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.grid.displacement import Displacement
from changedet.imagery.bands import is_sar
from changedet.kernels.pixel_classes import NODATA
from changedet.plan import Plan

NDVI: Final = 0.35
"""Mean of a place from which plants grow on it: of 32,000 places of 8 m by 8 m that are built on the references of 58
drawn sites by three hands, .6 % reach it, most of them at one railway among weeds."""
SIDE_M: Final = 7.0
"""Of the square over which it is taken: trees and the shade between them. Chosen by hand."""
PIXEL_M: Final = 1.0
"""Finer pixels are averaged to it: cells of the footprint are as large."""
MOST_PX: Final = 2_000_000
"""In the memory at once, as of the overview that a date is measured by."""


def planted_ground(plan: Plan, displacement: Displacement | None) -> BaseGeometry:
    """Outline what grows on the reference.

    Parameters
    ----------
    plan : Plan
    displacement : Displacement or None
        Of the reference, as it was aligned.

    Returns
    -------
    geometry
        In the grid's CRS; empty without near infrared or red.
    """
    if not {"red", "nir"} <= set(plan.roles) or is_sar(plan.roles):
        return shapely.MultiPolygon()
    rows, columns = plan.grid.shape
    fine, few = PIXEL_M / plan.grid.ground_resolution_m, math.sqrt(rows * columns / MOST_PX)
    factor = max(1, round(fine), math.ceil(few))
    grid = plan.grid.coarsened(factor)
    image, quality = plan.looks[plan.reference].overview(plan.grid, factor, ("red", "nir"), displacement)
    red, nir = image
    total = nir + red
    shown = (quality != NODATA) & np.isfinite(total) & (total > 0)
    green = np.where(shown, (nir - red) / np.where(shown, total, 1.0), 0.0).astype(np.float32)
    side = 2 * max(0, round(SIDE_M / grid.ground_resolution_m / 2)) + 1
    mean, share = cv2.blur(green, (side, side)), cv2.blur(shown.astype(np.float32), (side, side))
    return shapely.union_all(grid.outlines(np.asarray(shown & (mean >= NDVI * np.maximum(share, 1e-6)), bool), 0, 0))
