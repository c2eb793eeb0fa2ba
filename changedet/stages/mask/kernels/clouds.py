"""Clouds, their shadows, snow and saturation, on a coarse overview and pixel by pixel.

A cloud is brighter than the scene's ground by a factor, white in all bands, wider than rows of containers, and fades
out over metres where a roof ends within one: thresholds follow the scene, with absolute guard rails, after the tests of
Fmask (Zhu and Woodcock 2012, doi:10.1016/j.rse.2011.10.028). Their shadows are in `kernels.cloud_shadows`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.boosted_trees import Forest
from changedet.kernels.components import label
from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, SATURATED, SHADOW, SNOW
from changedet.stages.mask.kernels import cloud_trees
from changedet.stages.mask.kernels.cloud_shadows import FADE_M, RIM_ALONE_M, RIM_M, shadows_of
from changedet.stages.mask.kernels.discs import dilated, opened
from changedet.stages.mask.kernels.overcast import hides_ground, is_featureless
from changedet.stages.mask.kernels.snow import white_snow

CORE_RATIO: Final = 3.0
"""Cloud cores are this much brighter than the scene's darker quarter; gravel, concrete and sand reach 2 to 2.5."""
CORE_SATURATION: Final = 0.18
"""Greatest (max - min) / mean of a core's bands; gravel and sand have .2 to .5."""
CORE_WIDTH_M: Final = 16.0
"""Narrower bright things are roofs, containers and lorries."""
CORE_AREA_M2, COMPANY_AREA_M2 = 500.0, 100.0
"""Least area of a cloud's core, and beside another one."""
SHARPNESS: Final = 0.66
"""Greatest sharpness of the outline less unevenness of the inside, of a cloud: roofs have .8, clouds at most .6."""
RAGGED_SHARPNESS: Final = 0.82
"""The same where the outline is no building's, or where other clouds are about: some clouds have .8, flat new roofs
.85."""
RAGGED_AREA_M2: Final = 2000.0
RAGGED_FILL: Final = 0.8
"""Greatest share of its smallest rectangle that a ragged thing fills; roofs fill more than .9 of theirs."""
RAGGED_CORNERS: Final = 8
SOFTNESS_LIMIT_M: Final = 4.0
"""With coarser pixels every outline looks sharp, and no roof is left as wide as a cloud."""
BRIGHTER: Final = 1.5
"""A cloud is this much brighter than the reference at its place; what is not was there before."""
GROW_RATIO: Final = 1.3
"""A cloud's thin rim is at least this much brighter than the ground."""
GROW_REACH_M: Final = 30.0
"""Farther from a core than this, what is brighter than the reference may be new paving as well."""
PICTURE_SNOW: Final = 0.8
"""8-bit pictures are stretched: snow is at least so near to their white; grey yards reach .6."""
TREES_LIMIT_M: Final = 6.0
"""The trees of `kernels.weather` were fitted on cells of 2 to 4 m."""
HIDDEN, SURE = 0.7, 0.9
"""Their probabilities from which a place is taken for hidden, and a date for cloudy."""
THICK: Final = 5.0
"""Percent of the sure cells of a date's clouds that may be darker, or less white, than what is taken for more."""
SATURATED_WIDTH_M: Final = 60.0
"""In 8-bit pictures white roofs are stretched to 255: only what is wider than any of them is called saturated."""


