"""Whether what is found is of the ground's own colours: floor between boxes, lit or in shade, looks like a box's roof.

A roof has a paint of its own; floor between two rows has the colour of the ground around, in light, in shade, or
between both. Boosted trees weigh how near a box comes to these, and how it stands between its neighbours, against what
is known of it already.

The constants shape the features that training/fit_ground_colours.py fits on; they were chosen by hand before, and need
a new fit when they change.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels import boosted_trees
from changedet.kernels.boosted_trees import Forest

SURE, LIKELY = 0.5, 0.3
"""Confidences of boxes about which the ground is looked at, and of those that are not ground."""
AROUND_M, BESIDE_M = 12.0, 0.7
"""How far around sure boxes the ground is looked at, and how far off likely ones it begins: off their blur."""
FEW_PX: Final = 200
"""Pixels of ground near boxes from which that is taken; with fewer, all ground is."""
BINS: Final = 64
"""Of the histogram of brightness in which light is parted from shade (Otsu 1979, doi:10.1109/TSMC.1979.4310076)."""
LEAST_LIGHT: Final = 0.01
"""In shares of the scene's range: nothing is divided by 0."""
ALONG: Final = np.linspace(-0.42, 0.42, 17)
"""Where a box is looked at: along, as a share of its length, off its ends."""
ACROSS_M: Final = np.arange(-0.9, 0.91, 0.3)
"""And across, off its sides."""
STRIP_M: Final = np.arange(1.5, 2.71, 0.3)
"""Across, from the axis, where the strips on both sides are looked at: what stands beside."""
ON_LINE: Final = 0.12
"""Share of its light by which a pixel may be off the line between shade and light of the ground."""
BEYOND: Final = 0.3
"""Of that line's length, by which a pixel may lie beyond its ends."""
FARTHEST_M, NEAREST_M = 12.0, 0.6
"""Between the centres of neighbours; across, beyond which another box is beside and not the same one."""
NO_NEIGHBOUR_M: Final = 9.0
"""Gap beside a box that has none."""
PARALLEL_RAD: Final = 0.15
"""Greatest turn (9 degrees) of neighbours."""
LOW, HIGH = 0.1, 0.9
"""Quantiles of a box's place between shade and light."""
TRUST: Final = 0.6
"""Share of what the trees say beside what is known that is believed. Chosen on sites left out of the fit: the fewest
false boxes at equally many true ones on all hands (docs/research/detector.md); what was fitted is sure of itself."""
BOUND: Final = 1e-4
"""Of confidences and their complements, so that log odds are finite."""
GROUND: Final = ("to_light", "to_shade", "off_line", "on_line", "place", "place_low", "place_high")
SCENE: Final = ("hue_to_light", "hue_to_shade", "shade_share", "shade_depth")
OWN: Final = ("scatter", "hue_beside_least", "hue_beside_most", "length", "width", "gap_least", "gap_most")
NAMES: Final = ("known", *GROUND, *SCENE, *OWN)
"""Features of a box, as the file of the trees names them: `known` are the log odds without them."""


class GroundColours(NamedTuple):
    """Light of the ground about the boxes of a picture.

    Attributes
    ----------
    lit, shaded : float64 (band,)
        Of either part's middle, in shares of the scene's range.
    shade_share : float
        0 to 1.
    """

    lit: Floats
    shaded: Floats
    shade_share: float


def log_odds(
    linear: Singles, boxes: Floats, confidence: Floats, chosen: Bools, pixel_m: float, forest: Forest, offset: float
) -> Floats:
    """Log odds that boxes are there, beside those that are known already.

    Parameters
    ----------
    linear : float32 (3, y, x)
        Light in shares of the scene's range, no NaN.
    boxes : float64 (n, 5)
        All boxes of the picture, metres from its corner, see `rectangles`.
    confidence : float64 (n,)
        That each is a container, 0 to 1.
    chosen : bool (n,)
        Those to compare with the ground.
    pixel_m : float
        Pixel of the picture, metres.
    forest : Forest
        Log odds of a box from `features`.
    offset : float
        Added, so that as many boxes count as before.

    Returns
    -------
    float64 (n,)
        To be added; NaN of the others.
    """
    out = np.full(len(boxes), np.nan)
    if chosen.any():
        table = features(linear, boxes, confidence, chosen, pixel_m)
        beside = boosted_trees.margins(forest, table, len(forest.root)) - table[:, 0]
        out[chosen] = TRUST * beside.astype(np.float64) + offset
    return out


def features(linear: Singles, boxes: Floats, confidence: Floats, chosen: Bools, pixel_m: float) -> Singles:
    """Features of boxes.

    Parameters
    ----------
    linear, boxes, confidence, chosen, pixel_m
        As for `log_odds`.

    Returns
    -------
    float32 (k, len(NAMES))
        Of the chosen ones.
    """
    ground = ground_colours(linear, boxes, confidence, pixel_m)
    asked = boxes[chosen]
    inside = _light(linear, asked, ACROSS_M, pixel_m)
    middle = np.median(inside, axis=1)
    hue = _hue(middle)
    sides = [np.abs(hue - _hue(np.median(_light(linear, asked, s * STRIP_M, pixel_m), 1))).max(-1) for s in (-1, 1)]
    gaps = np.sort(_gaps(boxes, confidence, chosen), axis=1)
    bright = inside.mean(-1)
    columns = [
        *_to_ground(inside, middle, ground),
        np.abs(hue - _hue(ground.lit)).max(-1),
        np.abs(hue - _hue(ground.shaded)).max(-1),
        np.full(len(asked), ground.shade_share),
        np.full(len(asked), np.log(ground.lit.mean() / ground.shaded.mean())),
        bright.std(1) / bright.mean(1),
        np.minimum(*sides),
        np.maximum(*sides),
        asked[:, 2],
        asked[:, 3],
        *gaps.T,
    ]
    bounded = np.clip(confidence[chosen], BOUND, 1.0 - BOUND)
    return np.column_stack([np.log(bounded / (1.0 - bounded)), *columns]).astype(np.float32)


