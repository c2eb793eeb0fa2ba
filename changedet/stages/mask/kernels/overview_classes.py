"""Classes of a coarse overview: clouds, their shadows, snow and saturation.

Tests of brightness, width and outline find clouds (`cloud_shapes`, `cloud_shadows`); where another date is there, trees
say how far they and their shadows reach (`cloud_trees`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.kernels.boosted_trees import Forest
from changedet.kernels.components import label
from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, PATCHES, SATURATED, SHADOW, SNOW
from changedet.kernels.quantiles import percentile
from changedet.stages.mask.kernels.air_light import without_air
from changedet.stages.mask.kernels.cloud_context import HiddenProbability, may_be_clouds
from changedet.stages.mask.kernels.cloud_light import CloudBands, brightness_ratio, some_bands
from changedet.stages.mask.kernels.cloud_shadows import shadows_of
from changedet.stages.mask.kernels.cloud_shapes import (
    CORE_WIDTH_M,
    bright_cores,
    clouds_of_cores,
    with_rims,
    without_soil,
)
from changedet.stages.mask.kernels.cloud_trees import cloud_probabilities, thick_cloud
from changedet.stages.mask.kernels.discs import opened
from changedet.stages.mask.kernels.light_units import white_balanced
from changedet.stages.mask.kernels.overcast import hides_ground, is_featureless, wide_clouds
from changedet.stages.mask.kernels.snow import bare_picture, may_be_snow, snow_by_index, white_snow

LEAST_PX: Final = 64
"""Of a smaller picture nothing can be said but that it is there; chosen by hand."""
GROUND_PERCENTILE: Final = 25
"""Of the brightness, which stands for the ground with clouds over up to three quarters of the scene."""
PICTURE_SNOW: Final = 0.8
"""8-bit pictures are stretched: snow is at least so near to their white; grey yards reach .6."""
UNKNOWN_SNOW, TOP_PERCENTILE = 0.45, 99.5
"""Where the units are unknown snow is at least so bright against a picture's brightest. Of 288 dates without snow none
has any by this share, four of own port 7601 have by .35; of 7 painted with snow (43, 1012, 1013) 5, by .55 four."""
TREES_LIMIT_M: Final = 6.0
"""The trees were fitted on cells of 2 to 4 m (changedet/models/weather.md)."""
HIDDEN_PROBABILITY: Final = 0.7
"""From which a place is taken for hidden: chosen on seeds 7210 to 7217 for a coverage of .97."""
CERTAIN_CLOUD: Final = 0.9
"""Probability of cloud from which a place may prove that a date is cloudy."""
SATURATED_WIDTH_M: Final = 60.0
"""In 8-bit pictures white roofs are stretched to 255: only what is wider than any of them is called saturated."""


class Scene(NamedTuple):
    """What the tests look at.

    Attributes
    ----------
    bands : float32 (3, y, x)
        Blue, green, red; 0 for no data.
    bright : float32 (y, x)
        Their mean.
    ratio : float32 (y, x) or None
        How much brighter than the reference, sunlit ground being 1; NaN where that is not seen.
    valid : bool (y, x)
        Where the overview has data.
    resolution_m : float
        Pixel size.
    infrared : float32 (y, x) or None
        Near infrared over red; None where either is not there or in units that nobody knows.
    """

    bands: Singles
    bright: Singles
    ratio: Singles | None
    valid: Bools
    resolution_m: float
    infrared: Singles | None


def classify_overview(
    overview: Singles,
    reference: Singles | None,
    bands: CloudBands,
    resolution_m: float,
    floor: float,
    ceiling: float,
    sun_azimuth_deg: float | None,
    trees: Sequence[Forest],
    low_sun: bool = True,
) -> Bytes:
    """Classes of `changedet.kernels.pixel_classes` on an overview.

    Parameters
    ----------
    overview : float32 (band, y, x)
        Block means, NaN for no data.
    reference : float32 (band, y, x) or None
        The same of the reference date, on the same grid.
    bands : CloudBands
        Of both. Snow is known by the normalised difference snow index where near and short-wave infrared are there,
        else by its white.
    resolution_m : float
        Of the overview's pixels.
    floor : float
        Nothing darker is a cloud, whatever the scene; 0 where the units are unknown.
    ceiling : float
        Clipped white of 8-bit pictures; infinite where there is none.
    sun_azimuth_deg : float or None
        Clockwise from grid north, towards the sun.
    trees : sequence of four Forest, or empty
        For `cloud_probabilities`, where there is a reference and pixels are fine enough.
    low_sun : bool
        Whether the sun may have stood so low that snow is darker than any cloud.

    Returns
    -------
    uint8 (y, x)
        CLEAR, NODATA, SATURATED, CLOUD, SHADOW, SNOW or PATCHES.
    """
    valid = np.asarray(np.isfinite(overview).all(axis=0), bool)
    white = list(bands.white)
    if valid.sum() < LEAST_PX:
        return np.where(valid, CLEAR, NODATA).astype(np.uint8)
    if _is_overcast(overview, reference, white, floor):
        return np.where(valid, CLOUD, NODATA).astype(np.uint8)
    lying = _snow(overview, reference, valid, bands, floor, ceiling, resolution_m, low_sun)
    snow = lying != CLEAR
    # Among patches of snow, what is as even as a cloud may be one.
    may_be_cloud = ~snow | ((lying == SNOW) & (lying == PATCHES).any())
    if not _is_scaled(floor, ceiling):
        overview = white_balanced(overview, bands.white)
        reference = None if reference is None else white_balanced(reference, bands.white)
    seen = overview if valid.all() else np.where(valid, overview, np.float32(0))
    visible = some_bands(seen, white)
    ratio = None if reference is None else brightness_ratio(visible, some_bands(reference, white), valid)
    known = bands.nir is not None and floor > 0 and np.isinf(ceiling)
    infrared = seen[bands.nir] / np.maximum(visible[-1], 1e-6) if known else None
    scene = Scene(visible, visible.mean(axis=0, dtype=np.float32), ratio, valid, resolution_m, infrared)
    core, cloud, shadow = _by_tests(scene, may_be_cloud, floor, ceiling, sun_azimuth_deg)
    if trees and reference is not None and resolution_m <= TREES_LIMIT_M:
        found = cloud_probabilities(overview, reference, core, bands, sun_azimuth_deg, trees)
        certain = opened((found.cloud > CERTAIN_CLOUD) & may_be_cloud, CORE_WIDTH_M / 2, resolution_m)
        may_prove = without_soil(certain, scene.bright, infrared)
        alike = clouds_of_cores(
            may_prove, scene.bright, ratio, valid, resolution_m, by_outline=False, stretched=bool(np.isfinite(ceiling))
        )
        proven = alike | (may_prove & cloud)
        if proven.any() or may_be_clouds(core, found):
            cloud, shadow = _by_trees(found, certain, proven, cloud, shadow)
        else:
            cloud, shadow = np.zeros_like(cloud), np.zeros_like(shadow)
        cloud |= thick_cloud(cloud & proven, cloud, visible, some_bands(reference, white))
    elif reference is not None and floor > 0 and np.isinf(ceiling) and resolution_m > TREES_LIMIT_M:
        cloud |= wide_clouds(visible, some_bands(reference, white), floor) & may_be_cloud
    clipped = opened(np.asarray((seen >= ceiling).all(axis=0), bool), SATURATED_WIDTH_M / 2, resolution_m)
    hidden = np.select(
        [cloud, shadow, snow, clipped], [np.uint8(CLOUD), np.uint8(SHADOW), lying, np.uint8(SATURATED)], np.uint8(CLEAR)
    )
    return np.where(valid, hidden, NODATA).astype(np.uint8)


def is_white_all_over(overview: Singles, bands: CloudBands, floor: float, ceiling: float) -> bool:
    """Whether other looks should say if snow lies on a picture.

    Parameters
    ----------
    overview : float32 (band, y, x)
        Block means, NaN for no data.
    bands : CloudBands
    floor, ceiling : float
        As of `classify_overview`.

    Returns
    -------
    bool
        False where the short-wave infrared tells snow.
    """
    if bands.nir is not None and bands.swir1 is not None:
        return False
    visible, infrared = _white_and_infrared(overview, bands)
    if may_be_snow(visible, infrared, _least_snow(visible, floor, ceiling)):
        return True
    own, infrared = without_air(visible, infrared)
    return not np.isfinite(ceiling) and may_be_snow(own, infrared, _least_snow(own, 0.0, np.inf))


def snow_beside(
    overview: Singles,
    others: Sequence[Singles],
    bands: CloudBands,
    resolution_m: float,
    floor: float,
    ceiling: float,
    low_sun: bool = True,
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
    resolution_m, floor, ceiling : float
        As of `classify_overview`.
    low_sun : bool
        See there.

    Returns
    -------
    uint8 (y, x)
        CLEAR, SNOW or PATCHES: CLEAR unless it lies all over the scene.
    """
    white = [some_bands(other, list(bands.white)) for other in others]
    picture = _white_and_infrared(overview, bands)
    return _snow_in_any_light(picture, white, bare_picture, floor, ceiling, resolution_m, low_sun)


