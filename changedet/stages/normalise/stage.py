"""Relative radiometric normalisation: a scene's bands on the scale of the reference's, by a line for each band."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from changedet.arrays import Singles
from changedet.blocks import PixelMethod, over_sample, per_block
from changedet.errors import MethodError
from changedet.stages.normalise.kernels import band_lines as kernel
from changedet.stages.registry import AUTO, NONE, Choice, Count, Facts, Fraction, Stage

OPTICAL: Final = {"coastal", "blue", "green", "red", "rededge", "nir", "swir1", "swir2", "pan"}
MOST_PIXELS: Final = 400_000
"""A line has two unknowns: more pixels of the sample would cost time and change nothing."""
LEAST_INVARIANT: Final = 300
"""Fewer invariant pixels than this may all lie on one kind of ground."""

LEAST_LIKENESS: Final = 0.3
"""Of all pixels, first canonical correlation: below it, invariant pixels are picked from noise."""

Line = Callable[[NDArray[np.floating[Any]], NDArray[np.floating[Any]]], tuple[float, float]]


def choose(facts: Facts) -> Choice:
    """Invariant pixels for optical scenes; nothing for SAR, whose change scores are ratios."""
    if facts.is_sar:
        return Choice("none", {}, "SAR amplitudes are compared by ratio, which a common gain leaves alone")
    if len([role for role in facts.roles if role in OPTICAL]) == 1:
        return Choice("quantile", {}, "one band is too few to tell invariant pixels by canonical correlation")
    return Choice("invariant", {}, "light, haze and calibration differ from date to date; unchanged pixels tell how")


STAGE: Final[Stage[PixelMethod[dict[str, Any], Singles]]] = Stage("normalise", choose)


@STAGE.method("invariant", reference="Canty, Nielsen, Schmidt 2004, doi:10.1016/j.rse.2003.10.024", version=1)
def invariant(
    facts: Facts, *, no_change_probability: Fraction = 0.95, max_iterations: Count = 30, min_correlation: Fraction = 0.7
) -> PixelMethod[dict[str, Any], Singles]:
    """Orthogonal regression on the pixels that IR-MAD finds unchanged, tested on a held-out third.

    Parameters
    ----------
    no_change_probability : float
        Pixels with at least this probability of no change are taken as invariant.
    max_iterations : int
        Of IR-MAD.
    min_correlation : float
        A band whose held-out invariant pixels correlate less than this gets the line of `quantile` instead.
    """
    fit = partial(
        _fit_invariant,
        probability=no_change_probability,
        max_iterations=max(1, max_iterations),
        min_correlation=min_correlation,
    )
    return PixelMethod(fit, partial(_apply, limits=_limits(facts.dtype)))


@STAGE.method("quantile", reference="Du, Teillet, Cihlar 2002, doi:10.1016/S0034-4257(02)00029-9 (robust variant)")
def quantile(facts: Facts) -> PixelMethod[dict[str, Any], Singles]:
    """Matches median and interquartile range of each band; right while less than a quarter of a scene changed."""
    return PixelMethod(
        partial(_fit_lines, line=kernel.quantile_line, method="quantile"), partial(_apply, limits=_limits(facts.dtype))
    )


@STAGE.method("mean_std", reference="Yang and Lo 2000, doi:10.1080/014311600210858")
def mean_std(facts: Facts) -> PixelMethod[dict[str, Any], Singles]:
    """Matches mean and standard deviation of each band."""
    return PixelMethod(
        partial(_fit_lines, line=kernel.moment_line, method="mean_std"), partial(_apply, limits=_limits(facts.dtype))
    )


def normalise(
    moving: xr.DataArray,
    reference: xr.DataArray,
    *,
    method: str = "auto",
    valid: xr.DataArray | None = None,
    dtype: str = "float32",
    **parameters: Any,
) -> xr.DataArray:
    """Bring an image on the radiometric scale of another.

    Parameters
    ----------
    moving, reference : xarray.DataArray
        Dims ``(band, y, x)`` on one grid with the same bands, NaN for no data; in memory or dask.
    method : str
        ``auto``, ``none`` or a name of the stage.
    valid : xarray.DataArray, optional
        ``(y, x)``, True where both are usable: clouds must not shape the line. They are normalised all the same.
    dtype : str
        Integers: the result is kept within its range.
    **parameters
        The method's own.

    Returns
    -------
    xarray.DataArray
        float32 ``(band, y, x)``, lazy where an input is; NaN where the moving image is NaN.

    Raises
    ------
    MethodError
        Unknown method, or images that differ in shape or bands.
    pydantic.ValidationError
        Wrong parameters.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> values = np.random.default_rng(0).random((2, 64, 64), "float32")
    >>> reference = xr.DataArray(values, dims=("band", "y", "x"), coords={"band": ["red", "nir"]})
    >>> darker = 0.5 * reference + 0.1
    >>> bool(abs(normalise(darker, reference) - reference).max() < 1e-5)
    True
    """
    if moving.sizes != reference.sizes:
        raise MethodError(f"normalise: images differ in shape, {dict(moving.sizes)} and {dict(reference.sizes)}")
    bands = list(np.atleast_1d(moving["band"].values))
    if bands != list(np.atleast_1d(reference["band"].values)):
        raise MethodError(f"normalise: images differ in bands, {bands} and {list(reference['band'].values)}")
    facts = Facts(1.0, tuple(str(band) for band in bands), dtype=dtype)
    moving = moving.astype(np.float32)
    name = STAGE.choose(facts).method if method == AUTO else method
    if name == NONE:
        return moving
    _, pixels = STAGE.made(facts, method, parameters)
    usable = moving if valid is None else moving.where(valid)
    model = over_sample(pixels.fit, usable, reference.astype(np.float32))
    return per_block(pixels.apply, moving, dtype=np.float32, bands=bands, model=model)


def _limits(dtype: str) -> tuple[float, float]:
    """What the scene's data type can hold: a line must not push a picture beyond its white."""
    kind = np.dtype(dtype)
    if np.issubdtype(kind, np.integer):
        return float(np.iinfo(kind).min), float(np.iinfo(kind).max)
    return -np.inf, np.inf


