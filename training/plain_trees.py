"""The second judge of change: a forest that knows a pixel's features alone, fitted on another mix of sites.

Its mix holds more growth, earthworks and quiet years, where the first judge's holds ports, trains and dense blocks: it
knows ground better and boxes worse.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from scipy import ndimage

from changedet.kernels import features as kernel
from changedet.kernels import forest
from training.boosting import Pixels, boosted, chosen, gates, isotonic, joined, table
from training.simulated_pairs import GSDS_M, Pair, pairs

KINDS = (
    "growth", "quiet", "trains", "port", "earthworks", "winter", "quiet", "trains", "clouds", "port", "earthworks",
    "decoys", "growth", "dense", "mixed", "quiet", "winter", "earthworks",
)  # fmt: skip
SITES, CHECK_SITES, DATES = 160, 36, 3
CHANGED_PX, UNCHANGED_PX = 2500, 2500
TREES, RATE, MOST_ROWS = 220, 0.1, 700_000
STAGES = (15, 50)
LEFT_OUT = ("unmatched", "least_saturation", "greatest_saturation")
"""Features that it does not know."""


def columns() -> list[int]:
    """Which of `features.names` it knows."""
    return [k for k, name in enumerate(kernel.names()) if not name.startswith(LEFT_OUT)]


def fitted(first: int, first_check: int, seed: int) -> tuple[forest.Forest, dict[str, Any]]:
    """The forest, its features numbered as in `features.names`, and its stages and calibration."""
    own = np.array(columns())
    fit, check = _gathered(first, SITES), _gathered(first_check, CHECK_SITES)
    grown, _ = boosted((fit[0][:, own], *fit[1:]), TREES, RATE, seed, MOST_ROWS)
    named = grown._replace(feature=np.where(grown.feature >= 0, own[grown.feature], grown.feature).astype(np.int16))
    at, value = isotonic(forest.margins(named, check[0], TREES), *check[1:], least=1e-5)
    return named, {"stages": gates(named, check, STAGES), "margin": at, "probability": value}


def _gathered(first: int, sites: int) -> Pixels:
    parts = []
    for k in range(sites):
        rng = np.random.default_rng([first + k, 79])
        gsd_m = GSDS_M[(k // 3) % len(GSDS_M)]
        parts += [_pixels(pair, rng) for pair in pairs(first + k, KINDS[k % len(KINDS)], gsd_m, DATES)]
        print(f"\r{first + k}", end="", file=sys.stderr, flush=True)
    return joined(parts)


def _pixels(pair: Pair, rng: np.random.Generator) -> Pixels:
    found, _, judged = table(pair)
    near = np.asarray(ndimage.binary_dilation(pair.truth == 1, np.ones((3, 3), bool)))
    loud = np.abs(found[kernel.names().index("both_outside_5")]) > 60
    sorts = [
        (1, judged & (pair.truth == 1), CHANGED_PX),
        (0, judged & ~near & loud, UNCHANGED_PX),
        (0, judged & ~near & ~loud, UNCHANGED_PX),
    ]
    return chosen(found, sorts, rng)