def classify_overview(
    overview: NDArray[np.float32],
    reference: NDArray[np.float32] | None,
    white_bands: tuple[int, ...],
    snow_bands: tuple[int, int, int] | None,
    resolution_m: float,
    floor: float,
    ceiling: float,
    sun_azimuth_deg: float | None,
    nir_band: int | None = None,
    trees: Sequence[Forest] = (),
) -> NDArray[np.uint8]:
    """Classes of `kernels.quality` on an overview.

    Parameters
    ----------
    overview : (band, y, x) float32
        Block means, NaN for no data.
    reference : (band, y, x) float32, optional
        The same of the reference date, same grid.
    white_bands : tuple of int
        Bands in which a cloud is equally bright.
    snow_bands : (green, nir, swir1), optional
        Bands for the normalised difference snow index; without them snow is known by its white, `kernels.snow`, where
        the white bands are blue, green and red.
    resolution_m : float
        Of the overview's pixels.
    floor : float
        Nothing darker is a cloud, whatever the scene; 0 where the units are unknown.
    ceiling : float
        Clipped white of 8-bit pictures; infinite where there is none.
    sun_azimuth_deg : float, optional
        Clockwise from grid north, towards the sun.
    nir_band : int, optional
        The near infrared, which tells snow from vegetation.
    trees : sequence of Forest, optional
        Of `kernels.weather`: how far clouds and shadows reach, where a reference and pixels of some metres tell.

    Returns
    -------
    (y, x) uint8
        CLEAR, NODATA, SATURATED, CLOUD, SHADOW or SNOW.
    """
    valid = np.asarray(np.isfinite(overview).all(axis=0), bool)
    if valid.sum() < 64:
        return np.where(valid, CLEAR, NODATA).astype(np.uint8)
    if _is_overcast(overview, reference, list(white_bands), floor):
        return np.where(valid, CLOUD, NODATA).astype(np.uint8)
    seen = np.where(valid, overview, 0)
    bands = seen[list(white_bands)]
    bright = bands.mean(axis=0, dtype=np.float32)
    if snow_bands is not None:
        snow = _snow_by_index(seen, snow_bands, floor)
    else:
        least = PICTURE_SNOW * ceiling if np.isfinite(ceiling) else floor
        snow = _snow_by_white(overview, reference, list(white_bands), nir_band, least, resolution_m)
    ratio = None if reference is None else _ratio(bands, reference[list(white_bands)], valid)
    ground = float(np.percentile(bright[valid], 25))
    core = _cores(bands, bright, valid & ~snow, ground, resolution_m, floor, ceiling)
    cloud, shadow = _by_tests(core, bright, ratio, valid, ground, resolution_m, sun_azimuth_deg)
    if trees and reference is not None and resolution_m <= TREES_LIMIT_M:
        white = cloud_trees.Bands((white_bands[0], white_bands[1], white_bands[2]), nir_band)
        answer = cloud_trees.told(overview, reference, white, sun_azimuth_deg, trees)
        surely = opened((answer.cloud > SURE) & ~snow, CORE_WIDTH_M / 2, resolution_m)
        proven = _clouds(surely, bright, ratio, valid, resolution_m, by_outline=False) | (surely & cloud)
        cloud, shadow = _by_trees(answer, surely, proven, cloud, shadow)
        cloud |= _thick(cloud & proven, cloud, bands, reference, white)
    clipped = opened(np.asarray((seen >= ceiling).all(axis=0), bool), SATURATED_WIDTH_M / 2, resolution_m)
    hidden = np.select([cloud, shadow, snow, clipped], [CLOUD, SHADOW, SNOW, SATURATED], CLEAR)
    return np.where(valid, hidden, NODATA).astype(np.uint8)


def _snow_by_white(
    overview: NDArray[np.float32],
    reference: NDArray[np.float32] | None,
    white_bands: list[int],
    nir_band: int | None,
    least: float,
    resolution_m: float,
) -> NDArray[np.bool_]:
    """Ground that has turned white; none is known where the bands are not blue, green and red."""
    if len(white_bands) != 3:
        return np.zeros(overview.shape[1:], bool)
    nir = None if nir_band is None else overview[nir_band]
    other = None if reference is None else reference[white_bands]
    return white_snow(overview[white_bands], nir, other, least, resolution_m)


