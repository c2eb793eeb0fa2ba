"""Where the sun and the sensor stood."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

_SUN_AZIMUTH: Final = ("sun_azimuth", "solar_azimuth_angle", "meansunaz", "sunazimuth", "sun_azimuth_angle")
_SUN_ELEVATION: Final = ("sun_elevation", "solar_elevation_angle", "meansunel", "sunelevation", "sun_elevation_angle")
_SUN_ZENITH: Final = ("solar_zenith_angle", "sun_zenith", "sun_zenith_angle")
_VIEW_AZIMUTH: Final = ("azimuth", "view_azimuth")
_SATELLITE_AZIMUTH: Final = ("satellite_azimuth", "satellite_azimuth_angle", "meansataz")
"""Towards the satellite: the other way round."""
LEAST_ELEVATION_DEG: Final = 0.005
"""A sun lower than what two decimals of a workflow show is none: its shade has no end."""
MOST_OFF_NADIR_DEG: Final = 89.9
"""As in a workflow: beyond, a sensor looks into the sky."""
_OFF_NADIR: Final = ("off_nadir", "off_nadir_angle", "meanoffnadirviewangle", "view_angle", "satellite_zenith_angle")


@dataclass(frozen=True)
class SunAngles:
    """Where the sun stood.

    Attributes
    ----------
    azimuth_deg : float
        Clockwise from north.
    elevation_deg : float
        Above the horizon.
    """

    azimuth_deg: float
    elevation_deg: float

    @property
    def shade(self) -> tuple[float, float] | None:
        """Metres east and north to where shade falls, for each metre of height; None where the sun is not up."""
        if self.elevation_deg <= 0.0:
            return None
        along, azimuth = 1.0 / np.tan(np.radians(self.elevation_deg)), np.radians(self.azimuth_deg)
        return float(-along * np.sin(azimuth)), float(-along * np.cos(azimuth))


@dataclass(frozen=True)
class ViewAngles:
    """How the sensor looked.

    Attributes
    ----------
    off_nadir_deg : float
        From the vertical.
    azimuth_deg : float or None
        From the point below the sensor to the scene, clockwise from north (STAC's ``view:azimuth``): the way in which
        roofs lean.
    """

    off_nadir_deg: float
    azimuth_deg: float | None = None

    @property
    def displacement(self) -> tuple[float, float] | None:
        """Metres east and north by which a roof is displaced for each metre of height; None where it is not known."""
        if self.azimuth_deg is None and self.off_nadir_deg > 0.0:
            return None
        along, azimuth = np.tan(np.radians(self.off_nadir_deg)), np.radians(self.azimuth_deg or 0.0)
        return float(along * np.sin(azimuth)), float(along * np.cos(azimuth))


def sun_angles(given: SunAngles | Mapping[str, float] | None) -> SunAngles | None:
    """Sun angles from what the workflow or a STAC item says.

    Parameters
    ----------
    given : SunAngles, mapping of its fields, or None
        Other keys do not count.

    Returns
    -------
    SunAngles or None
        None where one of the two is missing, or is no angle of a sun above the horizon.
    """
    if given is None or isinstance(given, SunAngles):
        return given
    azimuth, elevation = given.get("azimuth_deg"), given.get("elevation_deg")
    if azimuth is None or elevation is None or not _is_up(azimuth, elevation):
        return None
    return SunAngles(float(azimuth), float(elevation))


def view_angles(given: ViewAngles | Mapping[str, float] | None) -> ViewAngles | None:
    """View angles from what the workflow or a STAC item says.

    Parameters
    ----------
    given : ViewAngles, mapping of its fields, or None
        Other keys do not count.

    Returns
    -------
    ViewAngles or None
        None where the angle from the vertical is missing, or no sensor looks so.
    """
    if given is None or isinstance(given, ViewAngles):
        return given
    off_nadir, azimuth = given.get("off_nadir_deg"), given.get("azimuth_deg")
    if off_nadir is None or not _looks_down(off_nadir, azimuth):
        return None
    return ViewAngles(float(off_nadir), None if azimuth is None else float(azimuth))


def angles_from_tags(tags: Mapping[str, str]) -> tuple[SunAngles | None, ViewAngles | None]:
    """Sun and view angles from a TIFF's tags, also from JSON in its description as some providers write it.

    Parameters
    ----------
    tags : mapping of str to str
        In capital or small letters, with or without a name space.

    Returns
    -------
    (SunAngles or None, ViewAngles or None)
        None where the tags do not say.
    """
    flat = {key.lower().rsplit(":", 1)[-1]: value for key, value in tags.items()}
    with contextlib.suppress(ValueError):
        flat.update(_leaves(json.loads(flat.get("tifftag_imagedescription", "{}"))))
    azimuth, elevation = _degrees(flat, _SUN_AZIMUTH), _degrees(flat, _SUN_ELEVATION)
    zenith = _degrees(flat, _SUN_ZENITH)
    if elevation is None and zenith is not None:
        elevation = 90.0 - zenith
    off_nadir = _degrees(flat, _OFF_NADIR)
    sun = None
    if azimuth is not None and elevation is not None and _is_up(azimuth, elevation):
        sun = SunAngles(azimuth % 360.0, elevation)
    view_azimuth, opposite = _degrees(flat, _VIEW_AZIMUTH), _degrees(flat, _SATELLITE_AZIMUTH)
    if view_azimuth is None and opposite is not None:
        view_azimuth = (opposite + 180.0) % 360.0
    if off_nadir is None or not _looks_down(off_nadir, view_azimuth):
        return sun, None
    return sun, ViewAngles(abs(off_nadir), view_azimuth)


def _is_up(azimuth: float, elevation: float) -> bool:
    return LEAST_ELEVATION_DEG <= elevation <= 90.0 and abs(azimuth) <= 360.0


def _looks_down(off_nadir: float, azimuth: float | None) -> bool:
    return abs(off_nadir) <= MOST_OFF_NADIR_DEG and (azimuth is None or abs(azimuth) <= 360.0)


def _leaves(data: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in data.items() if isinstance(data, Mapping) else ():
        if isinstance(value, Mapping):
            found.update(_leaves(value))
        else:
            found[str(key).lower()] = str(value)
    return found


def _degrees(tags: Mapping[str, str], names: Sequence[str]) -> float | None:
    for name in names:
        try:
            value = float(tags[name])
        except (KeyError, ValueError):
            continue
        if -360.0 <= value <= 360.0:
            return value
    return None
