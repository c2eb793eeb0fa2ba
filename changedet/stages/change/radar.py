"""Change of radar scenes: speckle multiplies, so ratios are compared.

Parameters that several methods have are told of in `stage.SHARED`, once.
"""

from __future__ import annotations

from typing import Literal

from changedet.errors import MethodError
from changedet.stages.change.method import STAGE, ChangeMethod, Persistence, Rule, Smoothing, pixel_method
from changedet.stages.registry import AUTO, Count, Facts, Fraction, Number, Pixels, SquareMetres


@STAGE.method("log_ratio", reference="Bovolo and Bruzzone 2005, doi:10.1109/TGRS.2005.857987")
def log_ratio(
    facts: Facts,
    *,
    window_px: Count = 3,
    tolerance_px: Count = 1,
    smoothing: Smoothing = "gaussian",
    smoothing_px: Pixels = 1.0,
    tv_weight: Number = 1.0,
    threshold: Rule | Number = AUTO,
    noise_sigmas: Number = 4.0,
    min_ratio: Number = 1.5,
    min_area_m2: SquareMetres | Literal["auto"] = AUTO,
    persistence: Persistence = AUTO,
) -> ChangeMethod:
    """Radar: absolute logarithm of the ratio of local means of the amplitude, centred by its median.

    For a pair of any radar: needs to know nothing of the looks. A series goes to omnibus.

    Parameters
    ----------
    threshold : str or float
        A rule (auto is otsu) or the score itself. A rule never goes below the noise floor.
    min_ratio : float
        A change is at least this factor in amplitude, whatever the rule says.
    """
    given = locals() | {"sar": True, "false_alarm_fraction": 0.001}
    return pixel_method("log_ratio", facts, given, default_rule="otsu")


@STAGE.method("omnibus", reference="Conradsen, Nielsen and Skriver 2016, doi:10.1109/TGRS.2015.2510160")
def omnibus(
    facts: Facts,
    *,
    enl: Number | Literal["auto"] = AUTO,
    quantity: Literal["auto", "amplitude", "intensity", "decibel"] = AUTO,
    window_px: Count = 3,
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
    """Radar: likelihood-ratio test that the intensities of both dates have one mean, for a known number of looks.

    For series of three dates and more, and where a stated false-alarm rate is wanted. Root of ``-2 rho ln Q``, whose
    square is chi-square where nothing changed; several bands are tested together. The dates are brought to one median
    ratio first. The number of looks that was used stands in run.json (``looks``) and summary.json (``enl``).

    Parameters
    ----------
    enl : float or "auto"
        Equivalent number of looks of a pixel (4.4 for Sentinel-1 IW GRD at 10 m); auto is estimated from the ratios.
    quantity : {"auto", "amplitude", "intensity", "decibel"}
        What the pixels hold; auto is decibel where more than a tenth lie below 0, else amplitude for whole numbers and
        for a band called amplitude, intensity for other floating point.
    threshold : str or float
        A rule (auto is otsu) or the score itself. A rule never goes below the noise floor.
    false_alarm_fraction : float
        Share of unchanged pixels that the test itself lets pass, before smoothing: rule chi2, and a bound for others.
    """
    if not isinstance(enl, str) and not enl > 0.0:
        raise MethodError(f"change.enl: {enl:g}, expected more than 0")
    whole = "int" in facts.dtype or "amplitude" in facts.roles
    return pixel_method("omnibus", facts, locals() | {"sar": True, "whole_numbers": whole}, default_rule="otsu")