def _fit_invariant(
    moving: NDArray[np.float32],
    reference: NDArray[np.float32],
    *,
    probability: float,
    max_iterations: int,
    min_correlation: float,
) -> dict[str, Any]:
    x, y = kernel.pixel_pairs(moving, reference, MOST_PIXELS)
    if len(x) < LEAST_INVARIANT:
        return _lines(x, y, kernel.quantile_line, "quantile", f"only {len(x)} pixels are seen on both dates")
    if kernel.likeness(x, y) < LEAST_LIKENESS:
        return _lines(x, y, kernel.quantile_line, "quantile", "the two dates have too little in common")
    chosen = kernel.invariant_pixels(x, y, probability, max_iterations)
    count = int(chosen.sum())
    if count < LEAST_INVARIANT:
        return _lines(
            x, y, kernel.quantile_line, "quantile", f"only {count} invariant pixels, {LEAST_INVARIANT} needed"
        )
    model = _lines(x, y, kernel.quantile_line, "quantile", "")
    replaced = []
    kept_x, kept_y = x[chosen], y[chosen]
    for band in range(x.shape[1]):
        accepted = _regress(model, band, kept_x[:, band], kept_y[:, band], min_correlation)
        if not accepted:
            replaced.append(band)
    where = (
        f"; bands {', '.join(str(band + 1) for band in replaced)} by quantiles: invariant pixels disagree"
        if replaced
        else ""
    )
    method = "quantile" if len(replaced) == x.shape[1] else "invariant"
    return model | {"method": method, "n": count, "reason": f"{count} invariant pixels of {len(x)}{where}"}


def _regress(
    model: dict[str, Any], band: int, x: NDArray[np.float32], y: NDArray[np.float32], min_correlation: float
) -> bool:
    """Put the orthogonal line of one band in the model where its held-out third bears it out."""
    test = np.arange(len(x)) % 3 == 2
    gain, offset = kernel.orthogonal_line(x[~test], y[~test])
    fitted = gain * x[test].astype(np.float64) + offset
    model["p_t"][band], model["p_f"][band] = kernel.held_out_tests(fitted, y[test])
    model["correlation"][band] = kernel.correlation(x[test], y[test])
    accepted = kernel.is_plausible(gain) and model["correlation"][band] >= min_correlation
    if accepted:
        model["gain"][band], model["offset"][band] = gain, offset
    model["accepted"][band] = accepted
    return accepted


def _fit_lines(
    moving: NDArray[np.float32], reference: NDArray[np.float32], *, line: Line, method: str
) -> dict[str, Any]:
    x, y = kernel.pixel_pairs(moving, reference, MOST_PIXELS)
    return _lines(x, y, line, method, f"{len(x)} pixels seen on both dates")


def _lines(x: NDArray[np.float32], y: NDArray[np.float32], line: Line, method: str, reason: str) -> dict[str, Any]:
    """A model of one line a band, whatever the pixels; the identity where there are too few."""
    bands = x.shape[1]
    gain, offset = [1.0] * bands, [0.0] * bands
    if len(x) >= 30:
        for band in range(bands):
            fitted = line(x[:, band], y[:, band])
            if kernel.is_plausible(fitted[0]):
                gain[band], offset[band] = fitted
    else:
        method, reason = "identity", f"{len(x)} pixels are seen on both dates, too few to normalise"
    return {
        "method": method,
        "gain": gain,
        "offset": offset,
        "n": len(x),
        "p_t": [None] * bands,
        "p_f": [None] * bands,
        "correlation": [None] * bands,
        "accepted": [method == "mean_std" or method == "quantile"] * bands,
        "reason": reason,
    }


def _apply(moving: NDArray[np.float32], *, model: dict[str, Any], limits: tuple[float, float]) -> NDArray[np.float32]:
    return kernel.linear(moving, np.asarray(model["gain"], float), np.asarray(model["offset"], float), limits)
