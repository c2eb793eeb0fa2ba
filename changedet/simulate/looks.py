"""How a date looks at the site: sun, season, weather, sensor, and where its pixels fall on the ground."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from changedet.arrays import Floats


@dataclass(frozen=True)
class Look:
    """One acquisition.

    Attributes
    ----------
    date : datetime.date
        In UTC.
    hour : float
        Local solar time.
    gsd_m : float
        Pixel size in metres.
    bands : tuple of str
        Roles in band order.
    dtype : str
        "uint16" (reflectance x 10000) or "uint8".
    epsg : int
        Of the scene's grid.
    transform : tuple of 6 float
        (a, b, c, d, e, f) from (column, row) to metres of that CRS.
    shape : tuple of int
        Rows and columns.
    to_ground : float64 (6,)
        From (column, row) to local ground metres, without the shift.
    shift_east_m, shift_north_m : float
        How far the scene's content lies east and north of the truth.
    sun_azimuth_deg, sun_elevation_deg : float
        Towards the sun; azimuths clockwise from north.
    view_azimuth_deg : float
        From the point below the sensor towards the scene: the way that roofs lean.
    off_nadir_deg : float
        0 is straight down.
    greenness, wetness, snow, haze, cloud_cover : float
        0 to 1.
    cloud_height_m : float
        Above the ground.
    cloud_scale_m : float
        Wavelength of the largest clouds.
    gain, offset : tuple of float
        Radiometric difference of each band from the truth, as a factor and in reflectance.
    psf_px : float
        Standard deviation of the Gaussian point spread.
    noise : float
        Standard deviation of the read noise, in reflectance.
    seed : int
        Of clouds and noise.
    nodata_edge : tuple of float or None
        (east, north, distance_m): no data where the product of the direction with local metres exceeds the distance.
    dry : float
        0 to 1, how clean and dry the air is: the sky's light is the bluer, and less of it.
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
    dry: float = 0.0

    @property
    def sun(self) -> Floats:
        """Unit vector towards the sun, float64 (3,): east, north, up."""
        az, el = np.radians(self.sun_azimuth_deg), np.radians(self.sun_elevation_deg)
        return np.array([np.sin(az) * np.cos(el), np.cos(az) * np.cos(el), np.sin(el)])

    @property
    def shadow(self) -> Floats:
        """Displacement of a shadow per metre of height, float64 (2,): metres east and north."""
        return np.asarray(-self.sun[:2] / self.sun[2], float)

    @property
    def lean(self) -> Floats:
        """Relief displacement per metre of height, float64 (2,): metres east and north."""
        az = np.radians(self.view_azimuth_deg)
        return np.asarray(np.array([np.sin(az), np.cos(az)]) * np.tan(np.radians(self.off_nadir_deg)), float)


def sun_position(date: dt.date, latitude_deg: float, hour: float) -> tuple[float, float]:
    """Azimuth and elevation of the sun, from declination and hour angle.

    Parameters
    ----------
    date : datetime.date
        Gives the declination.
    latitude_deg : float
        North is positive.
    hour : float
        Local solar time.

    Returns
    -------
    tuple of float
        Degrees clockwise from north (0 to 360), and degrees above the horizon, never below 8.

    Examples
    --------
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
    """How green the vegetation is on a date: a cosine over the year that peaks in early summer.

    Parameters
    ----------
    date : datetime.date
        Half a year later on the southern hemisphere.
    latitude_deg : float
        The season's swing grows with it up to 40 degrees.

    Returns
    -------
    float
        .05 (bare) to 1.
    """
    day = date.timetuple().tm_yday + (0 if latitude_deg >= 0 else 182)
    wave = np.cos(2 * np.pi * (day - 165) / 365.25)
    swing = min(1.0, abs(latitude_deg) / 40)
    return float(np.clip(0.55 + 0.55 * swing * wave, 0.05, 1.0))
