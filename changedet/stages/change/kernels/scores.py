"""Change scores of a pair: fitted on a sample, then computed pixel by pixel.

Every score goes the same way: features of both dates, a raw score, its smoothing, a threshold from the sample, and a
cap on what a small displacement explains. What a score needs is in its model, a dict of numbers, strings and lists.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any, Final

import numba
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.irmad import irmad_fit
from changedet.kernels.variates import Variates, chi_square_image
from changedet.stages.change.kernels import thresholds
from changedet.stages.change.kernels.isfa import isfa_fit
from changedet.stages.change.kernels.omnibus import looks_of, pair_score
from changedet.stages.change.kernels.smoothing import (
    box,
    gaussian,
    gaussian_radius_px,
    gaussian_weights,
    total_variation,
)
from changedet.stages.change.kernels.structure import (
    structure_difference,
    structure_floors,
    structure_halo_px,
    structures,
)
from changedet.stages.change.kernels.tolerance import cap_displaced, change_vector_magnitude, confirmed_share, fit_line

FIT_PIXELS: Final = 200_000
"""Pixels from which lines, moments and centroids are estimated; a fixed stride through the sample picks them."""
TV_ITERATIONS: Final = 20
CEILING_FLOORS: Final = 2.0
"""A Gaussian takes a straight edge to half its height, there: so the outline stays in its place."""
NO_SMOOTHING_SIGMA_PX: Final = 1.0
"""Where the score is not smoothed by a Gaussian, evidence of displacement is averaged by this one."""
LEAST_CONFIRMED: Final = 0.4
"""Share of the plain difference that must remain when a displacement is allowed for."""
LEAST_CONFIRMED_PIXELS: Final = 0.25
"""Share of the pixels above the threshold that must be confirmed: with fewer, it is misregistration and noise."""
DECIBEL_SHARE: Final = 0.1
"""With more values than this at or below 0, a SAR image is in decibels."""
PCA_VARIANCE: Final = 0.9
PCA_LEAST_SHARE: Final = 0.5
"""Score of a block as near to the changed as to the unchanged centroid."""

LEAST_STRUCTURE: Final = 0.4
"""A quarter of the greatest difference: as if that part of an edge's strength had turned up or gone."""

VARIATES: Final[dict[str, Callable[..., Variates]]] = {"irmad": partial(irmad_fit, ridge=0.0), "isfa": isfa_fit}
"""Methods whose score is the root of a sum of squared variates."""


def halo_px(settings: dict[str, Any]) -> int:
    """How far `apply_change` looks around with these settings."""
    reach = {"none": 0, "gaussian": gaussian_radius_px(settings["smoothing_px"]), "tv": TV_ITERATIONS + 1}
    features = int(settings.get("window_px", 1)) // 2
    raw = int(settings["tolerance_px"]) if settings.get("difference") == "tolerant" else 0
    features += structure_halo_px(settings["cell_px"]) if "cell_px" in settings else 0
    blocks = int(settings.get("block_px", 1)) // 2
    evidence = _evidence_weights(settings).size // 2 + int(settings["tolerance_px"])
    return features + max(blocks + raw + reach[settings["smoothing"]], evidence)


