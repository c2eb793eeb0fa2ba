"""The methods of relative radiometric normalisation: a scene's bands on the scale of the reference's, by lines."""

from __future__ import annotations

from functools import partial
from typing import Final, TypeAlias

import numpy as np

from changedet.arrays import Singles
from changedet.blocks import PixelMethod
from changedet.kernels.lasting_pixels import STRUCTURE_M
from changedet.stages.normalise.kernels.band_fits import BandLines, Structures, fit_invariant, fit_lines
from changedet.stages.normalise.kernels.band_lines import linear, moment_line, quantile_line
from changedet.stages.registry import Choice, Count, Facts, Fraction, Stage

LineMethod: TypeAlias = PixelMethod[BandLines, Singles]
"""``fit(moving, reference) -> BandLines`` and ``apply(moving, model=) -> float32 (band, y, x)``."""

OPTICAL: Final = {"coastal", "blue", "green", "red", "rededge", "nir", "swir1", "swir2", "pan"}
"""Bands whose values are light, which a line can bring on another scale."""


def choose(facts: Facts) -> Choice:
    """Invariant pixels for optical scenes; nothing for SAR, whose change scores are ratios.

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
        return Choice("none", {}, "SAR amplitudes are compared by ratio, which a common gain leaves alone")
    if len([role for role in facts.roles if role in OPTICAL]) == 1:
        return Choice("quantile", {}, "one band is too few to tell invariant pixels by canonical correlation")
    return Choice("invariant", {}, "light, haze and calibration differ from date to date; unchanged pixels tell how")


STAGE: Final[Stage[LineMethod]] = Stage("normalise", choose)


@STAGE.method("invariant", reference="Canty, Nielsen, Schmidt 2004, doi:10.1016/j.rse.2003.10.024", version=5)
def invariant(
    facts: Facts, *, no_change_probability: Fraction = 0.95, max_iterations: Count = 30, min_correlation: Fraction = 0.7
) -> LineMethod:
    """Orthogonal regression on pixels of lasting structure, else on what IR-MAD finds unchanged, tested on a third.

    Parameters
    ----------
    facts : Facts
        The data type bounds what is normalised.
    no_change_probability : float
        Pixels with at least this probability of no change are taken as invariant, where IR-MAD finds them.
    max_iterations : int
        Of IR-MAD.
    min_correlation : float
        A band whose held-out invariant pixels correlate less than this gets the line of `quantile` instead.

    Returns
    -------
    LineMethod
        Of `BandLines`.
    """
    fit = partial(
        fit_invariant,
        probability=no_change_probability,
        max_iterations=max(1, max_iterations),
        min_correlation=min_correlation,
        structures=_structures(facts),
    )
    return PixelMethod(fit, partial(_apply, limits=_limits(facts.dtype)))


@STAGE.method(
    "quantile", reference="Du, Teillet, Cihlar 2002, doi:10.1016/S0034-4257(02)00029-9 (robust variant)", version=2
)
def quantile(facts: Facts) -> LineMethod:
    """Matches median and interquartile range of each band; right while less than a quarter of a scene changed.

    Parameters
    ----------
    facts : Facts
        The data type bounds what is normalised.

    Returns
    -------
    LineMethod
        Of `BandLines`.
    """
    return PixelMethod(
        partial(fit_lines, line=quantile_line, method="quantile"), partial(_apply, limits=_limits(facts.dtype))
    )


@STAGE.method("mean_std", reference="Yang and Lo 2000, doi:10.1080/014311600210858", version=2)
def mean_std(facts: Facts) -> LineMethod:
    """Matches mean and standard deviation of each band.

    Parameters
    ----------
    facts : Facts
        The data type bounds what is normalised.

    Returns
    -------
    LineMethod
        Of `BandLines`.
    """
    return PixelMethod(
        partial(fit_lines, line=moment_line, method="mean_std"), partial(_apply, limits=_limits(facts.dtype))
    )


def _structures(facts: Facts) -> Structures | None:
    """How lasting structure is sought, where some scene is fine enough to show roofs and kerbs."""
    if not facts.gsd_m or min(facts.gsd_m) > STRUCTURE_M:
        return None
    roles = list(facts.roles)
    has_both = "red" in roles and "nir" in roles
    return Structures((roles.index("red"), roles.index("nir")) if has_both else None)


def _limits(dtype: str) -> tuple[float, float]:
    """What the scene's data type can hold: a line must not push a picture beyond its white."""
    kind = np.dtype(dtype)
    if np.issubdtype(kind, np.integer):
        return float(np.iinfo(kind).min), float(np.iinfo(kind).max)
    return -np.inf, np.inf


def _apply(moving: Singles, *, model: BandLines, limits: tuple[float, float]) -> Singles:
    return linear(moving, np.asarray(model.gain, float), np.asarray(model.offset, float), limits)