def _by_tests(
    core: NDArray[np.bool_],
    bright: NDArray[np.float32],
    ratio: NDArray[np.float32] | None,
    valid: NDArray[np.bool_],
    ground: float,
    resolution_m: float,
    sun_azimuth_deg: float | None,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Clouds that grow from those cores that are some, and their shadows."""
    cloud = _clouds(core, bright, ratio, valid, resolution_m, by_outline=True)
    if not cloud.any():
        return cloud, np.zeros_like(cloud)
    cloud = _grown(cloud, bright, ratio, valid, ground, resolution_m)
    return cloud, shadows_of(cloud, bright, ratio, valid, resolution_m, sun_azimuth_deg)


def _by_trees(
    answer: cloud_trees.Answer,
    surely: NDArray[np.bool_],
    proven: NDArray[np.bool_],
    cloud: NDArray[np.bool_],
    shadow: NDArray[np.bool_],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Clouds and shadows as far as the trees tell them; what they cannot say anything of stays as it is.

    A date has clouds where one place at least is proven to be one; a sure place that is not proven is a roof.
    """
    if not proven.any():
        return cloud, shadow
    known = np.isfinite(answer.cloud)
    hidden = np.nan_to_num(answer.cloud + answer.shadow) > HIDDEN
    is_cloud = hidden & (answer.cloud >= answer.shadow)
    labels = label(is_cloud.astype(np.uint8))
    built = np.isin(labels, np.setdiff1d(labels[surely & ~proven], labels[proven]))
    return np.where(known, is_cloud & ~built, cloud), np.where(known, hidden & ~is_cloud, shadow)


def _thick(
    proven: NDArray[np.bool_],
    cloud: NDArray[np.bool_],
    bands: NDArray[np.float32],
    reference: NDArray[np.float32],
    white: cloud_trees.Bands,
) -> NDArray[np.bool_]:
    """What touches a cloud and is as white and bright, and as much brighter than on the reference, as what surely is
    one: within wide even clouds the trees find no more to hold on to than on an even roof."""
    if not proven.any():
        return proven
    bright, other = bands.mean(axis=0), reference[list(white.white)].mean(axis=0)
    looks = (bright, bright / np.maximum(other, 1e-6), -cloud_trees.saturation(bands, bright))
    with np.errstate(invalid="ignore"):
        alike = np.logical_and.reduce([layer >= np.nanpercentile(layer[proven], THICK) for layer in looks])
    labels = label((alike | cloud).astype(np.uint8))
    return np.asarray(alike & (labels > 0) & np.isin(labels, np.unique(labels[proven])), bool)


def _is_overcast(
    overview: NDArray[np.float32], reference: NDArray[np.float32] | None, white_bands: list[int], floor: float
) -> bool:
    """Whether nothing of the ground is seen, judged by the reference where that shows any."""
    visible = overview[white_bands]
    if reference is None or not np.isfinite(reference).all(axis=0).any():
        return is_featureless(visible, floor)
    return hides_ground(visible.mean(axis=0), reference[white_bands].mean(axis=0))


def quality_of_pixels(image: NDArray[np.float32], saturated_at: float) -> NDArray[np.uint8]:
    """NODATA where any band of ``(band, y, x)`` is NaN, SATURATED where any is at least `saturated_at`, else CLEAR."""
    out = np.full(image.shape[1:], CLEAR, np.uint8)
    if np.isfinite(saturated_at):
        out[(image >= saturated_at).any(axis=0)] = SATURATED
    out[~np.isfinite(image).all(axis=0)] = NODATA
    return out


def laid_over(
    quality: NDArray[np.uint8],
    overview: NDArray[np.uint8],
    rows: NDArray[np.integer[Any]],
    columns: NDArray[np.integer[Any]],
) -> NDArray[np.uint8]:
    """Classes of an overview at its `rows` (y, 1) and `columns` (1, x), where a pixel has no class of its own."""
    last = overview.shape[0] - 1, overview.shape[1] - 1
    rows, columns = np.clip(rows, 0, last[0]), np.clip(columns, 0, last[1])
    aligned = rows.shape[1] == 1 and columns.shape[0] == 1
    over = overview[rows[:, 0]][:, columns[0]] if aligned else overview[rows, columns]
    # An overview's pixel is no data only where all of it is: a seen pixel must not inherit that.
    usable = (quality == CLEAR) & (over != NODATA)
    return np.where(usable, over, quality).astype(np.uint8)


def _snow_by_index(overview: NDArray[np.float32], bands: tuple[int, int, int], floor: float) -> NDArray[np.bool_]:
    """Normalised difference snow index above .4, and not water: Hall et al. 1995, doi:10.1016/0034-4257(95)00137-P."""
    green, nir, swir = (overview[band] for band in bands)
    index = (green - swir) / np.maximum(green + swir, 1e-6)
    return np.asarray((index > 0.4) & (nir > 0.44 * floor) & (green > 0.4 * floor), bool)


def _ratio(
    bands: NDArray[np.float32], reference: NDArray[np.float32], valid: NDArray[np.bool_]
) -> NDArray[np.float32] | None:
    """How much brighter than the reference, that of sunlit ground being 1; NaN where the reference is not seen."""
    seen = valid & np.asarray(np.isfinite(reference).all(axis=0), bool)
    if seen.sum() < 64:
        return None
    own, before = (cloud_trees.filled(image, seen) for image in (bands, reference))
    usual = cloud_trees.usual_ratio(own, before, seen)
    return np.where(seen, own.mean(axis=0) / (usual * before.mean(axis=0)), np.nan).astype(np.float32)


def _cores(
    bands: NDArray[np.float32],
    bright: NDArray[np.float32],
    valid: NDArray[np.bool_],
    ground: float,
    resolution_m: float,
    floor: float,
    ceiling: float,
) -> NDArray[np.bool_]:
    least = max(CORE_RATIO * ground, floor)
    if np.isfinite(ceiling):
        least = min(least, 0.9 * ceiling)
    white = (bands.max(axis=0) - bands.min(axis=0)) < CORE_SATURATION * np.maximum(bright, 1e-6)
    return opened(valid & white & (bright > least), CORE_WIDTH_M / 2, resolution_m)


def _clouds(
    core: NDArray[np.bool_],
    bright: NDArray[np.float32],
    ratio: NDArray[np.float32] | None,
    valid: NDArray[np.bool_],
    resolution_m: float,
    by_outline: bool,
) -> NDArray[np.bool_]:
    """Cores that are large, fade out, or have a cloud's outline, and were not there before.

    What trees take for a cloud has no outline of its own.
    """
    labels = label(core.astype(np.uint8))
    count = int(labels.max(initial=0))
    if not count:
        return core
    sharp = _sharpness(bright, valid, resolution_m)
    inner = cv2.erode(core.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    sure, possible = np.zeros(count + 1, bool), np.zeros(count + 1, bool)
    least_px, beside_px = (max(9.0, area / resolution_m**2) for area in (CORE_AREA_M2, COMPANY_AREA_M2))
    for number in range(1, count + 1):
        part = labels == number
        size = int(part.sum())
        if size < beside_px or not _is_new(part, ratio):
            continue
        uneven = float(bright[part].std() / max(float(bright[part].mean()), 1e-6))
        edge = 0.0 if resolution_m > SOFTNESS_LIMIT_M else float(np.median(sharp[part & ~inner])) - uneven
        possible[number] = ratio is not None and edge < RAGGED_SHARPNESS
        alone = edge < SHARPNESS or (by_outline and possible[number] and _is_ragged(part, resolution_m))
        sure[number] = alone and size >= least_px
    # Clouds come in company: beside one, others need not prove their shape.
    return np.asarray((sure | possible if sure.any() else sure)[labels], bool)


def _is_ragged(part: NDArray[np.bool_], resolution_m: float) -> bool:
    """Whether a large thing has the outline of nothing that is built."""
    outlines, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=len)
    _, (width, height), _ = cv2.minAreaRect(outline)
    fill = float(part.sum()) / ((width + 1) * (height + 1))
    corners = len(cv2.approxPolyDP(outline, 2.0, True))
    return bool(part.sum() * resolution_m**2 >= RAGGED_AREA_M2 and fill < RAGGED_FILL and corners >= RAGGED_CORNERS)


def _is_new(part: NDArray[np.bool_], ratio: NDArray[np.float32] | None) -> bool:
    if ratio is None:
        return True
    values = ratio[part]
    values = values[np.isfinite(values)]
    return bool(values.size == 0 or np.median(values) > BRIGHTER)


def _sharpness(bright: NDArray[np.float32], valid: NDArray[np.bool_], resolution_m: float) -> NDArray[np.float32]:
    """Share of the brightness range nearby that one edge, a pixel either side, makes up; the edge within two pixels."""
    filled = np.where(valid, bright, np.float32(np.median(bright[valid])))
    near = cv2.dilate(_range(filled, 1), np.ones((5, 5), np.uint8))
    wide = _range(filled, max(3, round(FADE_M / resolution_m)))
    return np.asarray(near / np.maximum(wide, 1e-6), np.float32)


def _range(values: NDArray[np.float32], radius_px: int) -> NDArray[np.float32]:
    window = np.ones((2 * radius_px + 1, 2 * radius_px + 1), np.uint8)
    return np.asarray(cv2.dilate(values, window) - cv2.erode(values, window), np.float32)


def _grown(
    cloud: NDArray[np.bool_],
    bright: NDArray[np.float32],
    ratio: NDArray[np.float32] | None,
    valid: NDArray[np.bool_],
    ground: float,
    resolution_m: float,
) -> NDArray[np.bool_]:
    """The clouds with their thin rims, outward from the cores, each step through pixels brighter than the ground."""
    if ratio is not None:
        brighter = valid & (np.nan_to_num(ratio, nan=0.0) > GROW_RATIO)
    else:
        brighter = valid & (bright > max(GROW_RATIO, 0.6 * CORE_RATIO) * ground)
    brighter = opened(brighter, 2.0, resolution_m) | cloud
    step = np.ones((3, 3), np.uint8)
    grown = cloud.astype(np.uint8)
    for _ in range(max(1, round(GROW_REACH_M / resolution_m))):
        grown = cv2.dilate(grown, step) & brighter.astype(np.uint8)
    return dilated(grown.astype(bool), RIM_ALONE_M if ratio is None else RIM_M, resolution_m)