def fit_change(
    before: NDArray[np.float32], after: NDArray[np.float32], method: str, settings: dict[str, Any]
) -> dict[str, Any]:
    """Fit a change score and its threshold.

    Parameters
    ----------
    before, after : (cell, band, y, x) float32
        The sample; NaN where not valid. A pixel counts where both dates have all bands.
    method : {"cva", "irmad", "isfa", "pca_kmeans", "structure", "log_ratio", "omnibus"}
    settings : dict
        The method's parameters, resolved.

    Returns
    -------
    dict
        JSON-able: `method`, `settings`, what the score needs, ``threshold``, ``min_area_m2``, ``diagnostics``.
    """
    model: dict[str, Any] = {"method": method, "settings": dict(settings), "min_area_m2": settings["min_area_m2"]}
    if settings.get("sar"):
        model |= _fit_sar(before, after, settings)
    if method == "structure":
        model["floors"] = structure_floors(before, after, *_described(settings), float(settings["least_contrast"]))
    pairs = [_features(b, a, model) for b, a in zip(before, after, strict=True)]
    x, y = _pixels(pairs)
    model["degrees"] = x.shape[1]
    model["line"] = _median_line(x, y) if "offset" in model else fit_line(x, y)
    if method == "omnibus":
        model["looks"] = _looks(before, after, x - y, model)
    if method in VARIATES:
        variates = VARIATES[method](x, y, int(settings["iterations"]), float(settings["tolerance"]))
        model |= {"variates": asdict(variates), "degrees": max(1, variates.degrees)}
    if method == "pca_kmeans":
        model |= _fit_pca(pairs, model)
    smooth = [_raw_score(b, a, model) for b, a in pairs]
    if settings["smoothing"] == "tv":
        model["tv_weight"] = float(settings["tv_weight"]) * thresholds.noise_level(np.stack(smooth))[0]
    model["ceiling"] = _ceiling(smooth, model)
    smooth = [_smoothed(score, model) for score in smooth]
    return model | _threshold(smooth, pairs, model)


def apply_change(before: NDArray[np.float32], after: NDArray[np.float32], model: dict[str, Any]) -> NDArray[np.float32]:
    """The change score ``(y, x)`` of a block ``(band, y, x)``; NaN where either date is."""
    before, after = _features(before, after, model)
    score = _smoothed(_raw_score(before, after, model), model)
    return _capped(score, before, after, model)


def _fit_sar(before: NDArray[np.float32], after: NDArray[np.float32], settings: dict[str, Any]) -> dict[str, Any]:
    """What the pixels hold, and ``power``, which makes of linear values those that are averaged."""
    values = np.concatenate([before[np.isfinite(before)], after[np.isfinite(after)]])
    quantity = settings.get("quantity", "auto")
    # Zeros are borders and radar shadow of linear pictures; only below zero is the realm of decibels.
    below = bool(values.size and np.mean(values < 0.0) > DECIBEL_SHARE)
    decibel = quantity == "decibel" or (quantity == "auto" and below)
    power = 2.0 if quantity == "amplitude" or (quantity == "auto" and settings.get("whole_numbers")) else 1.0
    values = np.abs(values[values != 0.0]) ** power
    # the small addend keeps the logarithm of radar shadow, which is all noise, from dominating
    offset = 0.0 if decibel or not values.size else 0.02 * float(np.median(values))
    return {"decibel": decibel, "power": power, "offset": offset}


