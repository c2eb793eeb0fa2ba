"""Simulated series of sites on one grid with the true ground of each date, for fitting and scoring footprints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools
from changedet.simulate import Truth, World, make_world, render
from changedet.stages.footprint.kernels import ground
from scenarios.variety import make_various

GSDS_M = (0.5, 0.3, 1.0, 0.5, 0.75, 0.5)
KINDS = (
    "growth",
    "earthworks",
    "quiet",
    "trains",
    "port",
    "dense",
    "earthworks",
    "winter",
    "wide",
    "growth",
    "mixed",
    "decoys",
    "clouds",
)
DATES = (4, 3, 5, 4, 7)
ROLES = {"paving": ("yard", "rail", "quay"), "building": ("building",), "earthwork": ("earthwork",)}
BANDS = ("blue", "green", "red", "nir")
ASTRAY_M = 0.2
"""Standard deviation of the residual misregistration, east and north, after alignment."""


class Seen(NamedTuple):
    """A date of a series on the first one's grid.

    Attributes
    ----------
    image : float32 (band, y, x)
        Of `BANDS`, as many as all dates have; NaN for no data.
    sun : (east, north)
        Direction from which the sun shines.
    truth : mapping of str to bool (y, x)
        Cells that bear anything, each of the kinds, and a stored box; and ``footprint``, closed as the truth of a
        footprint is.
    """

    image: NDArray[np.float32]
    sun: tuple[float, float]
    truth: dict[str, Bools]


def world_of(seed: int, *, various: bool = False) -> World:
    """A site of a seed: kind, pixel size, dates and season follow from it; what is no change varies with `various`."""
    rng = np.random.default_rng([seed, 91])
    gsd_m, kind = GSDS_M[seed % len(GSDS_M)], KINDS[seed % len(KINDS)]
    start = dt.date(2022, 1, 1) + dt.timedelta(int(rng.integers(0, 365)))
    size_m = float(np.clip(512 * gsd_m, 160.0, 300.0))
    dates = DATES[seed % len(DATES)]
    world = make_world(kind, dates, seed, gsd_m, size_m, start=start, interval_days=int(rng.integers(40, 100)))
    return make_various(world, seed) if various else world


def series_of(seed: int, *, various: bool = False) -> tuple[list[Seen], tuple[str, ...], float]:
    """All dates of a site that show colours, their bands, and the size of a pixel in metres."""
    world = world_of(seed, various=various)
    truth = Truth(world)
    kept = [k for k, look in enumerate(world.looks) if {"red", "green", "blue"} <= set(look.bands)]
    roles = tuple(role for role in BANDS if all(role in world.looks[k].bands for k in kept))
    rng = np.random.default_rng([seed, 94])
    gsd_m = world.looks[0].gsd_m
    found = []
    for index, image in images(world, kept, rng.normal(0.0, ASTRAY_M, (len(world.looks), 2))):
        image = image[[world.looks[index].bands.index(role) for role in roles]]
        image = np.where(truth.hidden(index)[0], np.float32(np.nan), image)
        azimuth = np.radians(world.looks[index].sun_azimuth_deg)
        sun = float(np.sin(azimuth)), float(np.cos(azimuth))
        found.append(Seen(image, sun, truths(truth, index, ground.factor(gsd_m))))
    return found, roles, gsd_m


def images(
    world: World, indices: list[int] | range, astray_m: NDArray[np.float64] | None = None
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Dates of a world (band, y, x) on the grid of its first, by their true geometry, or so far from it."""
    first = world.looks[0]
    corner = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    to_ground = np.vstack([np.reshape(first.to_ground, (2, 3)), [0, 0, 1]])
    for index in indices:
        picture = render(world, index)
        own = np.vstack([np.reshape(picture.to_ground, (2, 3)), [0, 0, 1]])
        if astray_m is not None and index:
            own[:2, 2] += astray_m[index]
        matrix = (np.linalg.inv(corner) @ np.linalg.inv(own) @ to_ground @ corner)[:2]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (first.shape[1], first.shape[0])
        bands = [np.where(band == 0, np.nan, band).astype(np.float32) for band in picture.image]
        beyond = (float("nan"),) * 4
        yield index, np.stack([cv2.warpAffine(b, matrix, size, flags=flags, borderValue=beyond) for b in bands])


def truths(truth: Truth, index: int, size: int) -> dict[str, Bools]:
    """Where each kind is, and any of them: by the base outline, buildings over earthworks over paving."""
    first = truth.world.looks[0]
    a, b, c, d, e, f = first.to_ground
    place = Affine(a * size, b * size, c, d * size, e * size, f)
    shape = first.shape[0] // size, first.shape[1] // size
    found = {}
    taken = np.zeros(shape, bool)
    boxes = [shapely.Polygon(truth.world.box_outline(stack[-1])) for stack in truth.world.stacks(index).values()]
    for name in ("building", "earthwork", "paving"):
        shapes = truth.standing(index, ROLES[name])
        drawn = drawn_of([*shapes, *boxes] if name == "paving" else shapes, shape, place)
        found[name] = drawn & ~taken
        taken |= drawn
    closed = drawn_of([truth.footprint(index)], shape, place)
    return {"built": taken, **found, "stored": drawn_of(boxes, shape, place), "footprint": closed}


def drawn_of(shapes: Sequence[BaseGeometry], shape: tuple[int, ...], place: Affine) -> Bools:
    """Cells (y, x) whose centres the shapes cover."""
    shapes = [one for one in shapes if not one.is_empty]
    if not shapes:
        return np.zeros(shape, bool)
    drawn = rasterize([(one, 1) for one in shapes], out_shape=shape, transform=place, dtype="uint8")
    return np.asarray(drawn == 1)
