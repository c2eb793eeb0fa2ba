"""Change of optical scenes without anything learned: by values, canonical variates, or blocks of the difference.

Parameters that several methods have are told of in `stage.SHARED`, once.
"""

from __future__ import annotations

from typing import Literal

from changedet.errors import MethodError
from changedet.stages.change.method import STAGE, ChangeMethod, Persistence, Rule, Smoothing, check_odd, pixel_method
from changedet.stages.registry import AUTO, Count, Facts, Fraction, Number, Pixels, SquareMetres


@STAGE.method("cva", reference="Malila 1980; Bruzzone and Prieto 2000, doi:10.1109/36.843009")
def cva(
    facts: Facts,
    *,
    difference: Literal["plain", "tolerant"] = "plain",
    tolerance_px: Count = 1,
    smoothing: Smoothing = "gaussian",
    smoothing_px: Pixels = 1.0,
    tv_weight: Number = 1.0,
    threshold: Rule | Number = AUTO,
    noise_sigmas: Number = 4.0,
    false_alarm_fraction: Fraction = 0.001,
    min_area_m2: SquareMetres | Literal["auto"] = AUTO,
    persistence: Persistence = AUTO,
) -> ChangeMethod:
    """Length of the change vector, each band in units of its noise where nothing changed.

    For 2 m and coarser, with any bands: of the unlearned methods it marks least of what only the season did. Below 2 m
    only with `difference: tolerant`. A robust line per band takes gain and offset out; score
    ``sqrt(sum_b ((g y + o - x) / s)^2)``.

    Parameters
    ----------
    difference : {"plain", "tolerant"}
        Of pixel and pixel, or how far a value lies outside the other date's range within `tolerance_px`, both ways.
    threshold : str or float
        A rule (auto is kittler) or the score itself. A rule never goes below the noise floor.
    """
    return pixel_method("cva", facts, locals(), default_rule="kittler")


@STAGE.method("irmad", reference="Nielsen 2007, doi:10.1109/TIP.2006.888195")
def irmad(
    facts: Facts,
    *,
    iterations: Count = 50,
    tolerance: Number = 1e-3,
    tolerance_px: Count = 1,
    smoothing: Smoothing = "gaussian",
    smoothing_px: Pixels = 1.0,
    tv_weight: Number = 1.0,
    threshold: Rule | Number = AUTO,
    noise_sigmas: Number = 4.0,
    false_alarm_fraction: Fraction = 0.001,
    min_area_m2: SquareMetres | Literal["auto"] = AUTO,
    persistence: Persistence = AUTO,
) -> ChangeMethod:
    """Root of the chi-square of the iteratively reweighted MAD variates; blind to any linear change of the bands.

    For pairs of one season from different sensors, or under haze that differs by band. Between seasons its weights
    settle on one sort of ground, and all other ground counts as changed: then cva, or a reference of the same season.

    Parameters
    ----------
    iterations : int
        At most; 1 is plain MAD.
    tolerance : float
        Stop when no canonical correlation moves by more than this.
    threshold : str or float
        A rule (auto is kittler) or the score itself. A rule never goes below the noise floor.
    """
    if iterations < 1:
        raise MethodError("change.iterations: 0, expected at least 1")
    return pixel_method("irmad", facts, locals(), default_rule="kittler")


@STAGE.method("isfa", reference="Wu, Du and Zhang 2014, doi:10.1109/TGRS.2013.2266673")
def isfa(
    facts: Facts,
    *,
    iterations: Count = 50,
    tolerance: Number = 1e-3,
    tolerance_px: Count = 1,
    smoothing: Smoothing = "gaussian",
    smoothing_px: Pixels = 1.0,
    tv_weight: Number = 1.0,
    threshold: Rule | Number = AUTO,
    noise_sigmas: Number = 4.0,
    false_alarm_fraction: Fraction = 0.001,
    min_area_m2: SquareMetres | Literal["auto"] = AUTO,
    persistence: Persistence = AUTO,
) -> ChangeMethod:
    """Root of the chi-square of the slow features' differences, reweighted by the probability of no change.

    For the same pairs as irmad, where a change of a single band's meaning is not to be explained away: both dates get
    the same combinations of bands, those that differ least between the dates against their own variance. Blind to gain
    and offset of each band, as both dates are standardised.

    Parameters
    ----------
    iterations : int
        At most; 1 is plain slow feature analysis.
    tolerance : float
        Stop when no feature's slowness moves by more than this.
    threshold : str or float
        A rule (auto is kittler) or the score itself. A rule never goes below the noise floor.
    """
    if iterations < 1:
        raise MethodError("change.iterations: 0, expected at least 1")
    return pixel_method("isfa", facts, locals(), default_rule="kittler")