def _snow_in_any_light(
    picture: tuple[Singles, Singles | None],
    others: Sequence[Singles],
    bare: Callable[[Singles, Singles | None, Sequence[Singles], float], Singles],
    floor: float,
    ceiling: float,
    resolution_m: float,
    low_sun: bool,
) -> Bytes:
    """Snow as `white_snow` finds it beside what other looks show, and where it finds none, without the air's light.

    Low sun leaves snow bluer, and darker than any cloud in known units; under a high one such ground is pale concrete.
    """
    least = _least_snow(picture[0], floor, ceiling)
    reference = bare(*picture, others, least)
    found = white_snow(*picture, reference, least, resolution_m, is_scaled=_is_scaled(floor, ceiling))
    if np.isfinite(ceiling) or not low_sun or (found != CLEAR).any():
        return found
    picture, others = without_air(*picture), [without_air(other, None)[0] for other in others]
    least = _least_snow(picture[0], 0.0, np.inf)
    return white_snow(*picture, bare(*picture, others, least), least, resolution_m, is_scaled=False)


def _white_and_infrared(overview: Singles, bands: CloudBands) -> tuple[Singles, Singles | None]:
    return some_bands(overview, list(bands.white)), None if bands.nir is None else overview[bands.nir]


def _is_scaled(floor: float, ceiling: float) -> bool:
    """Whether anybody knows how bright a cloud is in the picture's units."""
    return bool(np.isfinite(ceiling)) or floor > 0


