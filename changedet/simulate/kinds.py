"""The kinds of series: for each, the weather and sensors of its dates, and what is built and what happens there."""

from __future__ import annotations

import datetime as dt
from typing import Literal, get_args

import numpy as np

from changedet.simulate.builder import Builder
from changedet.simulate.recipes import RECIPES
from changedet.simulate.schedule import EIGHT, Sensor, Sky, calendar, look, place
from changedet.simulate.world import World

Kind = Literal[
    "quiet",
    "growth",
    "trains",
    "port",
    "earthworks",
    "clouds",
    "winter",
    "mixed",
    "dense",
    "decoys",
    "twin_sites",
    "wide",
    "coarse",
]
KINDS: tuple[str, ...] = get_args(Kind)


def sensors(kind: str, dates: int, gsd_m: float, bands: tuple[str, ...], dtype: str) -> list[Sensor]:
    """The camera of each date; only `mixed` has several."""
    if kind != "mixed":
        return [Sensor(gsd_m, bands, dtype)] * dates
    cycle = [
        Sensor(gsd_m, bands, dtype),
        Sensor(gsd_m, ("red", "green", "blue"), "uint8"),
        Sensor(gsd_m * 1.5, bands, dtype),
        Sensor(gsd_m, bands, dtype, True),
        Sensor(gsd_m * 2, EIGHT, "uint16"),
        Sensor(gsd_m, ("blue", "green", "red", "pan"), "uint8"),
    ]
    return [cycle[k % len(cycle)] for k in range(dates)]


def skies(kind: str, rng: np.random.Generator, days: list[dt.date]) -> list[Sky]:
    """The weather of each date; the first is clear."""
    found = []
    for k, day in enumerate(days):
        cover = float(rng.uniform(0.15, 0.7)) if kind == "clouds" and rng.random() < 0.65 else 0.0
        cold = day.month in (12, 1, 2) or (day.month in (3, 11) and rng.random() < 0.4)
        snow = float(rng.uniform(0.45, 1.0)) if kind == "winter" and cold and rng.random() < 0.85 else 0.0
        swath = bool(k and kind in ("clouds", "mixed") and rng.random() < 0.2)
        found.append(Sky() if k == 0 else Sky(cover, snow, swath))
    return found


Changes = dict[int, tuple[Sensor | None, Sky | None]]


def make_world(
    kind: str,
    dates: int = 8,
    seed: int = 0,
    gsd_m: float = 0.5,
    size_m: float = 256.0,
    bands: tuple[str, ...] = ("blue", "green", "red", "nir"),
    dtype: str = "uint16",
    start: dt.date = dt.date(2023, 3, 12),
    interval_days: int = 45,
    changes: Changes | None = None,
) -> World:
    """A site of a kind with all that happens on its dates, in memory.

    Parameters
    ----------
    kind : one of `KINDS`. dates, seed, bands, dtype, start, interval_days : as for `simulate`.
    gsd_m, size_m : metres. changes : date number -> (sensor, weather) that replace the kind's own.
    """
    world = build(kind, dates, seed, gsd_m, size_m, bands, dtype, start, interval_days, changes)
    RECIPES[kind](Builder(world, np.random.default_rng([seed, 13])))
    return world


def build(
    kind: str,
    dates: int,
    seed: int,
    gsd_m: float,
    size_m: float,
    bands: tuple[str, ...],
    dtype: str,
    start: dt.date,
    interval_days: int,
    changes: Changes | None = None,
) -> World:
    """An empty site of a kind: its place, dates, sensors and weather."""
    rng = np.random.default_rng([seed, 11])
    site = place(rng, size_m)
    days = calendar(rng, start, dates, interval_days)
    cameras, weather = sensors(kind, dates, gsd_m, bands, dtype), skies(kind, rng, days)
    for k, (camera, sky) in (changes or {}).items():
        cameras[k], weather[k] = camera or cameras[k], sky or weather[k]
    looks = [
        look(np.random.default_rng([seed, 12, k]), site, day, cameras[k], weather[k], k == 0, kind == "quiet")
        for k, day in enumerate(days)
    ]
    return World(kind, seed, size_m, site.epsg, site.east_m, site.north_m, site.latitude_deg, looks)


# -- recipes ------------------------------------------------------------------------------------------------------
