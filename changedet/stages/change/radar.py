"""Change of radar scenes: speckle multiplies, so ratios are compared.

Parameters that several methods share are described in `parameters`, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from changedet.errors import MethodError
from changedet.stages.change.kernels.radar_ratios import (
    OmnibusSettings,
    RatioSettings,
    fit_log_ratio,
    fit_omnibus,
)
from changedet.stages.change.method import STAGE, ChangeMethod, pixel_method
from changedet.stages.change.parameters import (
    UNTESTED_FALSE_ALARM,
    ChiSquareThreshold,
    Cleaning,
    Displacement,
    LocalMeans,
    RuleThreshold,
    ScoreSmoothing,
    check_min_ratio,
    check_odd,
    settings_of,
)
from changedet.stages.registry import AUTO, Facts, Number


@STAGE.method("log_ratio", reference="Bovolo and Bruzzone 2005, doi:10.1109/TGRS.2005.857987")
def log_ratio(
    facts: Facts,
    *,
    window: LocalMeans,
    displacement: Displacement,
    smoothing: ScoreSmoothing,
    threshold: RuleThreshold,
    min_ratio: Number = 1.5,
    cleaning: Cleaning,
) -> ChangeMethod:
    """Radar: absolute logarithm of the ratio of local means of the amplitude, centred by its median.

    For a pair of any radar: needs to know nothing of the looks. A series goes to omnibus.

    Parameters
    ----------
    facts : Facts
        What is known of the scenes.
    window, displacement, smoothing, threshold : see `changedet.stages.change.parameters`
        What other methods have too.
    min_ratio : float
        A change is at least this factor in amplitude, whatever the rule says.
    cleaning : Cleaning
        What of the marks is kept.

    Returns
    -------
    ChangeMethod
        To fit and apply.

    Raises
    ------
    MethodError
        A window without a middle, or a ratio of 1 and less.
    """
    check_odd("window_px", window.window_px)
    check_min_ratio(min_ratio)
    shared = threshold, cleaning, window, displacement, smoothing
    settings = settings_of(
        RatioSettings, facts, *shared, min_ratio=min_ratio, sar=True, false_alarm_fraction=UNTESTED_FALSE_ALARM
    )
    return pixel_method(settings, fit_log_ratio)


@dataclass(frozen=True)
class OmnibusThreshold(ChiSquareThreshold):
    """The threshold of method omnibus.

    Attributes
    ----------
    false_alarm_fraction : float
        Share of unchanged pixels that the test itself lets pass, before smoothing: rule chi2, and a bound for others.
    """


@STAGE.method("omnibus", reference="Conradsen, Nielsen and Skriver 2016, doi:10.1109/TGRS.2015.2510160")
def omnibus(
    facts: Facts,
    *,
    enl: Number | Literal["auto"] = AUTO,
    quantity: Literal["auto", "amplitude", "intensity", "decibel"] = AUTO,
    window: LocalMeans,
    displacement: Displacement,
    smoothing: ScoreSmoothing,
    threshold: OmnibusThreshold,
    cleaning: Cleaning,
) -> ChangeMethod:
    """Radar: likelihood-ratio test that the intensities of both dates have one mean, for a known number of looks.

    For series of three dates and more, and where a stated false-alarm rate is wanted. Root of ``-2 rho ln Q``, whose
    square is chi-square where nothing changed; several bands are tested together. The dates are brought to one median
    ratio first. The number of looks that was used stands in run.json (``looks``) and summary.json (``enl``).

    Parameters
    ----------
    facts : Facts
        What is known of the scenes.
    enl : float or "auto"
        Equivalent number of looks of a pixel (4.4 for Sentinel-1 IW GRD at 10 m); auto is estimated from the ratios.
    quantity : {"auto", "amplitude", "intensity", "decibel"}
        What the pixels hold; auto is decibel where more than a tenth lie below 0, else amplitude for whole numbers and
        for a band called amplitude, intensity for other floating point.
    window, displacement, smoothing, threshold, cleaning : see `changedet.stages.change.parameters`
        What other methods have too.

    Returns
    -------
    ChangeMethod
        To fit and apply.

    Raises
    ------
    MethodError
        A window without a middle, or a number of looks of 0 and less.
    """
    if not isinstance(enl, str) and not enl > 0.0:
        raise MethodError(f"change.enl: {enl:g}, expected more than 0")
    check_odd("window_px", window.window_px)
    whole = "int" in facts.dtype or "amplitude" in facts.roles
    shared = threshold, cleaning, window, displacement, smoothing
    settings = settings_of(
        OmnibusSettings, facts, *shared, enl=enl, quantity=quantity, sar=True, whole_numbers=whole, whole=whole
    )
    return pixel_method(settings, fit_omnibus)
