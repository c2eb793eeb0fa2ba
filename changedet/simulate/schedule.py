"""When, from where and in what weather a series is acquired, and on which grids."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from pyproj import Transformer

from changedet.arrays import Floats
from changedet.simulate.looks import Look, greenness, sun_position

EIGHT = ("coastal", "blue", "green", "red", "rededge", "nir", "swir1", "swir2")


@dataclass(frozen=True)
class Sensor:
    """Camera of one date.

    Attributes
    ----------
    gsd_m : float
        Pixel size in metres.
    bands : tuple of str
        Roles in band order.
    dtype : str
        "uint16" or "uint8".
    other_zone : bool
        The grid is that of the neighbouring UTM zone.
    """

    gsd_m: float
    bands: tuple[str, ...]
    dtype: str = "uint16"
    other_zone: bool = False


@dataclass(frozen=True)
class Sky:
    """Weather of one date.

    Attributes
    ----------
    cloud_cover, snow : float
        0 to 1.
    swath : bool
        The scene is cut off at a swath's edge.
    """

    cloud_cover: float = 0.0
    snow: float = 0.0
    swath: bool = False


@dataclass(frozen=True)
class Site:
    """Where a series lies.

    Attributes
    ----------
    epsg : int
        Of its UTM zone.
    east_m, north_m : float
        Centre in that zone.
    latitude_deg : float
        Of the centre.
    size_m : float
        Side of the square.
    """

    epsg: int
    east_m: float
    north_m: float
    latitude_deg: float
    size_m: float


def place(rng: np.random.Generator, size_m: float) -> Site:
    """A site in northern temperate latitudes, near enough to its zone's edge that the neighbour's grid fits too.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the place.
    size_m : float
        Side of the square.

    Returns
    -------
    Site
        Its centre on multiples of 60 m.
    """
    latitude = float(rng.uniform(30, 53))
    zone = int(rng.integers(12, 54))
    longitude = zone * 6 - 180 - float(rng.uniform(0.4, 1.6))
    east, north = Transformer.from_crs(4326, 32600 + zone, always_xy=True).transform(longitude, latitude)
    return Site(32600 + zone, round(east / 60) * 60.0, round(north / 60) * 60.0, latitude, size_m)


def calendar(rng: np.random.Generator, start: dt.date, dates: int, interval_days: int) -> list[dt.date]:
    """Dates at about regular intervals.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws how much each interval differs, at most a sixth.
    start : datetime.date
        The first date.
    dates : int
        How many.
    interval_days : int
        Mean interval.

    Returns
    -------
    list of datetime.date
        Rising.
    """
    wobble = max(0, interval_days // 6)
    days = [0]
    for _ in range(dates - 1):
        days.append(days[-1] + max(1, interval_days + int(rng.integers(-wobble, wobble + 1))))
    return [start + dt.timedelta(days=d) for d in days]


Transform = tuple[float, float, float, float, float, float]


def _own_grid(site: Site, gsd_m: float) -> tuple[Transform, tuple[int, int], Floats]:
    n = round(site.size_m / gsd_m)
    west, north = site.east_m - n * gsd_m / 2, site.north_m + n * gsd_m / 2
    ground = np.array([gsd_m, 0, -n * gsd_m / 2, 0, -gsd_m, n * gsd_m / 2])
    return (gsd_m, 0.0, west, 0.0, -gsd_m, north), (n, n), ground


def _other_grid(site: Site, epsg: int, gsd_m: float) -> tuple[Transform, tuple[int, int], Floats]:
    """The site on another zone's grid; over a few kilometres the two are affine to each other within millimetres."""
    half = site.size_m / 2
    to = Transformer.from_crs(site.epsg, epsg, always_xy=True)
    xs, ys = to.transform(
        [site.east_m + s * half for s in (-1, 1, 1, -1)], [site.north_m + s * half for s in (-1, -1, 1, 1)]
    )
    west, north = np.floor(min(xs) / gsd_m) * gsd_m, np.ceil(max(ys) / gsd_m) * gsd_m
    columns, rows = int(np.ceil((max(xs) - west) / gsd_m)), int(np.ceil((north - min(ys)) / gsd_m))
    back = Transformer.from_crs(epsg, site.epsg, always_xy=True)
    px, py = back.transform([west, west + columns * gsd_m, west], [north, north, north - rows * gsd_m])
    x, y = np.array(px) - site.east_m, np.array(py) - site.north_m
    ground = np.array(
        [(x[1] - x[0]) / columns, (x[2] - x[0]) / rows, x[0], (y[1] - y[0]) / columns, (y[2] - y[0]) / rows, y[0]]
    )
    return (gsd_m, 0.0, float(west), 0.0, -gsd_m, float(north)), (rows, columns), ground


def look(
    rng: np.random.Generator, site: Site, date: dt.date, sensor: Sensor, sky: Sky, first: bool, moderate: bool
) -> Look:
    """One acquisition; the first is the reference and has no shift.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws hour, view, shift, haze, gain and noise.
    site : Site
        Where.
    date : datetime.date
        When.
    sensor : Sensor
        The camera.
    sky : Sky
        The weather.
    first : bool
        Of the series.
    moderate : bool
        Gains differ half as much.

    Returns
    -------
    Look
        With its grid.
    """
    hour = float(rng.normal(10.7, 0.35))
    azimuth, elevation = sun_position(date, site.latitude_deg, hour)
    other = site.epsg - 1
    transform, shape, ground = (
        _other_grid(site, other, sensor.gsd_m) if sensor.other_zone else _own_grid(site, sensor.gsd_m)
    )
    east, north = (0.0, 0.0) if first else (float(v) for v in rng.normal(0, 1.6, 2) * sensor.gsd_m)
    ground = ground - np.array([0, 0, east, 0, 0, north])
    n = len(sensor.bands)
    turn = float(rng.uniform(0, 2 * np.pi))
    edge = (
        (float(np.cos(turn)), float(np.sin(turn)), float(site.size_m * rng.uniform(0.22, 0.36))) if sky.swath else None
    )
    spread = 0.04 if moderate else 0.08
    return Look(
        date,
        hour,
        sensor.gsd_m,
        sensor.bands,
        sensor.dtype,
        site.epsg - 1 if sensor.other_zone else site.epsg,
        transform,
        shape,
        ground,
        east,
        north,
        azimuth,
        elevation,
        float(rng.uniform(0, 360)),
        float(min(22.0, abs(rng.normal(0, 9)))),
        float(np.clip(greenness(date, site.latitude_deg) + rng.normal(0, 0.06), 0.03, 1)),
        float(rng.beta(1, 3)),
        sky.snow,
        float(rng.beta(1.6, 4.5)),
        sky.cloud_cover,
        float(site.size_m * rng.uniform(0.25, 0.5)),
        float(site.size_m * rng.uniform(0.28, 0.5)),
        tuple(float(v) for v in np.exp(rng.normal(0, spread) + rng.normal(0, 0.02, n))),
        tuple(float(v) for v in rng.uniform(0, 0.008, n)),
        float(rng.uniform(0.45, 0.68)),
        float(rng.uniform(0.0022, 0.006)),
        int(rng.integers(1, 2**31)),
        edge,
    )
