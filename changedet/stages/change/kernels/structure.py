"""Change of structure: orientated gradients of a neighbourhood, compared whatever the light and a small displacement.

A pixel is described by how strong the gradients of each direction are around it, as a share of their whole: light and
contrast fall out, and what moves by less than the neighbourhood hardly changes it. Histograms of oriented gradients:
Dalal and Triggs 2005, doi:10.1109/CVPR.2005.177; one for every pixel, pooled by a Gaussian: Ye et al. 2019,
doi:10.1109/TGRS.2019.2924684.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.compiled import compiled
from changedet.stages.change.kernels.smoothing import gaussian_radius_px, gaussian_weights, weighted_means

GREATEST: Final = math.sqrt(2.0)
"""Of the score: all structure of one date has another direction than that of the other."""


def structure_halo_px(cell_px: float) -> int:
    """How far `structures` looks around: the pooling, and one pixel of the gradient.

    Parameters
    ----------
    cell_px : float
        Standard deviation of the Gaussian that pools.

    Returns
    -------
    int
        Pixels on each side.
    """
    return gaussian_radius_px(cell_px) + 1


def structure(
    image: Singles,
    valid: Bools,
    orientations: int,
    cell_px: float,
    wanted: Bools | None = None,
) -> Singles:
    """Strength of the gradients of each direction around each pixel.

    Of each pixel the band with the steepest gradient counts; directions half a turn apart are one, so that a dark edge
    on bright ground is like a bright one on dark ground.

    Parameters
    ----------
    image : float32 (band, y, x)
        In any unit.
    valid : bool (y, x)
        Where it counts; no gradient crosses the border.
    orientations : int
        Directions of half a turn.
    cell_px : float
        Standard deviation of the Gaussian that pools.
    wanted : bool (y, x), optional
        Elsewhere what is returned may be NaN.

    Returns
    -------
    float32 (orientation, y, x)
        At least 0, in units of the image a pixel; NaN where not valid.
    """
    angles = np.pi * np.arange(orientations) / orientations
    turned = np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    channels = _channels(np.ascontiguousarray(image, np.float32), valid, turned)
    return weighted_means(channels, gaussian_weights(cell_px), wanted)


def strength(described: Singles) -> Singles:
    """Length of the description of each pixel.

    Parameters
    ----------
    described : float32 (orientation, y, x)
        From `structure`.

    Returns
    -------
    float32 (y, x)
        In units of the image a pixel.
    """
    return np.asarray(np.sqrt(np.einsum("kyx,kyx->yx", described, described)), np.float32)


def structure_difference(before: Singles, after: Singles, floors: tuple[float, float]) -> Singles:
    """How far two descriptions differ, the first of `compared`.

    Parameters
    ----------
    before, after : float32 (orientation, y, x)
        From `structure`.
    floors : (float, float)
        Strength of what is no structure on either date, in units of the image a pixel.

    Returns
    -------
    float32 (y, x)
        0 to `GREATEST`.
    """
    return np.asarray(compared(before, after, floors)[0])


def compared(before: Singles, after: Singles, floors: tuple[float, float]) -> Singles:
    """How far two descriptions differ, and how much of each is structure.

    Parameters
    ----------
    before, after : float32 (orientation, y, x)
        From `structure`.
    floors : (float, float)
        Strength of what is no structure on either date, in the units of the image a pixel.

    Returns
    -------
    float32 (3, y, x)
        The distance of both after each is divided by its own strength, 0 to `GREATEST`, as ``|b / sqrt(|b|^2 + f^2) -
        a / sqrt(|a|^2 + g^2)|`` with the floors ``f`` and ``g``, far below which a gradient is none. Then the share of
        structure of either date: 0 far below its floor, towards 1 far above it.
    """
    least = np.array([max(floor, 1e-9) for floor in floors], np.float32)
    return np.asarray(_compared(before, after, least), np.float32)


def structure_floors(
    before: Singles,
    after: Singles,
    orientations: int,
    cell_px: float,
    least_contrast: float,
) -> tuple[float, float]:
    """Strength below which either date has no structure.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.
    orientations : int
        Directions of half a turn.
    cell_px : float
        Standard deviation of the Gaussian that pools.
    least_contrast : float
        Factor on the median strength of each date.

    Returns
    -------
    tuple of float
        Of the earlier and of the later date, in units of the image a pixel.
    """
    found: tuple[list[Singles], ...] = ([], [])
    for pair in zip(before, after, strict=True):
        for k, described in enumerate(structures(*pair, orientations, cell_px)):
            strong = strength(described)
            found[k].append(strong[np.isfinite(strong)])
    middles = [float(np.median(np.concatenate(own))) if any(len(o) for o in own) else 0.0 for own in found]
    return least_contrast * middles[0], least_contrast * middles[1]


def structures(
    before: Singles,
    after: Singles,
    orientations: int,
    cell_px: float,
    wanted: Bools | None = None,
) -> tuple[Singles, Singles]:
    """`structure` of both dates, where both have all bands.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        NaN where not valid.
    orientations : int
        Directions of half a turn.
    cell_px : float
        Standard deviation of the Gaussian that pools.
    wanted : bool (y, x), optional
        Elsewhere what is returned may be NaN.

    Returns
    -------
    pair of float32 (orientation, y, x)
        NaN where either date is.
    """
    valid = np.asarray(np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0), bool)
    first, second = (structure(image, valid, orientations, cell_px, wanted) for image in (before, after))
    return first, second


@compiled
def _compared(before: Singles, after: Singles, floors: Singles) -> Singles:
    count, height, width = before.shape
    out = np.full((3, height, width), np.float32(np.nan), np.float32)
    for y in range(height):
        for x in range(width):
            if before[0, y, x] != before[0, y, x]:
                continue
            b, a = np.float32(0.0), np.float32(0.0)
            for k in range(count):
                b += before[k, y, x] * before[k, y, x]
                a += after[k, y, x] * after[k, y, x]
            b, a = np.sqrt(b), np.sqrt(a)
            whole_b, whole_a = np.sqrt(b * b + floors[0] * floors[0]), np.sqrt(a * a + floors[1] * floors[1])
            apart = np.float32(0.0)
            for k in range(count):
                d = before[k, y, x] / whole_b - after[k, y, x] / whole_a
                apart += d * d
            out[0, y, x], out[1, y, x], out[2, y, x] = np.sqrt(apart), b / whole_b, a / whole_a
    return out


@compiled
def _channels(image: Singles, valid: Bools, turned: Singles) -> Singles:
    bands, height, width = image.shape
    count = turned.shape[1]
    out = np.full((count, height, width), np.float32(np.nan), np.float32)
    for y in range(height):
        for x in range(width):
            if not valid[y, x]:
                continue
            steepest, dx, dy = np.float32(-1.0), np.float32(0.0), np.float32(0.0)
            left, right = x > 0 and valid[y, x - 1], x + 1 < width and valid[y, x + 1]
            above, below = y > 0 and valid[y - 1, x], y + 1 < height and valid[y + 1, x]
            for b in range(bands):
                own = image[b, y, x]
                gx = (image[b, y, x + 1] if right else own) - (image[b, y, x - 1] if left else own)
                gy = (image[b, y + 1, x] if below else own) - (image[b, y - 1, x] if above else own)
                steep = gx * gx + gy * gy
                if steep > steepest:
                    steepest, dx, dy = steep, gx, gy
            for k in range(count):
                out[k, y, x] = abs(dx * turned[0, k] + dy * turned[1, k])
    return out
