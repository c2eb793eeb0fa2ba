"""Rows of the layer ``ships``: sizes with their errors, kinds, colours along the deck."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from changedet.arrays import Bools, Floats, Singles
from changedet.grid import Grid
from changedet.grid.zones import BERTH, of_kind, zone_of
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.things.kernels.vessels import Outline

BOAT_M: Final = 25.0
"""Shorter vessels are boats: they are in the layer and not in the count."""
BOW_TAPER: Final = 0.25
"""An end as much narrower than the middle is a bow. Of drawn ships 9 in 10 have it, of barges 1 in 10."""
SLICES: Final = 5
"""Colours that a deck is described by, from one end to the other."""
_GROUND_LIGHT: Final = 0.25
"""Reflectance that usual ground is shown with, so that colours of decks are as eyes expect them."""
_GAMMA: Final = 2.2


def display(image: Singles, shown: Bools) -> Singles:
    """Show the first three bands as sRGB, usual ground of middle brightness.

    Parameters
    ----------
    image : float32 (band, y, x)
    shown : bool (y, x)

    Returns
    -------
    float32 (band, y, x)
        0 to 1; one band of a panchromatic picture.
    """
    bands = image[: 3 if len(image) >= 3 else 1]
    levels = np.nanpercentile(np.where(shown, bands, np.nan), (0.5, 50.0), axis=(1, 2))
    low, middle = levels[:, :, None, None]
    scaled = np.clip((bands - low) / np.maximum(middle - low, 1e-6) * _GROUND_LIGHT, 0, 1)
    return np.asarray(np.nan_to_num(scaled) ** (1 / _GAMMA), np.float32)


def deck_colours(light: Singles, ship: Outline) -> str:
    """Describe a deck by the colours of its slices.

    Parameters
    ----------
    light : float32 (band, y, x)
        0 to 1; red, green, blue or one band.
    ship : Outline

    Returns
    -------
    str
        `SLICES` colours ``#rrggbb`` from one end to the other.
    """
    steps = np.linspace(0.04, 0.96, 8 * SLICES)
    across = np.linspace(0.2, 0.8, 5)
    corners = ship.corners
    first, second = corners[1] - corners[0], corners[3] - corners[0]
    along, over = (first, second) if np.hypot(*first) >= np.hypot(*second) else (second, first)
    at = corners[0] + steps[:, None, None] * along + across[None, :, None] * over
    x = np.clip(at[..., 0].astype(int), 0, light.shape[2] - 1)
    y = np.clip(at[..., 1].astype(int), 0, light.shape[1] - 1)
    values = light[:, y, x].reshape(len(light), SLICES, -1)
    means = np.median(values, axis=2).T
    if means.shape[1] == 1:
        means = np.repeat(means, 3, axis=1)
    return " ".join("#" + "".join(f"{round(float(one) * 255):02x}" for one in colour) for colour in means)


def rows_of(
    found: Sequence[tuple[Outline, str]], day: dt.date, grid: Grid, pixel_m: float, zones: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    """Make the rows of a date in the layer ``ships``.

    Parameters
    ----------
    found : sequence of (Outline, str)
        With the colours of their decks.
    day : date
    grid : Grid
        Of the outlines' pixels.
    pixel_m : float
    zones : GeoDataFrame or None

    Returns
    -------
    GeoDataFrame
        Without ``boxes``.
    """
    if not found:
        return vector_layers.empty("ships", grid.crs)
    t = grid.transform
    corners = np.stack([ship.corners for ship, _ in found])
    east, north = t.a * corners[..., 0] + t.c, t.e * corners[..., 1] + t.f
    shapes = [shapely.Polygon(ring) for ring in np.stack([east, north], axis=-1)]
    columns = {
        "date": [str(day)] * len(found),
        "ship_id": np.arange(1, len(found) + 1),
        "kind": [kind_of(ship) for ship, _ in found],
        "length_m": [ship.length_m for ship, _ in found],
        "length_error_m": [length_error_m(ship, pixel_m) for ship, _ in found],
        "width_m": [ship.width_m for ship, _ in found],
        "width_error_m": [width_error_m(pixel_m)] * len(found),
        "angle_deg": [_angle_deg(shape) for shape in shapes],
        "confidence": [ship.confidence for ship, _ in found],
        "is_whole": _is_whole(corners, grid),
        "deck": [deck for _, deck in found],
    }
    placed = gpd.GeoDataFrame(columns, geometry=shapes, crs=grid.crs)
    return placed.assign(zone=zone_of(placed.geometry.centroid, _berths_first(zones)))


def _berths_first(zones: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    berths = of_kind(zones, BERTH)
    if zones is None or berths is None:
        return zones
    order = np.argsort(~zones["name"].isin(berths["name"]).to_numpy(bool), kind="stable")
    return zones.iloc[order].reset_index(drop=True)


def _is_whole(corners: Floats, grid: Grid) -> Bools:
    """Whether ships lie wholly in the picture: a cut one is longer than it seems."""
    height, width = grid.shape
    inside = (corners > 1).all(axis=(1, 2)) & (corners[..., 0] < width - 1).all(axis=1)
    return np.asarray(inside & (corners[..., 1] < height - 1).all(axis=1))


def kind_of(ship: Outline) -> str:
    """Name a vessel's kind.

    Parameters
    ----------
    ship : Outline

    Returns
    -------
    str
        ``boat`` below 25 m; ``ship`` with a bow, else ``barge``.
    """
    if ship.length_m < BOAT_M:
        return "boat"
    return "ship" if ship.taper >= BOW_TAPER else "barge"


def length_error_m(ship: Outline, pixel_m: float) -> float:
    """Standard error of a vessel's length.

    Parameters
    ----------
    ship : Outline
    pixel_m : float

    Returns
    -------
    float
        Metres: of its ends by the pixels, and of cuts that are off, by what drawn harbours show.
    """
    return float(np.hypot(2 * pixel_m, ship.length_share_error * ship.length_m))


def width_error_m(pixel_m: float) -> float:
    """Standard error of a vessel's width.

    Parameters
    ----------
    pixel_m : float

    Returns
    -------
    float
        Metres.
    """
    return 2 * pixel_m


def _angle_deg(shape: shapely.Polygon) -> float:
    ring = np.asarray(shape.exterior.coords)[:3]
    sides = np.diff(ring, axis=0)
    east, north = sides[np.argmax(np.hypot(*sides.T))]
    return float(np.degrees(np.arctan2(east, north)) % 180.0)
