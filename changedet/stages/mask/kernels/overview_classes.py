"""Classes of a coarse overview: clouds, their shadows, snow and saturation.

Tests of brightness, width and outline find clouds (`cloud_shapes`, `cloud_shadows`); where another date is there, trees
say how far they and their shadows reach (`cloud_trees`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.kernels.boosted_trees import Forest
from changedet.kernels.components import label
from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, PATCHES, SATURATED, SHADOW, SNOW
from changedet.kernels.quantiles import percentile
from changedet.stages.mask.kernels.cloud_context import HiddenProbability, may_be_clouds
from changedet.stages.mask.kernels.cloud_light import CloudBands, brightness_ratio, some_bands
from changedet.stages.mask.kernels.cloud_outlines import SOFTNESS_LIMIT_M
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
from changedet.stages.mask.kernels.light_units import LightUnits, white_balanced
from changedet.stages.mask.kernels.overcast import hides_ground, is_featureless, wide_clouds
from changedet.stages.mask.kernels.overview_snow import Sun, snow_on

LEAST_PX: Final = 64
"""Of a smaller picture nothing can be said but that it is there; chosen by hand."""
GROUND_PERCENTILE: Final = 25
"""Of the brightness, which stands for the ground with clouds over up to three quarters of the scene."""
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
        Near infrared over red; None where either is not there or in units that nobody knows, and in pixels so coarse
        that plants beside a small cloud are in them: other looks say there what is one.
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
    units: LightUnits,
    sun: Sun | None,
    trees: Sequence[Forest],
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
    units : LightUnits
        Of the overview.
    sun : Sun or None
        Shadows lie away from it; under a low one, or where nobody knows, snow may be darker than any cloud.
    trees : sequence of four Forest, or empty
        For `cloud_probabilities`, where there is a reference and pixels are fine enough.

    Returns
    -------
    uint8 (y, x)
        CLEAR, NODATA, SATURATED, CLOUD, SHADOW, SNOW or PATCHES.
    """
    valid = np.asarray(np.isfinite(overview).all(axis=0), bool)
    white = list(bands.white)
    if valid.sum() < LEAST_PX:
        return np.where(valid, CLEAR, NODATA).astype(np.uint8)
    if _is_overcast(overview, reference, white, units.floor):
        return np.where(valid, CLOUD, NODATA).astype(np.uint8)
    lying = snow_on(overview, reference, valid, bands, units, resolution_m, sun)
    snow = lying != CLEAR
    # Among patches of snow, what is as even as a cloud may be one.
    may_be_cloud = ~snow | ((lying == SNOW) & (lying == PATCHES).any())
    if not units.are_known:
        overview = white_balanced(overview, bands.white)
        reference = None if reference is None else white_balanced(reference, bands.white)
    seen = overview if valid.all() else np.where(valid, overview, np.float32(0))
    visible = some_bands(seen, white)
    ratio = None if reference is None else brightness_ratio(visible, some_bands(reference, white), valid)
    azimuth_deg = None if sun is None else sun.azimuth_deg
    known = bands.nir is not None and units.are_known and not units.are_stretched and resolution_m <= SOFTNESS_LIMIT_M
    infrared = seen[bands.nir] / np.maximum(visible[-1], 1e-6) if known else None
    scene = Scene(visible, visible.mean(axis=0, dtype=np.float32), ratio, valid, resolution_m, infrared)
    core, cloud, shadow = _by_tests(scene, may_be_cloud, units, azimuth_deg)
    if trees and reference is not None and resolution_m <= TREES_LIMIT_M:
        found = cloud_probabilities(overview, reference, core, bands, azimuth_deg, trees)
        certain = opened((found.cloud > CERTAIN_CLOUD) & may_be_cloud, CORE_WIDTH_M / 2, resolution_m)
        may_prove = without_soil(certain, scene.bright, infrared)
        alike = clouds_of_cores(
            may_prove, scene.bright, ratio, valid, resolution_m, by_outline=False, stretched=units.are_stretched
        )
        proven = alike | (may_prove & cloud)
        if proven.any() or may_be_clouds(core, found):
            cloud, shadow = _by_trees(found, certain, proven, cloud, shadow)
        else:
            cloud, shadow = np.zeros_like(cloud), np.zeros_like(shadow)
        cloud |= thick_cloud(cloud & proven, cloud, visible, some_bands(reference, white))
    elif reference is not None and units.are_known and not units.are_stretched and resolution_m > TREES_LIMIT_M:
        cloud |= wide_clouds(visible, some_bands(reference, white), units.floor) & may_be_cloud
    clipped = opened(np.asarray((seen >= units.ceiling).all(axis=0), bool), SATURATED_WIDTH_M / 2, resolution_m)
    hidden = np.select(
        [cloud, shadow, snow, clipped], [np.uint8(CLOUD), np.uint8(SHADOW), lying, np.uint8(SATURATED)], np.uint8(CLEAR)
    )
    return np.where(valid, hidden, NODATA).astype(np.uint8)


def _by_tests(
    scene: Scene, no_snow: Bools, units: LightUnits, sun_azimuth_deg: float | None
) -> tuple[Bools, Bools, Bools]:
    """Those cores that are clouds, the clouds that grow from them, and their shadows."""
    bands, bright, ratio, valid, resolution_m, infrared = scene
    ground = percentile(bright[valid], GROUND_PERCENTILE)
    core = bright_cores(bands, bright, valid & no_snow, ground, resolution_m, units)
    core = without_soil(core, bright, infrared)
    core = clouds_of_cores(core, bright, ratio, valid, resolution_m, by_outline=True, stretched=units.are_stretched)
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
