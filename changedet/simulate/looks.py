"""How a date is seen: sun, season, weather, sensor, and where the sensor's pixels fall on the ground."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from changedet.arrays import Floats


@dataclass(frozen=True)
class Look:
    """One acquisition.

    Parameters
    ----------
    date : UTC calendar date; `hour` is local solar time in hours.
    gsd_m : pixel size, metres. bands : roles in band order. dtype : "uint16" or "uint8".
    epsg, transform, shape : the scene's grid; transform is (a, b, c, d, e, f) from (column, row) to CRS metres.
    to_ground : (6,) from (column, row) to local ground metres, the shift taken out.
    shift_east_m, shift_north_m : how far the scene's content lies east and north of the truth.
    sun_azimuth_deg, sun_elevation_deg : from the scene towards the sun.
    view_azimuth_deg : from the point below the sensor towards the scene, the way that roofs lean; off_nadir_deg.
    greenness, wetness, snow, haze, cloud_cover : 0 to 1.
    cloud_height_m : metres above ground. gain, offset : per band. noise : relative read noise.
    nodata_edge : (east, north, distance_m): no data where the product with local metres exceeds the distance; or None.
    """

    date: dt.date
    hour: float
    gsd_m: float
    bands: tuple[str, ...]
    dtype: str
    epsg: int
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]
    to_ground: Floats
    shift_east_m: float
    shift_north_m: float
    sun_azimuth_deg: float
    sun_elevation_deg: float
    view_azimuth_deg: float
    off_nadir_deg: float
    greenness: float
    wetness: float
    snow: float
    haze: float
    cloud_cover: float
    cloud_height_m: float
    cloud_scale_m: float
    gain: tuple[float, ...]
    offset: tuple[float, ...]
    psf_px: float
    noise: float
    seed: int
    nodata_edge: tuple[float, float, float] | None = None

    @property
    def sun(self) -> Floats:
        """Unit vector (east, north, up) towards the sun."""
        az, el = np.radians(self.sun_azimuth_deg), np.radians(self.sun_elevation_deg)
        return np.array([np.sin(az) * np.cos(el), np.cos(az) * np.cos(el), np.sin(el)])

    @property
    def shadow(self) -> Floats:
        """Metres (east, north) that a shadow falls per metre of height."""
        return np.asarray(-self.sun[:2] / self.sun[2], float)

    @property
    def lean(self) -> Floats:
        """Metres (east, north) that a point is displaced per metre of height."""
        az = np.radians(self.view_azimuth_deg)
        return np.asarray(np.array([np.sin(az), np.cos(az)]) * np.tan(np.radians(self.off_nadir_deg)), float)


def sun_position(date: dt.date, latitude_deg: float, hour: float) -> tuple[float, float]:
    """Azimuth (clockwise from north) and elevation of the sun, degrees, at a local solar hour.

    >>> azimuth, elevation = sun_position(dt.date(2023, 6, 21), 50.0, 12.0)
    >>> round(azimuth), round(elevation)
    (180, 63)
    """
    day = date.timetuple().tm_yday
    declination = np.radians(-23.44 * np.cos(2 * np.pi * (day + 10) / 365.25))
    latitude, turn = np.radians(latitude_deg), np.radians(15.0 * (hour - 12.0))
    sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(turn)
    elevation = np.arcsin(np.clip(sine, -1, 1))
    east = -np.cos(declination) * np.sin(turn)
    north = np.cos(latitude) * np.sin(declination) - np.sin(latitude) * np.cos(declination) * np.cos(turn)
    return float(np.degrees(np.arctan2(east, north)) % 360), float(max(8.0, np.degrees(elevation)))


def greenness(date: dt.date, latitude_deg: float) -> float:
    """How green the vegetation is on a date, 0 to 1: a smooth year that peaks in early summer."""
    day = date.timetuple().tm_yday + (0 if latitude_deg >= 0 else 182)
    wave = np.cos(2 * np.pi * (day - 165) / 365.25)
    swing = min(1.0, abs(latitude_deg) / 40)
    return float(np.clip(0.55 + 0.55 * swing * wave, 0.05, 1.0))
