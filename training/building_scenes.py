"""Simulated scenes that teach what halls look like, with the outlines of all buildings."""

from __future__ import annotations

import datetime as dt

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.kernels.hall_pictures import STEP_M
from changedet.simulate.builder import Builder
from changedet.simulate.command import render
from changedet.simulate.kinds import build, make_world
from changedet.simulate.world import World
from scenarios import building_sites, painted
from scenarios.halls import LEAST_M2, UNKNOWN, Scene, burnt, scaled
from training import network_scenes, wide_looks

OWN_KINDS = (
    "roofscape", "panels", "settlement", "apron", "goods-yard", "decoys", "roofscape", "homes", "dense", "quay",
    "packed", "panels", "growth", "settlement", "roofscape", "earthworks", "apron", "port", "roadside", "decoys",
    "siding", "winter", "goods-yard", "works", "roofscape", "lot", "trains", "panels", "quiet", "dark-rows",
)  # fmt: skip
SIMULATED_PIXEL_M = 0.25
COARSER = round(STEP_M / SIMULATED_PIXEL_M)
LOWEST_M = 3.5
"""Lower buildings of the simulator (tunnels of foil, sheds) are neither; tanks, of so many corners, are none."""
ROUND = 12
TOUCHING_M = 0.4
"""Roofs so close are one building."""


def simulated(seed: int) -> Scene:
    """A scene of the simulator: the kinds follow each other, all else is random."""
    kind = OWN_KINDS[seed % len(OWN_KINDS)]
    rng = np.random.default_rng([seed, 177])
    bands, size_m, day = ("red", "green", "blue"), float(rng.uniform(150, 220)), dt.date(2023, 1, 1)
    day += dt.timedelta(days=int(rng.integers(365)))
    if kind in network_scenes.SITES or kind in building_sites.SITES:
        sites = network_scenes.SITES | building_sites.SITES
        if kind == "works":
            sites = building_sites.SITES
        world = build("quiet", 1, seed, SIMULATED_PIXEL_M, size_m, bands, "uint16", day, 30)
        sites[kind](Builder(world, np.random.default_rng([seed, 13])))
        index = 0
    else:
        world, index = make_world(kind, 2, seed, SIMULATED_PIXEL_M, size_m, bands, "uint16"), 1
    network_scenes.dressed(world, np.random.default_rng([seed, 79]))
    world.looks[index] = wide_looks.aslant(world.looks[index], rng)
    drawn = render(world, index)
    image = drawn.image.astype(np.float32)
    halls, unsure = _outlines(world, index)
    numbers = burnt(halls, unsure, image.shape[1:])
    numbers[drawn.hidden] = UNKNOWN
    small = painted.averaged(image, COARSER)
    rows, columns = small.shape[1:]
    numbers = numbers[COARSER // 2 :: COARSER, COARSER // 2 :: COARSER][:rows, :columns]
    return Scene(scaled(small), numbers, np.zeros(numbers.shape, bool), kind)


def _outlines(world: World, index: int) -> tuple[list[BaseGeometry], list[BaseGeometry]]:
    """Bases of buildings in pixels of a date; those that are halls, and those that may be or not."""
    a, b, c, d, e, f = world.looks[index].to_ground
    back = np.linalg.inv(np.array([[a, b], [d, e]]))
    high, low = [], []
    for solid in world.solids:
        stands = solid.born <= index < solid.gone and solid.base_m == 0 and solid.role == "building"
        if stands and len(solid.outline) < ROUND:
            shape = shapely.Polygon((solid.outline - [c, f]) @ back.T)
            (high if solid.height_m >= LOWEST_M else low).append(shape)
    gap = TOUCHING_M / 2 / SIMULATED_PIXEL_M
    parts = shapely.get_parts(shapely.buffer(shapely.union_all(shapely.buffer(high, gap)), -gap, join_style="mitre"))
    least = LEAST_M2 / SIMULATED_PIXEL_M**2
    return [p for p in parts if p.area >= least], [*low, *(p for p in parts if p.area < least)]
