"""Pairs of pictures for the methods of change: unchanged but for light and noise, and simulated."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import xarray as xr

from changedet.simulate import Truth, make_world, render


def images(seed=0, shape=(3, 40, 50)):
    rng = np.random.default_rng(seed)
    before = rng.normal(100, 20, shape).astype(np.float32)
    after = (before * 0.8 + 30 + rng.normal(0, 3, shape)).astype(np.float32)
    return before, after


def as_arrays(*pictures, chunks=None, step=1.0):
    height, width = pictures[0].shape[1:]
    coords = {"y": -step * np.arange(height), "x": step * np.arange(width), "band": ["blue", "green", "red"]}
    found = [xr.DataArray(p, dims=("band", "y", "x"), coords=coords) for p in pictures]
    return found if chunks is None else [image.chunk({"y": chunks, "x": chunks}) for image in found]


def simulated(kind, seed, days=60, gsd_m=0.5, start=dt.date(2023, 4, 1)):
    """The first date, the second without a shift, and what changed; on seeds that nothing was fitted on."""
    world = make_world(kind, 2, seed, gsd_m, 300 * gsd_m, start=start, interval_days=days)
    world.looks[1] = dataclasses.replace(world.looks[1], to_ground=world.looks[0].to_ground)
    pictures = [render(world, k).image.astype(np.float32) for k in (0, 1)]
    return *pictures, Truth(world).mask(1)
