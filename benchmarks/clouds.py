"""Masks of clouds and their shadows on simulated dates: open ground masked, and hidden ground left open.

    python benchmarks/clouds.py [--seeds 7230-7237]

Dates of kind clouds, aligned but for a residual of at most .7 px, are classified on their overview as the mask stage
does it, by the tests alone and with the trees that delineate the clouds. The truth is the simulator's: hidden is
what a cloud takes more than a tenth of the light from, or its shadow more than a fifth of the sun. No data is left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.imagery.angles import SunAngles  # noqa: E402
from changedet.kernels.block_means import block_mean  # noqa: E402
from changedet.kernels.pixel_classes import CLOUD, SHADOW  # noqa: E402
from changedet.simulate import make_world  # noqa: E402
from changedet.simulate.render import weather  # noqa: E402
from changedet.stages.mask.stage import classify  # noqa: E402
from scenarios.pairs import registered  # noqa: E402

DATES, FACTOR, GSD_M = 6, 4, 0.5
ROLES = ("blue", "green", "red", "nir")
Date = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], SunAngles]


def dates(seed: int) -> Iterator[Date]:
    """The date and the first one as pixels (band, y, x), what is hidden (y, x), and the sun."""
    world = make_world("clouds", DATES, seed)
    first = world.looks[0]
    for index, look in enumerate(world.looks[1:], 1):
        bands = [look.bands.index(role) for role in ROLES]
        before, own = registered(world, index, bands, np.random.default_rng([seed, index]))
        sky = weather(world, look, first.to_ground, first.shape)
        own, before = (np.where(image == 0, np.nan, image).astype(np.float32) for image in (own, before))
        sun = SunAngles(look.sun_azimuth_deg, look.sun_elevation_deg)
        yield own, before, (sky.cloud > 0.1) | (sky.shadow > 0.2), sun


def shares(date: Date, with_trees: bool) -> NDArray[np.float64]:
    """Pixels that are open, of these masked, left open, of these hidden."""
    own, before, hidden, sun = date
    overview, reference = (block_mean(image, (FACTOR, FACTOR)) for image in (own, before))
    classes = classify(overview, reference, GSD_M * FACTOR, sun, roles=ROLES, dtype="uint16", with_trees=with_trees)
    masked = np.isin(np.repeat(np.repeat(classes, FACTOR, 0), FACTOR, 1), (CLOUD, SHADOW))[: len(hidden)]
    seen = np.isfinite(own).all(axis=0)
    parts = seen & ~hidden, masked & seen & ~hidden, seen & ~masked, hidden & seen & ~masked
    return np.array([part.sum() for part in parts], float)


def main() -> None:
    """Print the shares, without and with the trees."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", default="7230-7237")
    args = parser.parse_args()
    low, high = (int(n) for n in args.seeds.split("-"))
    sites = [date for seed in range(low, high + 1) for date in dates(seed)]
    for name, with_trees in (("tests alone", False), ("with trees", True)):
        open_, masked, left, hidden = np.sum([shares(date, with_trees) for date in sites], axis=0)
        print(f"{name:12s} of open ground masked {masked / open_:.4f}, of ground left open hidden {hidden / left:.4f}")


if __name__ == "__main__":
    main()