def ground_colours(linear: Singles, boxes: Floats, confidence: Floats, pixel_m: float) -> GroundColours:
    """Light of the ground near boxes, in light and in shade.

    Parameters
    ----------
    linear, boxes, confidence, pixel_m
        As for `log_odds`.

    Returns
    -------
    GroundColours
        Of all of the picture where hardly any ground lies near boxes.
    """
    free = ~_covered(linear.shape[1:], boxes[confidence >= LIKELY], pixel_m, BESIDE_M)
    near = free & _covered(linear.shape[1:], boxes[confidence >= SURE], pixel_m, AROUND_M)
    if near.sum() < FEW_PX:
        near = free if free.any() else np.ones_like(free)
    light = np.maximum(linear[:, near], LEAST_LIGHT).astype(np.float64)
    bright = np.log(light.mean(axis=0))
    count, edges = np.histogram(bright, BINS)
    middle, below = (edges[1:] + edges[:-1]) / 2.0, np.cumsum(count)[:-1]
    sums = np.cumsum(count * middle)
    apart = (sums[-1] * below / count.sum() - sums[:-1]) ** 2 / np.maximum(below * (count.sum() - below), 1)
    is_lit = bright > middle[int(np.argmax(apart))]
    if is_lit.all() or not is_lit.any():
        level = np.median(light, axis=1)
        return GroundColours(level, level, 0.0)
    lit, shaded = np.median(light[:, is_lit], axis=1), np.median(light[:, ~is_lit], axis=1)
    return GroundColours(lit, shaded, float(1.0 - is_lit.mean()))


def _to_ground(inside: Floats, middle: Floats, ground: GroundColours) -> list[Floats]:
    """Columns of `GROUND`, of light (n, point, band) and its middle (n, band)."""
    line = ground.lit - ground.shaded
    place = (inside - ground.shaded) @ line / max(float(line @ line), LEAST_LIGHT**2)
    off = inside - ground.shaded - np.clip(place, -BEYOND, 1.0 + BEYOND)[..., None] * line
    share = np.sqrt((off**2).sum(-1) / 3.0) / inside.mean(-1)
    far = [np.abs(np.log(middle / level)).max(-1) for level in (ground.lit, ground.shaded)]
    low, half, high = np.quantile(place, (LOW, 0.5, HIGH), axis=1)
    return [*far, np.median(share, axis=1), (share < ON_LINE).mean(axis=1), half, low, high]


def _light(linear: Singles, boxes: Floats, across_m: Floats, pixel_m: float) -> Floats:
    """Light (n, point, band) at points along and across boxes."""
    x, y, length, _, angle = (value[:, None, None] for value in boxes.T)
    along = ALONG[None, :, None] * length
    right, down = (
        x + along * np.sin(angle) + across_m * np.cos(angle),
        y - along * np.cos(angle) + across_m * np.sin(angle),
    )
    column, row = ((value / pixel_m - 0.5).astype(np.float32).reshape(len(boxes), -1) for value in (right, down))
    seen = [cv2.remap(band, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for band in linear]
    return np.asarray(np.maximum(np.stack(seen, axis=-1), LEAST_LIGHT), np.float64)


def _hue(light: Floats) -> Floats:
    """Logarithms of light in bands about their mean."""
    logs = np.log(light)
    return np.asarray(logs - logs.mean(axis=-1, keepdims=True))


def _covered(shape: tuple[int, ...], boxes: Floats, pixel_m: float, wider_m: float) -> Bools:
    """Pixels within some distance of boxes."""
    mask = np.zeros(shape, np.uint8)
    for x, y, length, width, angle in boxes:
        size = (length + 2.0 * wider_m) / pixel_m, (width + 2.0 * wider_m) / pixel_m
        corners = cv2.boxPoints(((x / pixel_m - 0.5, y / pixel_m - 0.5), size, np.degrees(angle) - 90.0))
        cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), 1)
    return mask.astype(bool)


def _gaps(boxes: Floats, confidence: Floats, chosen: Bools) -> Floats:
    """Free width (k, 2) on either side of boxes, to the nearest sure parallel box beside."""
    sure = np.flatnonzero(confidence >= SURE)
    out = np.full((int(chosen.sum()), 2), NO_NEIGHBOUR_M)
    for k, i in enumerate(np.flatnonzero(chosen)):
        others = sure[sure != i]
        away = boxes[others, :2] - boxes[i, :2]
        s, c = np.sin(boxes[i, 4]), np.cos(boxes[i, 4])
        along, across = np.abs(away[:, 0] * s - away[:, 1] * c), away[:, 0] * c + away[:, 1] * s
        turn = (boxes[i, 4] - boxes[others, 4] + np.pi / 2.0) % np.pi - np.pi / 2.0
        shared = (boxes[i, 2] + boxes[others, 2]) / 2.0 - along
        beside = (np.abs(turn) < PARALLEL_RAD) & (shared > np.minimum(boxes[i, 2], boxes[others, 2]) / 2.0)
        beside &= np.hypot(*away.T) < FARTHEST_M
        free = np.abs(across) - (boxes[i, 3] + boxes[others, 3]) / 2.0
        for side, sign in enumerate((-1.0, 1.0)):
            here = free[beside & (across * sign > NEAREST_M)]
            out[k, side] = min(float(here.min(initial=NO_NEIGHBOUR_M)), NO_NEIGHBOUR_M)
    return out
