"""Which bright, white places are clouds: large, fading out or of ragged outline, and not there before.

A cloud is brighter than the scene's ground by a factor, white in all bands, wider than rows of containers, and fades
out over metres where a roof ends within one: thresholds follow the scene, with absolute guard rails, after the tests of
Fmask (Zhu and Woodcock 2012, doi:10.1016/j.rse.2011.10.028). Thresholds were chosen on simulated dates and on the real
scenes that their comments name.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.components import label
from changedet.stages.mask.kernels.cloud_light import extent
from changedet.stages.mask.kernels.cloud_outlines import SOFTNESS_LIMIT_M, Things, inner_part, is_ragged, sharpness
from changedet.stages.mask.kernels.cloud_shadows import RIM_ALONE_M, RIM_M
from changedet.stages.mask.kernels.discs import dilated, opened
from changedet.stages.mask.kernels.light_units import LightUnits

CORE_RATIO: Final = 3.0
"""Cloud cores are this much brighter than the scene's darker quarter; gravel, concrete and sand reach 2 to 2.5."""
CORE_SATURATION: Final = 0.18
"""Greatest (max - min) / mean of a core's bands; gravel and sand have .2 to .5."""
CORE_PICTURE_SATURATION: Final = 0.1
"""The same in pictures stretched to 8 bits, in which clouds are near to their white: .06 at most, stubble .12."""
CORE_WIDTH_M: Final = 16.0
"""Narrower bright things are roofs, containers and lorries."""
CORE_CEILING_SHARE: Final = 0.9
"""In stretched 8-bit pictures a core is so near to their white, however bright the ground."""
CORE_AREA_M2, COMPANION_AREA_M2 = 500.0, 100.0
"""Least area of a cloud's core, and beside another one."""
LEAST_CORE_PX: Final = 9.0
"""The same in pixels, where pixels are large."""
SHARPNESS: Final = 0.66
"""Greatest sharpness of the outline less unevenness of the inside, of a cloud: roofs have .8, clouds at most .6."""
RAGGED_SHARPNESS: Final = 0.82
"""The same where the outline is no building's, or where other clouds are about: some clouds have .8, flat new roofs
.85."""
NEW_RATIO: Final = 1.5
"""A cloud is this much brighter than the reference at its place; what is not was there before."""
NEW_PICTURE_RATIO: Final = 2.5
"""The same in pictures stretched to 8 bits, whose black is ground in shade: new pale concrete has 1.6 to 2.3 (own
simulator), clouds 2.5 and more."""
MOST_INFRARED: Final = 1.2
"""Greatest near infrared over red in the midst of a cloud: .93 to 1.03 of 24 drawn by two hands, 1.3 of new soil in
haze, which is as white. Chosen with these in view."""
MIDST_PERCENTILE: Final = 80.0
"""Of a core's brightness, from which on its cloud is thickest."""
GROW_RATIO: Final = 1.3
"""A cloud's thin rim is at least this much brighter than the ground."""
GROW_CORE_SHARE: Final = 0.6
"""And, without a reference, than this share of what a core is."""
GROW_REACH_M: Final = 30.0
"""Farther from a core than this, what is brighter than the reference may be new paving as well."""
GROW_WIDTH_M: Final = 4.0
"""Narrower bright things do not belong to a rim."""


def bright_cores(
    bands: Singles,
    bright: Singles,
    valid: Bools,
    ground: float,
    resolution_m: float,
    units: LightUnits,
) -> Bools:
    """Wide places that are white and much brighter than the ground.

    Parameters
    ----------
    bands : float32 (band, y, x)
        Visible bands, 0 for no data.
    bright : float32 (y, x)
        Their mean.
    valid : bool (y, x)
        Where a cloud may be: seen, and no snow.
    ground : float
        Brightness of the scene's darker quarter.
    resolution_m : float
        Pixel size.
    units : LightUnits
        Of the bands.

    Returns
    -------
    bool (y, x)
        Candidates for `clouds_of_cores`.
    """
    least, most = max(CORE_RATIO * ground, units.floor), CORE_SATURATION
    if units.are_stretched:
        least, most = min(least, CORE_CEILING_SHARE * units.ceiling), CORE_PICTURE_SATURATION
    white = extent(bands) < most * np.maximum(bright, 1e-6)
    return opened(valid & white & (bright > least), CORE_WIDTH_M / 2, resolution_m)


