"""Accuracy of footprints and their kinds on simulated sites that nothing was fitted on.

    python benchmarks/footprint.py --seeds 900-909
    python benchmarks/footprint.py --seeds 900-909 --method colour
    python benchmarks/footprint.py --painted DIR --seeds 31-32   # of painted sites, all kinds of them

Boxes are the true ones. Every date is resampled onto the first one's grid by its true geometry. IoU against the true
footprint, the error of the
area, how often the bounds hold the true area, and the IoU of each kind.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.simulate import Truth, World, make_world
from changedet.stages.footprint.kernels.bare_ground import PlantThreshold
from changedet.stages.footprint.kernels.ground import KINDS, GroundStatistics
from changedet.stages.footprint.outlines import Footprint, outlines
from changedet.stages.footprint.stage import FootprintMethod, by_colour, by_trees, series_trees
from changedet.stages.registry import Facts

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scenarios import painted
from scenarios.ground_sites import ROLES, images

SITES = ("growth", "earthworks", "quiet", "trains", "port")


def world_of(seed: int, gsd_m: float) -> World:
    """The site of a seed: its kind and season follow from it."""
    start = dt.date(2023, 1, 1) + dt.timedelta(int(np.random.default_rng([seed, 5]).integers(0, 365)))
    return make_world(SITES[seed % len(SITES)], 4, seed, gsd_m, 256.0, start=start, interval_days=50)


Statistics = TypeVar("Statistics", GroundStatistics, PlantThreshold)


def classified(
    method: FootprintMethod[Statistics], image: NDArray[np.float32], sun: tuple[float, float] | None = None
) -> NDArray[np.uint8]:
    """What a method makes of a date (band, y, x); `sun` is where it is, east and north."""
    model, halo = replace(method.fit(image[None]), sun=sun), method.halo_px
    around = np.pad(image, ((0, 0), (halo, halo), (halo, halo)), constant_values=np.nan)
    found = method.apply(around, Window(-halo, -halo, *around.shape[1:]), model=model)
    return found[halo : halo + image.shape[1], halo : halo + image.shape[2]]


@dataclass(frozen=True)
class Shown:
    """A date of a series: bands (band, y, x), the sun's direction, outlines of stored boxes, the true footprint."""

    image: NDArray[np.float32]
    sun: tuple[float, float]
    boxes: list[shapely.Polygon]
    true: BaseGeometry


def simulated(world: World) -> tuple[list[Shown], Grid, tuple[str, ...]]:
    """All dates of a world, the grid of its first, the roles of its bands."""
    a, _, c, _, e, f = world.looks[0].to_ground
    grid = Grid(f"EPSG:{world.epsg}", Affine(a, 0, c, 0, e, f), world.looks[0].shape)
    roles = tuple(world.looks[0].bands)
    truth, dates = Truth(world), []
    for index, image in images(world, range(len(world.looks))):
        image = image[[world.looks[index].bands.index(role) for role in roles]]
        image = np.where(truth.hidden(index)[0], np.float32(np.nan), image)
        azimuth = np.radians(world.looks[index].sun_azimuth_deg)
        boxes = [shapely.Polygon(world.box_outline(stack[-1])) for stack in world.stacks(index).values()]
        dates.append(Shown(image, (float(np.sin(azimuth)), float(np.cos(azimuth))), boxes, truth.footprint(index)))
    return dates, grid, roles


def painted_dates(site: painted.PaintedSite) -> tuple[list[Shown], Grid, tuple[str, ...]]:
    """The same of a painted site."""
    series, roles, _ = painted.series_of(site)
    grid, dates = site.grid, []
    for seen, day in zip(series, site.looks["date"], strict=True):
        true = shapely.union_all(shapely.make_valid(site.layer("footprint", day).to_numpy()))
        dates.append(Shown(seen.image, seen.sun, list(painted.on_ground(site, day)), true))
    return dates, grid, roles


