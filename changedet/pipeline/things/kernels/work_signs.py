"""What one look shows of one earthwork, pad or storage cell: boxes on it, a roof, relief; figures for the states."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Floats, Ints, Singles
from changedet.kernels.morphology import dilated, disc, opened, square

NEAR_M: Final = 10.0
"""Ground around that brightness is measured against."""
PALETTE: Final = 5
"""Colours that a picture of a thing and its surroundings is parted into; chosen by hand, as the next four."""
LEAST_ROOF_M2: Final = 20.0
LEAST_ROOF_WIDTH_M: Final = 3.2
LEAST_FILL: Final = 0.7
"""Share of its rectangle that a roof fills."""
LEAST_WITHIN: Final = 0.7
"""Share of a roof that lies on the thing."""
WALL_M: Final = 4.0
"""Width of the walls and banks around a floor, by whose light and shade a pit differs from level ground."""
SHADED_PERCENT: Final = 15
"""Percentile of the ground close to a roof that is its shade. By hand."""
BESIDE_BOX_M: Final = 4.0
"""Ground so near a box lies in its shade."""
DARK, BRIGHT = -0.7, 0.7
"""Logarithms of brightness against that around: half and twice."""
_SEED: Final = 1
_TRIES: Final = 20
_CLOSE: Final = 0.01
"""Of the parting into colours: seed, steps, and the shift of the centres at which it ends."""


class Sight(NamedTuple):
    """A look at a thing, in a window around it.

    Attributes
    ----------
    image : float32 (band, y, x)
        The bands of visible light, or one; NaN where the look shows nothing.
    floor : bool (y, x)
        The thing.
    boxes : bool (y, x)
        Boxes of the look.
    pixel_m : float
    roofs : float32 (y, x)
        Log odds that a hall stands there, by the network of halls.
    """

    image: Singles
    floor: Bools
    boxes: Bools
    pixel_m: float
    roofs: Singles


SIGNS: Final = (
    *("box", "roof", "roof_share", "steep", "spread", "dark", "bright", "level", "wall_steep", "wall_spread"),
    *("hall", "hall_top"),
)
"""Figures of `signs`, in order."""


def signs(sight: Sight) -> Floats:
    """Measure a look at a thing.

    Parameters
    ----------
    sight : Sight

    Returns
    -------
    float64 (12,)
        In the order of `SIGNS`: share of the floor under boxes; how much a roof is seen (0 to 1) and its share of the
        floor; steepness of brightness, logarithms a metre, 90th percentile; spread of its logarithm off the boxes;
        shares that are dark and bright; logarithm of the brightness against the ground around; steepness and spread of
        the floor with its walls, off the boxes; mean and 90th percentile of the log odds of a hall. NaN where less than
        half of the floor is shown.
    """
    floor = sight.floor
    shown = np.isfinite(sight.image).all(axis=0)
    ring = _grown(floor, NEAR_M, sight.pixel_m) & ~floor & shown
    inside = floor & shown
    if 2 * int(inside.sum()) < int(floor.sum()) or not ring.any():
        return np.full(len(SIGNS), np.nan)
    light = np.nan_to_num(sight.image.mean(axis=0))
    tones = np.log(np.maximum(light, 1e-6) / np.median(light[ring])).astype(np.float32)
    steep = np.hypot(*np.gradient(tones)) / sight.pixel_m
    open_floor = inside & ~_grown(sight.boxes, BESIDE_BOX_M, sight.pixel_m)
    own = tones[open_floor] if 4 * int(open_floor.sum()) >= int(inside.sum()) else tones[inside]
    walls = _grown(floor, WALL_M, sight.pixel_m) & shown & ~_grown(sight.boxes, BESIDE_BOX_M, sight.pixel_m)
    walls = walls if 4 * int(walls.sum()) >= int(inside.sum()) else inside
    score, share = _roof(sight, tones, inside | ring)
    return np.array(
        [
            (sight.boxes & floor).sum() / floor.sum(), score, share,
            np.percentile(steep[inside], 90), own.std(), (tones[inside] < DARK).mean(),
            (tones[inside] > BRIGHT).mean(), np.median(tones[inside]),
            np.percentile(steep[walls], 90), tones[walls].std(),
            sight.roofs[floor].mean(), np.percentile(sight.roofs[floor], 90),
        ]
    )  # fmt: skip


def _grown(where: Bools, radius_m: float, pixel_m: float) -> Bools:
    return dilated(where, disc(2 * max(1, round(radius_m / pixel_m)) + 1))


def _roof(sight: Sight, tones: Singles, near: Bools) -> tuple[float, float]:
    """How much the best piece of one colour looks like a roof, and its share of the floor."""
    reach = _grown(sight.floor, 2.0, sight.pixel_m)
    best, share = 0.0, 0.0
    for piece in _pieces(sight.image, near):
        area = float(piece.sum()) * sight.pixel_m**2
        sides, fill = _rectangle(piece)
        if area < LEAST_ROOF_M2 or fill < LEAST_FILL or sides[0] * sight.pixel_m < LEAST_ROOF_WIDTH_M:
            continue
        covered = float((piece & reach).sum()) / float(piece.sum())
        if covered < LEAST_WITHIN or 2 * int((piece & sight.boxes).sum()) > int(piece.sum()):
            continue
        score = fill * max(_drop(tones, piece), 0.0)
        if score > best:
            best, share = score, area / (float(sight.floor.sum()) * sight.pixel_m**2)
    return 1.0 - float(np.exp(-best)), min(share, 2.0)


def _pieces(image: Singles, near: Bools) -> list[Bools]:
    """Connected pieces of one colour."""
    colours = np.log(np.maximum(image[:, near], 1e-6)).T.astype(np.float32)
    if len(colours) < PALETTE * PALETTE:
        return []
    cv2.setRNGSeed(_SEED)
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, _TRIES, _CLOSE)
    _, numbers, _ = cv2.kmeans(colours, PALETTE, np.empty(0, np.int32), ends, 1, cv2.KMEANS_PP_CENTERS)
    classes = np.full(near.shape, -1)
    classes[near] = numbers[:, 0]
    found = []
    for k in range(PALETTE):
        core = opened(classes == k, square(3)).view(np.uint8)
        count, labels = cv2.connectedComponents(core, connectivity=4)
        found += [np.asarray(labels == j) for j in range(1, count)]
    return found


def _rectangle(piece: Bools) -> tuple[tuple[float, float], float]:
    """Sides in pixels, the shorter first, of the rectangle around a piece, and the share of it that it fills."""
    rows, columns = np.nonzero(piece)
    points: Ints = np.column_stack([columns, rows]).astype(np.int32)
    width, height = (one + 1 for one in cv2.minAreaRect(points)[1])
    return (min(width, height), max(width, height)), len(points) / (width * height)


def _drop(tones: Singles, piece: Bools) -> float:
    """By how much the darkest part of the ground close to a piece is darker than it, a logarithm: its shade."""
    once, wide = (cv2.dilate(piece.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=n) for n in (1, 3))
    rim: Bytes = (wide > 0) & (once == 0)
    inner, around = np.median(tones[piece]), tones[rim]
    return float(inner - np.percentile(around, SHADED_PERCENT)) if around.size else 0.0


def tilt(sight: Sight, away: tuple[float, float]) -> float:
    """Measure whether a thing brightens or darkens away from the sun: walls of a pit or of a bank.

    Parameters
    ----------
    sight : Sight
        Its floor is the whole thing.
    away : (float, float)
        Direction away from the sun: to the right and down the picture, of length 1.

    Returns
    -------
    float
        Logarithms of brightness over the width of the thing: above 0 for a pit, whose wall towards the sun lies in
        shade, below 0 for a heap or bank; NaN where it is not shown.
    """
    inside = sight.floor & np.isfinite(sight.image).all(axis=0) & ~_grown(sight.boxes, 1.0, sight.pixel_m)
    rows, columns = np.nonzero(inside)
    if 2 * len(rows) < int(sight.floor.sum()) or not len(rows):
        return float("nan")
    tones = np.log(np.maximum(sight.image.mean(axis=0)[inside], 1e-6))
    place = columns * away[0] + rows * away[1]
    place = place - place.mean()
    return float((tones * place).mean() / max(float(place.std()), 1e-6))
