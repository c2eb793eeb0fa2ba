"""Accuracy of footprints and their kinds on simulated sites that nothing was fitted on.

    python benchmarks/footprint.py --seeds 900-909
    python benchmarks/footprint.py --seeds 900-909 --method colour

Every date is resampled onto the first one's grid by its true geometry. IoU against the true footprint, the error of the
area, how often the bounds hold the true area, and the IoU of each kind.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
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
    model = replace(method.fit(image[None]), sun=sun)
    return method.apply(image, Window(0, 0, *image.shape[1:]), model=model)


def found(world: World, method: str, nir: bool) -> tuple[list[Footprint], float]:
    """The footprints of a world's dates, and CPU seconds for a million pixels."""
    a, _, c, _, e, f = world.looks[0].to_ground
    grid = Grid(f"EPSG:{world.epsg}", Affine(a, 0, c, 0, e, f), world.looks[0].shape)
    roles = tuple(world.looks[0].bands) if nir else ("blue", "green", "red")
    facts = Facts(grid.resolution_m, roles, len(world.looks))
    dates, spent = [], 0.0
    truth = Truth(world)
    for index, image in images(world, range(len(world.looks))):
        image = image[[world.looks[index].bands.index(role) for role in roles]]
        image = np.where(truth.hidden(index)[0], np.float32(np.nan), image)
        azimuth = np.radians(world.looks[index].sun_azimuth_deg)
        sun = float(np.sin(azimuth)), float(np.cos(azimuth))
        start = time.process_time()
        levels = classified(by_trees(facts), image, sun) if method == "ground" else classified(by_colour(facts), image)
        spent += time.process_time() - start
        boxes = [shapely.Polygon(world.box_outline(stack[-1])) for stack in world.stacks(index).values()]
        dates.append(([(0, 0, levels)], boxes))
    trees = series_trees(facts) if method == "ground" else None
    start = time.process_time()
    shapes = outlines(dates, grid, trees=trees)
    spent += time.process_time() - start
    return shapes, spent / len(dates) / (image[0].size / 1e6)


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
    asked = parser.parse_args()
    low, high = (int(part) for part in asked.seeds.split("-"))
    cv2.setNumThreads(1)
    rows, sums, cost = [], {name: np.zeros(2) for name in (*KINDS, "stored")}, []
    for seed in range(low, high + 1):
        world = world_of(seed, asked.gsd)
        truth = Truth(world)
        shapes, spent = found(world, asked.method, not asked.no_nir)
        cost.append(spent)
        for index, one in enumerate(shapes):
            true = truth.footprint(index)
            both, either = one.geometry.intersection(true).area, one.geometry.union(true).area
            held = one.least.area <= true.area <= one.greatest.area
            width = (one.greatest.area - one.least.area) / true.area
            rows.append((both / either, one.geometry.area / true.area - 1, held, width))
            if one.kinds:
                for name, shape in kinds_of(truth, index, true).items():
                    sums[name] += one.kinds[name].intersection(shape).area, one.kinds[name].union(shape).area
        iou, error = np.mean([row[:2] for row in rows[-4:]], axis=0)
        print(f"{seed} {world.kind:<11} IoU {iou:.3f} area {error:+.2f}", flush=True)
    ious, errors, holds, widths = np.array(rows, float).T
    print(
        f"IoU {ious.mean():.3f} (worst {ious.min():.2f}); area {errors.mean():+.3f}, off {np.abs(errors).mean():.3f}; "
        f"bounds hold {int(holds.sum())} of {len(rows)}, {widths.mean():.2f} wide; {np.median(cost):.2f} CPU s/MPix"
    )
    for name, (both, either) in sums.items():
        if either:
            print(f"{name:<10} IoU {both / either:.3f}")


if __name__ == "__main__":
    main()
