"""Snow, by the short-wave infrared or else as ground that has turned white all over the scene.

New roofs and white containers are as white, but stand in one place; clouds are as white, but smooth and wide. The
thresholds were chosen on simulated pairs, seeds 40000 and on: on 8 dates with snow 57 to 93 % of the ground had turned
white, on clear dates of any kind at most half a per cent; inside, snow is four times as uneven as the roughest cloud.
Snow in patches was looked at on 13 painted dates (seeds 35, 41, 42): against the darkest of four other looks 7 to 43 %
of the ground had turned white there, on 224 dates without snow or cloud at most 5 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.kernels import morphology
from changedet.kernels.medians import median
from changedet.kernels.pixel_classes import CLEAR, PATCHES, SNOW
from changedet.kernels.quantiles import percentile, quantile
from changedet.stages.mask.kernels.air_light import HAZE_PERCENTILE, without_air
from changedet.stages.mask.kernels.cloud_light import extent
from changedet.stages.mask.kernels.discs import opened

INDEX: Final = 0.4
"""Least normalised difference snow index: Hall et al. 1995, doi:10.1016/0034-4257(95)00137-P."""
THIN_INDEX, THIN_PX, RIM_PX = -0.15, 9, 3
"""The same of a pixel a seventh under snow (bare ground has -.5, paving about this), the widths of the squares in which
it is near snow, and by which all of it grows: light is spread over the pixels beside."""
LEAST_NIR, LEAST_GREEN = 0.44, 0.4
"""Water has the index of snow, and is darker than these shares of the least brightness of a cloud."""
NIR_GREEN, NIR_GREEN_ALONE = 0.6, 0.85
"""Least ratio of near infrared to green of snow's rim, and of all of it where no brightness is known: .85 to .95; lakes
have .2 to .4, silt in the sea .3 to .5, the edge of water and wet mud up to .8 while its index is snow's."""
SATURATION: Final = 0.2
"""Greatest (max - min) / mean of the visible bands."""
BLUE_RED: Final = 0.88
"""Least ratio of blue to red: gravel, sand and concrete have .6 to .8."""
GREENEST: Final = 0.1
"""Greatest vegetation index: grass that stands in snow lifts it (docs/research/change.md, "Grass in snow")."""
SHARE: Final = 0.1
"""Least share of the scene that has turned white."""
ALONE_SHARE: Final = 0.4
"""The same without another date to compare with; with less snow than that most of a scene is open."""
CELLS: Final = 8
"""Cells a side into which a scene is divided."""
CELL_SHARE: Final = 0.05
"""Of a cell, from which on it has turned white."""
SPREAD: Final = 0.5
"""At least so many of the scene's 8 x 8 cells have turned white by more than `CELL_SHARE`."""
UNEVEN: Final = 0.007
"""Least relative deviation over 3 x 3 pixels of the smoothest tenth of snow, which has .012; clouds have .0035."""
PAVING_UNEVEN: Final = 0.018
"""The same of paving that was laid over much of a scene, which has .010; snow in patches has .033 and more. What is
more even in their midst is no such snow: a painted cloud over it has .004, all else beside it .05 and more."""
PAVING_SPREAD: Final = 0.8
"""Paving lies within its outline: it turns fewer of the cells white than this (.6 where it is half of a scene); thick
snow, which may be as even, has .98 and more."""
HIDDEN_SHARE: Final = 0.5
"""Where more of a scene is white, what is left is thin snow, trees and shade: nothing of it is comparable."""
RIM_M: Final = 4.0
"""How far snow is widened."""
PATCH_RIM_M: Final = 2.0
"""And snow in patches, whose rims thaw."""
BRIGHT_QUANTILE: Final = 0.75
"""Of the reference's brightness: what is white and brighter there was white before."""
BRIGHTER: Final = 1.5
"""What is white and brighter than on another look by this factor has turned white, on the scale of what is not white:
where much of a look is colourless, grey yards under a thin cover are as colourless as snow."""
LIGHTER: Final = 1.1
"""By so much ground that turned white is brighter than on another look at least, on the scale of what is not white, in
the median: haze takes the colour of pale concrete and leaves it as bright against what lies around. On five looks
without snow of three sites (seventh hand) it is .93 to 1.0, on eight with snow (painted 43, 1012, 1303, eighth hand)
1.18 to 3.3. Asked where the units are unknown alone: elsewhere the floor is one of clouds."""
STILL_WHITE: Final = 0.3
"""Of what turned white, at least so much is as colourless without the light that the air adds: that light is blue, and
takes the colour of mud and silt. On looks at a drawn flood it is .02 to .03, in snow .57 (painted 43) and .97 (drawn).
Asked where the units are unknown alone."""
NO_FLOOR: Final = 1e-6
"""Least brightness where colours alone decide."""
COVERED: Final = 0.9
"""Share of white ground, chosen by hand: under snow all over, trees and shade are a tenth at most."""
WHOLE: Final = 0.7
"""Share of what a look and its reference show that turned white, from which on it hides the ground whatever it is. Of
489 looks at 80 sites of several hands clouds turn .55 at most white, snow .64 to 1; .78 to .83 at a wide port, whose
stacks and their shade stay dark and whose snow was as even as cloud."""
ABOVE_HAZE: Final = 0.85
"""What turned white is brighter than the air by this share of the floor, in the median: haze lifts grey concrete over
the floor, blue as it is, and white tops of boxes do the rest. Drawn haze on 640 looks without snow (thrice, path
radiance of .01 to .16) made 56 such dates, .28 to .79 and once .88; painted snow (1012, 1013, 1014, 1303) has .93 to
2.5. Used where the units are known: elsewhere the floor is one of the picture's own brightest."""
WIDE_M, WIDE_SHARE = 7.0, 0.5
"""Of clouds more than this share is wider than twice this radius (.6 to .9 on painted dates, snow in patches .4)."""
LEAST_INNER_PX: Final = 64
"""Of fewer pixels of snow the evenness cannot be known."""
SMOOTHEST: Final = 0.1
"""Quantile of the relative deviation that snow and cloud differ in."""
THIN: Final = (0.3, 0.8)
"""`SATURATION` and `BLUE_RED` of ground that shows through thin snow, on a date that has snow."""


