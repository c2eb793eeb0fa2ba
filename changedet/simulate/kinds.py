"""Kinds of series: for each, the sensors and the weather of its dates, and the world that its recipe fills."""

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
    """The camera of each date; only `mixed` has several.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    dates : int
        How many.
    gsd_m : float
        Pixel size in metres.
    bands : tuple of str
        Roles in band order.
    dtype : str
        "uint16" or "uint8".

    Returns
    -------
    list of Sensor
        One for each date.
    """
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
    """The weather of each date; the first is clear.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    rng : numpy.random.Generator
        Draws clouds, snow and cut swaths.
    days : list of datetime.date
        Of the series, in order.

    Returns
    -------
    list of Sky
        One for each date.
    """
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
    kind : str
        One of `KINDS`.
    dates : int
        How many.
    seed : int
        0 or more; the same seed gives the same world.
    gsd_m : float
        Pixel size in metres.
    size_m : float
        Side of the square site.
    bands : tuple of str
        Roles in band order.
    dtype : str
        "uint16" (reflectance x 10000) or "uint8".
    start : datetime.date
        The first date.
    interval_days : int
        Mean days between dates.
    changes : dict of int to tuple, optional
        Sensor and sky by the date's number, either may be None; they replace the kind's own.

    Returns
    -------
    World
        Ready to be drawn.
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
    """An empty site of a kind: its place, dates, sensors and weather.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    dates : int
        How many.
    seed : int
        0 or more.
    gsd_m : float
        Pixel size in metres.
    size_m : float
        Side of the square site.
    bands : tuple of str
        Roles in band order.
    dtype : str
        "uint16" or "uint8".
    start : datetime.date
        The first date.
    interval_days : int
        Mean days between dates.
    changes : dict of int to tuple, optional
        Sensor and sky by the date's number, either may be None; they replace the kind's own.

    Returns
    -------
    World
        With looks, but nothing on the ground.
    """
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