@STAGE.method("pca_kmeans", reference="Celik 2009, doi:10.1109/LGRS.2009.2025059")
def pca_kmeans(
    facts: Facts,
    *,
    block_px: Count = 5,
    tolerance_px: Count = 1,
    window_px: Count = 3,
    min_ratio: Number = 1.5,
    threshold: Rule | Number = AUTO,
    noise_sigmas: Number = 4.0,
    false_alarm_fraction: Fraction = 0.001,
    min_area_m2: SquareMetres | Literal["auto"] = AUTO,
    persistence: Persistence = AUTO,
) -> ChangeMethod:
    """Two clusters of the principal components of blocks of the difference image; 0.5 lies between them.

    For radar pairs with wide changes, and as a second opinion at 2 m and coarser: says nothing where the changed
    cluster does not rise above the noise. The difference image is the change vector's length, or for radar the
    log ratio.

    Parameters
    ----------
    block_px : int
        Edge of a block, odd.
    window_px : int
        Radar: edge of the window of the local means, odd.
    min_ratio : float
        Radar: the changed cluster must differ by at least this factor.
    threshold : str or float
        A rule (auto is kmeans, the clusters' border) or the score itself.
    noise_sigmas : float
        The changed cluster lies at least so many spreads of the blocks' means above their median, or there is none.
    false_alarm_fraction : float
        Its chi-square quantile bounds the changed cluster from below, too.
    """
    given = locals() | {"smoothing": "none", "smoothing_px": 0.0, "sar": facts.is_sar}
    check_odd("block_px", block_px)
    if not facts.is_sar:
        given["window_px"] = 1
    return pixel_method("pca_kmeans", facts, given, default_rule="kmeans")


@STAGE.method("structure", reference="Dalal and Triggs 2005, doi:10.1109/CVPR.2005.177; Ye et al. 2019")
def structure(
    facts: Facts,
    *,
    orientations: Count = 8,
    cell_px: Pixels = 4.0,
    least_contrast: Number = 1.5,
    smoothing: Smoothing = "gaussian",
    smoothing_px: Pixels = 2.0,
    tv_weight: Number = 1.0,
    threshold: Rule | Number = AUTO,
    noise_sigmas: Number = 3.0,
    min_area_m2: SquareMetres | Literal["auto"] = AUTO,
    persistence: Persistence = AUTO,
) -> ChangeMethod:
    """Difference of orientated gradients around a pixel, each date by its own strength: blind to light and contrast.

    For large works below 2 m without near infrared, where something is built on open ground; not for houses among
    trees, nor above 2 m. A displacement by less than `cell_px` hardly shows. The score goes from 0 to 1.41, where one
    date has structure of another direction only; 1 where structure came up on flat ground. What is finer than `cell_px`
    is not outlined.

    Parameters
    ----------
    orientations : int
        Directions of half a turn into which gradients are sorted.
    cell_px : float
        Standard deviation of the Gaussian over which gradients are pooled.
    least_contrast : float
        Gradients below so many times their date's median count as none.
    threshold : str or float
        A rule (auto is otsu) or the score itself. A rule never goes below the noise floor.
    """
    if orientations < 2:
        raise MethodError(f"change.orientations: {orientations}, expected at least 2")
    return pixel_method(
        "structure", facts, locals() | {"tolerance_px": 0, "false_alarm_fraction": 0.001}, default_rule="otsu"
    )
