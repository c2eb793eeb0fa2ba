"""Cut-outs on a look: shadows on the ground, tops in the look's light, edges as blurred as the look's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import rasterio
from numpy.typing import NDArray

from benchmarks.collage.cutouts import FINE_M, Cutout
from benchmarks.collage.grounds import ASPHALT_HALF_PX, ASPHALT_PX, GSD_M, SIDE_PX, Ground, Look
from benchmarks.collage.series import rings
from benchmarks.third_hand.canvas import SHIFT_BITS
from benchmarks.third_hand.plan import Plan, Slot

CELLS = 4
"""Of a pixel, along each side, in which boxes are drawn."""
HEIGHT_M = 2.6
GRAIN_PX = 1.5
"""Blur of the ground that its grain is the rest of."""
GRAIN_SDS = 2.5
"""Robust standard deviations to which the grain is cut: a painted mark beneath a box must not show."""
MAD_OF_SD = 0.6745
Picture = NDArray[np.float32]
"""(y, x, 3), red, green, blue."""


def read_look(path: Path, ground: Ground) -> Picture:
    """The window of a look."""
    column, row = ground.corner_px
    with rasterio.open(path) as source:
        window = rasterio.windows.Window(column, row, SIDE_PX, SIDE_PX)
        return np.asarray(np.moveaxis(source.read([1, 2, 3], window=window), 0, 2), np.float32)


def asphalt_of(path: Path, place: str) -> NDArray[np.float64]:
    """The grey of a look's bare asphalt, (3,)."""
    (column, row), (wide, high) = ASPHALT_PX[place], ASPHALT_HALF_PX
    window = rasterio.windows.Window(column - wide, row - high, 2 * wide + 1, 2 * high + 1)
    with rasterio.open(path) as source:
        return np.asarray(np.median(source.read([1, 2, 3], window=window).reshape(3, -1), axis=1), np.float64)


def pasted(
    picture: Picture,
    asphalt: NDArray[np.float64],
    ground: Ground,
    date: int,
    look: Look,
    plan: Plan,
    tops: Mapping[int, Cutout],
) -> NDArray[np.uint8]:
    """A look (y, x, 3) with the boxes of a date on it."""  # fmt: skip
    boxes = rings(plan, date)
    shift = {yard.name: np.array(yard.shifts_px[date]) for yard in ground.yards}
    outlines = [in_pixels(ring) + shift[slot.yard] for _, slot, ring in boxes]
    dark = blurred(shadows(outlines, look), look)[..., None]
    shade = np.array(look.shade)
    colour = np.zeros((*picture.shape[:2], 4), np.float32)
    for number, slot, _ in boxes:
        draw_top(colour, fitted(tops[number], asphalt, shade), slot, shift[slot.yard])
    colour = blurred(colour, look)
    cover = colour[..., 3:]
    below = picture * (1 - cover - dark * (1 - shade))
    out = below + colour[..., :3] + cover * grain(picture)
    return np.asarray(np.clip(np.rint(out), 0, 255), np.uint8)


def in_pixels(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres around the window's middle to columns and rows from its corner."""
    return np.asarray(ring * [1 / GSD_M, -1 / GSD_M] + SIDE_PX / 2)


def shadows(outlines: list[NDArray[np.float64]], look: Look) -> NDArray[np.float32]:
    """Share (y, x) of each pixel that is ground in the shadows that boxes cast away from the sun, none under a box."""
    length_px = HEIGHT_M / np.tan(np.radians(look.sun_elevation_deg)) / GSD_M
    azimuth = np.radians(look.sun_azimuth_deg)
    cast = length_px * np.array([-np.sin(azimuth), np.cos(azimuth)])
    fine = np.zeros((SIDE_PX * CELLS, SIDE_PX * CELLS), np.uint8)
    for outline in outlines:
        fill(fine, cv2.convexHull(np.vstack([outline, outline + cast]).astype(np.float32))[:, 0], 1)
    for outline in outlines:
        fill(fine, outline, 0)
    return np.asarray(fine.reshape(SIDE_PX, CELLS, SIDE_PX, CELLS).mean(axis=(1, 3)), np.float32)


def fill(fine: NDArray[np.uint8], outline: NDArray[np.generic], value: int) -> None:
    """Write a value into the cells of a convex outline in columns and rows."""
    points = np.rint((outline * CELLS - 0.5) * 2**SHIFT_BITS).astype(np.int32)
    cv2.fillConvexPoly(fine, points, value, lineType=cv2.LINE_8, shift=SHIFT_BITS)


def fitted(top: Cutout, asphalt: NDArray[np.float64], shade: NDArray[np.float64]) -> Picture:
    """The top in a look's light: asphalt in the sun and in shade become as they are there, by band."""
    source = top.source
    gain = asphalt * (1 - shade) / (source.tarmac - source.shade)
    return np.asarray(np.clip(asphalt * shade + (top.texture - source.shade) * gain, 0, 255), np.float32)


def draw_top(onto: NDArray[np.float32], texture: Picture, slot: Slot, shift: NDArray[np.float64]) -> None:
    """Add a top to premultiplied colours and cover (y, x, 4), each pixel the mean of its cells."""
    outline = in_pixels(slot.ring()) + shift
    low = np.clip(np.floor(outline.min(axis=0)).astype(int), 0, SIDE_PX)
    high = np.clip(np.ceil(outline.max(axis=0)).astype(int), 0, SIDE_PX)
    columns, rows = (low[k] + (np.arange((high[k] - low[k]) * CELLS) + 0.5) / CELLS for k in (0, 1))
    middle = in_pixels(np.array([slot.x, slot.y])) + shift
    x, y = np.meshgrid((columns - middle[0]) * GSD_M, -(rows - middle[1]) * GSD_M)
    cos, sin = np.cos(slot.angle), np.sin(slot.angle)
    size = np.array(texture.shape[:2]) * FINE_M
    u, v = x * cos + y * sin + size[1] / 2, -x * sin + y * cos + size[0] / 2
    inside = (u >= 0) & (u < size[1]) & (v >= 0) & (v < size[0])
    at = [np.asarray(values / FINE_M - 0.5, np.float32) for values in (u, v)]
    seen = cv2.remap(texture, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cells = np.dstack([seen, np.ones_like(at[0])]) * inside[..., None]
    wide, high_px = high - low
    onto[low[1] : high[1], low[0] : high[0]] += cells.reshape(high_px, CELLS, wide, CELLS, 4).mean(axis=(1, 3))


def blurred(image: NDArray[np.float32], look: Look) -> NDArray[np.float32]:
    """As an edge of the look is."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), look.blur_px), np.float32)


def grain(picture: Picture) -> Picture:
    """What the look's own noise adds, from the ground that a box hides."""
    rest = picture - cv2.GaussianBlur(picture, (0, 0), GRAIN_PX)
    most = GRAIN_SDS * np.median(np.abs(rest), axis=(0, 1)) / MAD_OF_SD
    return np.asarray(np.clip(rest, -most, most), np.float32)