def _features(
    before: NDArray[np.float32], after: NDArray[np.float32], model: dict[str, Any]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What is compared: the bands, their structure, or for SAR the logarithms of their local means."""
    if "floors" in model:
        return structures(before, after, *_described(model["settings"]))
    if "offset" not in model:
        return before, after
    gone = ~(np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0))
    radius = int(model["settings"]["window_px"]) // 2
    before, after = (np.where(gone, np.float32(np.nan), image) for image in (before, after))
    return _log_means(before, model, radius), _log_means(after, model, radius)


def _described(settings: dict[str, Any]) -> tuple[int, float]:
    return int(settings["orientations"]), float(settings["cell_px"])


def _log_means(image: NDArray[np.float32], model: dict[str, Any], radius_px: int) -> NDArray[np.float32]:
    """Logarithms of local means: of amplitudes, or for the omnibus test of intensities; decibels are averaged as such
    where amplitudes are compared.
    """
    intensities = "enl" in model["settings"]
    if intensities and model["decibel"]:
        image = np.exp(image * np.float32(math.log(10.0) / 10.0))
    elif model["power"] != 1.0:
        image = image ** np.float32(model["power"])
    means = np.stack([box(band, radius_px) for band in image])
    if model["decibel"] and not intensities:
        return np.asarray(means * np.float32(math.log(10.0) / 20.0), np.float32)
    return np.asarray(np.log(np.maximum(means + np.float32(model["offset"]), np.float32(1e-12))), np.float32)


def _looks(
    before: NDArray[np.float32], after: NDArray[np.float32], log_ratios: NDArray[np.float32], model: dict[str, Any]
) -> float:
    """Looks of the local means: as the ratios tell, or as given for a pixel times what averaging adds by the ratios."""
    found = looks_of(log_ratios)
    given = model["settings"]["enl"]
    if isinstance(given, str):
        return found
    window = int(model["settings"]["window_px"])
    single = model | {"settings": model["settings"] | {"window_px": 1}}
    x, y = _pixels([_features(b, a, single) for b, a in zip(before, after, strict=True)])
    return float(given) * min(max(found / looks_of(x - y), 1.0), float(window**2))


def _pixels(pairs: list[tuple[NDArray[np.float32], NDArray[np.float32]]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Valid pixels ``(n, band)`` of both dates, thinned by a fixed stride."""
    columns = []
    for pair in pairs:
        valid = np.isfinite(pair[0]).all(axis=0) & np.isfinite(pair[1]).all(axis=0)
        columns.append([image[:, valid].T for image in pair])
    x, y = (np.concatenate([column[i] for column in columns]) for i in (0, 1))
    stride = max(1, len(x) // FIT_PIXELS)
    return x[::stride], y[::stride]


def _median_line(x: NDArray[np.float32], y: NDArray[np.float32]) -> dict[str, list[float]]:
    """Of logarithms only the median ratio is taken out: a gain would change what a ratio means."""
    centre = np.median(x - y, axis=0) if len(x) else np.zeros(x.shape[1])
    bands = x.shape[1]
    return {"gain": [1.0] * bands, "offset": [float(c) for c in centre], "noise": [1.0] * bands}


def _raw_score(before: NDArray[np.float32], after: NDArray[np.float32], model: dict[str, Any]) -> NDArray[np.float32]:
    if "floors" in model:
        return structure_difference(before, after, tuple(model["floors"]))
    if "looks" in model:
        shift = np.asarray(model["line"]["offset"], np.float32)[:, None, None]
        return pair_score(before, after + shift, float(model["looks"]))
    if "variates" in model:
        return np.sqrt(chi_square_image(before, after, Variates(**model["variates"])))
    radius = int(model["settings"]["tolerance_px"]) if model["settings"].get("difference") == "tolerant" else 0
    magnitude = change_vector_magnitude(before, after, model["line"], radius)
    if model["method"] == "pca_kmeans" and "components" in model:
        return _pca_score(magnitude, model)
    return magnitude


def _ceiling(scores: list[NDArray[np.float32]], model: dict[str, Any]) -> float:
    """Where to clip raw scores before a Gaussian: unclipped, a strong change would fatten by as much as that reaches.

    It is a multiple of the noise floor, which comes from the lower half of the scores, that no ceiling moves. Radar
    needs none: Otsu's rule, half-way between the classes, keeps the outlines by itself, and wants both classes whole.
    """
    if model["method"] not in {"cva", *VARIATES}:
        return thresholds.NEVER
    median, spread = thresholds.noise_level(np.stack([_smoothed(score, model) for score in scores]))
    floor = max(median + float(model["settings"]["noise_sigmas"]) * spread, _least_score(model))
    return float(np.float32(CEILING_FLOORS * floor))


def _smoothed(score: NDArray[np.float32], model: dict[str, Any]) -> NDArray[np.float32]:
    settings = model["settings"]
    if settings["smoothing"] == "gaussian" and settings["smoothing_px"] > 0:
        clipped = np.minimum(score, np.float32(model.get("ceiling", thresholds.NEVER)))
        return gaussian(clipped, float(settings["smoothing_px"]))
    if settings["smoothing"] == "tv":
        return total_variation(score, float(model["tv_weight"]), TV_ITERATIONS)
    return score


def _evidence_weights(settings: dict[str, Any]) -> NDArray[np.float32]:
    """The score's Gaussian within two standard deviations, by which plain and tolerant differences are averaged."""
    gauss = settings["smoothing"] == "gaussian" and settings["smoothing_px"] > 0
    sigma = float(settings["smoothing_px"]) if gauss else NO_SMOOTHING_SIGMA_PX
    weights, reach = gaussian_weights(sigma), math.ceil(2.0 * sigma)
    middle = weights.size // 2
    return np.ascontiguousarray(weights[middle - reach : middle + reach + 1])


def _capped(
    score: NDArray[np.float32], before: NDArray[np.float32], after: NDArray[np.float32], model: dict[str, Any]
) -> NDArray[np.float32]:
    radius = int(model["settings"]["tolerance_px"])
    if not radius or model["threshold"] >= thresholds.NEVER:
        return score
    weights = _evidence_weights(model["settings"])
    return cap_displaced(score, before, after, model["line"], model["threshold"], radius, weights, LEAST_CONFIRMED)


def _threshold(
    scores: list[NDArray[np.float32]],
    pairs: list[tuple[NDArray[np.float32], NDArray[np.float32]]],
    model: dict[str, Any],
) -> dict[str, Any]:
    settings = model["settings"]
    sample = np.stack(scores)
    native = model["method"] == "pca_kmeans"
    least = PCA_LEAST_SHARE if native else _least_score(model)
    sigmas = 0.0 if native else float(settings["noise_sigmas"])
    rule = settings["threshold"]
    if native and rule == "kmeans":
        # the clusters are the rule: their border is where both centroids are equally near
        found = thresholds.decide(sample, PCA_LEAST_SHARE, 1, 0.0, 0.0, least) | {"rule": "kmeans"}
    else:
        found = thresholds.decide(
            sample, rule, model["degrees"], sigmas, float(settings["false_alarm_fraction"]), least
        )
    if native and model["changed_contrast"] < 1.0 and isinstance(rule, str):
        found |= {"threshold": thresholds.NEVER, "reason": "the changed cluster does not rise above the noise"}
    found |= _confirmation(scores, pairs, model | found)
    return {"threshold": found.pop("threshold"), "diagnostics": found}


def _least_score(model: dict[str, Any]) -> float:
    """A score that an unchanged pixel hardly reaches, whatever the scene: by chi-square, or by the least ratio."""
    if "floors" in model:
        return LEAST_STRUCTURE
    if "offset" in model and "looks" not in model:
        return float(math.log(model["settings"]["min_ratio"]) * math.sqrt(model["degrees"]))
    return thresholds.false_alarm(0.0, model["degrees"], float(model["settings"]["false_alarm_fraction"]))


def _confirmation(
    scores: list[NDArray[np.float32]],
    pairs: list[tuple[NDArray[np.float32], NDArray[np.float32]]],
    model: dict[str, Any],
) -> dict[str, Any]:
    """Refuse a threshold above which nearly everything is explained by a displacement."""
    radius = int(model["settings"]["tolerance_px"])
    if not radius or model["threshold"] >= thresholds.NEVER:
        return {"confirmed": None}
    weights, threshold = _evidence_weights(model["settings"]), model["threshold"]
    counts = [
        confirmed_share(score, b, a, model["line"], threshold, radius, weights, LEAST_CONFIRMED)
        for score, (b, a) in zip(scores, pairs, strict=True)
    ]
    above, left = (sum(column) for column in zip(*counts, strict=True))
    confirmed = left / above if above else 0.0
    if confirmed < LEAST_CONFIRMED_PIXELS and isinstance(model["settings"]["threshold"], str):
        reason = "a displacement explains nearly all that differs"
        return {"confirmed": confirmed, "threshold": thresholds.NEVER, "reason": reason}
    return {"confirmed": confirmed}


def _fit_pca(pairs: list[tuple[NDArray[np.float32], NDArray[np.float32]]], model: dict[str, Any]) -> dict[str, Any]:
    """Principal components of the blocks of the difference image, and two centroids among them (Celik 2009)."""
    size = int(model["settings"]["block_px"])
    images = [_raw_score(b, a, model) for b, a in pairs]
    blocks = np.concatenate([_blocks(image, size) for image in images])
    blocks = blocks[:: max(1, len(blocks) // FIT_PIXELS)].astype(np.float64)
    if len(blocks) < thresholds.LEAST_PIXELS:
        return {"changed_contrast": 0.0}
    mean = blocks.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(blocks.T))
    share = np.cumsum(values[::-1]) / max(values.sum(), 1e-30)
    count = min(int(np.searchsorted(share, PCA_VARIANCE)) + 1, len(values))
    components = vectors[:, ::-1][:, :count].T
    components = components * np.where(components.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    low, high = _two_centroids((blocks - mean) @ components.T, blocks.mean(axis=1))
    median, spread = thresholds.noise_level(blocks.mean(axis=1))
    floor = max(median + float(model["settings"]["noise_sigmas"]) * spread, _least_score(model))
    changed = float((high @ components + mean).mean())
    return {
        "components": components.tolist(), "block_mean": mean.tolist(), "low": low.tolist(), "high": high.tolist(),
        "changed_contrast": changed / max(floor, 1e-9),
    }  # fmt: skip


def _blocks(image: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """All whole blocks ``(n, size * size)`` without a missing pixel, at every other pixel."""
    if min(image.shape) < size:
        return np.empty((0, size * size), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))[::2, ::2]
    flat = windows.reshape(-1, size * size)
    return flat[np.isfinite(flat).all(axis=1)]


def _two_centroids(features: NDArray[np.float64], level: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Lloyd's iteration from the halves that Otsu's rule makes of the blocks' means."""
    start = thresholds.otsu(thresholds.histogram(level, thresholds.BINS))
    changed = level > (float(np.median(level)) if start is None else start)
    low = high = features.mean(axis=0)
    for _ in range(50):
        if not changed.any() or changed.all():
            break
        low, high = features[~changed].mean(axis=0), features[changed].mean(axis=0)
        following = ((features - high) ** 2).sum(axis=1) < ((features - low) ** 2).sum(axis=1)
        if np.array_equal(following, changed):
            break
        changed = following
    return low, high


def _pca_score(magnitude: NDArray[np.float32], model: dict[str, Any]) -> NDArray[np.float32]:
    """How much nearer a block lies to the changed than to the unchanged centroid, 0 to 1 and 0.5 on the border."""
    components = np.asarray(model["components"], np.float32)
    mean = np.asarray(model["block_mean"], np.float32)
    low, high = np.asarray(model["low"], np.float32), np.asarray(model["high"], np.float32)
    size = int(model["settings"]["block_px"])
    shift = components @ mean
    kernels = components.reshape(-1, size, size)
    return np.asarray(_nearness(magnitude, kernels, low + shift, high + shift), np.float32)


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _nearness(image: Any, kernels: Any, low: Any, high: Any) -> Any:
    """Distances of every block's components to two centroids; a missing pixel is taken as its block's centre."""
    height, width = image.shape
    count, size, _ = kernels.shape
    r = size // 2
    out = np.empty((height, width), np.float32)
    to_low, to_high = np.empty(width, np.float32), np.empty(width, np.float32)
    value = np.empty(width, np.float32)
    for y in range(height):
        to_low[:] = 0.0
        to_high[:] = 0.0
        for c in range(count):
            value[:] = 0.0
            for i in range(size):
                v = y + i - r
                for j in range(size):
                    w = kernels[c, i, j]
                    for x in range(width):
                        u = x + j - r
                        pixel = image[v, u] if 0 <= v < height and 0 <= u < width else np.float32(np.nan)
                        value[x] += w * (pixel if pixel == pixel else image[y, x])
            for x in range(width):
                to_low[x] += (value[x] - low[c]) ** 2
                to_high[x] += (value[x] - high[c]) ** 2
        for x in range(width):
            a, b = np.sqrt(to_low[x]), np.sqrt(to_high[x])
            both = a + b
            out[y, x] = a / both if both > 0.0 else (both if both != both else np.float32(0.0))
    return out
