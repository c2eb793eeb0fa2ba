"""Painted sites (training/painter) with their truth, as a run sees them after alignment: the other hand.

A painted site is a folder with `scenes/<date>.tif` and `truth/` in the form of `changedet simulate`. Scenes lie as far
off as their truth says; here they are put back but for a small rest, as alignment does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.features import rasterize
from rasterio.transform import Affine

from changedet.arrays import Bools
from changedet.grid import Grid
from changedet.stages.footprint.kernels import ground
from scenarios import hands
from scenarios.ground_sites import ASTRAY_M, Seen
from scenarios.pairs import MOST_RESIDUAL_PX, Bare

ROLES = ("blue", "green", "red", "nir")
NOT_JUDGED = 255
ROOFS_UNTOLD = "lookalikes"
"""A kind whose truth leaves out some roofs."""


@dataclass(frozen=True)
class PaintedSite:
    """A painted site.

    Attributes
    ----------
    folder : Path
    kind : str
    seed : int
    """

    folder: Path
    kind: str
    seed: int

    @property
    def looks(self) -> pd.DataFrame:
        """A row a date: shift, sun, view, cloud."""
        return pd.read_csv(self.folder / "truth" / "truth.csv")

    @property
    def grid(self) -> Grid:
        """The grid of its scenes."""
        with rasterio.open(next(iter(sorted((self.folder / "scenes").glob("*.tif"))))) as scene:
            return Grid(str(scene.crs), scene.transform, scene.shape)

    def layer(self, name: str, date: str) -> gpd.GeoSeries:
        """The shapes of a layer of the truth on a date."""
        table = gpd.read_file(self.folder / "truth" / "truth.gpkg", layer=name)
        return table.geometry[pd.to_datetime(table["date"]).dt.strftime("%Y-%m-%d") == date]


def painted_sites(folder: Path, seeds: Sequence[int]) -> list[PaintedSite]:
    """The finished sites ``<kind>-<seed>`` of a folder."""
    found = []
    for path in sorted(folder.glob("*-*/truth/truth.csv")):
        kind, seed = path.parents[1].name.rsplit("-", 1)
        if seed.isdigit() and int(seed) in seeds:
            found.append(PaintedSite(path.parents[1], kind, int(seed)))
    return found


def aligned(site: PaintedSite, rest_m: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.float32], Affine, float]]:
    """Dates (band, y, x) as far from their place as `rest_m` (date, 2) says, their grid and the size of a pixel."""
    for look, (east, north) in zip(site.looks.itertuples(), rest_m, strict=True):
        with rasterio.open(site.folder / "scenes" / f"{look.date}.tif") as scene:
            image, transform, gsd_m = scene.read().astype(np.float32), scene.transform, float(scene.res[0])
        image[image == 0] = np.nan
        right, down = (look.shift_east_m + east) / gsd_m, -(look.shift_north_m + north) / gsd_m
        matrix = np.array([[1, 0, right], [0, 1, down]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size, beyond = (image.shape[2], image.shape[1]), (float("nan"),) * 4
        yield (
            np.stack([cv2.warpAffine(b, matrix, size, flags=flags, borderValue=beyond) for b in image]),
            transform,
            gsd_m,
        )


def drawn(shapes: gpd.GeoSeries, shape: tuple[int, int], place: Affine, *, touched: bool = False) -> Bools:
    """Cells (y, x) whose centres, or any part of which, the shapes cover."""
    own = [(one, 1) for one in shapes if one is not None and not one.is_empty]
    if not own:
        return np.zeros(shape, bool)
    return np.asarray(rasterize(own, out_shape=shape, transform=place, all_touched=touched, dtype="uint8") == 1)


def cloud(site: PaintedSite, date: str, first: str, place: Affine) -> Bools:
    """Where cloud hides a date: what the truth does not judge but for movers of this and of the first date."""
    path = site.folder / "truth" / f"{date}_mask.tif"
    if not path.exists():
        return np.zeros((1, 1), bool)
    with rasterio.open(path) as mask:
        left_out = mask.read(1) == NOT_JUDGED
    movers = np.zeros(left_out.shape, bool)
    for day in (date, first):
        movers |= drawn(site.layer("ignore", day), left_out.shape, place, touched=True)
    return np.asarray(left_out & ~movers)


def averaged(image: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Means of blocks of pixels, as a coarser camera has them."""
    rows, columns = (n // size for n in image.shape[1:])
    cut = image[:, : rows * size, : columns * size].reshape(len(image), rows, size, columns, size)
    return np.asarray(cut.mean(axis=(2, 4)), np.float32)


def buildings(site: PaintedSite, date: str) -> gpd.GeoSeries | None:
    """Roofs of a date, whole and cut by the picture's rim; None where the truth does not tell them all."""
    path = site.folder / "truth" / "things.gpkg"
    if site.kind == ROOFS_UNTOLD or not path.exists():
        return None
    tables = [gpd.read_file(path, layer=layer) for layer in ("buildings", "buildings_cut")]
    table = pd.concat([one[["date", "geometry"]] for one in tables if len(one)] or tables[:1])
    return table.geometry[pd.to_datetime(table["date"], utc=True).dt.strftime("%Y-%m-%d") == date]


def series_of(site: PaintedSite, size: int = 1) -> tuple[list[Seen], tuple[str, ...], float]:
    """As `ground_sites.series_of`, pixels averaged `size` by `size`; earthworks are not told.

    Of the truth there are ``built``, ``footprint`` (the same here: gaps closed), ``stored`` and, where it tells them,
    ``building``.
    """
    looks = site.looks
    rest = np.random.default_rng([site.seed, 94]).normal(0.0, ASTRAY_M, (len(looks), 2))
    rest[0] = 0
    found, fine_m = [], 1.0
    for look, (image, transform, fine_m) in zip(looks.itertuples(), aligned(site, rest), strict=True):
        image = np.where(cloud(site, look.date, looks["date"][0], transform), np.float32(np.nan), image)
        image = averaged(image, size)
        cell = ground.factor(fine_m * size)
        place = transform * Affine.scale(size * cell)
        shape = (image.shape[1] // cell, image.shape[2] // cell)
        built = drawn(site.layer("footprint", look.date), shape, place)
        stored = drawn(on_ground(site, look.date), shape, place)
        truth = {"built": built, "footprint": built, "stored": stored}
        roofs = buildings(site, look.date)
        if roofs is not None:
            truth["building"] = drawn(roofs, shape, place)
        azimuth = np.radians(look.sun_azimuth_deg)
        found.append(Seen(image, (float(np.sin(azimuth)), float(np.cos(azimuth))), truth))
    return found, ROLES[: len(image)], fine_m * size


def on_ground(site: PaintedSite, date: str) -> gpd.GeoSeries:
    """Outlines of boxes on a date that stand on the ground: not on trains, not on ships."""
    table = gpd.read_file(site.folder / "truth" / "truth.gpkg", layer="containers")
    here = pd.to_datetime(table["date"]).dt.strftime("%Y-%m-%d") == date
    return table.geometry[here & ~table["yard"].isin(["train", "ship"])]


def bare_pairs(site: PaintedSite, size: int = 1) -> Iterator[Bare]:
    """The first date with each other one, as `pairs.bare_pairs` has them, pixels averaged `size` by `size`."""
    looks = site.looks
    rng = np.random.default_rng([site.seed, 78, size])
    turns, reach = 2 * np.pi * rng.random(len(looks)), MOST_RESIDUAL_PX * rng.random(len(looks))
    gsd_m = float(looks["gsd_m"][0]) * size
    rest = gsd_m * reach[:, None] * np.column_stack([np.cos(turns), np.sin(turns)])
    rest[0] = 0
    scenes = list(aligned(site, rest))
    before, *others = (averaged(image, size) for image, _, _ in scenes)
    place = scenes[0][1]
    for index, after in enumerate(others, 1):
        date = str(looks["date"][index])
        with rasterio.open(site.folder / "truth" / f"{date}_mask.tif") as mask:
            truth = mask.read(1)
        hidden = cloud(site, date, str(looks["date"][0]), place)
        if size > 1:
            truth, hidden = _coarser(truth, size), averaged(hidden[None].astype(np.float32), size)[0] > 0
        yield Bare(before, after, truth, hidden, gsd_m, site.kind, site.seed, index, "uint16")


def _coarser(truth: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The truth of larger pixels: that of most of their parts, not judged where any part is not."""
    changed = averaged((truth == 1)[None].astype(np.float32), size)[0] >= 0.5
    unknown = averaged((truth == NOT_JUDGED)[None].astype(np.float32), size)[0] > 0
    return np.where(unknown, NOT_JUDGED, changed).astype(np.uint8)


def searched(site: PaintedSite) -> hands.HandSite:
    """What the detector finds on the dates without cloud, and the truth, as `hands.searched` has them."""
    looks, grid = site.looks, site.grid
    clear = looks["cloud_fraction"] == 0
    pictures = [image for image, _, _ in aligned(site, np.zeros((len(looks), 2)))]
    pictures = [np.nan_to_num(image, nan=1.0) for image, kept in zip(pictures, clear, strict=True) if kept]
    dates = [dt.date.fromisoformat(day) for day in looks["date"][clear]]
    places = [GeoBox(grid.shape, grid.transform, grid.crs)] * len(dates)
    detections, descriptions = hands.found_in(pictures, places, dates)
    name = f"painted-{site.kind}-{site.seed}"
    return hands.HandSite(
        name, "painted", site.kind, grid.area.area, tuple(dates), detections, descriptions, _counts(site, dates)
    )


def _counts(site: PaintedSite, dates: Sequence[dt.date]) -> pd.DataFrame:
    """Tops on each date, and boxes that came and left since the one before."""
    tracks = gpd.read_file(site.folder / "truth" / "truth.gpkg", layer="tracks")
    came, left = (pd.to_datetime(tracks[name], utc=True) for name in ("arrived", "departed"))
    days = [pd.Timestamp(day, tz="UTC") for day in dates]
    table = site.looks.set_index("date").loc[[str(day) for day in dates]]
    rows = []
    for before, now in zip([None, *days], days, strict=False):
        here = (came <= now) & (left.isna() | (left > now))
        was = here if before is None else (came <= before) & (left.isna() | (left > before))
        rows.append({"arrivals": int((here & ~was).sum()), "departures": int((was & ~here).sum())})
    events = pd.DataFrame(rows, index=table.index)
    events.iloc[0] = np.nan
    return pd.concat([table[["containers", "teu"]], events], axis=1).reset_index(drop=True)
