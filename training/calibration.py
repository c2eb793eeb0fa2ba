"""How sure a container network may be: its logits turned into the share of peaks that are right, by resolution."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from changedet.stages.objects import detector
from changedet.stages.objects.kernels import network_peaks
from scenarios.yards import GSDS_M, Yard, hits
from training import painted_sites
from training.network_scenes import cached, photograph

BOTH_HANDS_SEEDS = (*range(30000, 30040, 2), *range(30264, 30284, 2))
"""Own scenes beside `painted_sites.CHECKED`."""


def own_yards(folder: Path, seeds: Sequence[int], gsd_m: float) -> Iterator[Yard]:
    """Own scenes by random cameras of a pixel size."""
    return (photograph(cached(seed, folder), seed, gsd_m) for seed in seeds)


def yards(own: Path, painted: Path, gsd_m: float) -> Iterator[Yard]:
    """Scenes of both hands that no network was trained on."""
    yield from own_yards(own, BOTH_HANDS_SEEDS, gsd_m)
    yield from painted_sites.yards([painted / site.name for site in painted_sites.CHECKED], (gsd_m,))


def peak_labels(model: bytes, yard: Yard) -> NDArray[np.float64]:
    """Peaks of a picture (n, 3): logit, margin, and 1 where the box is one of its class."""
    raw = detector.peaks(yard.image, yard.roles, yard.gsd_m, model)
    good = np.zeros(len(raw.logit))
    for which, truth in ((raw.other > 0, yard.others), (raw.other <= 0, yard.boxes)):
        mine = np.flatnonzero(which)
        good[mine[hits(raw.boxes[mine], truth)[0]]] = 1.0
    return np.column_stack([raw.logit, network_peaks.margins(raw), good])


def calibrated(model: bytes, pictures: Callable[[float], Iterator[Yard]]) -> dict[str, list[float]]:
    """Weights by resolution of a logistic regression of hits in pictures of that pixel size.

    See `kernels.network_peaks.confidence`.
    """
    table: dict[str, list[float]] = {"gsd_m": list(GSDS_M), "slope": [], "margin": [], "intercept": []}
    for gsd_m in GSDS_M:
        peaks = np.concatenate([peak_labels(model, yard) for yard in pictures(gsd_m)])
        slope, margin, intercept = logistic(peaks[:, :2], peaks[:, 2])
        for name, value in zip(("slope", "margin", "intercept"), (slope, max(0.0, margin), intercept), strict=True):
            table[name].append(round(value, 4))
        sys.stdout.write(f"{gsd_m} m: {len(peaks)} peaks, {int(peaks[:, 2].sum())} hits\n")
    return table


def logistic(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, ...]:
    """Weights of the columns and intercept of a logistic regression, by Newton's method."""
    table, beta = np.column_stack([x, np.ones(len(x))]), np.zeros(x.shape[1] + 1)
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(table @ beta, -30, 30)))
        curve = (table * (p * (1 - p))[:, None]).T @ table + 1e-3 * np.eye(len(beta))
        beta += np.linalg.solve(curve, table.T @ (y - p) - 1e-3 * beta)
    return tuple(float(b) for b in beta)
