"""Sidings of drawn and painted sites with their railcars, as training and benchmarks take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from numpy.typing import NDArray


def sites(folder: Path) -> Iterator[tuple[Path, gpd.GeoDataFrame, NDArray[np.float64]]]:
    """Folder, railcars, corners of the siding."""
    for package in sorted(folder.glob("*/truth/truth.gpkg")):
        if not (package.parent / "truth.csv").exists():
            continue
        if "railcars" not in gpd.list_layers(package)["name"].to_numpy():
            continue  # a site without any train
        cars = gpd.read_file(package, layer="railcars")
        yield package.parents[1], cars, corners_of(package.parents[1], cars)


def corners_of(folder: Path, cars: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Rectangle around the siding within the site, in its CRS."""
    if "sidings" in gpd.list_layers(folder / "truth" / "truth.gpkg")["name"].to_numpy():
        zone = gpd.read_file(folder / "truth" / "truth.gpkg", layer="sidings").geometry.iloc[0]
    else:
        zones = gpd.read_file(folder / "zones.geojson").to_crs(cars.crs)
        zone = zones[zones["kind"] == "siding"].geometry.iloc[0]
    with rasterio.open(sorted((folder / "scenes").glob("*.tif"))[0]) as scene:
        zone = zone.intersection(shapely.box(*scene.bounds))
    return np.asarray(shapely.oriented_envelope(zone).exterior.coords)[:4]


def scenes(site: Path, *, infrared: bool = False) -> Iterator[tuple[str, NDArray[np.float32], NDArray[np.float64]]]:
    """Date, picture (red, green, blue; near infrared if wanted) and the way from true metres to its pixels."""
    looks = pd.read_csv(site / "truth" / "truth.csv").set_index("date")
    for path in sorted((site / "scenes").glob("*.tif")):
        look = looks.loc[path.stem[:10]]
        with rasterio.open(path) as scene:
            image = scene.read().astype(np.float32)
            bands = [2, 1, 0, 3][: 4 if infrared and len(image) > 3 else 3]
            image = image[bands] if len(image) > 2 else image[[0, 0, 0]]
            place = ~scene.transform
        image[image == 0] = np.nan
        matrix = np.array([[place.a, place.b, place.c], [place.d, place.e, place.f]])
        matrix[:, 2] += matrix[:, :2] @ [look.shift_east_m, look.shift_north_m]
        yield path.stem[:10], image, matrix


def is_cloudless(rows: pd.DataFrame, folders: Iterable[Path]) -> NDArray[np.bool_]:
    """Whether a look is without any cloud: what benchmarks read has no mask.

    Parameters
    ----------
    rows : DataFrame
        With ``site`` and ``date``.
    folders : iterable of Path
        Of sites.
    """
    looks = set()
    for path in (path for folder in folders for path in sorted(folder.glob("*/truth/truth.csv"))):
        table = pd.read_csv(path)
        clear = table["cloud_fraction"] == 0 if "cloud_fraction" in table else np.ones(len(table), bool)
        looks |= {(path.parents[1].name, str(day)) for day in table["date"][clear]}
    return np.array([look in looks for look in zip(rows["site"], rows["date"], strict=True)], bool)


class Axes(NamedTuple):
    """Parallel tracks as the simulators lay them.

    Attributes
    ----------
    along : float64 (2,)
        Unit vector along them.
    offsets : float64 (n,)
        Of each across them, in metres.
    """

    along: NDArray[np.float64]
    offsets: NDArray[np.float64]

    def apart(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres from places (.., 2) to the nearest track, signed."""
        across = place @ np.array([-self.along[1], self.along[0]])
        each = across[..., None] - self.offsets
        return np.take_along_axis(each, np.abs(each).argmin(axis=-1)[..., None], -1)[..., 0]


PAINTED_PITCH_M, PAINTED_BESIDE_M = 4.9, 3.0
DRAWN_PITCH_M, DRAWN_BESIDE_M = 4.7, 2.35
"""Between two tracks of a site, and from the outermost to the edge of its rectangle."""


def axes_of(site: Path) -> Axes | None:
    """Tracks of a site in metres of its CRS; None where it has none."""
    layers = gpd.list_layers(site / "truth" / "truth.gpkg")["name"].to_numpy()
    if "sidings" in layers:
        zone = gpd.read_file(site / "truth" / "truth.gpkg", layer="sidings").geometry.iloc[0]
        pitch, beside = PAINTED_PITCH_M, PAINTED_BESIDE_M
    else:
        crs = gpd.read_file(site / "truth" / "truth.gpkg", layer="containers").crs
        zones = gpd.read_file(site / "zones.geojson").to_crs(crs) if (site / "zones.geojson").exists() else None
        if zones is None or "kind" not in zones or not (zones["kind"] == "siding").any():
            return None
        zone = zones[zones["kind"] == "siding"].geometry.iloc[0]
        pitch, beside = DRAWN_PITCH_M, DRAWN_BESIDE_M
    corners = np.asarray(zone.exterior.coords)
    sides = np.diff(corners, axis=0)
    longest = sides[np.argmax(np.hypot(*sides.T))]
    along = longest / np.hypot(*longest)
    across = corners @ np.array([-along[1], along[0]])
    number = round((np.ptp(across) - 2 * beside) / pitch) + 1
    return Axes(along, across.min() + beside + pitch * np.arange(number))