def snow_by_index(green: Singles, nir: Singles, swir1: Singles, floor: float) -> Bools:
    """Snow by the normalised difference snow index, and not water.

    Parameters
    ----------
    green, nir, swir1 : float32 (y, x)
        Bands; 0 for no data.
    floor : float
        Least brightness of a cloud in the same units; 0 where they are unknown, and colour alone tells water.

    Returns
    -------
    bool (y, x)
        Hall et al. 1995, doi:10.1016/0034-4257(95)00137-P; with its rim of pixels that it covers in part.
    """
    index = (green - swir1) / np.maximum(green + swir1, 1e-6)
    bright = (nir > LEAST_NIR * floor) & (green > LEAST_GREEN * floor) if floor > 0 else nir > NIR_GREEN_ALONE * green
    snow = np.asarray((index > INDEX) & bright, bool)
    near = morphology.dilated(snow, morphology.square(THIN_PX))
    covered = snow | (near & (index > THIN_INDEX) & (nir > NIR_GREEN * green))
    return morphology.dilated(covered, morphology.square(RIM_PX))


def white_snow(
    visible: Singles,
    nir: Singles | None,
    reference: Singles | None,
    floor: float,
    resolution_m: float,
    is_scaled: bool,
) -> Bytes:
    """Where snow lies; nowhere unless it lies all over the scene.

    Parameters
    ----------
    visible : float32 (3, y, x)
        Blue, green, red means over some metres; NaN for no data.
    nir : float32 (y, x) or None
        Near infrared; NaN for no data.
    reference : float32 (3, y, x) or None
        The visible bands of the reference date, or of `bare_picture`; NaN where they are not known.
    floor : float
        No snow is darker; 0 where the units are unknown, and nothing is found.
    resolution_m : float
        Pixel size.
    is_scaled : bool
        Whether the floor is that of clouds in the picture's own units: what turned white must be that bright beyond
        haze, too. Else it must be brighter than before.

    Returns
    -------
    uint8 (y, x)
        CLEAR, and SNOW where it covers much of the scene, thin snow and its surroundings with it: everywhere that is
        seen, where that is more than half. PATCHES where it covers less, with a narrow rim; but SNOW what is as even
        and wide as a cloud in their midst, and may be one: it shows no boxes.
    """
    seen = np.asarray(np.isfinite(visible).all(axis=0), bool)
    white = _white_ground(visible, nir, floor)
    none = np.full(seen.shape, CLEAR, np.uint8)
    known = seen if reference is None else np.asarray(seen & np.isfinite(reference).all(axis=0), bool)
    least = ALONE_SHARE if reference is None else SHARE
    # what turned white is part of what is white: mostly the scene is left here
    if not _lies_all_over(white, known, least, SPREAD):
        return none
    image = np.where(seen, visible, np.float32(1.0))
    bright = image.mean(axis=0)
    turned = white if reference is None else _turned(white, known, bright, reference)
    # where all turned white, a cloud hides as much, and from afar snow is as even as one
    is_whole = reference is not None and known.any() and turned[known].mean() >= WHOLE
    if not _lies_all_over(turned, known, least, SPREAD) or (not is_whole and _is_cloud(bright, turned, resolution_m)):
        return none
    is_hazy = is_scaled and white[seen].mean() < COVERED and not _is_above_haze(bright, turned, seen, floor)
    if is_hazy:
        return none
    if not (is_scaled or reference is None):
        is_lighter = _is_lighter(bright, reference, turned, known & ~white)
        if not (is_lighter and _stays_white(visible, nir, turned)):
            return none
    if _is_smooth(bright, turned, PAVING_UNEVEN) and not _lies_all_over(turned, known, least, PAVING_SPREAD):
        return none
    if white[seen].mean() < ALONE_SHARE:
        patches = seen & _grown(white, PATCH_RIM_M, resolution_m)
        even = seen & _grown(_is_even(bright, turned, resolution_m), RIM_M, resolution_m)
        return np.select([even, patches], [np.uint8(SNOW), np.uint8(PATCHES)], none).astype(np.uint8)
    snow = seen & _grown(white | _is_white(image, *THIN), RIM_M, resolution_m)
    return np.where(seen if snow[seen].mean() > HIDDEN_SHARE else snow, SNOW, none).astype(np.uint8)


