"""Change scores of a pair by the unlearned methods: fitted on a sample, then computed pixel by pixel.

Every score goes the same way: features of both dates, a raw score, its smoothing, a threshold from the sample, and a
cap where a small displacement explains the difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias, TypeVar

import numpy as np

from changedet.arrays import Singles
from changedet.kernels.together import each
from changedet.stages.change.kernels.pair_statistics import Pair, PairSettings, PairStatistics
from changedet.stages.change.kernels.smoothing import gaussian, gaussian_radius_px, gaussian_weights, total_variation
from changedet.stages.change.kernels.thresholds import NEVER, noise_level
from changedet.stages.change.kernels.tolerance import cap_displaced, confirmed_share

TV_ITERATIONS: Final = 20
"""Steps of the total variation, which looks one pixel further with each."""
CEILING_FLOORS: Final = 2.0
"""Raw scores are clipped at this multiple of the noise floor: a Gaussian takes a straight edge to half its height, so
the outline stays in its place."""
NO_SMOOTHING_SIGMA_PX: Final = 1.0
"""Where the score is not smoothed by a Gaussian, evidence of displacement is averaged by this one."""
EVIDENCE_SIGMAS: Final = 2.0
"""Standard deviations of the Gaussian within which evidence of displacement is averaged."""
LEAST_CONFIRMED: Final = 0.4
"""Share of the plain difference that must remain when a displacement is allowed for. Chosen by hand."""
LEAST_CONFIRMED_PIXELS: Final = 0.25
"""Share of the pixels above the threshold that must be confirmed: with fewer, it is misregistration and noise. Chosen
by hand."""

Settings = TypeVar("Settings", bound=PairSettings)
Statistics = TypeVar("Statistics", bound=PairStatistics)
FitScore: TypeAlias = Callable[[Singles, Singles, Settings], tuple[Statistics, list[Pair]]]


def halo_px(settings: PairSettings) -> int:
    """How far `apply_change` looks around.

    Parameters
    ----------
    settings : PairSettings
        The method's parameters.

    Returns
    -------
    int
        Pixels on each side.
    """
    reach = {"none": 0, "gaussian": gaussian_radius_px(settings.smoothing_px), "tv": TV_ITERATIONS + 1}
    evidence = _evidence_weights(settings).size // 2 + settings.tolerance_px
    return settings.feature_halo_px + max(settings.score_halo_px + reach[settings.smoothing], evidence)


def fit_change(
    before: Singles, after: Singles, fit_score: FitScore[Settings, Statistics], settings: Settings
) -> Statistics:
    """Fit a change score and its threshold.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid. A pixel counts where both dates have all bands.
    fit_score : callable
        ``fit_score(before, after, settings) -> (statistics, pairs)``: what the method's raw score needs, and what is
        compared of each cell.
    settings : PairSettings
        The method's parameters.

    Returns
    -------
    PairStatistics
        Of the method, with a threshold.
    """
    statistics, pairs = fit_score(before, after, settings)
    raw = each(partial(_raw_score, statistics), pairs)
    if settings.smoothing == "tv" and settings.tv_weight is not None:
        statistics = replace(statistics, tv_weight=settings.tv_weight * noise_level(np.stack(raw))[0])
    statistics = replace(statistics, ceiling=_ceiling(raw, statistics))
    smooth = each(partial(_smoothed, statistics=statistics), raw)
    threshold, diagnostics = statistics.decide(np.stack(smooth))
    return _confirmed(smooth, pairs, replace(statistics, threshold=threshold, diagnostics=diagnostics))


def apply_change(before: Singles, after: Singles, model: PairStatistics) -> Singles:
    """The change score of a block.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        NaN where not valid, with `halo_px` more on each side than what is wanted.
    model : PairStatistics
        From `fit_change`.

    Returns
    -------
    float32 (y, x)
        At least 0; NaN where either date is.
    """
    before, after = model.features(before, after)
    score = _smoothed(model.raw_score(before, after), model)
    radius = model.settings.tolerance_px
    if not radius or model.threshold >= NEVER:
        return score
    weights = _evidence_weights(model.settings)
    return cap_displaced(score, before, after, model.line, model.threshold, radius, weights, LEAST_CONFIRMED)


def _ceiling(scores: list[Singles], statistics: PairStatistics) -> float:
    """Where to clip raw scores before a Gaussian: unclipped, a strong change would grow by as much as that reaches.

    It is a multiple of the noise floor, which comes from the lower half of the scores, that no ceiling moves.
    """
    if not statistics.is_clipped:
        return NEVER
    median, spread = noise_level(np.stack(each(partial(_smoothed, statistics=statistics), scores)))
    floor = max(median + statistics.settings.noise_sigmas * spread, statistics.least_score())
    return float(np.float32(CEILING_FLOORS * floor))


def _raw_score(statistics: PairStatistics, pair: Pair) -> Singles:
    return statistics.raw_score(*pair)


def _smoothed(score: Singles, statistics: PairStatistics) -> Singles:
    settings = statistics.settings
    if settings.smoothing == "gaussian" and settings.smoothing_px > 0:
        return gaussian(np.minimum(score, np.float32(statistics.ceiling)), settings.smoothing_px)
    if statistics.tv_weight is not None:
        return total_variation(score, statistics.tv_weight, TV_ITERATIONS)
    return score


def _evidence_weights(settings: PairSettings) -> Singles:
    """The score's Gaussian within two standard deviations, by which plain and tolerant differences are averaged."""
    gauss = settings.smoothing == "gaussian" and settings.smoothing_px > 0
    sigma = settings.smoothing_px if gauss else NO_SMOOTHING_SIGMA_PX
    weights, reach = gaussian_weights(sigma), math.ceil(EVIDENCE_SIGMAS * sigma)
    middle = weights.size // 2
    return np.ascontiguousarray(weights[middle - reach : middle + reach + 1])


def _confirmed(scores: list[Singles], pairs: list[Pair], statistics: Statistics) -> Statistics:
    """Refuse a threshold above which nearly everything is explained by a displacement."""
    radius, diagnostics = statistics.settings.tolerance_px, statistics.diagnostics
    if not radius or statistics.threshold >= NEVER:
        return statistics
    weights, threshold = _evidence_weights(statistics.settings), statistics.threshold

    def _counted(cell: tuple[Singles, Pair]) -> tuple[int, int]:
        score, (before, after) = cell
        return confirmed_share(score, before, after, statistics.line, threshold, radius, weights, LEAST_CONFIRMED)

    counts = each(_counted, list(zip(scores, pairs, strict=True)))
    above, left = (sum(column) for column in zip(*counts, strict=True))
    confirmed = left / above if above else 0.0
    diagnostics = replace(diagnostics, confirmed=confirmed)
    if confirmed < LEAST_CONFIRMED_PIXELS and isinstance(statistics.settings.threshold, str):
        threshold = NEVER
        diagnostics = replace(diagnostics, reason="a displacement explains nearly all that differs")
    return replace(statistics, threshold=threshold, diagnostics=diagnostics)
