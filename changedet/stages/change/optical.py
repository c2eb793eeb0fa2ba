"""Change of optical scenes without anything learned: by values, canonical variates, blocks, or structure.

Parameters that several methods share are described in `parameters`, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from changedet.errors import MethodError
from changedet.stages.change.kernels.change_vectors import CvaSettings, fit_cva
from changedet.stages.change.kernels.pca_kmeans import PcaSettings, fit_pca_kmeans
from changedet.stages.change.kernels.structure_scores import StructureSettings, fit_structure
from changedet.stages.change.kernels.variate_scores import (
    VariatesSettings,
    fit_irmad,
    fit_isfa,
)
from changedet.stages.change.method import STAGE, ChangeMethod, pixel_method
from changedet.stages.change.parameters import (
    UNTESTED_FALSE_ALARM,
    ChiSquareThreshold,
    Cleaning,
    Displacement,
    KittlerThreshold,
    RuleThreshold,
    ScoreSmoothing,
    check_min_ratio,
    check_odd,
    settings_of,
)
from changedet.stages.registry import Count, Facts, Number, Pixels

MOST_ORIENTATIONS: Final = 64
"""Steps of 3 degrees: finer ones tell nothing that 8 do not, and each takes memory for a whole tile."""


@STAGE.method("cva", reference="Malila 1980; Bruzzone and Prieto 2000, doi:10.1109/36.843009")
def cva(
    facts: Facts,
    *,
    difference: Literal["plain", "tolerant"] = "plain",
    displacement: Displacement,
    smoothing: ScoreSmoothing,
    threshold: KittlerThreshold,
    cleaning: Cleaning,
) -> ChangeMethod:
    """Length of the change vector, each band in units of its noise where nothing changed.

    For 2 m and coarser, with any bands: of the unlearned methods it marks least of what only the season did. Below 2 m
    only with `difference: tolerant`. A robust line per band takes gain and offset out; score
    ``sqrt(sum_b ((g y + o - x) / s)^2)``.

    Parameters
    ----------
    facts : Facts
        What is known of the scenes.
    difference : {"plain", "tolerant"}
        Of pixel and pixel, or how far a value lies outside the other date's range within `tolerance_px`, both ways.
    displacement, smoothing, threshold, cleaning : see `changedet.stages.change.parameters`
        What other methods have too.

    Returns
    -------
    ChangeMethod
        To fit and apply.
    """
    settings = settings_of(CvaSettings, facts, threshold, cleaning, displacement, smoothing, difference=difference)
    return pixel_method(settings, fit_cva)


@STAGE.method("irmad", reference="Nielsen 2007, doi:10.1109/TIP.2006.888195")
def irmad(
    facts: Facts,
    *,
    iterations: Count = 50,
    tolerance: Number = 1e-3,
    displacement: Displacement,
    smoothing: ScoreSmoothing,
    threshold: KittlerThreshold,
    cleaning: Cleaning,
) -> ChangeMethod:
    """Root of the chi-square of the iteratively reweighted MAD variates; blind to any linear change of the bands.

    For pairs of one season from different sensors, or under haze that differs by band. Between seasons its weights
    settle on one sort of ground, and all other ground counts as changed: then cva, or a reference of the same season.

    Parameters
    ----------
    facts : Facts
        What is known of the scenes.
    iterations : int
        At most; 1 is plain MAD.
    tolerance : float
        Stop when no canonical correlation moves by more than this.
    displacement, smoothing, threshold, cleaning : see `changedet.stages.change.parameters`
        What other methods have too.

    Returns
    -------
    ChangeMethod
        To fit and apply.

    Raises
    ------
    MethodError
        No iteration.
    """
    _check_iterations(iterations)
    shared = threshold, cleaning, displacement, smoothing
    settings = settings_of(VariatesSettings, facts, *shared, iterations=iterations, tolerance=tolerance)
    return pixel_method(settings, fit_irmad)


@STAGE.method("isfa", reference="Wu, Du and Zhang 2014, doi:10.1109/TGRS.2013.2266673")
def isfa(
    facts: Facts,
    *,
    iterations: Count = 50,
    tolerance: Number = 1e-3,
    displacement: Displacement,
    smoothing: ScoreSmoothing,
    threshold: KittlerThreshold,
    cleaning: Cleaning,
) -> ChangeMethod:
    """Root of the chi-square of the slow features' differences, reweighted by the probability of no change.

    For the same pairs as irmad, where a change of a single band's meaning is not to be explained away: both dates get
    the same combinations of bands, those that differ least between the dates against their own variance. Blind to gain
    and offset of each band, as both dates are standardised.

    Parameters
    ----------
    facts : Facts
        What is known of the scenes.
    iterations : int
        At most; 1 is plain slow feature analysis.
    tolerance : float
        Stop when no feature's slowness moves by more than this.
    displacement, smoothing, threshold, cleaning : see `changedet.stages.change.parameters`
        What other methods have too.

    Returns
    -------
    ChangeMethod
        To fit and apply.

    Raises
    ------
    MethodError
        No iteration.
    """
    _check_iterations(iterations)
    shared = threshold, cleaning, displacement, smoothing
    settings = settings_of(VariatesSettings, facts, *shared, iterations=iterations, tolerance=tolerance)
    return pixel_method(settings, fit_isfa)


def _check_iterations(iterations: int) -> None:
    if iterations < 1:
        raise MethodError("change.iterations: 0, expected at least 1")


@dataclass(frozen=True)
class ClusterThreshold(ChiSquareThreshold):
    """The threshold of method pca_kmeans.

    Attributes
    ----------
    threshold : str or float
        A rule (auto is kmeans, the clusters' border) or the score itself.
    noise_sigmas : float
        The changed cluster lies at least so many spreads of the blocks' means above their median, or there is none.
    false_alarm_fraction : float
        Its chi-square quantile bounds the changed cluster from below, too.
    """

    auto_rule: ClassVar[str] = "kmeans"


@STAGE.method("pca_kmeans", reference="Celik 2009, doi:10.1109/LGRS.2009.2025059")
def pca_kmeans(
    facts: Facts,
    *,
    block_px: Count = 5,
    displacement: Displacement,
    window_px: Count = 3,
    min_ratio: Number = 1.5,
    threshold: ClusterThreshold,
    cleaning: Cleaning,
) -> ChangeMethod:
    """Two clusters of the principal components of blocks of the difference image; 0.5 lies between them.

    For radar pairs with wide changes, and as a second opinion at 2 m and coarser: says nothing where the changed
    cluster does not rise above the noise. The difference image is the change vector's length, or for radar the
    log ratio.

    Parameters
    ----------
    facts : Facts
        What is known of the scenes.
    block_px : int
        Edge of a block, odd.
    displacement : Displacement
        What a displacement may explain.
    window_px : int
        Radar: edge of the window of the local means, odd.
    min_ratio : float
        Radar: the changed cluster must differ by at least this factor.
    threshold, cleaning : see `changedet.stages.change.parameters`
        What other methods have too.

    Returns
    -------
    ChangeMethod
        To fit and apply.

    Raises
    ------
    MethodError
        A window or block without a middle, or a ratio of 1 and less.
    """
    check_odd("block_px", block_px)
    if facts.is_sar:
        check_odd("window_px", window_px)
    check_min_ratio(min_ratio)
    settings = settings_of(
        PcaSettings,
        facts,
        threshold,
        cleaning,
        displacement,
        block_px=block_px,
        window_px=window_px if facts.is_sar else 1,
        min_ratio=min_ratio,
        sar=facts.is_sar,
        smoothing="none",
        smoothing_px=0.0,
    )
    return pixel_method(settings, fit_pca_kmeans)


@dataclass(frozen=True)
class StructureSmoothing(ScoreSmoothing):
    """Smoothing of the score of method structure, which is coarser."""

    smoothing_px: Pixels = 2.0


@dataclass(frozen=True)
class StructureThreshold(RuleThreshold):
    """The threshold of method structure, whose unchanged scores vary less."""

    noise_sigmas: Number = 3.0


@STAGE.method("structure", reference="Dalal and Triggs 2005, doi:10.1109/CVPR.2005.177; Ye et al. 2019")
def structure(
    facts: Facts,
    *,
    orientations: Count = 8,
    cell_px: Pixels = 4.0,
    least_contrast: Number = 1.5,
    smoothing: StructureSmoothing,
    threshold: StructureThreshold,
    cleaning: Cleaning,
) -> ChangeMethod:
    """Difference of orientated gradients around a pixel, each date by its own strength: blind to light and contrast.

    For large works below 2 m without near infrared, where something is built on open ground; not for houses among
    trees, nor above 2 m. A displacement by less than `cell_px` hardly shows. The score goes from 0 to 1.41, where one
    date has structure of another direction only; 1 where structure came up on flat ground. What is finer than `cell_px`
    is not outlined.

    Parameters
    ----------
    facts : Facts
        What is known of the scenes.
    orientations : int
        Directions of half a turn into which gradients are sorted.
    cell_px : float
        Standard deviation of the Gaussian over which gradients are pooled.
    least_contrast : float
        Gradients below so many times their date's median count as none.
    smoothing, threshold, cleaning : see `changedet.stages.change.parameters`
        What other methods have too.

    Returns
    -------
    ChangeMethod
        To fit and apply.

    Raises
    ------
    MethodError
        Fewer than two orientations, or more than `MOST_ORIENTATIONS`.
    """
    if not 2 <= orientations <= MOST_ORIENTATIONS:
        raise MethodError(f"change.orientations: {orientations}, expected from 2 to {MOST_ORIENTATIONS}")
    settings = settings_of(
        StructureSettings,
        facts,
        threshold,
        cleaning,
        smoothing,
        orientations=orientations,
        cell_px=cell_px,
        least_contrast=least_contrast,
        tolerance_px=0,
        false_alarm_fraction=UNTESTED_FALSE_ALARM,
    )
    return pixel_method(settings, fit_structure)