def may_be_snow(visible: Singles, nir: Singles | None, floor: float) -> bool:
    """Whether a picture is white all over the scene, so that other looks should say whether it always is.

    Parameters
    ----------
    visible : float32 (3, y, x)
        Blue, green, red; NaN for no data.
    nir : float32 (y, x) or None
        Near infrared.
    floor : float
        As of `white_snow`.

    Returns
    -------
    bool
        False where nothing is seen.
    """
    seen = np.asarray(np.isfinite(visible).all(axis=0), bool)
    return _lies_all_over(_white_ground(visible, nir, floor), seen, SHARE, SPREAD)


def bare_picture(visible: Singles, nir: Singles | None, others: Sequence[Singles], floor: float) -> Singles:
    """Show each place as the darkest of other looks shows it: where one of them had no snow, there is none.

    Parameters
    ----------
    visible : float32 (3, y, x)
        Blue, green, red; NaN for no data.
    nir : float32 (y, x) or None
        Near infrared.
    others : sequence of float32 (3, y, x)
        Visible bands of other looks at the same place; NaN is not seen.
    floor : float
        As of `white_snow`.

    Returns
    -------
    float32 (3, y, x)
        On the scale of what is white on neither; NaN where no look shows anything.
    """
    ground = np.isfinite(visible).all(axis=0) & ~_white_ground(visible, nir, floor)
    darkest = np.full(visible.shape, np.nan, np.float32)
    for other in others:
        open_ground = ground & ~_white_ground(other, None, floor)
        scaled = other / _usual_ratio(other.mean(axis=0), visible.mean(axis=0), open_ground)
        darker = ~(scaled.mean(axis=0) >= darkest.mean(axis=0)) & np.isfinite(scaled).all(axis=0)
        darkest[:, darker] = scaled[:, darker]
    return darkest


def _grown(mask: Bools, rim_m: float, resolution_m: float) -> Bools:
    return morphology.dilated(mask, morphology.square(2 * max(1, round(rim_m / resolution_m)) + 1))


def _white_ground(visible: Singles, nir: Singles | None, floor: float) -> Bools:
    """What is as white and bright as snow; nothing where the units are unknown."""
    seen = np.asarray(np.isfinite(visible).all(axis=0), bool)
    if floor <= 0:
        return np.zeros_like(seen)
    image = np.where(seen, visible, np.float32(1.0))
    white = seen & _is_white(image, SATURATION, BLUE_RED) & (image.mean(axis=0) > floor)
    if nir is not None:
        red = image[2]
        white &= np.nan_to_num(nir - red, nan=1.0) < GREENEST * np.nan_to_num(nir + red, nan=1.0)
    return np.asarray(white, bool)


