"""By which surroundings a part of a scene is stretched and standardised in the training: none shall matter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from changedet.stages.objects.kernels.stretch import GAMMA, LIFT, PERCENTILES, TOP
from training.local_stretch import LEAST_SPREAD, apart, local_picture

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]
LOCAL = 0.5
"""Share of the parts that are shown as `local_picture` does with nothing around them; the others by one window."""
LEAST_M = 45.0
FOREIGN = 0.25
"""Share of the windows that reach into another scene."""


def surroundings(
    codes: Codes, rows: slice, columns: slice, rng: np.random.Generator, pixel_m: float, foreign: Codes
) -> Codes:
    """Some codes (n, 3) of a random window that meets a part of a scene, some of them of another scene."""
    spans = []
    for part, size in zip((rows, columns), codes.shape[:2], strict=True):
        side = int(rng.uniform(LEAST_M / pixel_m, size))
        first = int(rng.uniform(part.start - side / 2, part.stop - side / 2))
        first = min(max(0, first), size - side)
        spans.append(slice(first, first + side, 7))
    own = codes[spans[0], spans[1]].reshape(-1, 3)
    if rng.random() > FOREIGN:
        return own
    other = foreign.reshape(-1, 3)
    return np.concatenate([own, other[: int(rng.uniform(0.1, 1.0) * len(own))]])


def shown(
    picture: Floats, valid: NDArray[np.bool_], pixel_m: float, window: Floats, rng: np.random.Generator
) -> Floats:
    """The network's input (y, x, 3) of a picture (y, x, 3), by itself or by the tones (n, 3) of a window."""
    if rng.random() < LOCAL:
        low, high = np.percentile(picture[valid], [0.5, 99.5], axis=0) if valid.any() else (0.0, 1.0)
        scaled = (picture - low) / np.maximum(high - low, 1e-3)
        standard = local_picture(np.ascontiguousarray(np.moveaxis(scaled, 2, 0), np.float32), valid, pixel_m).standard
        bent = standard * np.exp(rng.normal(0, 0.08)) + rng.normal(0, 0.1)
        return np.moveaxis(bent, 0, 2)
    low, high = apart(*np.percentile(window, PERCENTILES, axis=0))
    low = low + (high - low) * rng.normal(0, 0.04)
    high = low + (high - low) * np.exp(rng.normal(0, 0.2))
    stretch: Callable[[Floats], Floats] = lambda v: np.clip((v - low) / (high - low) + LIFT, 0, TOP) ** GAMMA  # noqa: E731
    around = stretch(window)
    mean = around.mean(axis=0) + rng.normal(0, 0.1)
    spread = (around.std(axis=0) + LEAST_SPREAD) * np.exp(rng.normal(0, 0.25))
    return (stretch(picture) - mean) / spread