def clouds_of_cores(
    core: Bools,
    bright: Singles,
    ratio: Singles | None,
    valid: Bools,
    resolution_m: float,
    by_outline: bool,
    stretched: bool,
) -> Bools:
    """Cores that are large, fade out, or have a cloud's outline, and were not there before.

    Parameters
    ----------
    core : bool (y, x)
        Candidates.
    bright : float32 (y, x)
        Mean of the visible bands.
    ratio : float32 (y, x) or None
        How much brighter than the reference, sunlit ground being 1; NaN where that is not seen.
    valid : bool (y, x)
        Where the overview has data.
    resolution_m : float
        Pixel size.
    by_outline : bool
        Whether a ragged outline is evidence; what trees take for a cloud has no outline of its own.
    stretched : bool
        Whether it is a picture, in which new pale ground is as bright and white as clouds.

    Returns
    -------
    bool (y, x)
        Those of the cores that are clouds.
    """
    labels = label(core.astype(np.uint8))
    count = int(labels.max(initial=0))
    if not count:
        return core
    sharp = sharpness(bright, valid, resolution_m)
    inner = inner_part(core)
    least_ratio = NEW_PICTURE_RATIO if stretched else NEW_RATIO
    whole = None
    if ratio is not None:
        whole = Things.of(core, brighter_than(ratio, valid, resolution_m), sharp, valid, resolution_m)
    certain, possible = np.zeros(count + 1, bool), np.zeros(count + 1, bool)
    least_px, beside_px = (max(LEAST_CORE_PX, area / resolution_m**2) for area in (CORE_AREA_M2, COMPANION_AREA_M2))
    for number in range(1, count + 1):
        part = labels == number
        size = int(part.sum())
        if size < beside_px or not _is_new(part, ratio, least_ratio):
            continue
        if whole is not None and not stretched and whole.is_laid(part):
            continue
        uneven = float(bright[part].std() / max(float(bright[part].mean()), 1e-6))
        edge = 0.0 if resolution_m > SOFTNESS_LIMIT_M else float(np.median(sharp[part & ~inner])) - uneven
        possible[number] = ratio is not None and edge < RAGGED_SHARPNESS
        asked = whole if stretched else None
        fades = edge < SHARPNESS and (asked is None or asked.fades(part))
        ragged = by_outline and possible[number] and is_ragged(part, resolution_m)
        alone = fades or (ragged and (asked is None or asked.is_ragged(part)))
        certain[number] = alone and size >= least_px
    # Clouds come together: beside one, others need not prove their shape.
    return np.asarray((certain | possible if certain.any() else certain)[labels], bool)


def without_soil(core: Bools, bright: Singles, infrared: Singles | None) -> Bools:
    """Leave out what is white in haze and brighter in near infrared: bare soil, which rises with the wavelength.

    Droplets reflect red and near infrared alike, and where a cloud is thickest no plants show through it.

    Parameters
    ----------
    core : bool (y, x)
        Candidates for `clouds_of_cores`.
    bright : float32 (y, x)
        Mean of the visible bands.
    infrared : float32 (y, x) or None
        Near infrared over red, in reflectance; None where that is not known.

    Returns
    -------
    bool (y, x)
        Whole cores.
    """
    if infrared is None or not core.any():
        return core
    labels = label(core.astype(np.uint8))
    kept = np.zeros(int(labels.max()) + 1, bool)
    for number in range(1, len(kept)):
        part = labels == number
        thick = infrared[part][bright[part] >= np.percentile(bright[part], MIDST_PERCENTILE)]
        kept[number] = float(np.median(thick)) <= MOST_INFRARED
    return np.asarray(kept[labels], bool)


def with_rims(
    cloud: Bools,
    bright: Singles,
    ratio: Singles | None,
    valid: Bools,
    ground: float,
    resolution_m: float,
) -> Bools:
    """Clouds with their thin rims, outward from the cores, each step through pixels brighter than the ground.

    Parameters
    ----------
    cloud : bool (y, x)
        Cores.
    bright : float32 (y, x)
        Mean of the visible bands.
    ratio : float32 (y, x) or None
        How much brighter than the reference, sunlit ground being 1; NaN where that is not seen.
    valid : bool (y, x)
        Where the overview has data.
    ground : float
        Brightness of the scene's darker quarter.
    resolution_m : float
        Pixel size.

    Returns
    -------
    bool (y, x)
        Around the cores.
    """
    if ratio is not None:
        brighter = brighter_than(ratio, valid, resolution_m)
    else:
        least = max(GROW_RATIO, GROW_CORE_SHARE * CORE_RATIO) * ground
        brighter = opened(valid & (bright > least), GROW_WIDTH_M / 2, resolution_m)
    brighter |= cloud
    step = np.ones((3, 3), np.uint8)
    grown = cloud.astype(np.uint8)
    for _ in range(max(1, round(GROW_REACH_M / resolution_m))):
        grown = cv2.dilate(grown, step) & brighter.astype(np.uint8)
    return dilated(grown.astype(bool), RIM_ALONE_M if ratio is None else RIM_M, resolution_m)


def brighter_than(ratio: Singles, valid: Bools, resolution_m: float) -> Bools:
    """Where a cloud's rim may reach: brighter than the reference, and no narrow thing.

    Parameters
    ----------
    ratio : float32 (y, x)
        How much brighter than the reference, sunlit ground being 1; NaN where that is not seen.
    valid : bool (y, x)
        Where the overview has data.
    resolution_m : float
        Pixel size.

    Returns
    -------
    bool (y, x)
        New ground that is paler than before, too.
    """
    return opened(valid & (np.nan_to_num(ratio, nan=0.0) > GROW_RATIO), GROW_WIDTH_M / 2, resolution_m)


def _is_new(part: Bools, ratio: Singles | None, least_ratio: float) -> bool:
    if ratio is None:
        return True
    values = ratio[part]
    values = values[np.isfinite(values)]
    return bool(values.size == 0 or np.median(values) > least_ratio)
