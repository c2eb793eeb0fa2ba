"""Codes of ground on single dates, from made probabilities."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from changedet.stages.footprint.kernels import cell_codes

ROLES = ("blue", "green", "red", "nir")


VALUES = cell_codes.values()


def codes_of(built, building=0.02, earthwork=0.01):
    """Codes of probabilities, broadcast to each other."""
    told = {"built": built, "building": building, "earthwork": earthwork}
    told = dict(zip(told, np.broadcast_arrays(*(np.float32(v) for v in told.values())), strict=True))
    return cell_codes.codes(told, np.isfinite(told["built"]))


def random_series(seed, shape=(4, 40, 44)):
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, 245, shape).astype(np.uint8)
    codes[rng.random(shape) < 0.15] = cell_codes.UNKNOWN
    codes[:, :3, :5] = cell_codes.OUTSIDE
    codes[:, 7, 9] = cell_codes.UNKNOWN
    return codes, (rng.random(shape) < 0.06) & (codes != cell_codes.UNKNOWN)


def yard(built=0.97, rest=0.02, shape=(120, 130), seed=0):
    """Probability of built ground: a yard of 50 by 60 cells on open ground, not quite even."""
    found = np.full(shape, rest, np.float32)
    found[30:80, 30:90] = built
    noise = gaussian_filter(np.random.default_rng([seed, int(100 * built)]).normal(size=shape), 2) * 5
    return (1 / (1 + (1 - found) / found * np.exp(-noise))).astype(np.float32)
