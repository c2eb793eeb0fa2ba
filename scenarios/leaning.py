"""Where an off-nadir view shows the roofs of boxes whose bases a truth holds."""

from __future__ import annotations

from typing import Protocol

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from changedet.kernels.containers import HEIGHT_M

WAGON_M = 1.2
"""Height of a wagon's floor above the ground."""


class View(Protocol):
    """A row of ``truth.csv``."""

    off_nadir_deg: float
    view_azimuth_deg: float


def roofs(boxes: gpd.GeoDataFrame, view: View) -> NDArray[np.object_]:
    """Bases (n,) of tops, with ``tiers`` and ``yard``, moved the way the sensor looks by the height of their stack."""
    shapes = boxes.geometry.to_numpy()
    high_m = HEIGHT_M * boxes["tiers"].to_numpy(float) + WAGON_M * boxes["yard"].isin(["train", "ship"]).to_numpy()
    azimuth, lean = np.radians(view.view_azimuth_deg), np.tan(np.radians(view.off_nadir_deg))
    corners, index = shapely.get_coordinates(shapes, return_index=True)
    away = lean * high_m[index, None] * np.array([np.sin(azimuth), np.cos(azimuth)])
    return np.asarray(shapely.set_coordinates(shapes.copy(), corners + away), object)
