"""Hashed noise: every value depends on its coordinates and a seed alone, never on the window that is drawn.

Lattice noise is laid out in ground metres, so that a texture stays in place on all dates and with all sensors; pixel
noise depends on the row and column in the scene.
"""

from __future__ import annotations

import math

import numpy as np

from changedet.arrays import Floats, Singles
from changedet.kernels.compiled import compiled, inlined

FIELDS: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = (
    ((0.45, 0.9, 1.7), (1.0, 0.8, 0.6)),  # grain: stones, tufts, dirt
    ((3.1, 6.3, 11.0), (0.7, 1.0, 0.8)),  # medium: worn spots, clumps
    ((23.0, 47.0, 97.0), (0.7, 1.0, 1.0)),  # large: damp ground, soil types
    ((5.0, 13.0, 31.0, 71.0), (0.6, 0.9, 1.0, 0.8)),  # broad patches of the second colour
    ((0.8, 1.9, 4.3), (0.8, 1.0, 0.8)),  # fine patches of the second colour
)
"""Texture fields that the shader mixes: (wavelengths in metres, weight of each octave)."""


@inlined
def _mix64(x: np.uint64) -> np.uint64:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@inlined
def _hash01(i: int | np.int64, j: int | np.int64, seed: int) -> float:
    key = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
    key ^= _mix64(
        np.uint64(np.int64(i)) * np.uint64(0xD1B54A32D192ED03) + np.uint64(np.int64(j)) * np.uint64(0xABC98388FB8FAC03)
    )
    return float(_mix64(key) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@compiled
def _lattice(x: float, y: float, seed: int) -> float:
    fx, fy = math.floor(x), math.floor(y)
    tx, ty = x - fx, y - fy
    tx = tx * tx * tx * (tx * (tx * 6.0 - 15.0) + 10.0)
    ty = ty * ty * ty * (ty * (ty * 6.0 - 15.0) + 10.0)
    i, j = np.int64(fx), np.int64(fy)
    low = _hash01(i, j, seed) * (1.0 - tx) + _hash01(i + 1, j, seed) * tx
    high = _hash01(i, j + 1, seed) * (1.0 - tx) + _hash01(i + 1, j + 1, seed) * tx
    return float((low * (1.0 - ty) + high * ty) * 2.0 - 1.0)


@compiled
def _add_octaves(
    affine: Floats, height: int, width: int, wavelengths: Floats, weights: Floats, seed: int, out: Singles
) -> None:
    norm = 0.0
    for k in range(len(weights)):
        norm += weights[k] * weights[k]
    norm = 1.9 / math.sqrt(max(norm, 1e-12))
    for k in range(len(wavelengths)):
        turn = 0.7 + 1.1 * k + 0.37 * (seed % 7)
        c, s = math.cos(turn) / wavelengths[k], math.sin(turn) / wavelengths[k]
        weight = weights[k] * norm
        if weight == 0.0:
            continue
        for r in range(height):
            for q in range(width):
                x = affine[0] * (q + 0.5) + affine[1] * (r + 0.5) + affine[2]
                y = affine[3] * (q + 0.5) + affine[4] * (r + 0.5) + affine[5]
                out[r, q] += weight * _lattice(c * x - s * y, s * x + c * y, seed * 31 + k)


def fractal(
    affine: Floats,
    shape: tuple[int, int],
    wavelengths: tuple[float, ...],
    weights: tuple[float, ...],
    seed: int,
) -> Singles:
    """Sum of lattice noises with about unit variance, sampled at pixel centres.

    Parameters
    ----------
    affine : float64 (6,)
        Pixel (column, row) to ground metres: x = a q + b r + c, y = d q + e r + f.
    shape : tuple of int
        Rows and columns.
    wavelengths : tuple of float
        Metres.
    weights : tuple of float
        Of each wavelength; 0 leaves it out.
    seed : int
        Identifies the field.

    Returns
    -------
    float32 (y, x)
        With mean near 0, no NaN.
    """
    out = np.zeros(shape, np.float32)
    _add_octaves(
        affine, shape[0], shape[1], np.asarray(wavelengths, np.float64), np.asarray(weights, np.float64), seed, out
    )
    return out


def texture_fields(affine: Floats, shape: tuple[int, int], gsd_m: float, seed: int) -> Singles:
    """Texture fields of the shader, each wavelength damped where the pixel is too coarse to show it.

    Parameters
    ----------
    affine : float64 (6,)
        Pixel (column, row) to ground metres.
    shape : tuple of int
        Rows and columns.
    gsd_m : float
        Pixel size in metres.
    seed : int
        Of the world.

    Returns
    -------
    float32 (field, y, x)
        In the order of `FIELDS`, with mean near 0.
    """
    out = np.empty((len(FIELDS), *shape), np.float32)
    for k, (wavelengths, weights) in enumerate(FIELDS):
        damped = [
            w * math.exp(-0.5 * (gsd_m / (0.9 * length)) ** 2) for length, w in zip(wavelengths, weights, strict=True)
        ]
        scale = math.sqrt(sum(w * w for w in weights))
        left = math.sqrt(sum(w * w for w in damped))
        damped = [w if w > 0.02 else 0.0 for w in damped]
        out[k] = fractal(affine, shape, wavelengths, tuple(damped), seed + 101 * k) * np.float32(left / scale)
    return out


@compiled
def _pixel_noise(row: int, column: int, height: int, width: int, seed: int, out: Singles) -> None:
    for r in range(height):
        for q in range(width):
            u = _hash01(row + r, column + q, seed)
            v = _hash01(row + r, column + q, seed + 7919)
            out[r, q] = math.sqrt(-2.0 * math.log(u + 1e-12)) * math.cos(2.0 * math.pi * v)


def white(row: int, column: int, shape: tuple[int, int], seed: int) -> Singles:
    """Normal noise of unit variance that depends on the pixel's place in its scene.

    Parameters
    ----------
    row, column : int
        Of the first pixel.
    shape : tuple of int
        Rows and columns.
    seed : int
        Of date and band.

    Returns
    -------
    float32 (y, x)
        No NaN.
    """
    out = np.empty(shape, np.float32)
    _pixel_noise(row, column, shape[0], shape[1], seed, out)
    return out