def found(dates: Sequence[Shown], grid: Grid, roles: tuple[str, ...], method: str) -> tuple[list[Footprint], float]:
    """The footprints of a series, and CPU seconds for a million pixels and date."""
    facts = Facts(grid.resolution_m, roles, len(dates))
    levels, start = [], time.process_time()
    for one in dates:
        image = one.image[: len(roles)]
        own = classified(by_trees(facts), image, one.sun) if method == "ground" else classified(by_colour(facts), image)
        levels.append(([(0, 0, own)], one.boxes))
    shapes = outlines(levels, grid, trees=series_trees(facts) if method == "ground" else None)
    spent = time.process_time() - start
    return shapes, spent / len(dates) / (dates[0].image[0].size / 1e6)


def kinds_of(truth: Truth, index: int, within: BaseGeometry) -> dict[str, BaseGeometry]:
    """What each kind of ground truly covers of a footprint, without overlap."""
    rest, own = within, dict[str, BaseGeometry]()
    standing: dict[str, Sequence[BaseGeometry]] = {
        "stored": [shapely.Polygon(truth.world.box_outline(stack[-1])) for stack in truth.world.stacks(index).values()],
        "building": truth.standing(index, ROLES["building"]),
        "earthwork": truth.standing(index, ROLES["earthwork"]),
    }
    for name, shapes in standing.items():
        union = shapely.union_all([shape if shape.is_valid else shape.buffer(0) for shape in shapes])
        own[name] = shapely.intersection(rest, union)
        rest = shapely.difference(rest, own[name])
    return {"paving": rest, **own}


def main() -> None:
    """Print IoU and area of each site, and the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="900-909")
    parser.add_argument("--gsd", type=float, default=0.5)
    parser.add_argument("--method", choices=("ground", "colour"), default="ground")
    parser.add_argument("--no-nir", action="store_true")
    parser.add_argument("--painted", type=Path, help="folder of painted sites to take instead")
    asked = parser.parse_args()
    low, high = (int(part) for part in asked.seeds.split("-"))
    seeds = range(low, high + 1)
    cv2.setNumThreads(1)
    rows: list[tuple[float, ...]] = []
    sums, cost = {name: np.zeros(2) for name in (*KINDS, "stored")}, []
    worlds = [] if asked.painted else [world_of(seed, asked.gsd) for seed in seeds]
    sites = painted.painted_sites(asked.painted, seeds) if asked.painted else []
    places: list[World | painted.PaintedSite] = [*worlds, *sites]
    for place in places:
        dates, grid, roles = simulated(place) if isinstance(place, World) else painted_dates(place)
        shapes, spent = found(dates, grid, ("blue", "green", "red") if asked.no_nir else roles, asked.method)
        cost.append(spent)
        own = [figures(one, shown.true) for one, shown in zip(shapes, dates, strict=True)]
        rows += own
        for index, one in enumerate(shapes):
            if one.kinds and isinstance(place, World):
                for name, shape in kinds_of(Truth(place), index, dates[index].true).items():
                    sums[name] += one.kinds[name].intersection(shape).area, one.kinds[name].union(shape).area
        iou, error = np.mean([row[:2] for row in own], axis=0)
        print(f"{place.seed} {place.kind:<11} IoU {iou:.3f} area {error:+.2f}", flush=True)
    ious, errors, holds, widths = np.array(rows, float).T
    print(
        f"IoU {ious.mean():.3f} (worst {ious.min():.2f}); area {errors.mean():+.3f}, off {np.abs(errors).mean():.3f}; "
        f"bounds hold {int(holds.sum())} of {len(rows)}, {widths.mean():.2f} wide; {np.median(cost):.2f} CPU s/MPix"
    )
    for name, (both, either) in sums.items():
        if either:
            print(f"{name:<10} IoU {both / either:.3f}")


def figures(one: Footprint, true: BaseGeometry) -> tuple[float, float, bool, float]:
    """IoU, error of the area, whether the bounds hold it, their width."""
    both, either = one.geometry.intersection(true).area, one.geometry.union(true).area
    held = one.least.area <= true.area <= one.greatest.area
    width = (one.greatest.area - one.least.area) / true.area
    return both / either, one.geometry.area / true.area - 1, held, width


if __name__ == "__main__":
    main()
