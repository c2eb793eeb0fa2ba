"""Pictures of yards with their true boxes: simulated dates, and labelled real pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import geopandas as gpd
import numpy as np
import shapely
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from changedet.grid import Grid
from changedet.kernels.containers import HEIGHT_M
from changedet.simulate.command import render
from changedet.simulate.kinds import make_world
from changedet.simulate.world import World
from changedet.stages.objects.kernels import rectangles

GSDS_M = (0.3, 0.5, 0.75, 1.0)
KINDS = ("growth", "dense", "trains", "port", "decoys", "quiet", "winter", "earthworks", "clouds", "growth")
TRAILER_BASE_M, BUS_BASE_M = 1.0, 0.4
HIT = 0.3


@dataclass(frozen=True)
class Yard:
    """One picture with its truth; boxes are x, y, length, width (m, from the corner), angle (radians).

    Attributes
    ----------
    name : str
    gsd_m : float
    image : float32 (band, y, x)
        NaN for no data.
    roles : tuple of str
        Of the bands.
    boxes : float64 (n, 5)
        Containers.
    dtype : str
        Of the picture as delivered.
    others : float64 (n, 5)
        Trailers and buses, where it is simulated.
    """

    name: str
    gsd_m: float
    image: NDArray[np.float32]
    roles: tuple[str, ...]
    boxes: NDArray[np.float64]
    dtype: str
    others: NDArray[np.float64]


Outline = tuple[NDArray[np.float64], float]


def seen_boxes(world: World, index: int) -> NDArray[np.float64]:
    """Top boxes where a date shows them: (n, 5) in metres, x right and y down from the scene's corner."""
    stacks = world.stacks(index).values()
    return leant(
        world, index, [(world.box_outline(s[-1]), world.slots[s[-1].slot].base_m + HEIGHT_M * len(s)) for s in stacks]
    )


def vehicles(world: World, index: int) -> list[Outline]:
    """Outline and height of the trailers and buses of a date, which are known by their ground clearance."""
    standing = (s for s in world.solids if s.born <= index < s.gone and s.role == "object" and len(s.outline) == 4)
    return [(s.outline, s.height_m) for s in standing if s.base_m in (TRAILER_BASE_M, BUS_BASE_M)]


def leant(world: World, index: int, tops: list[Outline]) -> NDArray[np.float64]:
    """Roofs where an off-nadir view shows them, without those whose centre is outside: (n, 5), see `seen_boxes`."""
    look = world.looks[index]
    a, b, c, d, e, f = look.to_ground
    back = np.linalg.inv(np.array([[a, b], [d, e]]))
    found = []
    for outline, height in tops:
        points = (outline + height * look.lean - [c, f]) @ back.T * look.gsd_m
        sides = points[1] - points[0], points[3] - points[0]
        across, along = sorted(sides, key=lambda side: float(np.hypot(*side)))
        sizes = float(np.hypot(*along)), float(np.hypot(*across))
        found.append([*points.mean(axis=0), *sizes, np.arctan2(along[0], -along[1]) % np.pi])
    boxes = np.array(found).reshape(-1, 5)
    edge = np.array(look.shape[::-1]) * look.gsd_m
    return np.asarray(boxes[((boxes[:, :2] > 0) & (boxes[:, :2] < edge)).all(axis=1)])


def simulated(seed: int, gsd_m: float, size_m: float = 200.0, dates: int = 2, kind: str | None = None) -> Yard:
    """The last date of a simulated site; the kind goes round with the seed; hidden boxes are left out."""
    kind = kind or KINDS[seed % len(KINDS)]
    bands = ("red", "green", "blue") if seed % 4 == 3 else ("blue", "green", "red", "nir")
    dtype = "uint8" if seed % 4 == 3 else "uint16"
    world = make_world(kind, dates, seed, gsd_m, size_m, bands, dtype)
    drawn = render(world, dates - 1)
    image = drawn.image.astype(np.float32)
    image[:, (drawn.image == 0).all(axis=0)] = np.nan

    def open_to_view(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        pixel = np.floor(boxes[:, :2] / gsd_m).astype(int)
        return np.asarray(boxes[~drawn.hidden[pixel[:, 1], pixel[:, 0]]])

    boxes = open_to_view(seen_boxes(world, dates - 1))
    others = open_to_view(leant(world, dates - 1, vehicles(world, dates - 1)))
    return Yard(f"{kind}-{seed}", gsd_m, image, bands, boxes, dtype, others)


def real(folder: Path, name: str, gsd_m: float) -> Yard:
    """A labelled picture of `folder`, averaged to a resolution; boxes of class large-vehicle."""
    lines = (folder / f"{name}.txt").read_text().splitlines()
    own_m = float(lines[1].split(":")[1])
    picture = cv2.imread(str(folder / f"{name}.png"), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(folder / f"{name}.png")
    gsd_m = max(gsd_m, own_m)
    height, width = (round(n * own_m / gsd_m) for n in picture.shape[:2])
    small = cv2.resize(picture.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    boxes = []
    for line in lines[2:]:
        values = line.split()
        if values[8] == "large-vehicle":
            points = (np.array(values[:8], float).reshape(4, 2)) * own_m
            (x, y), (w, h), turn = cv2.minAreaRect(points.astype(np.float32))
            angle = np.radians(turn + 90.0) if w >= h else np.radians(turn)
            boxes.append([x, y, max(w, h), min(w, h), angle % np.pi])
    image = np.ascontiguousarray(np.moveaxis(small, 2, 0))
    found = np.array(boxes).reshape(-1, 5)
    return Yard(f"{name} (real)", gsd_m, image, ("blue", "green", "red"), found, "uint8", np.empty((0, 5)))


def as_array(yard: Yard) -> xr.DataArray:
    """The picture on a made-up grid whose corner is 500000 east, 5000000 north."""
    transform = Affine(yard.gsd_m, 0.0, 500000.0, 0.0, -yard.gsd_m, 5000000.0)
    grid = Grid("EPSG:32633", transform, (yard.image.shape[1], yard.image.shape[2]))
    array = xr.DataArray(yard.image, dims=("band", "y", "x"), coords=grid.coords())
    return array.assign_coords(band=list(yard.roles))


def found_boxes(table: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Rectangles (n, 5) in metres from the picture's corner."""
    centre = shapely.get_coordinates(shapely.centroid(np.asarray(table.geometry.array)))
    x, y = centre[:, 0] - 500000, 5000000 - centre[:, 1]
    return np.column_stack([x, y, table["length_m"], table["width_m"], np.radians(table["angle_deg"].to_numpy())])


def hits(
    found: NDArray[np.float64], truth: NDArray[np.float64], least: float = HIT
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of found and true boxes, each used once, that overlap by at least `least`."""
    overlap = rectangles.iou_matrix(found, truth)
    if not overlap.size:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    rows, columns = linear_sum_assignment(-np.where(overlap >= least, overlap, 0.0))
    good = overlap[rows, columns] >= least
    return rows[good], columns[good]
