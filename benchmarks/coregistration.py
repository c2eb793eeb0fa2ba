"""Co-registration error on simulated pairs of 512 px with season, sun, view and haze changed.

Shifts of 0.1 to 20 px are known from the simulator. ``python benchmarks/coregistration.py [--pairs N] [--method NAME]``
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.simulate import Renderer, World, make_world  # noqa: E402
from changedet.stages.align.alignment import Alignment  # noqa: E402
from changedet.stages.align.images import estimate_shift  # noqa: E402

KINDS = ("growth", "dense", "quiet", "earthworks", "port", "trains", "decoys", "winter", "clouds")
SIZES_PX = (0.1, 0.25, 0.5, 1.0, 1.7, 2.5, 3.6, 5.3, 8.0, 11.0, 14.0, 17.0, 20.0)


def moved(world: World, index: int, east_px: float, north_px: float) -> World:
    """The world with a date's content moved to exactly that shift from the first date's."""
    look = world.looks[index]
    east, north = east_px * look.gsd_m, north_px * look.gsd_m
    to_ground = look.to_ground.copy()
    to_ground[2] += look.shift_east_m - east
    to_ground[5] += look.shift_north_m - north
    looks = list(world.looks)
    looks[index] = replace(look, to_ground=to_ground, shift_east_m=east, shift_north_m=north)
    return replace(world, looks=looks)


def picture(world: World, index: int) -> xr.DataArray:
    """A date as the stage takes it."""
    values = Renderer(world, index).window().astype(np.float32)
    values[:, (values == 0).all(axis=0)] = np.nan
    y, x = (np.arange(n) * world.looks[index].gsd_m for n in values.shape[1:])
    bands = list(world.looks[index].bands)
    return xr.DataArray(values, dims=("band", "y", "x"), coords={"band": bands, "y": -y, "x": x})


def measure(number: int, gsd_m: float, method: str) -> tuple[float, float, float, Alignment]:
    """Shift, error and claimed standard error in pixels of one pair, and what was found."""
    size_px = SIZES_PX[number % len(SIZES_PX)]
    kind = KINDS[(number // 2) % len(KINDS)]
    angle = np.random.default_rng(number).uniform(0, 2 * np.pi)
    east, north = size_px * np.cos(angle), size_px * np.sin(angle)
    world = make_world(kind, seed=100 + number, dates=4, gsd_m=gsd_m, size_m=512 * gsd_m, interval_days=70)
    # The first look has no shift; the others are a season and another sun away.
    index = 1 + number % 3
    world = moved(world, index, east, north)
    found = estimate_shift(picture(world, index), picture(world, 0), method=method)
    error = np.hypot(found.shift.east_m / gsd_m - east, found.shift.north_m / gsd_m - north)
    return size_px, float(error), found.sigma_m / gsd_m, found


def main() -> None:
    """Print the errors at each resolution and over all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=18, help="pairs for each resolution")
    parser.add_argument("--method", default="auto")
    parser.add_argument("-v", action="store_true", help="one line for each pair")
    options = parser.parse_args()
    everything: list[float] = []
    for gsd_m in (0.5, 0.75, 1.0):
        started = time.process_time()
        errors, refused, standard = [], 0, []
        for number in range(options.pairs):
            size_px, error, sigma_px, found = measure(number, gsd_m, options.method)
            refused += not found.confident
            errors.append(error)
            standard.append(error / sigma_px if found.confident else 0.0)
            if options.v:
                print(f"  {number:3d} {size_px:.2f} px: error {error:.3f}, sigma {sigma_px:.3f}, {found.reason}")
        everything += errors
        print(
            f"{gsd_m} m: median {np.median(errors):.3f} px, 90 % {np.quantile(errors, 0.9):.3f}, "
            f"worst {max(errors):.3f}; not moved {refused} of {len(errors)}; error / sigma "
            f"{np.sqrt(np.mean(np.square(standard))):.2f}; {time.process_time() - started:.0f} CPU s with rendering"
        )
    median, most, worst = np.quantile(everything, (0.5, 0.9, 1.0))
    print(f"all: median {median:.3f} px, 90 % {most:.3f}, worst {worst:.3f}")


if __name__ == "__main__":
    main()
