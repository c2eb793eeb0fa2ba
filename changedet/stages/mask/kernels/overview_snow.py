"""Snow on a coarse overview: by its index where there is short-wave infrared, else as ground that turned white."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.kernels.pixel_classes import CLEAR, SNOW
from changedet.kernels.quantiles import percentile
from changedet.stages.mask.kernels.air_light import without_air
from changedet.stages.mask.kernels.cloud_light import CloudBands, some_bands
from changedet.stages.mask.kernels.light_units import UNKNOWN_UNITS, LightUnits
from changedet.stages.mask.kernels.snow import bare_picture, may_be_snow, snow_by_index, white_snow

PICTURE_SNOW: Final = 0.8
"""8-bit pictures are stretched: snow is at least so near to their white; grey yards reach .6."""
UNKNOWN_SNOW, TOP_PERCENTILE = 0.45, 99.5
"""Where the units are unknown snow is at least so bright against a picture's brightest. Of 288 dates without snow none
has any by this share, four of own port 7601 have by .35; of 7 painted with snow (43, 1012, 1013) 5, by .55 four."""
LOW_SUN_DEG: Final = 37.0
"""Elevation of the sun below which snow may be darker than any cloud, so that it is looked for without the air's light,
too. Chosen by hand with one port in view (docs/research/change.md, "Snow under a high sun")."""


class Sun(NamedTuple):
    """Where the sun stood.

    Attributes
    ----------
    azimuth_deg : float
        Clockwise from grid north, towards the sun.
    elevation_deg : float
        Above the horizon.
    """

    azimuth_deg: float
    elevation_deg: float


def is_white_all_over(overview: Singles, bands: CloudBands, units: LightUnits) -> bool:
    """Whether other looks should say if snow lies on a picture.

    Parameters
    ----------
    overview : float32 (band, y, x)
        Block means, NaN for no data.
    bands : CloudBands
    units : LightUnits

    Returns
    -------
    bool
        False where the short-wave infrared tells snow.
    """
    if bands.nir is not None and bands.swir1 is not None:
        return False
    visible, infrared = _white_and_infrared(overview, bands)
    if may_be_snow(visible, infrared, _least_snow(visible, units)):
        return True
    own, infrared = without_air(visible, infrared)
    return not units.are_stretched and may_be_snow(own, infrared, _least_snow(own, UNKNOWN_UNITS))


def snow_beside(
    overview: Singles,
    others: Sequence[Singles],
    bands: CloudBands,
    resolution_m: float,
    units: LightUnits,
    sun: Sun | None,
) -> Bytes:
    """Where snow lies on a picture, seen that other looks show the same place without.

    Parameters
    ----------
    overview : float32 (band, y, x)
        Block means, NaN for no data.
    others : sequence of float32 (band, y, x)
        Overviews of other looks, laid on this one.
    bands : CloudBands
        Of all.
    resolution_m : float
        Of the overviews' pixels.
    units : LightUnits
        Of the picture.
    sun : Sun or None
        Under a low one, or where nobody knows, snow may be darker than any cloud.

    Returns
    -------
    uint8 (y, x)
        CLEAR, SNOW or PATCHES: CLEAR unless it lies all over the scene.
    """
    white = [some_bands(other, list(bands.white)) for other in others]
    picture = _white_and_infrared(overview, bands)
    return _snow_in_any_light(picture, white, bare_picture, units, resolution_m, sun)


def _snow_in_any_light(
    picture: tuple[Singles, Singles | None],
    others: Sequence[Singles],
    bare: Callable[[Singles, Singles | None, Sequence[Singles], float], Singles],
    units: LightUnits,
    resolution_m: float,
    sun: Sun | None,
) -> Bytes:
    """Snow as `white_snow` finds it beside what other looks show, and where it finds none, without the air's light.

    Low sun leaves snow bluer, and darker than any cloud in known units; under a high one such ground is pale concrete.
    """
    least = _least_snow(picture[0], units)
    reference = bare(*picture, others, least)
    found = white_snow(*picture, reference, least, resolution_m, is_scaled=units.are_known)
    may_be_low = sun is None or sun.elevation_deg < LOW_SUN_DEG
    if units.are_stretched or not may_be_low or (found != CLEAR).any():
        return found
    picture, others = without_air(*picture), [without_air(other, None)[0] for other in others]
    least = _least_snow(picture[0], UNKNOWN_UNITS)
    return white_snow(*picture, bare(*picture, others, least), least, resolution_m, is_scaled=False)


def _white_and_infrared(overview: Singles, bands: CloudBands) -> tuple[Singles, Singles | None]:
    return some_bands(overview, list(bands.white)), None if bands.nir is None else overview[bands.nir]


def _least_snow(visible: Singles, units: LightUnits) -> float:
    """No snow is darker than this; 0 where nothing is seen."""
    if units.are_known:
        return PICTURE_SNOW * units.ceiling if units.are_stretched else units.floor
    seen = visible.mean(axis=0)[np.isfinite(visible).all(axis=0)]
    return UNKNOWN_SNOW * percentile(seen, TOP_PERCENTILE) if seen.size else 0.0


def snow_on(
    overview: Singles,
    reference: Singles | None,
    valid: Bools,
    bands: CloudBands,
    units: LightUnits,
    resolution_m: float,
    sun: Sun | None,
) -> Bytes:
    """Where snow lies on a picture, by itself or beside its reference.

    Parameters
    ----------
    overview : float32 (band, y, x)
        Block means, NaN for no data.
    reference : float32 (band, y, x) or None
        The same of the reference date, on the same grid.
    valid : bool (y, x)
        Where the overview has data.
    bands : CloudBands
        Of both.
    units : LightUnits
        Of the picture.
    resolution_m : float
        Of the overviews' pixels.
    sun : Sun or None
        As of `snow_beside`.

    Returns
    -------
    uint8 (y, x)
        CLEAR, SNOW or PATCHES: without a short-wave infrared band CLEAR unless it lies all over the scene.
    """
    if bands.nir is not None and bands.swir1 is not None:
        green, nir, swir1 = (np.where(valid, overview[k], 0) for k in (bands.white[1], bands.nir, bands.swir1))
        return np.where(snow_by_index(green, nir, swir1, units.floor), SNOW, CLEAR).astype(np.uint8)
    visible, infrared = _white_and_infrared(overview, bands)
    if reference is None:
        # Alone, and in units that nobody knows, a grey yard is as white and as bright as snow.
        least = _least_snow(visible, units) if units.are_known else 0.0
        return white_snow(visible, infrared, None, least, resolution_m, is_scaled=True)
    other = some_bands(reference, list(bands.white))
    return _snow_in_any_light((visible, infrared), [other], _the_only, units, resolution_m, sun)


def _the_only(_visible: Singles, _infrared: Singles | None, others: Sequence[Singles], _floor: float) -> Singles:
    """The one other look, in the place of `bare_picture`."""
    return others[0]