def _least_snow(visible: Singles, floor: float, ceiling: float) -> float:
    """No snow is darker than this; 0 where nothing is seen."""
    if _is_scaled(floor, ceiling):
        return PICTURE_SNOW * ceiling if np.isfinite(ceiling) else floor
    seen = visible.mean(axis=0)[np.isfinite(visible).all(axis=0)]
    return UNKNOWN_SNOW * percentile(seen, TOP_PERCENTILE) if seen.size else 0.0


def _snow(
    overview: Singles,
    reference: Singles | None,
    valid: Bools,
    bands: CloudBands,
    floor: float,
    ceiling: float,
    resolution_m: float,
    low_sun: bool,
) -> Bytes:
    if bands.nir is not None and bands.swir1 is not None:
        green, nir, swir1 = (np.where(valid, overview[k], 0) for k in (bands.white[1], bands.nir, bands.swir1))
        return np.where(snow_by_index(green, nir, swir1, floor), SNOW, CLEAR).astype(np.uint8)
    visible, infrared = _white_and_infrared(overview, bands)
    if reference is None:
        # Alone, and in units that nobody knows, a grey yard is as white and as bright as snow.
        least = _least_snow(visible, floor, ceiling) if _is_scaled(floor, ceiling) else 0.0
        return white_snow(visible, infrared, None, least, resolution_m, is_scaled=True)
    other = some_bands(reference, list(bands.white))
    return _snow_in_any_light((visible, infrared), [other], _the_only, floor, ceiling, resolution_m, low_sun)


def _the_only(_visible: Singles, _infrared: Singles | None, others: Sequence[Singles], _floor: float) -> Singles:
    """The one other look, in the place of `bare_picture`."""
    return others[0]


def _by_tests(
    scene: Scene, no_snow: Bools, floor: float, ceiling: float, sun_azimuth_deg: float | None
) -> tuple[Bools, Bools, Bools]:
    """Those cores that are clouds, the clouds that grow from them, and their shadows."""
    bands, bright, ratio, valid, resolution_m, infrared = scene
    ground = percentile(bright[valid], GROUND_PERCENTILE)
    core = bright_cores(bands, bright, valid & no_snow, ground, resolution_m, floor, ceiling)
    core = clouds_of_cores(
        without_soil(core, bright, infrared),
        bright,
        ratio,
        valid,
        resolution_m,
        by_outline=True,
        stretched=bool(np.isfinite(ceiling)),
    )
    if not core.any():
        return core, core, np.zeros_like(core)
    cloud = with_rims(core, bright, ratio, valid, ground, resolution_m)
    return core, cloud, shadows_of(cloud, bright, ratio, valid, resolution_m, sun_azimuth_deg)


def _by_trees(
    found: HiddenProbability, certain: Bools, proven: Bools, cloud: Bools, shadow: Bools
) -> tuple[Bools, Bools]:
    """Clouds and shadows as far as the trees know them; where they do not, what the tests found stays.

    A date has clouds where one place at least is proven to be one; a certain place that is not proven is a roof.
    """
    if not proven.any():
        return cloud, shadow
    known = np.isfinite(found.cloud)
    hidden = np.nan_to_num(found.cloud + found.shadow) > HIDDEN_PROBABILITY
    is_cloud = hidden & (found.cloud >= found.shadow)
    labels = label(is_cloud.astype(np.uint8))
    built = np.isin(labels, np.setdiff1d(labels[certain & ~proven], labels[proven]))
    return np.where(known, is_cloud & ~built, cloud), np.where(known, hidden & ~is_cloud, shadow)


def _is_overcast(overview: Singles, reference: Singles | None, white: list[int], floor: float) -> bool:
    """Whether nothing of the ground is seen, judged by the reference where that shows any."""
    visible = some_bands(overview, white)
    if reference is None or not np.isfinite(reference).all(axis=0).any():
        return is_featureless(visible, floor)
    return hides_ground(visible.mean(axis=0), some_bands(reference, white).mean(axis=0))
