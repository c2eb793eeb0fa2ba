"""The methods of co-registration, and which of them `auto` takes."""

from __future__ import annotations

from functools import partial
from typing import Final

from changedet.errors import MethodError
from changedet.stages.align.alignment import AlignMethod
from changedet.stages.align.chips import LEAST_CHIP_PX, Field, coarse_shift, refined_shift
from changedet.stages.align.kernels.gradient_fields import grey_field, orientation_field
from changedet.stages.registry import Choice, Count, Facts, Metres, Stage


def choose(facts: Facts) -> Choice:
    """Orientation correlation, in all cases: gradient directions survive season, sun and gain.

    Parameters
    ----------
    facts : Facts
        Of the scenes.

    Returns
    -------
    Choice
        For ``method: auto``.
    """
    if facts.is_sar:
        reason = "SAR: gradient directions of the log amplitude, which gain and speckle disturb least"
    else:
        reason = "gradient directions survive season, haze and gain; all shared bands vote"
    return Choice("orientation_correlation", {}, reason)


PHASE_WHITENING: Final = 0.9
"""Of phase correlation: a little power is kept, so that frequencies of noise alone count less; chosen by hand."""
LEAST_SEARCH_M, LEAST_SEARCH_PX = 15.0, 20.0
"""Search range where none is given, the farther of both."""

STAGE: Final[Stage[AlignMethod]] = Stage("align", choose)


@STAGE.method(
    "orientation_correlation", reference="Fitch, Kadyrov, Christmas, Kittler 2002, doi:10.5244/C.16.11", version=9
)
def orientation_correlation(facts: Facts, *, max_shift_m: Metres | None = None, chip_px: Count = 64) -> AlignMethod:
    """Correlates damped gradient directions of all bands in chips; most chips decide, or all of them added up.

    Parameters
    ----------
    facts : Facts
        The pixel size counts.
    max_shift_m : float, optional
        Search range; default: 20 pixels, and at least 15 m, beyond it for a picture that is turned or stretched, too.
    chip_px : int
        Edge of the chips that are correlated; half of it first where few are seen, twice it where these show no shift.

    Returns
    -------
    AlignMethod
        Both steps.
    """
    return _method(facts, orientation_field, 0.0, max_shift_m, chip_px, LEAST_CHIP_PX)


@STAGE.method(
    "phase_correlation", reference="Kuglin and Hines 1975; Guizar-Sicairos 2008, doi:10.1364/OL.33.000156", version=9
)
def phase_correlation(facts: Facts, *, max_shift_m: Metres | None = None, chip_px: Count = 128) -> AlignMethod:
    """Correlates the phase of the mean band in chips; most chips decide, or all of them added up.

    Parameters
    ----------
    facts : Facts
        The pixel size counts.
    max_shift_m : float, optional
        Search range; default: 20 pixels, and at least 15 m, beyond it for a picture that is turned or stretched, too.
    chip_px : int
        Edge of the chips that are correlated; twice it where these show no shift.

    Returns
    -------
    AlignMethod
        Both steps.
    """
    return _method(facts, grey_field, PHASE_WHITENING, max_shift_m, chip_px, chip_px)


def _method(
    facts: Facts, field: Field, whitening: float, max_shift_m: float | None, chip_px: int, least_px: int
) -> AlignMethod:
    if chip_px < LEAST_CHIP_PX:
        raise MethodError(f"align.chip_px: {chip_px} is too small to correlate, expected at least {LEAST_CHIP_PX}")
    limit_m = max(LEAST_SEARCH_M, LEAST_SEARCH_PX * facts.resolution_m) if max_shift_m is None else max_shift_m
    coarse = partial(coarse_shift, field=field, whitening=whitening, max_shift_m=limit_m)
    refine = partial(refined_shift, field=field, whitening=whitening, max_shift_m=limit_m)
    return AlignMethod(chip_px, least_px, limit_m, coarse, refine, turns=max_shift_m is None and not facts.is_sar)