def _usual_ratio(bright: Singles, other: Singles, where: Bools) -> float:
    """Of two looks' brightness at such places; 1 where they have none in common."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (bright / other)[where]
    ratio = ratio[np.isfinite(ratio) & (ratio > 0)]
    return median(ratio) if ratio.size else 1.0


def _turned(white: Bools, known: Bools, bright: Singles, reference: Singles) -> Bools:
    """What is white and was not, or was not as bright."""
    return known & white & (~_was_white(reference) | _is_brighter(bright, reference, known & ~white))


def _is_brighter(bright: Singles, reference: Singles, ground: Bools) -> Bools:
    other = reference.mean(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(bright > BRIGHTER * _usual_ratio(bright, other, ground) * other, bool)


def _is_lighter(bright: Singles, reference: Singles, turned: Bools, ground: Bools) -> bool:
    other = reference.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rise = (bright / other)[turned] / _usual_ratio(bright, other, ground)
    return bool(np.median(rise) >= LIGHTER)


def _stays_white(visible: Singles, nir: Singles | None, turned: Bools) -> bool:
    """Whether much of what turned white is as colourless without the light that the air adds."""
    return bool(_white_ground(*without_air(visible, nir), NO_FLOOR)[turned].mean() >= STILL_WHITE)


def _is_above_haze(bright: Singles, turned: Bools, seen: Bools, floor: float) -> bool:
    """Whether what turned white is bright without the light that the air adds."""
    air = percentile(bright[seen], HAZE_PERCENTILE)
    return bool(np.median(bright[turned]) - air > ABOVE_HAZE * floor)


def _is_white(image: Singles, saturation: float, blue_red: float) -> Bools:
    return np.asarray((extent(image) < saturation * image.mean(axis=0)) & (image[0] > blue_red * image[2]), bool)


def _was_white(reference: Singles) -> Bools:
    """What the reference shows white and bright already, and what it does not show."""
    seen = np.asarray(np.isfinite(reference).all(axis=0), bool)
    if not seen.any():
        return ~seen
    image = np.where(seen, reference, np.float32(1.0))
    white, bright = _is_white(image, SATURATION, BLUE_RED), image.mean(axis=0)
    # grey ground is as colourless, unless colourless is what the place is
    least = 0.0 if white[seen].mean() > HIDDEN_SHARE else quantile(bright[seen], BRIGHT_QUANTILE)
    return np.asarray(~seen | (white & (bright > least)), bool)


def _lies_all_over(turned: Bools, seen: Bools, least: float, spread: float) -> bool:
    if not seen.any() or turned[seen].mean() < least:
        return False
    rows, columns = (np.minimum(np.arange(n) * CELLS // n, CELLS - 1) for n in seen.shape)
    cell = (rows[:, None] * CELLS + columns)[seen]
    count = np.bincount(cell, minlength=CELLS * CELLS)
    share = np.bincount(cell, turned[seen], CELLS * CELLS) / np.maximum(count, 1)
    return bool((share[count > 0] > CELL_SHARE).mean() >= spread)


def _is_cloud(bright: Singles, turned: Bools, resolution_m: float) -> bool:
    """Whether what turned white is smooth, and most of it wide."""
    wide = opened(turned, WIDE_M, resolution_m)
    return bool(wide.sum() > WIDE_SHARE * turned.sum()) and _is_smooth(bright, turned, UNEVEN)


def _is_smooth(bright: Singles, turned: Bools, uneven: float) -> bool:
    """Whether the smoothest of it varies less; what is nowhere wide enough to tell does not."""
    inner = _inner(turned)
    if inner.sum() < LEAST_INNER_PX:
        return False
    return quantile(_unevenness(bright)[inner], SMOOTHEST) < uneven


def _is_even(bright: Singles, turned: Bools, resolution_m: float) -> Bools:
    """Where what turned white is as even as no snow in patches is, for as wide as a cloud."""
    return opened(_inner(turned) & (_unevenness(bright) < PAVING_UNEVEN), WIDE_M, resolution_m)


def _inner(turned: Bools) -> Bools:
    """What `_unevenness` knows without its surroundings."""
    return morphology.eroded(turned, morphology.square(3))


def _unevenness(bright: Singles) -> Singles:
    """The relative deviation over 3 x 3 pixels."""
    mean = cv2.blur(bright, (3, 3))
    deviation = np.sqrt(np.maximum(cv2.blur(bright * bright, (3, 3)) - mean * mean, 0.0))
    return np.asarray(deviation / np.maximum(mean, np.float32(1e-6)), np.float32)
